"""Where the project's files lie."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "data" / "cache"
SIMULATED = "simulated"  # the embedded default


def results_dir(name: str) -> Path:
    """Return data/results/<name>, where the tables of a data set are kept."""
    return ROOT / "data" / "results" / name


def figures_dir(name: str) -> Path:
    """Return figures/ for the embedded default, figures/<name>/ for other data sets."""
    folder = ROOT / "figures"
    return folder if name == SIMULATED else folder / name


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path of this process alone, whose file or folder takes the target's place in the end.

    If anything is raised meanwhile, the target is as it was and nothing is left beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        partial = Path(folder) / path.name
        yield partial
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(partial, path)
