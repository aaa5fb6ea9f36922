"""Recall at few false alarms: what a detector finds where its threshold has to be strict.

ROC AUC counts every threshold alike. Secondary, and added after the rows of study.csv were seen:
`whales study operating` trains some of their detectors anew and fills operating.csv; rows resume.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from utils import tables
from utils.augmentation import arms, study
from utils.augmentation.pretrained import BESIDE
from utils.progress import progress
from utils.statistics import evaluation

FALSE_ALARMS = {"recall_at_5_percent": 0.05, "recall_at_1_percent": 0.01}  # of clips without a call
ZERO = "ocean_prior"  # the strategy of BESIDE without a real clip
STRATEGIES = (arms.REAL, "classical", "ocean")  # the others, of which the last two help with few
KEY = ("seed", "n_positive", "arm", "classifier")
TABLE = "operating"


def _cells(place, seed) -> Iterator[tuple[study.Cell, str]]:
    """What is trained for a seed: Cells, and a classifier for each."""
    yield study.Cell(seed, 0, 0, ZERO, 0.0), BESIDE
    for size in study.PROTOCOL["sizes"]:
        real = place.cell(seed, size, arms.REAL)
        yield real, study.EMBEDDED
        yield real, BESIDE
        if size in study.PROTOCOL["primary"]["sizes"]:
            for arm in STRATEGIES[1:]:
                yield place.cell(seed, size, arm), BESIDE


def scores(labels: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Return ROC AUC and the recall at each of FALSE_ALARMS, of labels (n,) and probabilities
    (n,)."""
    found = {"roc_auc": round(float(roc_auc_score(labels, probability)), 6)}
    for name, share in FALSE_ALARMS.items():
        _, (missed, caught) = evaluation.confusion_at(labels, probability, share)
        found[name] = round(float(caught / (missed + caught)), 5)
    return found


def run(place: study.Study, table: str = TABLE) -> pd.DataFrame:
    """Return the rows of a Study in a table, running those that are missing: `scores` on its test
    side, a row a detector. study.EMBEDDED has none without its extra."""
    path = place.bench.results(table)
    content, offered = _content(place), study.offered()
    stored = tables.rows(path, content, keys=KEY)
    done = set(stored[list(KEY)].itertuples(index=False, name=None)) if len(stored) else set()
    seeds = range(study.PROTOCOL["most_seeds"])
    for seed in progress(seeds, f"{place.name}: {table}", total=len(seeds)):
        truth = place.labels[place.split(seed).test]
        for cell, classifier in _cells(place, seed):
            key = (seed, cell.n_positive, cell.arm, classifier)
            if key in done or classifier not in offered:
                continue
            probability = place.judge(cell, place.prepare(cell)[0], classifier)[1]
            row = dict(zip(KEY, key, strict=True)) | scores(truth, probability)
            tables.append([row | {"content": content}], path)
    return tables.rows(path, content, keys=KEY)


def _content(place):
    made = [study.settings_of(place.settings, arm, BESIDE) for arm in (ZERO, *STRATEGIES)]
    made.append(study.settings_of(place.settings, arms.REAL, study.EMBEDDED))
    return tables.digest(f"{made} {FALSE_ALARMS}")


def stored(name: str, table: str = TABLE) -> pd.DataFrame:
    """Return the rows of a table of `run` of a data set, with what a detector learned from as
    `kind`: an arm of STRATEGIES (that without a real clip counts as the hydrophone's) or
    EMBEDDED. Only seeds that are there as a whole; no rows if it is not measured."""
    rows = study.latest(name, table)
    if rows.empty:
        return rows
    counts = rows.groupby("seed").size()
    rows = rows[rows["seed"].isin(counts.index[counts == counts.max()])]
    kind = rows["arm"].replace(ZERO, STRATEGIES[-1])
    return rows.assign(kind=kind.mask(rows["classifier"] == study.EMBEDDED, study.EMBEDDED))
