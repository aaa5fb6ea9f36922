"""How much of a detector's score could the background alone give, and how much needs it? Clips
whose middle is hidden, and clips whose edges are.

A call hardly reaches the first and the last moments of its clip, so that whoever tells the classes
apart by these has heard the background; and a lead that stays without them does not come from
there. Secondary, and added after the rows of study.csv were seen: `whales study background` trains
detectors on the seeds and clips of study.csv with a part of all clips hidden, and fills
background.csv (the edges are left) and foreground.csv (the middle is); rows resume.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from utils import data
from utils.augmentation import arms, study
from utils.augmentation.pretrained import BESIDE
from utils.eda.cues import edge_frames
from utils.models import embeddings

SEEDS = range(10)
DETECTORS = (BESIDE, study.EMBEDDED)
KEY = ("seed", "n_positive", "classifier")
TABLES = ("background", "foreground")  # with the edges alone, with the middle alone


def hidden(dataset: data.Dataset, table: str) -> data.Dataset:
    """Return a Dataset of the same clips of which one of TABLES is left, the edges that
    `cues.edges` sees or all else; the rest is each band's mean over it. Without audio, which can
    be estimated."""
    count = edge_frames(dataset.times)
    left = np.zeros(len(dataset.times), bool)
    left[:count] = left[-count:] = True
    left ^= table == "foreground"
    clips = np.array(dataset.spectrograms, dtype=np.float32)
    clips[..., ~left] = clips[..., left].mean(2, keepdims=True)
    return replace(dataset, spectrograms=clips, audio=None)


def run(dataset: data.Dataset, table: str) -> pd.DataFrame:
    """Return the ROC AUC of each of DETECTORS that learns from real calls alone, where one of
    TABLES is left of all clips: a row a seed and number of calls, running what is missing.
    UserError without the extra."""
    embeddings.check()
    place = study.Study(hidden(dataset, table))
    made = [study.settings_of(place.settings, arms.REAL, name) for name in DETECTORS]
    return study.by_seed(place, table, f"{made}", _scored, keys=KEY, seeds=SEEDS)


def _scored(place, seed) -> Iterator[dict]:
    """The rows of `run` of a seed."""
    truth = place.labels[place.split(seed).test]
    for size in study.PROTOCOL["primary"]["sizes"]:
        cell = place.cell(seed, size, arms.REAL)
        training = place.prepare(cell)[0]
        for name in DETECTORS:
            auc = round(float(roc_auc_score(truth, place.judge(cell, training, name)[1])), 6)
            yield dict(zip(KEY, (seed, size, name), strict=True)) | {"roc_auc": auc}
