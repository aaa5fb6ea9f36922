"""Training a detector: held-out scores over recordings first, then all clips for what is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.model_selection import StratifiedGroupKFold

from utils import tables
from utils.augmentation.protocol import EMBEDDED
from utils.baseline import baseline
from utils.data.dataset import Dataset
from utils.detect import card, recipes, store
from utils.errors import UserError
from utils.models import embeddings
from utils.progress import progress
from utils.sound.spectrograms import SpectrogramSettings, resize, resize_axis
from utils.statistics import evaluation

FOLDS = 5
SHAPE = baseline.PROTOCOL["shape"]


@dataclass(frozen=True, eq=False)
class Material:
    """Clips to train on: grid (n, *SHAPE), labels, groups and names (n,), and what they are.

    real: whether the calls were heard in the sea; told: sentences for the card; content: hash of
    the data set, "" where there is none; simulated: calls that were described beside these.
    """

    grid: np.ndarray
    frequencies: np.ndarray  # (f,) Hz of the grid
    times: np.ndarray  # (t,) s of the grid
    labels: np.ndarray
    groups: np.ndarray
    names: Sequence[str]
    call: str
    band: tuple[float, float]
    seconds: float
    settings: SpectrogramSettings | None
    real: bool
    told: list[str]
    content: str = ""
    simulated: recipes.Simulated | None = None
    embedded: np.ndarray | None = None  # (n, d), in place of the grid
    speeds: tuple[int, ...] = ()  # at which the embeddings were computed


def of_dataset(dataset: Dataset) -> Material:
    """Return the Material of a `data.Dataset`."""
    settings, times = dataset.settings, dataset.times
    return Material(
        grid=resize(dataset.spectrograms, SHAPE),
        frequencies=resize_axis(dataset.frequencies, SHAPE[0]),
        times=resize_axis(times, SHAPE[1]),
        labels=dataset.labels.astype(int),
        groups=np.asarray(dataset.groups),
        names=[str(name) for name in dataset.clip_names],
        call=dataset.class_names[1],
        band=tuple(map(float, dataset.call_band)),
        seconds=settings.clip_seconds if settings else float(times[-1] - times[0]),
        settings=settings,
        real=dataset.name != "simulated",
        told=[dataset.describe()],
        content=tables.fingerprint(dataset),
    )


def heard_by_birdnet(material: Material, dataset: Dataset) -> Material:
    """Return the Material of a Dataset with its clips' embeddings; UserError if there is no audio,
    or a clip is too long."""
    if dataset.audio is None or dataset.settings is None:
        raise UserError(
            f"{dataset.name} holds spectrograms, and BirdNET listens to audio; train on recordings "
            "or clips, or drop --birdnet."
        )
    speeds = embeddings.speeds_for(material.band)
    longest = embeddings.SECONDS * speeds[0]
    if material.seconds > longest:
        raise UserError(
            f"clips of {material.seconds:g} s are too long for BirdNET, which would hear "
            f"{longest:g} s of calls at {material.band[0]:g} to {material.band[1]:g} Hz; choose "
            "shorter ones with --seconds, or drop --birdnet."
        )
    told = (
        f"heard through {embeddings.MODEL} (CC BY-NC-SA 4.0: not for commercial use), played "
        f"{speeds[0]} and {speeds[1]} times faster"
    )
    embedded = embeddings.of_dataset(dataset, speeds)
    return replace(material, embedded=embedded, speeds=speeds, told=[*material.told, told])


def train(material: Material, folder: str | Path, *, seed: int) -> store.Detector:
    """Fit, choose the threshold on held-out recordings, write the folder; return the Detector.

    UserError if no recording can be held out.
    """
    store.check_replaceable(folder)
    labels = material.labels
    folds = held_out_folds(labels, material.groups, seed=seed)
    recipe, probability, said = _chosen(material, folds, seed)
    material = replace(material, told=[*material.told, *said])
    detector = store.Detector(
        call=material.call,
        settings=material.settings,
        shape=SHAPE,
        band=material.band,
        threshold=evaluation.choose_threshold(labels, probability),
        recipe=recipe,
        trained_on={
            "clips": len(labels),
            "calls": int(labels.sum()),
            "groups": int(len(np.unique(material.groups))),
            "real": material.real,
            "seed": seed,
            "content": material.content,
            "told": material.told,
        },
        classifier=_fitted(recipe, material, slice(None), seed),
    )
    scores = pd.DataFrame({"clip": material.names, "group": material.groups, "label": labels})
    scores["score"] = probability
    store.save(
        detector, folder, scores,
        lambda partial: card.write(partial, detector, material, scores, len(folds)),
    )  # fmt: skip
    return detector


def _chosen(material, folds, seed):
    """The recipe, its probabilities (n,) for held-out clips, and sentences about the choice.

    Simulated clips stay where held-out recordings say so: a call that is described wrongly harms.
    """
    usual = "forest" if material.embedded is None else EMBEDDED
    alone = _held_out(usual, material, folds, seed)
    if material.simulated is None:
        return usual, alone, []
    found = _held_out("forest_and_simulated", material, folds, seed)
    with_them, without = (metrics.roc_auc_score(material.labels, p) for p in (found, alone))
    numbers = f"ROC AUC {with_them:.3f} with the simulated clips and {without:.3f} without"
    if with_them > without:
        return "forest_and_simulated", found, [f"on held-out clips, {numbers}"]
    return usual, alone, [f"on held-out clips, {numbers}: so it learned without them"]


def _held_out(recipe, material, folds, seed):
    probability = np.full(len(material.labels), np.nan)
    for kept, test in progress(folds, "training"):
        fitted = _fitted(recipe, material, kept, seed)
        probability[test] = fitted.predict_proba(_seen(material)[test])
    return probability


def _fitted(recipe, material, index, seed):
    seen, labels = _seen(material)[index], material.labels[index]
    clips = recipes.Clips(
        seen[labels == 1], seen[labels == 0], seed, material.simulated, material.speeds
    )
    return recipes.RECIPES[recipe](clips)


def _seen(material):
    return material.grid if material.embedded is None else material.embedded


def held_out_folds(
    labels: np.ndarray, groups: np.ndarray, *, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return [(kept, test), ...] indices: each clip is in one test side, and groups are whole.

    As many as FOLDS, or fewer where a class is in fewer groups; UserError for fewer than two.
    """
    own = [len(np.unique(groups[labels == value])) for value in (0, 1)]
    for count in range(min(FOLDS, *own), 1, -1):
        folds = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        found = list(folds.split(labels, labels, groups))
        if all(len(np.unique(labels[kept])) == 2 for kept, _ in found):
            return found
    raise UserError(
        f"calls are in {own[1]} recordings or groups and clips without in {own[0]}; at least two "
        "of each are needed, so that one can be held out: add a recording, or tell stretches apart "
        "with --group PATTERN."
    )
