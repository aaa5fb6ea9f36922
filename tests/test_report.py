"""The report: what it stores, what it refuses, and that a failure changes nothing."""

import base64
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from utils import checks, cli, paths, plotting, report
from utils.augmentation import answer, study
from utils.baseline import baseline
from utils.errors import UserError
from utils.quality import checkpoint

ROOT = Path(__file__).parents[1]


def write(root, name, *sources, output="as before\n"):
    """A notebook of code cells that stores one earlier output in its first cell."""
    cells = [new_code_cell(source) for source in sources]
    cells[0].outputs = [new_output("stream", text=output)]
    links = "# Title\n[next](01_next.ipynb) ![a figure](../figures/01.png) [doi](https://doi.org/1)"
    notebook = new_notebook(cells=[new_markdown_cell(links), *cells])
    notebook.metadata.update(
        widgets={"state": {}}, kernelspec={"name": "mine", "display_name": "Mine"}
    )
    path = root / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    return path


def stored(path):
    """The text that the stored notebook's cells printed."""
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def tree(root):
    """Content of every file below root."""
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def known_data_set(tmp_path, monkeypatch):
    """DATASET is a folder, which `data.load` calls "my clips", as any; what that was asked for."""
    asked, clips = [], tmp_path / "a folder"
    clips.mkdir()
    monkeypatch.setenv("DATASET", str(clips))

    def load(source):
        asked.append(source)
        return SimpleNamespace(name="my clips", audio=None, truth=None)

    monkeypatch.setattr(report.data, "load", load)
    monkeypatch.setattr(checks, "plan", lambda *_: checks.Plan(["my clips: 300 clips"]))
    monkeypatch.setattr(report.listening, "can_sound", lambda dataset: True)
    return asked


def test_in_place_twice_gives_the_same_bytes(tmp_path, capsys):
    path = write(
        tmp_path,
        "00_first",
        "import os\nfrom utils.progress import progress\n"
        "print(os.environ.get('DATASET'), os.getcwd()[-9:])",
        "for _ in progress(range(3), 'steps'):\n    print('a', end='', flush=True)",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "os.system('echo a log line of a compiled library >&2')",
    )
    assert cli.main(["report"], root=tmp_path) == 0
    first = path.read_bytes()
    assert cli.main(["report"], root=tmp_path) == 0
    assert path.read_bytes() == first
    assert stored(path) == "None notebooks\naaa"

    notebook = json.loads(first)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert "widgets" not in notebook["metadata"]
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [1, 2, 3, 4]
    assert all(cell["metadata"] == {} for cell in code)
    assert "image/png" in code[2]["outputs"][0]["data"]
    shown = capsys.readouterr().out
    assert "00_first, cell 2 of 4  Title: for _ in progress(range(3), 'steps'):  0:0" in shown
    assert "1 notebook stored in notebooks/, 0:" in shown
    assert sorted(tree(tmp_path)) == [path]


def test_a_failing_cell_leaves_every_stored_notebook(tmp_path, capsys):
    write(tmp_path, "00_good", "print('new')")
    write(tmp_path, "01_bad", "x = 0", "# why\ny = 1 / x", "print('never')")
    before = tree(tmp_path)
    assert cli.main(["report"], root=tmp_path) == 1
    assert tree(tmp_path) == before
    error = capsys.readouterr().err
    assert '01_bad, cell 2 of 3 (under "Title") failed' in error
    assert "    # why\n    y = 1 / x\n" in error
    assert "ZeroDivisionError: division by zero" in error
    assert "\x1b" not in error


def test_a_cell_that_shows_a_figure_and_then_fails_is_told(tmp_path, capsys):
    code = "from IPython.display import display\n"
    code += "get_ipython().events.register('post_execute', lambda: display('shown'))\n1 / 0"
    write(tmp_path, "00_bad", code)
    assert cli.main(["report"], root=tmp_path) == 1
    assert "ZeroDivisionError: division by zero" in capsys.readouterr().err


