"""Recall at few false alarms: what a detector finds where its threshold has to be strict; and what
people ask: trained on the first recordings, what does it find in the next ones?

ROC AUC counts every threshold alike. Secondary, and added after the rows of study.csv were seen:
`whales study operating` trains some of their detectors anew and fills operating.csv; rows resume.
With `--later` it trains them on the early side of one cut in time and fills later.csv: seeds draw
the training clips and the initialisation alone, and say nothing of another season. Simulated clips
have no season; beyond their cut stands another deployment, whose settings, ELSEWHERE, were fixed
before its rows were run.
"""

import functools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from utils import data, ocean, tables
from utils.augmentation import arms, study
from utils.augmentation.pretrained import BESIDE
from utils.errors import UserError
from utils.ocean.settings import Recorder
from utils.progress import progress
from utils.statistics import evaluation

FALSE_ALARMS = {"recall_at_5_percent": 0.05, "recall_at_1_percent": 0.01}  # of clips without a call
ZERO = "ocean_prior"  # the strategy of BESIDE without a real clip
STRATEGIES = (arms.REAL, "classical", "ocean")  # the others, of which the last two help with few
KEY = ("seed", "n_positive", "arm", "classifier")
TABLE, LATER = "operating", "later"
EARLY = 0.6  # share of the clips, in order of time, that come before the cut
VALIDATION = 8  # one group in so many of the early ones validates
ELSEWHERE = ocean.OceanSettings(  # one flat recorder, fainter calls, ships and guns for humpbacks
    snr_mean_db=-4.0,
    background_variability=1.5,
    humpback_rate=0.1,
    airgun_rate=0.4,
    ship_rate=0.8,
    reverberation=1.5,
    recorder=Recorder(corner=20.0, whitening=0.0, edge=900.0, level=0.012),
)
ELSEWHERE_SEED = 0


class Later(study.Study):
    """The study with one split for all seeds: early groups train and validate, late ones test.

    Of the simulated clips, those after the cut are of another deployment.
    """

    def __init__(self, source: data.Dataset | Path | str | None) -> None:
        dataset = source if isinstance(source, data.Dataset) else data.load(source)
        super().__init__(moved(dataset) if dataset.name == data.SIMULATED else dataset)
        self.settings = tables.digest(f"{self.settings} {EARLY} {VALIDATION}")

    @functools.cached_property
    def _cut(self):
        dataset = self.bench.dataset
        if not dataset.ordered:
            raise UserError(
                f"the clips of {dataset.name} are in no order of time, so there is no later side."
            )
        return cut(dataset.labels, dataset.groups)

    def split(self, seed: int) -> data.Split:
        return self._cut


def cut(labels: np.ndarray, groups: np.ndarray) -> data.Split:
    """Return the Split of clips in order of time, whole groups a side: the first EARLY of the clips
    train and validate, the group after them is left out as a gap, and the rest test.

    UserError if a side lacks one of the classes.
    """
    early, late = _sides(groups)
    late, held = late[1:], early[VALIDATION // 2 :: VALIDATION]
    validation = np.isin(groups, held)
    sides = np.isin(groups, early) & ~validation, validation, np.isin(groups, late)
    if any(len(np.unique(labels[side])) < 2 for side in sides):
        raise UserError(
            "a cut in time leaves a side without calls or without clips that hold none; label more "
            "recordings."
        )
    return data.Split(*(np.flatnonzero(side) for side in sides), seed=0)


def _sides(groups):
    """The names of the groups before and after the cut, in order of time."""
    names, first, counts = np.unique(groups, return_index=True, return_counts=True)
    order = np.argsort(first)
    before = np.cumsum(counts[order]) <= EARLY * len(groups)
    return names[order][before], names[order][~before]


def moved(dataset: data.Dataset) -> data.Dataset:
    """Return a Dataset of simulated clips with as many of ELSEWHERE for those after the cut."""
    early = dataset.take(np.isin(dataset.groups, _sides(dataset.groups)[0]))
    other = data.simulated(
        n_clips=len(dataset) - len(early),
        seed=ELSEWHERE_SEED,
        settings=dataset.settings,
        ocean_settings=ELSEWHERE,
    )
    both = {
        key: np.concatenate([getattr(early, key), getattr(other, key)])
        for key in ("spectrograms", "labels", "audio", "seconds")
    }
    return replace(
        dataset,
        groups=np.concatenate([early.groups, other.groups + 1 + early.groups.max()]),
        clip_names=np.concatenate([early.clip_names, np.char.add("elsewhere_", other.clip_names)]),
        truth=pd.concat([early.truth, other.truth], ignore_index=True),
        **both,
    )


def _cells(place, seed) -> Iterator[tuple[study.Cell, str]]:
    """What is trained for a seed: Cells, and a classifier for each."""
    yield study.Cell(seed, 0, 0, ZERO, 0.0), BESIDE
    calls = place.available(seed)[0]
    for size in (size for size in study.PROTOCOL["sizes"] if size <= calls):
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


def run(place: study.Study) -> pd.DataFrame:
    """Return the rows of a Study, or of a Later, running those that are missing: `scores` on its
    test side, a row a detector. study.EMBEDDED has none without its extra."""
    table = LATER if isinstance(place, Later) else TABLE
    path = place.bench.results(table)
    made = [study.settings_of(place.settings, arm, BESIDE) for arm in (ZERO, *STRATEGIES)]
    made.append(study.settings_of(place.settings, arms.REAL, study.EMBEDDED))
    content, offered = tables.digest(f"{made} {FALSE_ALARMS}"), study.offered()
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


def stored(name: str, table: str = TABLE) -> pd.DataFrame:
    """Return the rows of TABLE or LATER of a data set, with what a detector learned from as
    `kind`: an arm of STRATEGIES (that without a real clip counts as the hydrophone's) or
    EMBEDDED. Only seeds that are there as a whole; no rows if it is not measured."""
    rows = study.latest(name, table)
    if rows.empty:
        return rows
    counts = rows.groupby("seed").size()
    rows = rows[rows["seed"].isin(counts.index[counts == counts.max()])]
    kind = rows["arm"].replace(ZERO, STRATEGIES[-1])
    return rows.assign(kind=kind.mask(rows["classifier"] == study.EMBEDDED, study.EMBEDDED))
