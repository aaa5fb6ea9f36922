"""What the rows of the study say: paired differences, intervals, verdicts, real-equivalents.

Tables in, numbers out. Rows are paired by seed: same split, same clips, same initialisation.
"""

import functools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import interpolate, optimize, stats

from utils.errors import UserError
from utils.statistics.evaluation import FEWEST, OVERLAP, half_width
from utils.statistics.evaluation import mean_interval as interval

SMALLEST_EFFECT = 0.01  # of ROC AUC
LEVEL = 0.05
POWER = 0.8
PLACE = ["n_positive", "n_negative", "classifier"]
VERDICTS = ("helps", "equivalent", "harms", "undecided")


def where(table: pd.DataFrame, **columns: object) -> pd.DataFrame:
    """Return the rows of a table whose columns hold these values."""
    for name, value in columns.items():
        table = table[table[name] == value]
    return table


def differences(
    table: pd.DataFrame, reference: str = "real", score: str = "roc_auc"
) -> pd.DataFrame:
    """Return the rows of all other arms with `difference`, their score minus the reference's.

    Paired by n_positive, n_negative, classifier and seed; a reference that adds clips is also
    paired by ratio. Rows without a partner are left out.
    """
    keys = [*PLACE, "seed"]
    chosen = where(table, arm=reference)
    if (chosen["ratio"] > 0).any():
        keys.append("ratio")
    against = chosen[[*keys, score]].rename(columns={score: "reference"})
    found = table[table["arm"] != reference].merge(against, on=keys, validate="many_to_one")
    return found.assign(difference=found[score] - found["reference"])


def p_value(values: pd.Series | np.ndarray, *, overlap: float = OVERLAP) -> float:
    """Return the two-sided p of a mean difference of 0: corrected resampled t test."""
    t, freedom = _t(values, 0.0, overlap)
    return float(2 * stats.t.sf(abs(t), freedom))


def p_gain(values: pd.Series | np.ndarray, *, overlap: float = OVERLAP) -> float:
    """Return the one-sided p of a mean difference of SMALLEST_EFFECT or more: small if it is less.

    The test of `p_value`, against a margin (non-superiority).
    """
    t, freedom = _t(values, SMALLEST_EFFECT, overlap)
    return float(stats.t.cdf(t, freedom))


def _t(values, mean, overlap):
    """Corrected resampled t of (k,) values against a mean (Nadeau and Bengio 2003), and k - 1."""
    values = np.asarray(values, dtype=float)
    k, gap, variance = len(values), values.mean() - mean, values.var(ddof=1)
    if variance == 0:
        return (np.sign(gap) * np.inf if gap else 0.0), k - 1
    return gap / np.sqrt((1 / k + overlap) * variance), k - 1


def detectable(deviation: float, k: int, *, tests: int = 1, overlap: float = OVERLAP) -> float:
    """Return the least mean of k differences of this standard deviation that `p_value` finds with
    POWER at LEVEL / tests: what these seeds could have shown.

    tests: of the family that `holm` adjusts for; LEVEL / tests is what the least of their p has to
    pass, so that an effect that stands beside others is found more often. Where there is an effect,
    the t of `p_value` has a noncentral t distribution (Cohen 1988, chapter 2).
    """
    return float(_shift(k, tests) * np.sqrt(1 / k + overlap) * deviation)


@functools.cache
def _shift(k, tests):
    """The noncentrality at which t of k values passes LEVEL / tests, two-sided, to its own side."""
    limit = stats.t.isf(LEVEL / tests / 2, k - 1)
    return optimize.brentq(
        lambda shift: stats.nct.sf(limit, k - 1, shift) - POWER, 0, 4 * limit + 10
    )


def holm(p: ArrayLike) -> np.ndarray:
    """Return the p values of (m,) tests, adjusted for their number (Holm 1979)."""
    p = np.asarray(p, dtype=float)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def verdict(low: float, high: float, p: float) -> str:
    """Return a word of VERDICTS for an interval and an adjusted p.

    equivalent: the interval lies within the smallest effect that matters, to either side.
    """
    if -SMALLEST_EFFECT < low and high < SMALLEST_EFFECT:
        return "equivalent"
    if p < LEVEL and low > 0:
        return "helps"
    if p < LEVEL and high < 0:
        return "harms"
    return "undecided"