def test_a_copy_leaves_out_what_speaks_of_other_data_sets_or_cannot_run(tmp_path, known_data_set):
    path = write(tmp_path, "00_first", "print(1)", "print(2)", "print(3)", "print(4)")
    notebook = nbformat.read(path, as_version=4)
    for cell, tag in zip(notebook.cells[1:], ("simulated", "audio", "sound", None), strict=True):
        cell.metadata["tags"] = [tag] if tag else []
    nbformat.write(notebook, path)
    assert cli.main(["report", "--dataset", "simulated"], root=tmp_path) == 0
    assert stored(path) == "1\n2\n3\n4\n"
    assert cli.main(["report"], root=tmp_path) == 0
    assert stored(tmp_path / "reports" / "my clips" / "00_first.ipynb") == "3\n4\n"
    assert len(nbformat.read(path, as_version=4).cells) == 5


def test_findings_are_kept_for_the_data_sets_that_they_speak_of():
    cell = new_markdown_cell("", metadata={"tags": ["simulated", "right_whale_upcalls"]})
    assert report.applies(cell, "simulated", ()) and report.applies(cell, "right_whale_upcalls", ())
    assert not report.applies(cell, "mine", report.NEEDS)
    assert report.applies(new_markdown_cell(""), "mine", ())


def test_a_copy_keeps_the_findings_that_were_written_into_it():
    def cell(name, *tags):
        made = new_markdown_cell(name, metadata={"tags": list(tags)} if tags else {})
        made["id"] = name
        return made

    found = "right_whale_upcalls"
    stored = new_notebook(cells=[cell("a"), cell("f1", found), cell("f2", found), cell("old"),
                                 cell("f3", found), cell("b")])  # fmt: skip
    again = report.keep_findings(new_notebook(cells=[cell("a"), cell("new"), cell("b")]), stored)
    assert [kept["id"] for kept in again.cells] == ["a", "f1", "f2", "f3", "new", "b"]
    same = [kept["id"] for kept in report.keep_findings(again, stored).cells]
    assert same == ["a", "f1", "f2", "f3", "new", "b"]


def test_figures_are_stored_with_a_palette_and_look_the_same():
    figure, ax = plt.subplots()
    ax.pcolormesh(np.random.default_rng(0).normal(size=(60, 90)), cmap="magma")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    png = base64.b64encode(buffer.getvalue()).decode()
    stored = plotting.lighter(png)
    before, after = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"), dtype=int)
        for text in (png, stored)
    )
    assert len(stored) < 0.6 * len(png) and np.abs(before - after).mean() < 4
    assert plotting.lighter(stored) == stored


def test_links_in_outputs_lead_out_of_the_deeper_folder_too():
    link = {"text/markdown": "[vae](../figures/my/audio/02_vae_1.wav)"}
    notebook = new_notebook(cells=[new_code_cell(outputs=[new_output("display_data", link)])])
    (cell,) = report.one_folder_deeper(notebook).cells
    assert cell.outputs[0]["data"]["text/markdown"].startswith("[vae](../../figures/my/audio/")


