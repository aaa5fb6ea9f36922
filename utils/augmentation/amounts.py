"""How many clips does the simulated hydrophone have to draw from? Fewer, and three times as many.

On other splits than the study's (`split_seed` 0), so that nothing is chosen by a test side of it;
measured after the rows of study.csv, whose number of clips stays. `whales study amounts` fills
amounts.csv; rows resume.
"""

import time
from collections.abc import Iterator

import pandas as pd

from utils.augmentation import simulated, study
from utils.statistics import comparison

TIMES = (1 / 3, 1, 3)  # of simulated.SIZES
SIZES, SEEDS = (0, *study.PROTOCOL["control_sizes"]), range(10)
KEY = ("seed", "clips", "n_positive", "classifier")
TABLE = "amounts"


class Development(study.Study):
    """The study on other splits, with so many times the simulated clips to draw from."""

    split_seed = 0
    times = 1.0

    def bank(self, cell: study.Cell, kind: str) -> simulated.Bank:
        number = cell.seed % simulated.OCEANS
        settings = simulated.check(self.bench.dataset)
        return simulated.bank(kind, number, settings, study.PROTOCOL["shape"], self.times)


def run(place: Development) -> pd.DataFrame:
    """Return the ROC AUC of the hydrophone's detectors: a row a seed, number of whole simulated
    clips and of calls, and classifier, with the seconds that its clips took once simulated.
    UserError if the simulated hydrophone can't stand for the clips."""
    simulated.check(place.bench.dataset)
    names = study.PROTOCOL["primary"]["classifiers"]
    made = [study.settings_of(place.settings, "ocean", name) for name in names]
    content = f"{made} {TIMES} {SIZES} {simulated.SETTINGS}"
    return study.by_seed(place, TABLE, content, _scored, keys=KEY, seeds=SEEDS)


def _scored(place, seed) -> Iterator[dict]:
    """The rows of `run` of a seed."""
    for place.times in TIMES:
        for size in SIZES:
            unheard = study.Cell(seed, 0, 0, "ocean_prior", 0.0)
            cell = place.cell(seed, size, "ocean") if size else unheard
            clips = len(place.bank(cell, "prior").grid)
            place.bank(cell, "calls")
            start = time.perf_counter()
            training = place.prepare(cell)[0]
            seconds = round(time.perf_counter() - start, 2)
            for name in study.PROTOCOL["primary"]["classifiers"]:
                score = place.judge(cell, training, name)[0]["roc_auc"]
                key = dict(zip(KEY, (seed, clips, size, name), strict=True))
                yield key | {"roc_auc": score, "seconds": seconds}


def against_chosen(rows: pd.DataFrame, classifier: str) -> pd.DataFrame:
    """Return mean, low and high of what another number of clips than the study's changes of a
    classifier's ROC AUC, paired by seed: index clips, columns n_positive; rows: of `run`."""
    own = comparison.where(rows, classifier=classifier)
    return comparison.against_one(own, "clips", simulated.SIZES["clips"])
