"""Why a strategy helps or not: whether what it adds is a call, and whether it brings anything new.

Both are asked of the added clips alone, by real calls of the training side that no strategy adds,
and no test clip. `whales study mechanism` fills mechanism.csv; rows resume.
"""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.metrics import pairwise_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from utils.augmentation import answer, arms, study
from utils.errors import UserError
from utils.models import classifiers
from utils.sound import call_track
from utils.sound.spectrograms import resize_axis
from utils.statistics import evaluation

SEEDS = range(3)
ARMS = (*answer.CHEAP[1:], *answer.GENERATED, "noise", "ocean", arms.ORACLE)
DRAWN = 400  # added calls that are looked at
COMPONENTS = 20  # of the features, in which distances are taken
KEY = ("seed", "arm")


def measure(
    training: arms.Training,
    n_real: tuple[int, int],
    judge: classifiers.RandomForest,
    threshold: float,
    space: Callable[[np.ndarray], np.ndarray],
    spare: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return `taken`, the share of the added calls of a Training that a classifier takes for calls,
    and `reach`, in 0..1: how much nearer they bring the nearest call to calls that were left out.

    n_real: (calls, seas) that nothing was added to. judge: a fitted classifier, and its threshold.
    space: features.table to coordinates. spare: (k, d) coordinates of real calls left out.
    """
    calls, seas = n_real
    added = np.arange(calls + seas, training.n_clips)
    added = added[training.labels[added] == 1]
    added = training.features[rng.permutation(added)[:DRAWN]]
    own = space(training.features[np.arange(calls)].table)
    before = pairwise_distances(spare, own).min(1)
    after = np.minimum(before, pairwise_distances(spare, space(added.table)).min(1))
    taken = (judge.predict_proba(added) >= threshold).mean()
    return {"taken": float(taken), "reach": float(1 - after.sum() / before.sum())}


def _rows(place, seed):
    """A row an arm: `measure` at the headline's number of calls."""
    size, n_sea, split = answer.ANSWER_SIZE, place.n_sea, place.split(seed)
    features, labels = place.bench.features, place.labels
    _, seas, spare = place.drawn(study.Cell(seed, size, n_sea, arms.REAL, 0.0))
    half = len(spare) // 2  # the first is what the oracle adds, the second what nobody adds
    others = np.setdiff1d(split.train[labels[split.train] == 0], seas)
    known = np.concatenate([spare[half:], others])
    held = features[split.validation], labels[split.validation]
    judge = classifiers.build("random_forest", seed=seed, n_estimators=300, n_jobs=1)
    judge.fit(features[known], labels[known], held)
    threshold = evaluation.choose_threshold(held[1], judge.predict_proba(held[0]))
    every = features[split.train].table
    map_ = make_pipeline(StandardScaler(), PCA(COMPONENTS, random_state=0)).fit(every)
    aim = map_.transform(features[spare[half:]].table)
    for arm in ARMS:
        if arm in arms.WITH_CLASSICAL:  # what is simulated, without the classical clips beside it
            ratio = 0.0
        else:
            ratio = half / size if arm == arms.ORACLE else place.fill / size - 1
        cell = study.Cell(seed, size, n_sea, arm, ratio)
        found = measure(
            place.prepare(cell)[0], (size, n_sea), judge, threshold,
            map_.transform, aim, np.random.default_rng(seed),
        )  # fmt: skip
        yield {"seed": seed, "arm": arm} | {k: round(v, 5) for k, v in found.items()}


def run(place: study.Study) -> pd.DataFrame:
    """Return the rows of a Study, running those of seeds that are missing."""
    own = [study.settings_of(place.settings, arm, "random_forest") for arm in ARMS]
    content = json.dumps([own, ARMS, DRAWN, COMPONENTS, "oceans alone"])
    with place.trained_anew():
        return study.by_seed(place, "mechanism", content, _rows, keys=KEY, seeds=SEEDS)


def call_parameters(place: study.Study, size: int, *, seed: int) -> dict[str, pd.DataFrame]:
    """Return `call_track.call_parameters` of real calls of the training side beyond a row's own, of
    all simulated calls in real seas ("simulated"), and of those that the row draws ("drawn").

    None where the hydrophone does not stand for the clips, or real calls are too few.
    """
    if place.available(seed)[0] < 2 * size:
        return {}
    material = place.material(study.Cell(seed, size, place.n_sea, arms.REAL, 0.0))
    try:
        clips, chosen = arms.simulated_calls(material)
    except UserError:
        return {}
    data, (bands, frames) = place.bench.dataset, material.calls.shape[1:]
    axes = resize_axis(data.frequencies, bands), resize_axis(data.times, frames)
    parts = {"real": material.spare, "simulated": clips, "drawn": clips[chosen]}
    return {
        name: call_track.call_parameters(part, *axes, data.band) for name, part in parts.items()
    }
