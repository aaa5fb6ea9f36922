"""Tables of what was found: Raven's selections, Audacity's labels, absolute times from names."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

RAVEN = (
    "Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)",
    "High Freq (Hz)",
)  # fmt: skip
SCORE, ANNOTATION = "Score", "Annotation"
_DATE = re.compile(
    r"(?<!\d)(\d{4})[-_]?(\d{2})[-_]?(\d{2})[-_T ]?"
    r"(\d{2})[-_:.]?(\d{2})[-_:.]?(\d{2})(?:[.](\d{1,6}))?(?!\d)"
)


def _begins_at(name):
    """The date and time that a recording's name carries, as in a_20200103_120000.wav, also
    2020-01-03T12-00-00 and the like, with fractions of a second after a point; None without one."""
    for found in _DATE.finditer(Path(name).stem):
        *whole, fraction = found.groups()
        try:
            return datetime(*map(int, whole), int((fraction or "0").ljust(6, "0")))
        except ValueError:
            pass  # digits that are no date
    return None


def clock(name: str | Path, seconds: Sequence[float] | np.ndarray | pd.Series) -> list[str]:
    """Return the absolute times, to the millisecond, of (n,) s from a recording's start; "" where
    its name carries no date."""
    start = _begins_at(name)
    if start is None:
        return [""] * len(seconds)
    times = (start + timedelta(milliseconds=round(1000 * float(s))) for s in seconds)
    return [time.isoformat(sep=" ", timespec="milliseconds") for time in times]


def raven(
    begins: np.ndarray,
    ends: np.ndarray,
    band: tuple[float, float],
    scores: np.ndarray,
    label: str,
) -> pd.DataFrame:
    """Return a Raven selection table: (n,) s, the band (low, high) in Hz, (n,) scores, and the
    label of all, so that a table that was looked through can be learned from."""
    n = len(begins)
    columns = (
        np.arange(1, n + 1), ["Spectrogram 1"] * n, [1] * n, _text(begins), _text(ends),
        [f"{band[0]:.1f}"] * n, [f"{band[1]:.1f}"] * n,
    )  # fmt: skip
    table = pd.DataFrame(dict(zip(RAVEN, columns, strict=True)))
    return table.assign(**{SCORE: _text(scores, 4), ANNOTATION: label})


def audacity(begins: np.ndarray, ends: np.ndarray, label: str, scores: np.ndarray) -> str:
    """Return an Audacity label track: begin, end in s, and the label with its score."""
    rows = zip(_text(begins), _text(ends), _text(scores, 2), strict=True)
    return "".join(f"{begin}\t{end}\t{label} {score}\n" for begin, end, score in rows)


def _text(values, digits=3):
    return [f"{value:.{digits}f}" for value in values]
