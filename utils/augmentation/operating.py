"""Recall at few false alarms: what a detector finds where its threshold has to be strict; and what
people ask: trained on the first recordings, what does it find in the next ones?

ROC AUC counts every threshold alike. Secondary, and added after the rows of study.csv were seen:
`whales study operating` trains some of their detectors anew and fills operating.csv; rows resume.
With `--later` it trains them on the early side of one cut in time and fills later.csv: seeds draw
the training clips and the initialisation alone, and say nothing of another season. Simulated clips
have no season: they are tested on other deployments, ELSEWHERE, fixed before a row of them was run
and after all else was seen. Some stay within the ranges of `ocean.prior`, of which the hydrophone's
clips are drawn, and some do not.
"""

import functools
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from utils import data, tables
from utils.augmentation import arms, study
from utils.augmentation.pretrained import BESIDE
from utils.errors import UserError
from utils.ocean.settings import OceanSettings, Recorder, UpcallShape
from utils.progress import progress
from utils.statistics import evaluation

FALSE_ALARMS = {"recall_at_5_percent": 0.05, "recall_at_1_percent": 0.01}  # of clips without a call
ZERO = "ocean_prior"  # the strategy of BESIDE without a real clip
STRATEGIES = (arms.REAL, "classical", "ocean")  # the others, of which the last two help with few
KEY = ("seed", "n_positive", "arm", "classifier")
TABLE, LATER = "operating", "later"
EARLY = 0.6  # share of the clips, in order of time, that come before the cut
VALIDATION = 8  # one group in so many of the early ones validates
ELSEWHERE = (  # deployments, each unlike the simulated clips in its own way
    OceanSettings(  # a flat recorder; fainter calls, with more echoes
        snr_mean_db=-4.0,
        reverberation=1.5,
        recorder=Recorder(corner=20.0, whitening=0.0, edge=900.0, level=0.012),
    ),
    OceanSettings(ship_rate=0.85, airgun_rate=0.6, background_variability=2.0),  # a busy sea
    OceanSettings(  # lower, longer calls of a smaller sweep
        upcall=UpcallShape(
            start=(75, 7, 11, 40, 130),
            log_sweep=(math.log(60), 0.1, 0.3, math.log(25), math.log(150)),
            duration=(1.3, 0.05, 0.18, 0.7, 1.8),
        )
    ),
    OceanSettings(  # humpbacks, in the clips with a call too, and at any time
        humpback_rate=0.85, positive_rate_factor=1.0, sources_anywhere=True
    ),
)
ELSEWHERE_CLIPS = 800  # of each
ELSEWHERE_SEED = 2000  # of the first; no other simulated clip of the project has it


class Later(study.Study):
    """The study with one split for all seeds: early groups train and validate, late ones test."""

    def __init__(self, source: data.Dataset | Path | str | None) -> None:
        super().__init__(source)
        self.settings = tables.digest(f"{self.settings} {EARLY} {VALIDATION}")

    @functools.cached_property
    def _cut(self):
        dataset = self.bench.dataset
        if not dataset.ordered:
            raise UserError(
                f"the clips of {dataset.name} are in no order of time, so there is no later side."
            )
        early, late = before_and_after(dataset.groups)
        return sides(dataset.labels, dataset.groups, early, late[1:])

    def split(self, seed: int) -> data.Split:
        return self._cut


class Elsewhere(Later):
    """The same for simulated clips, which have no season: early ones train, and each seed tests on
    one of the deployments ELSEWHERE, in turn."""

    def __init__(self, dataset: data.Dataset) -> None:
        early = dataset.take(np.isin(dataset.groups, before_and_after(dataset.groups)[0]))
        parts = [early] + [
            data.simulated(
                n_clips=ELSEWHERE_CLIPS,
                seed=ELSEWHERE_SEED + number,
                settings=dataset.settings,
                ocean_settings=settings,
            )
            for number, settings in enumerate(ELSEWHERE)
        ]
        self.place = np.repeat(np.arange(len(parts)), [len(part) for part in parts])  # 0: early
        groups = [part.groups + 10_000 * number for number, part in enumerate(parts)]
        names = [np.char.add(f"{number}_", p.clip_names) for number, p in enumerate(parts)]
        super().__init__(
            replace(
                dataset,
                groups=np.concatenate(groups),
                clip_names=np.concatenate(names),
                truth=pd.concat([part.truth for part in parts], ignore_index=True),
                **{
                    key: np.concatenate([getattr(part, key) for part in parts])
                    for key in ("spectrograms", "labels", "audio", "seconds")
                },
            )
        )

    @functools.lru_cache(maxsize=len(ELSEWHERE))  # noqa: B019 - a study lives as long as its process
    def _away(self, number):
        labels, groups = self.labels, self.bench.dataset.groups
        early, away = (np.unique(groups[self.place == part]) for part in (0, 1 + number))
        return sides(labels, groups, early, away)

    def split(self, seed: int) -> data.Split:
        return self._away(seed % len(ELSEWHERE))


def later(source: data.Dataset | Path | str | None) -> Later:
    """Return the Later of a data set; of the simulated clips, Elsewhere."""
    dataset = source if isinstance(source, data.Dataset) else data.load(source)
    return (Elsewhere if dataset.name == data.SIMULATED else Later)(dataset)


def before_and_after(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the names of the groups of clips in order of time, those of the first EARLY of the
    clips and the others."""
    names, first, counts = np.unique(groups, return_index=True, return_counts=True)
    order = np.argsort(first)
    before = np.cumsum(counts[order]) <= EARLY * len(groups)
    return names[order][before], names[order][~before]


def sides(
    labels: np.ndarray, groups: np.ndarray, early: np.ndarray, late: np.ndarray
) -> data.Split:
    """Return the Split of clips whose early groups train and validate, and whose late ones test.

    UserError if a side lacks one of the classes.
    """
    validation = np.isin(groups, early[VALIDATION // 2 :: VALIDATION])
    found = np.isin(groups, early) & ~validation, validation, np.isin(groups, late)
    if any(len(np.unique(labels[side])) < 2 for side in found):
        raise UserError(
            "a cut in time leaves a side without calls or without clips that hold none; label more "
            "recordings."
        )
    return data.Split(*(np.flatnonzero(side) for side in found), seed=0)


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
