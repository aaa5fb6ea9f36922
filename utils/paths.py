"""Where the project's files lie."""

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
