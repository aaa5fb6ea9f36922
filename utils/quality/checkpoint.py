"""Checkpoint 3: what quality.csv says of each generator, and the rule by which generators go on."""

import numpy as np
import pandas as pd

from utils.baseline.baseline import Bench
from utils.errors import UserError
from utils.models.generators import registry
from utils.models.generators.references import REFERENCES
from utils.quality import judging
from utils.statistics import evaluation

RULE = {
    "collapsed": 0,  # most trainings that may end in a collapse
    "copying": 0.01,  # a median p over the splits below this means copying, of the call alone
    "coverage": 0.5,  # least coverage, as a share of that of real training calls
    "usefulness": tuple(REFERENCES),  # mean usefulness must exceed that of each of these floors
}


def stored(bench: Bench) -> pd.DataFrame:
    """Return quality.csv of a bench; ValueError, with the command that mends it, if rows lack."""
    if missing := judging.waiting(bench):
        minutes = len(missing) * judging.SECONDS / 60
        raise UserError(
            f"quality.csv of {bench.dataset.name} lacks {len(missing)} generators; fill it with "
            f"whales quality --dataset ... (about {minutes:.0f} minutes)."
        )
    return judging.quality_table(bench)


def values(table: pd.DataFrame, metric: str, size: int) -> pd.DataFrame:
    """Return one metric at one size: generators as rows, splits as columns.

    What collapsed in every split has a row of NaN.
    """
    at_size = table[table["n_positive"] == size]
    wide = at_size[at_size["metric"] == metric].pivot_table("value", "generator", "seed")
    trained = (*registry.REGISTRY, judging.COPIES)
    tried = [name for name in trained if name in set(at_size["generator"])]
    return wide.reindex([*wide.index, *(name for name in tried if name not in wide.index)])


def summary(table: pd.DataFrame, metric: str, size: int) -> pd.DataFrame:
    """Return mean, low and high of a metric over the splits, one row a generator; NaN with fewer
    than three splits that gave samples."""
    return _intervals(values(table, metric, size))


def ratios(table: pd.DataFrame, metric: str, size: int) -> pd.DataFrame:
    """Return a metric as a share of that of real calls, split by split: mean, low, high."""
    wide = values(table, metric, size)
    return _intervals(wide / wide.loc[judging.REAL])


def _intervals(wide):
    """Mean, low and high of each row, in the order of judging.NAMES."""
    rows = {
        name: evaluation.mean_interval(wide.loc[name].dropna())
        if wide.loc[name].notna().sum() >= evaluation.FEWEST
        else (np.nan, np.nan, np.nan)
        for name in judging.NAMES
        if name in wide.index
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "low", "high"])


def decide(table: pd.DataFrame, size: int) -> pd.DataFrame:
    """Return a row a measured generator: what the rule asks, whether it is met, and `goes_on`."""
    copying = values(table, "copying_p_alone", size).median(axis=1)
    coverage = ratios(table, "coverage_pca", size)["mean"]
    useful = values(table, "usefulness", size).mean(axis=1)
    names = [name for name in (*registry.REGISTRY, judging.COPIES) if name in useful]
    collapsed = values(table, "collapsed", size).sum(axis=1)
    found = pd.DataFrame(
        {
            "collapsed": collapsed.reindex(names).fillna(0),
            "copying_p": copying[names],
            "coverage_share": coverage[names],
            "usefulness": useful[names],
            "floor": useful[best_floor(table, size)],
        }
    )
    found["trained"] = found["collapsed"] <= RULE["collapsed"]
    found["no_copies"] = found["copying_p"] >= RULE["copying"]
    found["covers"] = found["coverage_share"] >= RULE["coverage"]
    found["useful"] = found["usefulness"] > found["floor"]
    found["goes_on"] = found[["trained", "no_copies", "covers", "useful"]].all(axis=1)
    return found


def passed(decision: pd.DataFrame) -> list[str]:
    """Return the names of the generators that go on; the copies, a control, are none."""
    return [name for name in registry.REGISTRY if decision["goes_on"].get(name, False)]


def best_floor(table: pd.DataFrame, size: int) -> str:
    """Return the floor of the rule whose samples are the most useful, in the mean."""
    return values(table, "usefulness", size).loc[list(RULE["usefulness"])].mean(axis=1).idxmax()


def margins(
    table: pd.DataFrame,
    size: int,
    reference: str,
    *,
    metric: str = "usefulness",
    beside: str | None = None,
) -> pd.DataFrame:
    """Return mean, low and high of each generator's metric minus that of the reference, split by
    split. beside: the metric of the reference, the same by default."""
    own = values(table, metric, size)
    other = own if beside is None else values(table, beside, size)
    return _intervals(own - other.loc[reference])