def test_another_data_set_goes_to_reports(tmp_path, monkeypatch, known_data_set, capsys):
    code = "import os, warnings\nprint(os.path.basename(os.environ['DATASET']))\nwarnings.warn('w')"
    write(tmp_path, "00_first", code)
    before = tree(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATASET", "a folder")
    assert cli.main(["report"], root=tmp_path) == 0
    assert known_data_set == [str(tmp_path / "a folder")]
    after = tree(tmp_path)
    target = tmp_path / "reports" / "my clips" / "00_first.ipynb"
    assert set(after) - set(before) == {target}
    assert {path: after[path] for path in before} == before
    assert stored(target) == "a folder\n"
    assert "UserWarning: w" in capsys.readouterr().out
    links = nbformat.read(target, as_version=4).cells[0].source
    assert "(01_next.ipynb)" in links
    assert "(../../figures/01.png)" in links
    assert "(https://doi.org/1)" in links


def test_a_stage_that_fails_leaves_the_finished_ones_of_another_data_set(
    tmp_path, known_data_set, capsys
):
    write(tmp_path, "00_first", "print('new')")
    write(tmp_path, "01_bad", "1 / 0")
    write(tmp_path, "02_next", "print('new')")
    command = ["report", "--dataset", str(tmp_path / "a folder")]
    assert cli.main(command, root=tmp_path) == 1
    told = capsys.readouterr()
    assert told.out.startswith(f"Data set: {tmp_path / 'a folder'}\nmy clips: 300 clips\n00_first")
    assert "Stored before: 00_first; the others are as they were." in told.err
    target = tmp_path / "reports" / "my clips"
    assert [path.name for path in target.iterdir()] == ["00_first.ipynb"]
    assert stored(target / "00_first.ipynb") == "new\n"
    write(tmp_path, "01_bad", "raise KeyboardInterrupt")
    assert cli.main(command, root=tmp_path) in (1, 130)
    assert "Stored before: 00_first;" in capsys.readouterr().err


def test_stages_that_a_data_set_cannot_serve_are_left_out_and_said_first(
    tmp_path, monkeypatch, known_data_set, capsys
):
    reason = "a training side holds 42 clips of call, and 50 are needed; about 12 more would do"
    plan = checks.Plan(["my clips: 120 clips"], {"01_next": reason})
    monkeypatch.setattr(checks, "plan", lambda *_: plan)
    write(tmp_path, "00_first", "print('new')")
    write(tmp_path, "01_next", "1 / 0")
    assert cli.main(["report"], root=tmp_path) == 0
    told = capsys.readouterr().out
    assert told.index(f"01_next will be left out: {reason}") < told.index("00_first, cell 1")
    assert [p.name for p in (tmp_path / "reports" / "my clips").iterdir()] == ["00_first.ipynb"]
    assert cli.main(["report", "--only", "01_next"], root=tmp_path) == 2
    assert capsys.readouterr().err == f"01_next can't run: {reason}.\n"


def test_wrong_calls_are_said_before_any_work(tmp_path, monkeypatch, capsys):
    assert cli.main(["report"], root=tmp_path) == 2
    assert capsys.readouterr().err == "There are no notebooks in notebooks/.\n"
    write(tmp_path, "00_first", "raise SystemExit")
    assert cli.main(["report", "--only", "07_none"], root=tmp_path) == 2
    assert capsys.readouterr().err == "No notebook is called 07_none; there are 00_first.\n"
    monkeypatch.setenv("DATASET", "nowhere")
    assert cli.main(["report"], root=tmp_path) == 2
    assert "'nowhere'" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("DATASET", str(empty))
    assert cli.main(["report"], root=tmp_path) == 2
    shown = capsys.readouterr()
    assert len(shown.err.splitlines()) == 1
    assert "cell" not in shown.out


def test_a_notebook_whose_table_takes_hours_is_left_out(
    tmp_path, monkeypatch, known_data_set, capsys
):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    write(tmp_path, "00_first", "print(1)")
    late = write(tmp_path, "03_quality", "print(2)")
    assert cli.main(["report"], root=tmp_path) == 0
    assert "03_quality left out" in capsys.readouterr().out
    target = tmp_path / "reports" / "my clips"
    assert [path.name for path in target.iterdir()] == ["00_first.ipynb"]
    table = paths.results_dir("my clips") / "quality.csv"
    table.parent.mkdir(parents=True)
    table.touch()
    monkeypatch.setattr(baseline, "prepare", lambda dataset: dataset)

    def unfinished(bench):
        raise UserError("quality.csv lacks 3 generators.")

    monkeypatch.setattr(checkpoint, "stored", unfinished)
    assert cli.main(["report"], root=tmp_path) == 0
    assert "03_quality left out: quality.csv lacks 3 generators." in capsys.readouterr().out
    assert not (target / late.name).exists()
    monkeypatch.setattr(checkpoint, "stored", lambda bench: None)
    assert cli.main(["report"], root=tmp_path) == 0
    assert (target / late.name).is_file()
    write(tmp_path, "04_augmentation", "print(3)")
    assert cli.main(["report"], root=tmp_path) == 0
    assert "04_augmentation left out: study.csv is filled" in capsys.readouterr().out
    write(tmp_path, "04b_details", "print(3)")
    (table.parent / "study.csv").touch()
    table.unlink()
    (tmp_path / "notebooks" / "04_augmentation.ipynb").unlink()
    monkeypatch.setattr(answer, "stored", lambda place: None)
    monkeypatch.setattr(study, "Study", lambda dataset: None)
    assert cli.main(["report"], root=tmp_path) == 0  # it needs no quality.csv
    assert (target / "04b_details.ipynb").is_file()


def test_only_executes_what_is_named(tmp_path):
    path = write(tmp_path, "00_first", "print('new')")
    other = write(tmp_path, "01_other", "print('new')")
    assert cli.main(["report", "--only", "01_other"], root=tmp_path) == 0
    assert (stored(path), stored(other)) == ("as before\n", "new\n")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("import sys\nprint('odd', file=sys.stderr)", "it writes warnings or log lines:\nodd"),
        ("import warnings\nwarnings.warn('deep')", "UserWarning: deep"),
        ("import os\nprint(os.path.expanduser('~/clips'))", "names a path of this machine"),
        ("object()", "holds a memory address: at 0x"),
        ("import os\nos._exit(1)", "The kernel died"),
        ("import time\ntime.sleep(60)", "stopped after 2 s"),
        ("print('a line of text\\n' * 70_000)", "00_first is 1.82 MB, more than the 1 MB"),
    ],
)
def test_what_is_refused_in_place(tmp_path, monkeypatch, capsys, source, sentence):
    monkeypatch.setenv("HOME", "/home/ana")
    write(tmp_path, "00_first", source)
    before = tree(tmp_path)
    assert cli.main(["report", "--timeout", "2"], root=tmp_path) == 1
    assert sentence in capsys.readouterr().err
    assert tree(tmp_path) == before


