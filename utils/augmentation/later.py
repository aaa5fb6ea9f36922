"""What people ask: trained on the first recordings, what does a detector find in the next ones?

Secondary. There is one cut in time, so seeds draw the training clips and the initialisation alone:
what varies between them says nothing of another season. `whales study operating --later` trains the
detectors of `operating` on the early side and fills later.csv; rows resume.
"""

import functools

import numpy as np
import pandas as pd

from utils import data, tables
from utils.augmentation import operating, study
from utils.errors import UserError

EARLY = 0.6  # share of the clips, in order of time, that come before the cut
VALIDATION = 8  # one group in so many of the early ones validates
TABLE = "later"


class Later(study.Study):
    """The study with one split for all seeds: early groups train and validate, late ones test."""

    def __init__(self, source: data.Dataset | str | None) -> None:
        super().__init__(source)
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
    names, first, counts = np.unique(groups, return_index=True, return_counts=True)
    order = np.argsort(first)
    before = np.cumsum(counts[order]) <= EARLY * len(labels)
    early, late = names[order][before], names[order][~before][1:]
    held = early[VALIDATION // 2 :: VALIDATION]
    validation = np.isin(groups, held)
    sides = np.isin(groups, early) & ~validation, validation, np.isin(groups, late)
    if any(len(np.unique(labels[side])) < 2 for side in sides):
        raise UserError(
            "a cut in time leaves a side without calls or without clips that hold none; label more "
            "recordings."
        )
    return data.Split(*(np.flatnonzero(side) for side in sides), seed=0)


def run(place: Later) -> pd.DataFrame:
    """Return the rows of a Later, running those that are missing."""
    return operating.run(place, TABLE)
