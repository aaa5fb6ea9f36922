"""Execute the notebooks from top to bottom and store them.

    whales report                        in place, on the embedded default
    whales report --dataset clips/       into reports/clips/, notebooks/ stays as it is
    whales report --only 00_eda          some of them

In place nothing is stored before every notebook has succeeded, so after a failing cell or Ctrl-C
the stored notebooks are the earlier ones, all from one run. On another data set each is stored when
it is finished, and what the data allow is said before the first one starts. Tables that the
notebooks write themselves (data/results/) are written as they go.

notebooks/ holds what is said of every data set, and the findings on the embedded default; a copy
leaves these out, and keeps the findings that were written into it.

What is stored differs between two runs only where an output differs: timings, widgets and the
metadata of editors are removed, and figures keep 256 colours. In place, an output that belongs to
one machine or run (a warning, a path, an address) is a failure; elsewhere it is reported.
"""

import asyncio
import json
import os
import re
import tempfile
import textwrap
import time
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from utils import data, paths, plotting
from utils.errors import UserError
from utils.progress import Progress, minutes
from utils.sound import listening

MAX_BYTES = 1_000_000  # above, GitHub does not render a notebook
KERNEL_ENVIRONMENT = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # figures become PNG outputs
    "TF_CPP_MIN_LOG_LEVEL": "3",  # TensorFlow's log lines differ between machines
    "TQDM_DISABLE": "1",  # progress bars are for people, not for stored outputs
}
TABLES = {  # notebooks that read a table which takes hours
    "03_quality": "quality",
    "04_augmentation": "study",
    "04b_details": "study",
}
FINDINGS = ("simulated", "right_whale_upcalls")  # data sets whose findings cells speak of by tag
NEEDS = ("audio", "truth", "sound")  # tags of cells that only some data sets can run
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MACHINE_PATH = re.compile(
    r"(?<![\w.:/])(?:/(?:home|Users|root|tmp|work|var|mnt|private)/|[A-Za-z]:\\)\S*"
)
_ADDRESS = re.compile(r"\bat 0x[0-9A-Fa-f]{6,}")


class ReportError(Exception):
    """The report stops; the message is for the person who started it."""


def resolve_dataset(source: str | None) -> tuple[str | None, data.Dataset | None]:
    """What the notebooks get as DATASET, and the Dataset.

    Returns (None, None) for the embedded default, else an absolute path, because the notebooks run
    in another folder. The data set is loaded once, so that whatever is wrong with it is said here:
    raises as `data.load` does.
    """
    if not source or source == data.SIMULATED:
        return None, None
    path = str(data.locate(source).resolve())
    return path, data.load(path)


def kept(error: BaseException) -> str:
    """Which notebooks were stored before an error stopped the report, a sentence."""
    stored = getattr(error, "stored", ())
    if not stored:
        return "No stored notebook was changed."
    return f"Stored before: {', '.join(stored)}; the others are as they were."


def offers(dataset: data.Dataset) -> set[str]:
    """Which of NEEDS a Dataset has."""
    has = (dataset.audio is not None, dataset.truth is not None, listening.can_sound(dataset))
    return {need for need, there in zip(NEEDS, has, strict=True) if there}


def applies(cell: Mapping, name: str, offered: Collection[str]) -> bool:
    """Whether a cell has something to say of the data set called `name`.

    Findings are tagged with the data sets that they speak of (FINDINGS), and cells that ask for
    something with what that is (NEEDS); offered: those that the data set has.
    """
    needs = {*cell["metadata"].get("tags", ())} & {*NEEDS}
    return name in (_found(cell) or {name}) and needs <= {*offered}


def _found(cell: Mapping) -> set[str]:
    """The data sets of whose findings a cell speaks."""
    return {*cell["metadata"].get("tags", ())} & {*FINDINGS}


