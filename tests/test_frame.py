"""The frame: pins, make, nbval's strictness, and the house rules of every stored notebook."""

import base64
import io
import os
import re
import shutil
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from urllib.parse import unquote

import matplotlib.image
import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook, new_output

from utils import plotting
from utils.report import MAX_BYTES, NEEDS, output_faults

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NOTEBOOKS = sorted([*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "reports").glob("*/*.ipynb")])
FIGURES = sorted((ROOT / "figures").rglob("*.png"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "data").glob("*.md"), *NOTEBOOKS])


def name(path):
    return path.relative_to(ROOT).as_posix()


def requirement_lines():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


# Pins


def test_requirements_are_pinned_and_install_the_project_last():
    *pins, last = requirement_lines()
    assert last == "-e ."
    assert all(re.fullmatch(r"[a-z0-9-]+==\d+(\.\d+)+", pin) for pin in pins)


def test_environment_names_the_same_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, _, packages = environment["dependencies"]
    assert packages["pip"] == requirement_lines()
    assert python.removeprefix("python=") in ("3.11", "3.12", "3.13")


def test_environment_gives_a_reason_beside_each_package():
    lines = (ROOT / "environment.yml").read_text().splitlines()
    packages = [line for line in lines if re.match(r" +- (?!pip:|conda-forge)", line)]
    assert len(packages) == len(requirement_lines()) + 2
    assert [line for line in packages if not re.search(r" # \w+", line)] == []


def test_citation_and_project_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PYPROJECT["project"]["version"]
    assert citation["license"] == PYPROJECT["project"]["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")


