"""Do generators help once they have heard the simulated ocean? Transfer learning for generators.

Secondary, and frozen before its rows were run. Each generator first learns from whole clips of an
ocean of the prior, then from the row's own calls and sea; its samples are used as in the study.
`whales study transfer` fills transfer.csv: seeds, clips and classifiers of study.csv; rows resume.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from utils import paths, tables
from utils.augmentation import simulated, study
from utils.models.generators import registry
from utils.statistics import comparison

if TYPE_CHECKING:  # it brings Keras
    from utils.models.generators.base import Generator

SIZES, SEEDS = study.PROTOCOL["control_sizes"], range(10)
CLASSIFIERS = study.PROTOCOL["width_classifiers"]
ARMS = (*registry.REGISTRY, "vae_filtered")
TUNING = 0.25  # of a generator's own learning rate, when it has heard the ocean
HELD_OUT = 8  # one simulated call in so many validates
KEY = ("seed", "n_positive", "arm", "classifier")
TABLE = "transfer"
SCRATCH, RIVAL = "scratch", "classical"  # what an arm is compared with: itself without the ocean


class Transfer(study.Study):
    """The study with generators that have heard the ocean of a cell's seed, all else as it is."""

    def build(self, name: str, cell: study.Cell) -> Generator:
        start = self._heard(name, cell)
        generator = registry.build(name, learning_rate=TUNING * start.learning_rate)
        generator.start = start
        return generator

    def _heard(self, name, cell):
        """A generator that has learned from the ocean alone: trained once and kept on disk."""
        number = cell.seed % simulated.OCEANS
        what = f"{registry.described([name])} {number} {simulated.SETTINGS} {HELD_OUT}"
        settings = simulated.check(self.bench.dataset)
        digest = tables.digest(f"{what} {settings!r} {study.PROTOCOL['shape']}")
        folder = paths.CACHE / TABLE / f"{name}-{number}-{digest}"
        if not folder.is_dir():
            bank, given = self.bank(cell, "prior"), {}
            calls, sea = (bank.grid[bank.labels == label] for label in (1, 0))
            held_out = np.arange(len(calls)) % HELD_OUT == 0
            generator = registry.build(name)
            if generator.borrows:
                given["autoencoder"] = self._heard(generator.borrows, cell)
            generator.fit(
                calls[~held_out], background=sea, validation=calls[held_out], seed=number, **given
            )
            generator.save(folder)
        return registry.load(folder)


def run(place: Transfer) -> pd.DataFrame:
    """Return the ROC AUC on the test sides of a Transfer: a row a seed, size, arm and classifier,
    running what is missing. UserError if the simulated hydrophone can't stand for the clips."""
    simulated.check(place.bench.dataset)
    made = [study.settings_of(place.settings, arm, name) for arm in ARMS for name in CLASSIFIERS]
    content = f"{made} {TUNING} {HELD_OUT} {SIZES} {simulated.SETTINGS}"
    return study.by_seed(place, TABLE, content, _scored, keys=KEY, seeds=SEEDS)


def _scored(place, seed) -> Iterator[dict]:
    """The rows of `run` of a seed."""
    with place.trained_anew():
        for size in SIZES:
            for arm in ("diffusion", *(arm for arm in ARMS if arm != "diffusion")):  # trains a VAE
                cell = place.cell(seed, size, arm)
                training = place.prepare(cell)[0]
                for name in CLASSIFIERS:
                    score = place.judge(cell, training, name)[0]["roc_auc"]
                    yield dict(zip(KEY, (seed, size, arm, name), strict=True)) | {"roc_auc": score}


def compared(rows: pd.DataFrame, grid: pd.DataFrame) -> pd.DataFrame:
    """Return mean, low and high of what hearing the ocean changes of a generator's arm, and of its
    gap to RIVAL, paired by seed: index arm, columns (against, n_positive, classifier).

    rows: of `run`; grid: of study.csv.
    """
    keys = ["arm", "n_positive", "classifier"]
    grid = grid[grid["part"].isin(("main", "ocean"))]
    found = {}
    for against in (SCRATCH, RIVAL):
        own = grid if against == SCRATCH else grid[grid["arm"] == RIVAL].drop(columns="arm")
        on = [key for key in KEY if key in own]
        both = rows.merge(own[[*on, "roc_auc"]], on=on, suffixes=("", "_other"))
        both["gap"] = both["roc_auc"] - both["roc_auc_other"]
        for (arm, size, name), gaps in both.groupby(keys)["gap"]:
            found.setdefault((against, size, name), {})[arm] = comparison.interval(gaps)
    return pd.DataFrame(found).reindex([arm for arm in ARMS if arm in set(rows["arm"])])