def output_faults(outputs: Sequence[Mapping]) -> list[str]:
    """What in a cell's outputs belongs to one machine or one run, a sentence each."""
    faults = []
    for output in outputs:
        if output["output_type"] == "error":
            faults.append(f"it ends in {output['ename']}: {output['evalue']}")
            continue
        if output.get("name") == "stderr":
            faults.append(f"it writes warnings or log lines:\n{_ANSI.sub('', output['text'])}")
            continue
        texts = {
            kind: value
            for kind, value in output.get("data", {"text/plain": output.get("text")}).items()
            if not kind.startswith("image/")
        }
        if widgets := sorted(kind for kind in texts if "widget" in kind or "javascript" in kind):
            faults.append(f"GitHub does not show its output {', '.join(widgets)}")
        text = "\n".join(value for value in texts.values() if isinstance(value, str))
        if match := _MACHINE_PATH.search(text):
            faults.append(f"its output names a path of this machine: {match.group()[:80]}")
        if match := _ADDRESS.search(text):
            faults.append(f"its output holds a memory address: {match.group()}")
    return faults


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Remove what differs between two runs and is no output, in place; returns the notebook."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"file_extension": ".py", "name": "python"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output["data"]["image/png"] = plotting.lighter(output["data"]["image/png"])
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        cell.setdefault("id", f"cell-{index:02d}")
    return notebook


def one_folder_deeper(notebook: NotebookNode) -> NotebookNode:
    """Mend links out of notebooks/ for a copy in reports/<name>/, in place; returns the notebook.

    Links between the notebooks stay as they are: the copies lie side by side.
    """

    def mended(text):
        return re.sub(r"(\]\(|(?:src|href)=\")\.\./", r"\1../../", text)

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = mended(cell.source)
        for output in cell.get("outputs", ()):
            for kind in {"text/markdown", "text/html"} & {*output.get("data", {})}:
                output["data"][kind] = mended(output["data"][kind])
    return notebook


def keep_findings(notebook: NotebookNode, stored: NotebookNode) -> NotebookNode:
    """Put a stored copy's findings where they stand there, in place; returns the notebook."""
    place = 0
    for cell in stored.cells:
        known = [own["id"] for own in notebook.cells]
        if cell["id"] in known:
            place = known.index(cell["id"]) + 1
        elif _found(cell):
            notebook.cells.insert(place, cell)
            place += 1
    return notebook


class _ThisPython(KernelSpecManager):
    """The kernel is always the Python that runs the report, whatever a user has installed.

    Log lines of compiled libraries go to the kernel's own error stream and not into cells.
    """

    def get_kernel_spec(self, kernel_name):
        arguments = ["--IPKernelApp.capture_fd_output=False"]
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict(extra_arguments=arguments))


