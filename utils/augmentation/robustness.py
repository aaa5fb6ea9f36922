"""How far the answer hangs on choices that could have been others: the constant by which intervals
are widened, the rival, which seeds were drawn, the arm and size, the data set.
"""

import numpy as np
import pandas as pd

from utils.augmentation.answer import CHEAP, CLASSIFIERS, GROUPS, Answer, headline
from utils.statistics import comparison

OVERLAPS = (0.0, 0.1, comparison.OVERLAP, 0.35, 1.0)  # the third is the study's


def change(
    values: pd.Series | np.ndarray, overlap: float = comparison.OVERLAP
) -> dict[str, float | str]:
    """Return mean, low, high, p and verdict of one (seeds,) change, as a dict; nothing else is
    compared with it, so that p is not adjusted."""
    mean, low, high = comparison.interval(values, overlap=overlap)
    p = comparison.p_value(values, overlap=overlap)
    return {"mean": mean, "low": low, "high": high, "p": p,
            "verdict": comparison.verdict(low, high, p)}  # fmt: skip


def by_overlap(answer: Answer) -> dict[float, tuple[pd.DataFrame, pd.DataFrame]]:
    """Return {overlap: (verdicts against `real` of what is generated, `averages`)} of OVERLAPS:
    what of the answer hangs on the constant by which intervals are widened."""
    rows = headline(answer.main, None)
    return {
        overlap: (
            headline(comparison.verdicts(rows, overlap=overlap)),
            averages(answer, overlap),
        )
        for overlap in OVERLAPS
    }


def beside_each_rival(answer: Answer) -> dict[str, pd.Series]:
    """Return {cheap rival: mean differences to it of what is generated}, of CLASSIFIERS, arms and
    sizes: without the choice that `comparison.against_best` makes."""
    place = [*comparison.PLACE, "arm"]
    rows = {name: comparison.differences(answer.main, name) for name in CHEAP}
    return {name: headline(own).groupby(place)["difference"].mean() for name, own in rows.items()}


def never_equivalent(answer: Answer) -> dict[int, tuple[int, int]]:
    """Return {size: (comparisons, those whose interval would reach beyond the smallest effect that
    matters with any number of seeds and no effect at all)} of what is generated."""
    rows = headline(answer.against_real)
    widths = (rows["high"] - rows["low"]) / 2
    least = comparison.projected(widths, rows["seeds"], np.inf, overlap=comparison.OVERLAP)
    beyond = least >= comparison.SMALLEST_EFFECT
    return {size: (len(own), int(own.sum())) for size, own in beyond.groupby(rows["n_positive"])}


def averages(answer: Answer, overlap: float = comparison.OVERLAP) -> pd.DataFrame:
    """Return `change` of each of GROUPS and CLASSIFIERS, which are the index: what the arms of a
    group change in the mean of arms and sizes, by seed.

    An arm and size that a seed lacks is left out of all. One number a group: narrower than that of
    one arm and size, and silent about which of them it comes from.
    """
    paired = headline(comparison.differences(answer.main), None)
    wide = paired.pivot_table("difference", "seed", ["classifier", "arm", "n_positive"])
    wide = wide.dropna(axis=1)
    arm, classifier = (wide.columns.get_level_values(level) for level in ("arm", "classifier"))
    rows = {}
    for group, names in GROUPS.items():
        for name in CLASSIFIERS:
            own = wide.loc[:, arm.isin(names) & (classifier == name)]
            if own.shape[1]:
                rows[group, name] = change(own.mean(axis=1), overlap)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["group", "classifier"])
