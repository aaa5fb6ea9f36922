"""The detector on embeddings of a pretrained network, beside the study's own strategies.

Secondary: its recipe was frozen before its rows were run, and after those of the others were seen.
"""

import pandas as pd

from utils.augmentation import study
from utils.statistics import comparison

BESIDE = "random_forest"  # the better of the study's detectors with few calls
AGAINST = ("real", "classical", "ocean")  # its strategies
_SIDES = {"mean": "mean", "low": "high", "high": "low"}


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Return seeds, mean, low, high, p and verdict of EMBEDDED minus each of AGAINST with BESIDE,
    paired by seed: index arm and n_positive; no rows if there are none. p is adjusted over all.

    rows: of study.csv, without those that failed.
    """
    real = rows["arm"] == "real"
    own = rows[(rows["classifier"] == study.EMBEDDED) & (rows["part"] == "main") & real]
    if own.empty:
        return own
    own = own.assign(classifier=BESIDE, arm=study.EMBEDDED)
    others = rows[(rows["classifier"] == BESIDE) & rows["arm"].isin(AGAINST)]
    others = others[others["part"].isin(("main", "ocean"))].assign(ratio=0.0)
    both = pd.concat([own, others])
    both = both[both["n_positive"].isin(study.PROTOCOL["primary"]["sizes"])]
    found = comparison.verdicts(both, study.EMBEDDED, family=())
    turned = found.assign(**{name: -found[side] for name, side in _SIDES.items()})
    turned["verdict"] = [
        comparison.verdict(row.low, row.high, row.p) for row in turned.itertuples(index=False)
    ]
    columns = ["seeds", *_SIDES, "p", "verdict"]
    return turned.set_index(["arm", "n_positive"])[columns]


def curve(rows: pd.DataFrame) -> pd.Series:
    """Return the mean ROC AUC of EMBEDDED by number of real calls of PROTOCOL; empty if there are
    no rows."""
    own = rows[(rows["classifier"] == study.EMBEDDED) & (rows["part"] == "main")]
    return own.groupby("n_positive")["roc_auc"].mean()