def test_control_c_leaves_everything(tmp_path):
    write(tmp_path, "00_first", "import time\nprint('new')", "time.sleep(600)")
    before = tree(tmp_path)
    code = (
        "import signal, sys; from pathlib import Path; from utils import cli; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "  # ignored in the background
        f"sys.exit(cli.main(['report'], root=Path({str(tmp_path)!r})))"
    )
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, **pipes)
    process.stdout.readline()  # the data set
    assert "cell 1 of 2" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    try:
        _, error = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:  # Python loses an interrupt that falls into a destructor
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error == "\nInterrupted. No stored notebook was changed.\n"
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "left",
    [
        "waiting = cell()",  # before it has begun
        "ensure_event_loop().create_task(cell())",  # while it runs
        "waiting = ensure_event_loop().create_task(asyncio.wait_for(cell(), 0))",  # after it failed
    ],
)
def test_what_control_c_leaves_of_a_cell_gives_no_warning(left):
    code = (
        "import asyncio, sys; from utils import cli, report\n"
        "from jupyter_core.utils import ensure_event_loop\n"
        "async def cell(): await asyncio.get_running_loop().create_future()\n"
        "def interrupted(*_, **__):\n"
        f"    {left}\n"
        "    ensure_event_loop().run_until_complete(asyncio.sleep(0.01))\n"
        "    raise KeyboardInterrupt\n"
        "report.report = interrupted\n"
        "sys.exit(cli.main(['report']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 130
    assert done.stderr == "\nInterrupted. No stored notebook was changed.\n"


def test_a_full_disk_leaves_everything(tmp_path, monkeypatch):
    write(tmp_path, "00_first", "print('new')")
    pages = {tmp_path / "notebooks" / "00_first.ipynb": "new", tmp_path / "notebooks" / "b": "new"}
    before = tree(tmp_path)
    write_text = Path.write_text

    def full(path, text, **options):
        if path.name == ".b.tmp":
            raise OSError("No space left on device")
        return write_text(path, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        report._store(pages)
    assert tree(tmp_path) == before


def test_a_terminal_gets_one_line_that_is_rewritten(monkeypatch):
    stream = io.StringIO()
    stream.isatty = lambda: True
    stream.fileno = lambda: 1
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((20, 10)))
    progress = report.Progress(stream)
    progress.run("00_first, cell 1 of 2", lambda: time.sleep(0.7))
    lines = stream.getvalue().split("\r\x1b[2K")
    assert lines == ["", "0:00  0:00  00_firs", "0:00  0:00  00_firs", ""]


def test_faults_of_stored_outputs():
    def faults(**mime):
        data = {kind.replace("_", "/"): text for kind, text in mime.items()}
        return report.output_faults([new_output("display_data", data=data)])

    assert faults(text_plain="0.97", image_png="/home/ana/") == []
    assert faults(text_html="<p>Wenz (1962), https://doi.org/home/1</p>") == []
    assert faults(text_plain="file /home/ana/clips/a.wav") == [
        "its output names a path of this machine: /home/ana/clips/a.wav"
    ]
    assert faults(text_plain="<utils.Net at 0x7f12ab34cd56>") == [
        "its output holds a memory address: at 0x7f12ab34cd56"
    ]
    assert faults(text_plain="", application_javascript="1") == [
        "GitHub does not show its output application/javascript"
    ]
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    assert report.output_faults([error]) == ["it ends in ValueError: no"]
