"""Where the project's files lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "data" / "cache"


def results_dir(name: str) -> Path:
    """Return data/results/<name>, where the tables of a data set are kept."""
    return ROOT / "data" / "results" / name