def verdicts(
    table: pd.DataFrame,
    reference: str = "real",
    *,
    family: Sequence[str] = PLACE,
    overlap: float = OVERLAP,
) -> pd.DataFrame:
    """Return a row a size, classifier, arm and ratio: seeds, mean, low, high, p, p_gain,
    detectable, verdict and gain_excluded.

    p and p_gain are adjusted over the rows that share `family`, the size and the classifier by
    default; over all rows if it is empty. detectable: the effect that these seeds would have shown
    with POWER as one of so many tests, see `detectable`. gain_excluded: whether a gain of
    SMALLEST_EFFECT or more is ruled out, by the interval and by p_gain. overlap: what the seeds
    share, see `evaluation.mean_interval`.
    """
    rows, paired = [], differences(table, reference)
    for place, group in paired.groupby([*PLACE, "arm", "ratio"], sort=True):
        values = group["difference"].to_numpy()
        if len(values) < FEWEST:
            continue
        mean, low, high = interval(values, overlap=overlap)
        row = dict(zip([*PLACE, "arm", "ratio"], place, strict=True))
        row |= {"seeds": len(values), "mean": mean, "low": low, "high": high}
        row |= {"p": p_value(values, overlap=overlap), "p_gain": p_gain(values, overlap=overlap)}
        rows.append(row | {"detectable": values.std(ddof=1)})  # the deviation, as yet
    if not rows:
        return pd.DataFrame(columns=[*PLACE, "arm", "ratio", "seeds", *_JUDGED])
    found = pd.DataFrame(rows)
    kin = found.groupby([*family] or (lambda _: 0))
    for p in ("p", "p_gain"):
        found[p] = kin[p].transform(holm)
    found["detectable"] = [
        detectable(deviation, k, tests=tests, overlap=overlap)
        for deviation, k, tests in zip(
            found["detectable"], found["seeds"], kin["p"].transform("size"), strict=True
        )
    ]
    found["verdict"] = [verdict(row.low, row.high, row.p) for row in found.itertuples(index=False)]
    found["gain_excluded"] = (found["high"] < SMALLEST_EFFECT) & (found["p_gain"] < LEVEL / 2)
    return found


_JUDGED = ("mean", "low", "high", "p", "p_gain", "detectable", "verdict", "gain_excluded")


def change(values: pd.Series | np.ndarray) -> dict[str, float | str]:
    """Return mean, low, high, p and verdict of one (seeds,) change, as a dict; nothing else is
    compared with it, so that p is not adjusted."""
    mean, low, high = interval(values)
    p = p_value(values)
    return {"mean": mean, "low": low, "high": high, "p": p, "verdict": verdict(low, high, p)}


def widest(table: pd.DataFrame, n_seeds: int, classifiers: Sequence[str]) -> float:
    """Return the widest half of all 95 % intervals over the first seeds, infinite if there is none.

    Without the correction for overlap, which no number of seeds makes smaller.
    """
    paired = differences(table)
    paired = paired[(paired["seed"] < n_seeds) & paired["classifier"].isin(classifiers)]
    groups = paired.groupby([*PLACE, "arm", "ratio"])["difference"]
    if paired.empty or groups.size().min() < FEWEST:
        return np.inf
    return float(half_width(groups.std(), groups.size(), 0).max())


def learning_curve(table: pd.DataFrame, classifier: str, score: str = "roc_auc") -> pd.DataFrame:
    """Return the scores of real clips alone: seeds as rows, numbers of calls as columns.

    The whole of a training side, which differs from seed to seed, stands last, at its mean size.
    Seeds that lack a size that most others have are left out.
    """
    real = where(table, arm="real", classifier=classifier)
    most = real.groupby("n_positive")["n_negative"].max()
    real = real[real["n_negative"] == real["n_positive"].map(most)]
    wide = real.pivot_table(score, "seed", "n_positive")
    largest = wide.apply(pd.Series.last_valid_index, axis=1)
    passed = wide.notna() & np.less.outer(wide.columns.to_numpy(), largest.to_numpy()).T
    common = (wide.notna().sum() > len(wide) / 2) & passed.any()
    found = wide.loc[:, common].copy()
    whole = largest[largest > (found.columns.max() if len(found.columns) else 0)]
    if len(whole) > len(wide) / 2:
        found[round(whole.mean())] = pd.Series(
            {seed: wide.loc[seed, size] for seed, size in whole.items()}
        )
    return found.dropna()


