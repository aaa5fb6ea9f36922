"""The detector on embeddings of a pretrained network, beside the study's own strategies.

Secondary: its recipe was frozen before its rows were run, and after those of the others were seen.
`whales study recipes` measures that recipe's neighbours on the same clips, to see how far the
advantage hangs on it: recipes.csv; rows resume. `whales study embeddings` measures embeddings of
other networks in the same way: embeddings.csv.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from utils import tables
from utils.augmentation import arms, study
from utils.data import cache
from utils.models import classifiers, embeddings
from utils.statistics import comparison

BESIDE = "random_forest"  # of the study's detectors, the best with few calls and augmentation
AGAINST = ("real", "classical", "ocean", comparison.RIVAL)  # its strategies
SPEEDS = ((4,), (8,), (4, 8))  # at which a recipe hears the clips
REGULARISATION = (0.001, 0.01)  # C of the logistic regression
KEY = ("seed", "n_positive", "speeds", "C")
_SIDES = {"mean": "mean", "low": "high", "high": "low"}


def compared(rows: pd.DataFrame, overlap: float = comparison.OVERLAP) -> pd.DataFrame:
    """Return seeds, mean, low, high, p and verdict of EMBEDDED minus each of AGAINST with BESIDE,
    paired by seed: index arm and n_positive; no rows if there are none. p is adjusted over all.
    The last of AGAINST is the best cheap rival of the primary comparison.

    rows: of study.csv, without those that failed.
    """
    own = comparison.where(rows, classifier=study.EMBEDDED, part="main", arm="real")
    if own.empty:
        return own
    own = own.assign(classifier=BESIDE, arm=study.EMBEDDED)
    beside = comparison.where(rows, classifier=BESIDE)
    others = beside[beside["arm"].isin(AGAINST) & beside["part"].isin(("main", "ocean"))]
    others = others.assign(ratio=0.0)
    cheap = comparison.where(beside, part="main")
    cheap = comparison.best_rivals(cheap, study.PROTOCOL["primary"]["against"])
    both = pd.concat([own, others, cheap])
    both = both[both["n_positive"].isin(study.PROTOCOL["primary"]["sizes"])]
    found = comparison.verdicts(both, study.EMBEDDED, family=(), overlap=overlap)
    turned = found.assign(**{name: -found[side] for name, side in _SIDES.items()})
    turned["verdict"] = [
        comparison.verdict(row.low, row.high, row.p) for row in turned.itertuples(index=False)
    ]
    columns = ["seeds", *_SIDES, "p", "verdict"]
    return turned.set_index(["arm", "n_positive"])[columns]


def equivalent(rows: pd.DataFrame, size: int) -> tuple[float, float, float]:
    """Return (k, low, high) of `comparison.real_equivalents`: the real calls with which BESIDE
    scores as EMBEDDED does with `size`; rows: of study.csv, with the learning curve."""
    real = rows[(rows["arm"] == "real") & rows["part"].isin(("main", "curve"))]
    own = comparison.where(real, classifier=study.EMBEDDED, part="main")
    own = own.assign(classifier=BESIDE, arm=study.EMBEDDED)
    beside = comparison.where(real, classifier=BESIDE)
    return comparison.real_equivalents(pd.concat([beside, own]), study.EMBEDDED, size, BESIDE)


def curve(rows: pd.DataFrame) -> pd.Series:
    """Return the mean ROC AUC of EMBEDDED by number of real calls of PROTOCOL; empty if there are
    no rows."""
    own = comparison.where(rows, classifier=study.EMBEDDED, part="main")
    return own.groupby("n_positive")["roc_auc"].mean()


def recipes(place: study.Study) -> pd.DataFrame:
    """Return the ROC AUC of each recipe on a Study's test sides, running what is missing: a row a
    seed, number of calls, SPEEDS and REGULARISATION. UserError if the extra is not installed."""
    embeddings.check()
    return study.by_seed(place, "recipes", _content(place), _scored, keys=KEY)


def others(place: study.Study, path: str | Path) -> pd.DataFrame:
    """Return the ROC AUC of logistic regressions on the embeddings of another network, running what
    is missing: a row a seed, number of calls and REGULARISATION. path: of `embeddings.read`."""
    known = replace(place.bench.features, table=embeddings.read(path, place.bench.dataset))
    content = f"{tables.digest(_content(place))} {cache.digest_of(known.table)}"

    def scored(place, seed):
        for size in study.PROTOCOL["primary"]["sizes"]:
            for c in REGULARISATION:
                auc = _area(place, seed, size, known, c)
                yield {"seed": seed, "n_positive": size, "C": c, "roc_auc": auc}

    return study.by_seed(place, "embeddings", content, scored, keys=("seed", "n_positive", "C"))


def _content(place):
    made = study.settings_of(place.settings, arms.REAL, study.EMBEDDED)
    return f"{made} {SPEEDS} {REGULARISATION}"


def _scored(place, seed):
    """The rows of `recipes` of a seed."""
    for size in study.PROTOCOL["primary"]["sizes"]:
        for speeds in SPEEDS:
            for c in REGULARISATION:
                auc = _area(place, seed, size, place.heard(speeds), c)
                told = {"seed": seed, "n_positive": size, "speeds": " ".join(map(str, speeds))}
                yield told | {"C": c, "roc_auc": auc}


def _area(place, seed, size, known, c):
    """ROC AUC of a logistic regression on embeddings, from real clips alone."""
    test, labels = place.split(seed).test, place.labels
    index = np.concatenate(place.drawn(place.cell(seed, size, arms.REAL))[:2])
    model = classifiers.build("logistic", seed=seed, C=c).fit(known[index], labels[index])
    return round(float(roc_auc_score(labels[test], model.predict_proba(known[test]))), 6)


def recipes_against(rows: pd.DataFrame, table: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Return mean, low and high of each recipe minus an arm of BESIDE, paired by seed: index speeds
    and C, columns n_positive and these. rows: of study.csv; table: of `recipes`."""
    rows = comparison.where(rows, classifier=BESIDE, arm=arm, part="main")
    beside = rows.set_index(["n_positive", "seed"])["roc_auc"]
    found = {}
    for (speeds, c, size), own in table.groupby(["speeds", "C", "n_positive"]):
        gap = own.set_index("seed")["roc_auc"] - beside.loc[size]
        found.setdefault((speeds, c), {})[size] = comparison.interval(gap.dropna())
    return pd.DataFrame.from_dict(found, orient="index").rename_axis(["speeds", "C"])
