"""How far cues that have nothing to do with the call separate the classes: the floor of any model.

loudness: level of the spectrogram and, where there is audio, of the waveform (RMS). edges: the
outer 0.2 s of each side, where there is hardly any call. neighbour label: labels of the nearest
training clips in time. clip order: the clip's place in the data set. clip length: how long the
clip's file was. Each cue gets a small model that is fitted on the training side only.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from utils import data
from utils.sound import descriptors
from utils.sound.spectrograms import normalise

CUES = ("loudness", "edges", "neighbour label", "clip order", "clip length")
EDGE_SECONDS = 0.2

_BATCH = 1000


def trivial_cues(dataset: data.Dataset, splits: Iterable[data.Split]) -> pd.DataFrame:
    """Return one row a split and cue: cue, split (0, 1, ...), seed, roc_auc on the test side.

    dataset: a `data.Dataset`. splits: `data.Split`, of which train and test are used. Cues are
    those of `present`.
    """
    columns = {"loudness": loudness(dataset).to_numpy(), "edges": edges(dataset)}
    columns["clip order"] = np.arange(len(dataset.labels))[:, None]
    if dataset.seconds is not None:
        columns["clip length"] = np.asarray(dataset.seconds)[:, None]
    rows = []
    for number, split in enumerate(splits):
        truth = dataset.labels[split.test]
        for cue in present(dataset):
            if cue == "neighbour label":
                score = neighbour_label(dataset.labels, split.train)[split.test]
            else:
                model = _small_model(cue, len(split.train), split.seed)
                model.fit(columns[cue][split.train], dataset.labels[split.train])
                score = model.predict_proba(columns[cue][split.test])[:, 1]
            area = float(roc_auc_score(truth, score))
            rows.append({"cue": cue, "split": number, "seed": split.seed, "roc_auc": area})
    return pd.DataFrame(rows)


def present(dataset: data.Dataset) -> list[str]:
    """Return the CUES that a data set can have: those of order only where clips are in time order,
    length only where it differs."""
    absent = set() if dataset.ordered else {"neighbour label", "clip order"}
    if dataset.seconds is None or np.ptp(dataset.seconds) <= 1e-3:
        absent.add("clip length")
    return [cue for cue in CUES if cue not in absent]


def random_splits(labels: np.ndarray, *, seed: int) -> list[data.Split]:
    """Return five splits that ignore the groups, the leaking kind, to show what they would pretend.

    The test sides partition the clips, stratified; there is no validation side.
    """
    folds = StratifiedKFold(5, shuffle=True, random_state=seed).split(labels, labels)
    nobody = np.array([], dtype=int)
    return [data.Split(train, nobody, test, seed) for train, test in folds]


def loudness(dataset: data.Dataset) -> pd.DataFrame:
    """Return level (mean of the spectrogram, in its unit) and, with audio, rms_db of each clip."""
    levels = pd.DataFrame({"level": dataset.spectrograms.mean((1, 2))})
    if dataset.audio is None:
        return levels
    return levels.join(descriptors.audio_descriptors(dataset.audio, dataset.sample_rate)["rms_db"])


def edge_frames(times: np.ndarray) -> int:
    """Return how many of a clip's frames, whose times (t,) are in s, lie in its first 0.2 s."""
    return int((times - times[0] < EDGE_SECONDS).sum())


def edges(dataset: data.Dataset) -> np.ndarray:
    """Return the mean of each band in the first and in the last 0.2 s of each clip, (n, 2 f).

    Clips are standardised by their edges alone: the middle stays unseen.
    """
    count, parts = edge_frames(dataset.times), []
    for start in range(0, len(dataset.labels), _BATCH):
        clips = dataset.spectrograms[start : start + _BATCH]
        outer = normalise(np.concatenate([clips[..., :count], clips[..., -count:]], 2))
        parts.append(np.hstack([outer[..., :count].mean(2), outer[..., count:].mean(2)]))
    return np.concatenate(parts)


def neighbour_label(labels: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return (n,) mean label of the nearest training clip before and after each clip.

    Clips are in time order; a clip's own label is never used, and both ends have one neighbour.
    """
    labels, train = np.asarray(labels), np.sort(train)
    place = np.arange(len(labels))
    before = np.searchsorted(train, place, side="left") - 1
    after = np.searchsorted(train, place, side="right")
    before = np.where(before < 0, after, before)
    after = np.where(after >= len(train), before, after)
    return (labels[train[before]] + labels[train[after]]) / 2


def _small_model(cue: str, n_train: int, seed: int):
    if cue == "edges":
        return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    leaf = max(2, min(50, n_train // 10))  # few clips: a leaf of 50 would allow no split
    return ExtraTreesClassifier(100, min_samples_leaf=leaf, random_state=seed)


def cross_validated_scores(
    values: pd.DataFrame | np.ndarray, labels: np.ndarray, groups: np.ndarray, *, seed: int
) -> np.ndarray:
    """Return (n,) probabilities of a call from a small forest that never saw the clip's group.

    values: (n, d) descriptors. There are five folds, or as many as the scarcer class has groups.
    """
    values, scores = np.asarray(values), np.empty(len(labels))
    fewest = min(len(np.unique(groups[labels == value])) for value in (0, 1))
    folds = StratifiedGroupKFold(min(5, fewest), shuffle=True, random_state=seed)
    for train, test in folds.split(values, labels, groups):
        forest = ExtraTreesClassifier(150, min_samples_leaf=3, random_state=seed, n_jobs=2)
        forest.fit(values[train], labels[train])
        scores[test] = forest.predict_proba(values[test])[:, 1]
    return scores


def roc_auc_by_part(scores: np.ndarray, labels: np.ndarray, parts: ArrayLike) -> pd.DataFrame:
    """Return how well the calls of each part stand out from all clips without a call.

    scores, labels: (n,). parts: (n,) values or intervals, read for calls only; missing ones are
    left out. Columns part, calls, roc_auc, in the order of the parts.
    """
    table = pd.DataFrame({"score": scores, "part": parts})[np.asarray(labels) == 1]
    negatives = np.asarray(scores)[np.asarray(labels) == 0]
    rows = []
    for part, of_part in table.groupby("part", observed=True)["score"]:
        truth = np.r_[np.ones(len(of_part)), np.zeros(len(negatives))]
        area = roc_auc_score(truth, np.r_[of_part, negatives])
        rows.append({"part": part, "calls": len(of_part), "roc_auc": float(area)})
    return pd.DataFrame(rows)
