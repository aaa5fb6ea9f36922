"""From scores of windows to events, and events against annotations, counted as sed_eval does.

Mesaros, Heittola & Virtanen 2016, Metrics for polyphonic sound event detection, Appl. Sci. 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

COLLAR = 0.2  # s by which beginnings may differ, sed_eval's default
OFFSET_SHARE = 0.5  # of an annotation's length by which ends may differ, sed_eval's default


def peaks(begins: ArrayLike, scores: ArrayLike, threshold: float, length: float) -> np.ndarray:
    """Return the indices, in time order, of windows that are reported as events.

    begins (n,): s, ascending; windows last `length` s. Of windows that overlap, the one with the
    highest score stands for all (of equals the first), and for the windows on its slopes, which
    fall away from it: one call raises the scores of windows that do not overlap. No two events
    overlap.
    """
    begins, scores = np.asarray(begins, dtype=float), np.asarray(scores, dtype=float)
    free = scores >= threshold
    steps = np.diff(scores)
    found = []
    for index in np.argsort(-scores, kind="stable"):
        if scores[index] < threshold:
            break
        if free[index]:
            found.append(index)
            first = np.searchsorted(begins, begins[index] - length + 1e-6)
            last = np.searchsorted(begins, begins[index] + length - 1e-6)
            # Where windows overlap, a call may raise several of them alike.
            up, down = (steps[first:index] >= 0).all(), (steps[index : last - 1] <= 0).all()
            while up and first and steps[first - 1] > 0:
                first -= 1
            while down and last < len(scores) and steps[last - 1] < 0:
                last += 1
            free[first:last] = False
    return np.sort(np.array(found, dtype=int))


def match(
    found: ArrayLike, known: ArrayLike, *, tolerance: float = 0.0, rule: str = "overlap"
) -> np.ndarray:
    """Return (k, 2) pairs of rows: as many found events as possible, each with one known event.

    found (n, 2), known (m, 2): begin and end in s. rule: "overlap", they overlap or are at most
    `tolerance` s apart; "onset", their beginnings differ by at most `tolerance`; "both", and their
    ends by at most the larger of `tolerance` and OFFSET_SHARE of the known event.
    """
    found = np.asarray(found, dtype=float).reshape(-1, 2)
    known = np.asarray(known, dtype=float).reshape(-1, 2)
    if not len(found) or not len(known):
        return np.empty((0, 2), dtype=int)
    limit = tolerance + 1e-9
    if rule == "overlap":
        gap = np.maximum(found[:, None, 0] - known[:, 1], known[:, 0] - found[:, None, 1])
        fits = (gap < -1e-9) | ((tolerance > 0) & (gap <= limit))  # to touch is not to overlap
    else:
        fits = np.abs(found[:, None, 0] - known[:, 0]) <= limit
    if rule == "both":
        ends = np.maximum(limit, OFFSET_SHARE * (known[:, 1] - known[:, 0]) + 1e-9)
        fits &= np.abs(found[:, None, 1] - known[:, 1]) <= ends
    partner = maximum_bipartite_matching(csr_array(fits), perm_type="column")
    rows = np.flatnonzero(partner >= 0)
    return np.column_stack([rows, partner[rows]])


@dataclass(frozen=True)
class Counts:
    """What was found, over any number of recordings."""

    hits: int = 0
    false_alarms: int = 0
    misses: int = 0
    hours: float = 0.0

    def __add__(self, other):
        return Counts(
            self.hits + other.hits,
            self.false_alarms + other.false_alarms,
            self.misses + other.misses,
            self.hours + other.hours,
        )

    @property
    def precision(self) -> float:
        """Share of found events that are known; NaN if none was found."""
        return _ratio(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> float:
        """Share of known events that were found; NaN if none is known."""
        return _ratio(self.hits, self.hits + self.misses)

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return _ratio(2 * self.hits, 2 * self.hits + self.false_alarms + self.misses)

    @property
    def error_rate(self) -> float:
        """Insertions and deletions, for each known event."""
        return _ratio(self.false_alarms + self.misses, self.hits + self.misses)

    @property
    def false_alarms_an_hour(self) -> float:
        """Found events that are none, for each hour searched."""
        return _ratio(self.false_alarms, self.hours)


def count(
    found: np.ndarray | Sequence[tuple[float, float]],
    known: np.ndarray | Sequence[tuple[float, float]],
    hours: float,
    **how: float | str,
) -> Counts:
    """Return the Counts of one recording; how: as for `match`."""
    hits = len(match(found, known, **how))
    return Counts(hits, len(found) - hits, len(known) - hits, hours)


def _ratio(part, whole):
    return part / whole if whole else float("nan")