def execute(
    path: Path,
    dataset: str | None,
    *,
    keep: Callable[[NotebookNode], bool],
    strict: bool,
    timeout: int | None,
    progress: Progress,
) -> NotebookNode:
    """Run a notebook in a fresh kernel in its own folder and return it tidied; `path` is only read.

    dataset: DATASET for the kernel, None for the embedded default. keep: cells for which it is
    false are left out. strict: output faults are failures. timeout: seconds for a cell.
    Raises ReportError at the first cell that fails.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if keep(cell)]
    environment = {key: value for key, value in os.environ.items() if key != "DATASET"}
    environment |= KERNEL_ENVIRONMENT | ({"DATASET": dataset} if dataset else {})
    client = _client(notebook, path.parent, timeout)
    started = time.monotonic()
    n_code = sum(_is_code(cell) for cell in notebook.cells)
    heading, count = "", 0
    with tempfile.TemporaryFile() as log:
        with client.setup_kernel(env=environment, stderr=log, cleanup_kc=True):
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "markdown" and not _found(cell):
                    heading = _heading(cell.source) or heading
                if cell.cell_type == "code":
                    cell.update(outputs=[], execution_count=None)
                if not _is_code(cell):
                    continue
                count += 1
                place = f"{path.stem}, cell {count} of {n_code}"
                label = f"{place}  {heading}: {_first_line(cell.source)}"
                try:
                    progress.run(label[:99], lambda i=index, c=cell: client.execute_cell(c, i))
                except CellExecutionError as error:
                    frames = [line for out in cell.outputs for line in out.get("traceback", ())]
                    text = "\n".join(frames) or f"{error.ename}: {error.evalue}"
                    raise _failure(place, heading, cell, _ANSI.sub("", text)) from None
                except CellTimeoutError:
                    text = f"The cell was stopped after {timeout} s (--timeout)."
                    raise _failure(place, heading, cell, text) from None
                except DeadKernelError:
                    log.seek(0)
                    tail = log.read().decode(errors="replace").splitlines()[-5:]
                    text = "The kernel died, most often for want of memory.\n" + "\n".join(tail)
                    raise _failure(place, heading, cell, text) from None
                faults = output_faults(cell.outputs)
                if faults and strict:
                    raise _failure(place, heading, cell, "\n".join(faults))
                for fault in faults:
                    progress.line(f"Note on {place}: {fault.strip()}")
                cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    progress.line(f"{path.stem}: {minutes(time.monotonic() - started)}")
    return tidy(notebook)


def _client(notebook, folder, timeout):
    """What executes a notebook in a fresh kernel that works in a folder."""
    # What a signal leaves of a call that has not begun warns as soon as it is dropped.
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    return NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_ThisPython()),
        timeout=timeout,
        force_raise_errors=True,
        record_timing=False,
        coalesce_streams=True,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder)}},
    )


def _is_code(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip())


def _heading(source: str) -> str:
    match = re.search(r"^#+ +(.+)$", source, flags=re.MULTILINE)
    return match.group(1).strip() if match else ""


def _first_line(source: str) -> str:
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("#")), lines[0])


def _failure(place: str, heading: str, cell: NotebookNode, text: str) -> ReportError:
    where = f'{place} (under "{heading}")' if heading else place
    source = textwrap.indent(cell.source, "    ")
    return ReportError(f"{where} failed:\n\n{source}\n\n{text.strip()}")


def _store(pages: Mapping[Path, str]) -> None:
    """Write all files or none: each beside its target first, then all are renamed."""
    written = {}
    try:
        for path, text in pages.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            written[path] = path.with_name(f".{path.name}.tmp")
            written[path].write_text(text, encoding="utf-8")
        for path, temporary in written.items():
            os.replace(temporary, path)
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


def report(
    root: Path,
    source: str | None = None,
    *,
    only: Sequence[str] = (),
    timeout: int | None = None,
) -> list[Path]:
    """Execute the notebooks of root/notebooks in order; returns the paths that were written.

    source: as DATASET, a path relative to the current folder or a name. only: stems; without it, a
    notebook whose table (TABLES) is not finished for this data set is left out, and said so. Raises
    ValueError or FileNotFoundError for a wrong call before any work, ReportError for a notebook
    that fails or is larger than 1 MB.
    """
    progress = Progress()
    found = sorted((root / "notebooks").glob("*.ipynb"))
    if not found:
        raise FileNotFoundError("There are no notebooks in notebooks/.")
    if unknown := sorted(set(only) - {path.stem for path in found}):
        known = ", ".join(path.stem for path in found)
        raise UserError(f"No notebook is called {', '.join(unknown)}; there are {known}.")
    progress.line(f"Data set: {source or data.SIMULATED}")
    dataset, loaded = resolve_dataset(source)
    chosen = [path for path in found if not only or path.stem in only]
    left_out = {}
    if loaded is not None:
        left_out = _allowed(loaded, [path.stem for path in chosen], progress)
        if only and left_out:
            stem, reason = next(iter(left_out.items()))
            raise UserError(f"{stem} can't run: {reason}.")
    pages, stored = {}, []
    try:
        for path in chosen:
            if dataset is not None and not only and path.stem not in left_out:
                if reason := _lacking(path.stem, dataset, loaded):
                    left_out[path.stem] = reason
            if path.stem in left_out:
                continue
            page = _page(path, root, dataset, loaded, timeout, progress)
            pages |= page
            if loaded is not None:
                _store(page)
                stored.append(path.stem)
        if loaded is None:
            _store(pages)
    except BaseException as error:
        error.stored = stored
        raise
    total = minutes(time.monotonic() - progress.started)
    places = sorted({path.parent.relative_to(root).as_posix() for path in pages})
    count = f"{len(pages)} notebook{'s' * (len(pages) > 1)}"
    progress.line(f"{count} stored in {', '.join(places)}/, {total} in all")
    for stem, reason in left_out.items():
        progress.line(f"{stem} left out: {reason}")
    return list(pages)


def _allowed(loaded, stems, progress):
    """Say what a data set allows; return why some stages can't run, by notebook."""
    from utils import checks

    plan = checks.plan(loaded, stems)
    for sentence in plan.sentences:
        progress.line(sentence)
    for stem, reason in plan.lacking.items():
        progress.line(f"{stem} will be left out: {reason}")
    return dict(plan.lacking)


