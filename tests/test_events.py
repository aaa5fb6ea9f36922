"""Windows to events, and events against annotations, with numbers counted by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment

from utils.detect import events


def reported(scores, threshold=0.5, hop=1.0, length=2.0):
    begins = hop * np.arange(len(scores))
    return events.peaks(begins, scores, threshold, length).tolist()


def test_the_peak_of_overlapping_windows_stands_for_them():
    assert reported([0.1, 0.6, 0.9, 0.7, 0.1, 0.1]) == [2]
    assert reported([0.1, 0.4, 0.2]) == []
    assert reported([0.5]) == [0]
    assert reported([0.8, 0.8, 0.8]) == [0, 2]  # windows that touch do not overlap
    assert reported([0.9, 0.6, 0.8, 0.1, 0.7]) == [0, 2, 4]


def test_a_call_that_reaches_into_windows_that_touch_is_reported_once():
    assert reported([0.6, 0.9, 0.6, 0.55, 0.1]) == [1]
    assert reported([0.1, 0.55, 0.6, 0.9]) == [3]
    assert reported([0.1, 1.0, 1.0, 0.6, 0.1]) == [1]  # two windows hold all of it
    assert reported([0.1, 0.6, 1.0, 1.0, 0.1]) == [2]
    assert reported([0.9, 0.7, 0.6, 0.7, 0.2]) == [0, 3]  # two hills are two calls


def test_peaks_by_brute_force():
    rng = np.random.default_rng(0)
    for _ in range(50):
        begins = np.cumsum(rng.uniform(0.1, 1.5, 30))
        scores = rng.random(30).round(1)
        free, expected = scores >= 0.5, []
        while free.any():
            best = int(np.argmax(np.where(free, scores, -1)))
            expected.append(best)
            for other in range(30):
                low, high = sorted((best, other))
                way = scores[low : high + 1][:: 1 if best < other else -1]
                side = begins[low : high + 1][:: 1 if best < other else -1]
                level = (np.abs(side - begins[best]) < 2.0)[1:]  # where windows overlap the best
                slope = ((np.diff(way) < 0) | level & (np.diff(way) == 0)).all()
                free[other] &= abs(begins[other] - begins[best]) >= 2.0 and not slope
        assert events.peaks(begins, scores, 0.5, 2.0).tolist() == sorted(expected)


KNOWN = [(10, 11), (20, 22), (30, 31)]


@pytest.mark.parametrize(
    ("found", "how", "hits"),
    [
        ([(9, 10.5), (20.5, 22.5), (40, 42)], {}, 2),
        ([(11.5, 12)], {}, 0),
        ([(11.5, 12)], {"tolerance": 0.5}, 1),
        ([(10, 10.4), (10.5, 11)], {}, 1),  # two in one call: one of them is a false alarm
        ([(10.15, 11)], {"rule": "onset", "tolerance": 0.2}, 1),
        ([(10.25, 11)], {"rule": "onset", "tolerance": 0.2}, 0),
        ([(20.1, 23)], {"rule": "both", "tolerance": 0.2}, 1),  # within half of the call's 2 s
        ([(20.1, 23.1)], {"rule": "both", "tolerance": 0.2}, 0),
        ([(10.1, 11.4)], {"rule": "both", "tolerance": 0.2}, 1),
        ([(10.1, 11.6)], {"rule": "both", "tolerance": 0.2}, 0),
        ([], {}, 0),
    ],
)
def test_what_counts_as_found(found, how, hits):
    pairs = events.match(found, KNOWN, **how)
    assert len(pairs) == hits
    assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == hits


def test_matching_finds_as_many_pairs_as_there_can_be():
    """Taken in order, the first found event would take the only call that the second one can."""
    assert len(events.match([(0, 3), (2.5, 3)], [(2, 3), (0, 1)])) == 2
    rng = np.random.default_rng(0)
    for _ in range(30):
        found, known = (np.sort(rng.uniform(0, 20, (6, 2)), axis=1) for _ in range(2))
        touch = (found[:, None, 0] <= known[:, 1]) & (known[:, 0] <= found[:, None, 1])
        pairs = events.match(found, known)
        assert all(touch[i, j] for i, j in pairs)
        assert len(pairs) == touch[linear_sum_assignment(touch, maximize=True)].sum()


def test_counts_by_hand():
    """Four found, of which three are among five known ones; two where none is known."""
    known = [(10, 11), (20, 21), (30, 31), (40, 41), (50, 51)]
    found = [(10, 12), (19, 20.5), (40.5, 42), (70, 72)]
    assert len(events.match(found, known)) == 3
    counts = pd.DataFrame(
        {"hits": [3, 0], "false_alarms": [1, 2], "misses": [2, 0], "hours": [3, 0]}
    )
    first, none = events.rates(counts.astype({"hours": float})).itertuples()
    assert first.precision == 3 / 4 and first.recall == 3 / 5
    assert first.f1 == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))
    assert first.error_rate == (1 + 2) / 5
    assert first.false_alarms_an_hour == pytest.approx(1 / 3)
    assert none.precision == none.f1 == 0
    assert np.isnan([none.recall, none.error_rate, none.false_alarms_an_hour]).all()