# make


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with the Makefile and a Python that writes down what it is asked to do.

    `pip install` fails while the file no_network exists.
    """
    root = tmp_path / "a folder"
    root.mkdir()
    for file in ("Makefile", "requirements.txt"):
        shutil.copy(ROOT / file, root)
    inner = root / "inner"
    inner.write_text(
        '#!/bin/sh\necho "$* DATASET=$DATASET" >> asked\n'
        'case "$*" in *"pip install"*) test ! -e no_network;; esac\n'
    )
    outer = root / "python"
    outer.write_text(
        '#!/bin/sh\ncase "$1" in\n'
        f'-c) exec "{sys.executable}" "$@";;\n'
        "--version) echo Python 3;;\n"
        "-m) echo venv >> asked; mkdir -p .venv/bin; cp inner .venv/bin/python;;\nesac\n"
    )
    for script in (inner, outer):
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    for variable in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        monkeypatch.delenv(variable, raising=False)
    return root


def make(root, *arguments, python="./python"):
    """Run make; returns the exit status, its messages and what was asked of Python meanwhile."""
    asked = root / "asked"
    asked.unlink(missing_ok=True)
    done = subprocess.run(
        ["make", f"PYTHON={python}", *arguments], cwd=root, capture_output=True, text=True
    )
    lines = asked.read_text().splitlines() if asked.exists() else []
    return done.returncode, done.stdout + done.stderr, lines


INSTALL = ["venv", "-m pip install --disable-pip-version-check -r requirements.txt DATASET="]
PARALLEL = "-m pytest -n 3"
TEST = [f"{PARALLEL} tests DATASET=", f"{PARALLEL} --dist loadfile --nbval notebooks DATASET="]


def test_make_alone_lists_every_target(project):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    status, shown, asked = make(project)
    assert (status, asked) == (0, [])
    assert [line.split()[0] for line in shown.splitlines()] == targets
    assert all(len(line.split()) > 3 for line in shown.splitlines())
    phony = re.search(r"^\.PHONY: (help.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert phony.group(1).split() == targets


def test_make_installs_once_and_again_when_the_pins_change(project):
    assert make(project, "install")[::2] == (0, INSTALL)
    assert make(project, "test")[::2] == (0, TEST)
    later = time.time() + 60
    os.utime(project / "requirements.txt", (later, later))
    assert make(project, "test")[::2] == (0, INSTALL + TEST)


def test_an_interrupted_installation_does_not_count(project):
    (project / "no_network").touch()
    status, _, asked = make(project, "report")
    assert (status != 0, asked) == (True, INSTALL)
    (project / ".venv" / "half a package").touch()
    (project / "no_network").unlink()
    assert make(project, "report")[::2] == (0, [*INSTALL, "-m utils report DATASET="])
    assert not (project / ".venv" / "half a package").exists()


def test_a_moved_folder_is_installed_anew(project):
    make(project, "test")
    moved = project.rename(project.parent / "elsewhere")
    assert make(moved, "test")[::2] == (0, INSTALL + TEST)


def test_make_report_hands_over_a_path_with_blanks(project):
    make(project, "test")
    *_, asked = make(project, "report", "DATASET=../my clips/of may")
    assert asked == ["-m utils report DATASET=../my clips/of may"]


def test_a_failing_test_fails_make(project):
    make(project, "test")
    (project / ".venv/bin/python").write_text('#!/bin/sh\ncase "$*" in *--nbval*) exit 1; esac\n')
    assert make(project, "test")[0] != 0
    (project / ".venv/bin/python").write_text('#!/bin/sh\ncase "$*" in *tests) exit 1; esac\n')
    assert make(project, "test")[0] != 0


def test_make_says_which_python_it_needs(project):
    (project / "old").write_text("#!/bin/sh\nexit 1\n")
    (project / "old").chmod(0o755)
    status, shown, asked = make(project, "report", python="./old")
    assert (status != 0, asked) == (True, [])
    assert "Python 3.11 to 3.13 is needed, and none of these is one: ./old." in shown
    assert "make report PYTHON=/path/to/python3.12" in shown


def test_make_says_what_debian_lacks(project):
    (project / "python").write_text(
        '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *print*) echo 3.12;; esac\n'
    )
    status, shown, asked = make(project, "test")
    assert (status != 0, asked) == (True, [])
    assert "sudo apt install python3.12-venv" in shown


def test_make_data_asks_for_a_name(project):
    status, shown, asked = make(project, "data", "NAME=")
    assert status != 0
    assert "make data NAME=cornell_whale_challenge" in shown
    assert not any("utils download" in line for line in asked)


def test_python_versions_agree():
    assert PYPROJECT["project"]["requires-python"] == ">=3.11,<3.14"
    assert "(3, 11) <= sys.version_info < (3, 14)" in (ROOT / "Makefile").read_text()


def test_continuous_integration_runs_make_test():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "make test"
    subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no git history here")
def test_git_tracks_nothing_that_is_ignored():
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    tracked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert tracked.stdout == ""


# nbval


def test_nbval_is_strict_about_text_and_lenient_about_pictures(tmp_path):
    """Stored outputs against new ones: which differences fail."""

    def shown(**mime):
        data = {kind.replace("_", "/"): text for kind, text in mime.items()}
        return new_output("display_data", data=data)

    def printed(text, stream="stdout"):
        return new_output("stream", text=text, name=stream)

    figure = "import matplotlib.pyplot as plt\nplt.figure(figsize=(2, 1))\nplt.show()"
    table = "import pandas\ndisplay(pandas.DataFrame({'a': [0.0]}))"
    environment = "import os\nprint(os.environ.get('DATASET'), os.environ['TQDM_DISABLE'])"
    passes = {
        "print(0.971)": printed("0.971\n"),
        figure: shown(text_plain="<Figure size 200x100 with 0 Axes>", image_png="b3RoZXI="),
        table: shown(text_plain="     a\n0  0.0", text_html="<b>other</b>"),
        "print('  0.00  1')": printed(" -0.00  1\n"),
        "import sys\nprintt = print('b', file=sys.stderr)": printed("a\n", "stderr"),
        environment: printed("None 1\n"),
    }
    fails = {
        "print(0.972)": printed("0.971\n"),
        "print(-0.972)": printed("0.972\n"),
        "print('1.3 s')": printed("1.2 s\n"),
        "print('0.01')": printed("0.00\n"),
        "plt.figure(figsize=(3, 1))\nplt.show()": passes[figure],
        "pass": passes[figure],
    }
    cells = [
        new_code_cell(source, outputs=[output], execution_count=count)
        for count, (source, output) in enumerate((passes | fails).items(), start=1)
    ]
    for file in ("conftest.py", "pyproject.toml", "nbval_sanitize.cfg"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=cells), tmp_path / "notebooks" / "00_some.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "notebooks", "-v", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "DATASET": "elsewhere", "COLUMNS": "120"},
        capture_output=True,
        text=True,
    )
    verdicts = re.findall(r"Cell (\d+) (PASSED|FAILED) ", done.stdout)
    expected = ["PASSED"] * len(passes) + ["FAILED"] * len(fails)
    assert [verdict for _, verdict in verdicts] == expected, done.stdout + done.stderr


# Stored notebooks


@pytest.fixture(params=NOTEBOOKS, ids=name)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def test_notebook_was_executed_top_to_bottom_in_one_go(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_notebook_outputs_belong_to_no_machine(notebook):
    faults = {
        count: output_faults(cell.outputs)
        for count, cell in enumerate(code_cells(notebook), start=1)
    }
    assert {count: fault for count, fault in faults.items() if fault} == {}


def test_notebook_is_shown_by_github(path, notebook):
    nbformat.validate(notebook)
    assert path.stat().st_size <= MAX_BYTES
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata


def test_notebook_is_compared(notebook):
    tags = [tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])]
    assert tags.count("nbval-ignore-output") <= 4
    marks = [cell for cell in code_cells(notebook) if re.search(r"^# *NBVAL", cell.source, re.M)]
    assert marks == []


def test_notebook_installs_nothing(notebook):
    forbidden = re.compile(r"^\s*(!|%|sys\.path)", re.MULTILINE)
    assert [cell.source for cell in code_cells(notebook) if forbidden.search(cell.source)] == []


def test_nothing_lies_outside_of_a_picture(notebook):
    # Jupyter widens a figure by what juts out of it, and adds a rim on either side.
    outputs = [o.get("data", {}) for cell in code_cells(notebook) for o in cell.outputs]
    pictures = [base64.b64decode(data["image/png"]) for data in outputs if "image/png" in data]
    widths = [matplotlib.image.imread(io.BytesIO(png)).shape[1] for png in pictures]
    assert widths and max(widths) <= plotting.WIDTH * plotting.DPI * 1.013


@pytest.mark.parametrize("figure", FIGURES, ids=name)
def test_a_figure_is_not_cut_at_its_edges(figure):
    picture = matplotlib.image.imread(figure)[..., :3]
    edges = picture[:, [0, -1]], picture[[0, -1]]
    assert all((edge == 1).all() for edge in edges)


def test_report_runs_the_code_of_the_notebook(path, notebook):
    source = nbformat.read(ROOT / "notebooks" / path.name, as_version=4)
    stored = [cell.source for cell in code_cells(notebook)]
    current = [  # a copy leaves out what its data set does not offer
        cell.source
        for cell in code_cells(source)
        if cell.source in stored or not {*NEEDS} & {*cell.metadata.get("tags", ())}
    ]
    assert stored == current, f"run make report again for {name(path)}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_are_relative_and_lead_somewhere(page):
    if page.suffix == ".md":
        text = page.read_text(encoding="utf-8")
    else:
        cells = nbformat.read(page, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"`[^`]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    links = re.findall(r"\]\(<?([^)\s>]+)", text) + re.findall(r"(?:src|href)=\"([^\"]+)", text)
    heads = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    broken = []
    for link in links:
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, head = link.partition("#")
        target = (page.parent / unquote(path)).resolve()
        there = target.is_relative_to(ROOT) and target.exists() if path else head in heads
        if link.startswith("/") or not there:
            broken.append(link)
    assert broken == []