def _page(path, root, dataset, loaded, timeout, progress):
    """The path and text of an executed notebook; ReportError if it is larger than 1 MB."""

    def keep(cell):
        return loaded is None or applies(cell, loaded.name, offered)

    offered = {*NEEDS} if loaded is None else offers(loaded)
    notebook = execute(
        path, dataset, keep=keep, strict=loaded is None, timeout=timeout, progress=progress
    )
    target = path
    if dataset is not None:
        target = root / "reports" / loaded.name / path.name
        one_folder_deeper(notebook)
        if target.is_file():
            keep_findings(notebook, nbformat.read(target, as_version=4))
    nbformat.validate(notebook)
    text = nbformat.writes(notebook) + "\n"
    size = len(text.encode())
    if size > MAX_BYTES:
        raise ReportError(
            f"{path.stem} is {size / 1e6:.2f} MB, more than the {MAX_BYTES / 1e6:.0f} MB that "
            f"GitHub shows: {_largest_output(notebook)}. Draw fewer or smaller figures."
        )
    return {target: text}


def _lacking(stem: str, dataset: str, loaded: data.Dataset) -> str | None:
    """Why a notebook can't be executed yet on a data set: what its table lacks; None if nothing."""
    if stem not in TABLES:
        return None
    table = TABLES[stem]
    if not (paths.results_dir(loaded.name) / f"{table}.csv").is_file():
        command = {"quality": "whales quality", "study": "whales study run"}[table]
        return f"{table}.csv is filled in hours by {command} --dataset ..."
    from utils.augmentation import answer, study
    from utils.baseline import baseline
    from utils.quality import checkpoint

    try:
        if table == "study":
            answer.stored(study.Study(dataset))
        else:
            checkpoint.stored(baseline.prepare(loaded))
    except UserError as error:
        return str(error)
    return None


def _largest_output(notebook: NotebookNode) -> str:
    cells = [cell for cell in notebook.cells if _is_code(cell)]
    sizes = [len(json.dumps(cell.outputs)) for cell in cells]
    largest = max(range(len(cells)), key=sizes.__getitem__)
    return f"cell {largest + 1} alone stores {sizes[largest] / 1e6:.2f} MB"


def end_tasks() -> None:
    """End what a signal left of nbclient's work, of which Python would warn on its way out."""
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    loop = ensure_event_loop()  # the loop that nbclient's calls share
    loop.set_exception_handler(lambda *_: None)  # nobody asks any more how its tasks ended
    if tasks := asyncio.all_tasks(loop):
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks, timeout=5))
