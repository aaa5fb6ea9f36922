"""From scores of windows to events, and events against annotations, counted as sed_eval does.

Mesaros, Heittola & Virtanen 2016, Metrics for polyphonic sound event detection, Appl. Sci. 6.
"""

import numpy as np
import pandas as pd
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


def rates(counts: pd.DataFrame) -> pd.DataFrame:
    """Return counts (columns hits, false_alarms, misses and hours) with what follows from them, NaN
    where that is divided by nothing.

    precision: share of found events that are known; recall: of known ones that were found; f1:
    harmonic mean of both; error_rate: insertions and deletions, for each known event;
    false_alarms_an_hour: for each hour searched.
    """
    hits, alarms, misses = counts["hits"], counts["false_alarms"], counts["misses"]
    known, hours = hits + misses, counts["hours"]
    return counts.assign(
        precision=hits / (hits + alarms),
        recall=hits / known,
        f1=2 * hits / (hits + alarms + known),
        error_rate=(alarms + misses) / known.where(known > 0),
        false_alarms_an_hour=alarms / hours.where(hours > 0),
    )