def alike_in_negatives(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without those of real clips alone that hold more negatives than others."""
    real = table["arm"] == "real"
    return table[~real | (table["n_negative"] == table.loc[real, "n_negative"].min())]


def against_best(
    table: pd.DataFrame,
    rivals: Sequence[str],
    arms: Sequence[str],
    *,
    family: Sequence[str] = PLACE,
    overlap: float = OVERLAP,
) -> pd.DataFrame:
    """Return `verdicts` of arms against `best_rivals`; `rival` names the most frequent. Each arm
    and size has one ratio."""
    best = best_rivals(table, rivals)
    both = pd.concat([table[table["arm"].isin(arms)], best])
    found = verdicts(both, RIVAL, family=family, overlap=overlap)
    names = best.groupby(PLACE)[RIVAL].agg(lambda own: own.value_counts().sort_index().idxmax())
    if found.empty:
        return found.assign(rival=None)
    return found.merge(names.reset_index(), on=PLACE, how="left")


def best_rivals(table: pd.DataFrame, rivals: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the best of some rivals in each seed, as those of an arm called RIVAL;
    column `rival`: which it is.

    It is the one of the highest mean over the *other* seeds of its place: the luck of a seed does
    not choose its own rival. A rival whose row is missing in a seed is left out of that seed alone.
    """
    parts = [table.iloc[:0].assign(rival=None)]
    for _, own in table[table["arm"].isin(rivals)].groupby(PLACE):
        scores = own.pivot(index="seed", columns="arm", values="roc_auc")
        scores = scores.loc[:, scores.count() > 1].dropna(how="all")  # one seed has no other
        if scores.empty or len(scores) < FEWEST:
            continue
        others = (scores.sum() - scores) / (scores.count() - 1)
        chosen = others.idxmax(axis=1).rename("arm").reset_index()
        best = own.merge(chosen, on=["seed", "arm"])
        parts.append(best.assign(rival=best["arm"], arm=RIVAL, ratio=0.0))
    return pd.concat(parts)


RIVAL = "rival"


def rank_correlation(
    first: pd.DataFrame, second: pd.DataFrame, *, seed: int, n_resamples: int = 2000
) -> tuple[float, float, float]:
    """Return (rho, low, high): Spearman's rank correlation of the row means of two tables.

    The rows are the same items, such as generators; the columns of either are repetitions, such as
    splits or seeds. The bootstrap redraws all three. ValueError for fewer than three common items.
    """
    items = first.index.intersection(second.index)
    if len(items) < 3:
        raise UserError(f"{len(items)} items are in both tables; a rank needs at least three.")
    sides = [side.loc[items].to_numpy(dtype=float) for side in (first, second)]
    rng = np.random.default_rng(seed)

    def redrawn(n):
        return rng.integers(0, n, n)

    def rho(tables):
        return stats.spearmanr(*(np.nanmean(table, axis=1) for table in tables)).statistic

    drawn = []
    for _ in range(n_resamples):
        rows = redrawn(len(items))
        if len(set(rows)) > 2:
            drawn.append(rho([side[np.ix_(rows, redrawn(side.shape[1]))] for side in sides]))
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(rho(sides)), float(low), float(high)


def against_one(rows: pd.DataFrame, name: str, reference: str) -> pd.DataFrame:
    """Return mean, low and high of the ROC AUC of each value of a column minus that of one of them,
    paired by seed: index the others, columns n_positive; rows: seed, n_positive, roc_auc, `name`.
    """
    wide = rows.pivot_table("roc_auc", ["n_positive", "seed"], name)
    gaps = wide.drop(columns=reference).sub(wide[reference], axis=0).dropna(how="all")
    return pd.DataFrame(
        {
            size: {other: interval(own[other].dropna()) for other in gaps}
            for size, own in gaps.groupby("n_positive")
        }
    )


def real_equivalents(
    table: pd.DataFrame, arm: str, size: int, classifier: str
) -> tuple[float, float, float]:
    """Return (k, low, high): the real calls with which `real` scores as the arm does with `size`.

    The mean learning curve, made monotone, is read backwards on a logarithmic axis; only
    `alike_in_negatives` counts, lest more seas pass for more calls. low and high are the least and
    the largest k whose score, seed by seed, the arm's does not differ from by the
    interval of `interval` (Fieller 1954). Values end at the curve's first and last size; the arm's
    own need not be one, such as 0 calls. ValueError if fewer than three seeds hold both.
    """
    curve = learning_curve(alike_in_negatives(table), classifier)
    own = where(table, arm=arm, classifier=classifier, n_positive=size)
    own = where(own, n_negative=own["n_negative"].max())
    own = where(own, ratio=own["ratio"].mode().max()).set_index("seed")["roc_auc"]
    shared = curve.index.intersection(own.index)
    if len(shared) < FEWEST:
        raise UserError(f"{len(shared)} seeds hold both {arm} at {size} calls and the curve.")
    sizes = curve.columns.to_numpy(dtype=float)
    curve, own = curve.loc[shared].to_numpy(), own.loc[shared].to_numpy()
    found = _read_backwards(sizes, curve.mean(0), own.mean())
    candidates = np.geomspace(sizes[0], sizes[-1], N_CANDIDATES)
    at = interpolate.make_interp_spline(np.log(sizes), curve, k=1, axis=1)(np.log(candidates))
    gap = own[:, None] - at
    like = np.abs(gap.mean(0)) <= half_width(gap.std(0, ddof=1), len(gap))
    low, high = candidates[like][[0, -1]] if like.any() else (found, found)
    return found, float(min(low, found)), float(max(high, found))


N_CANDIDATES = 2001  # sizes that an interval of `real_equivalents` ends at


def _read_backwards(sizes, means, target):
    """The size at which a curve, made monotone, reaches the target."""
    monotone = optimize.isotonic_regression(means).x
    rising = monotone + 1e-12 * np.arange(len(monotone))
    size = np.exp(np.interp(target, rising, np.log(sizes)))
    return float(np.clip(size, sizes[0], sizes[-1]).round(6))  # the ends exactly
