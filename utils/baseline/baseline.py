"""Stage 1: the bench that classifiers are compared on, and the tables of real clips alone.

Rows are kept in data/results/<dataset>/*.csv, written one by one as they are finished, so that an
interrupted command goes on where it stopped. Each row carries a hash of the data and of PROTOCOL;
rows with another hash stay in the table and are not mixed with new ones.
"""

import functools
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from utils import data, paths, tables
from utils.eda import cues
from utils.errors import UserError
from utils.models import classifiers
from utils.progress import progress
from utils.sound import features, spectrograms
from utils.sound.features import Features
from utils.statistics import evaluation

PROTOCOL = {
    "shape": (48, 96),  # model's frequency and time cells; see data/results/*/shape.csv
    "n_splits": 5,
    "seed": 0,  # of the splits
    "n_resamples": 1000,  # of the bootstrap over groups
    "steps": classifiers.STEPS,
    "batch_size": classifiers.BATCH_SIZE,
    "sizes": (25, 50, 100, 200, 400, 800),  # clips a class of the learning curve
    "shapes": ((64, 64), (48, 96), (32, 64)),
    "shape_size": 200,  # clips a class of the comparison of shapes
    "revision": 1,  # raised when the code changes what the rows mean
}
LEAST_CLIPS = 30  # of a class on a training side: more than the first of the sizes
MODELS = tuple(classifiers.REGISTRY)
CALIBRATION_SIZES = (50, 200, 800)
CALIBRATION_MODELS = ("random_forest", "cnn")
CALIBRATION_CLIPS = 6000  # simulated, so that every training side holds 800 calls


@dataclass(frozen=True, eq=False)
class Bench:
    """A data set made ready for the classifiers: features and labels of all clips, and splits."""

    dataset: data.Dataset
    shape: tuple[int, int]  # of the models: cells of frequency and time
    splits: list[data.Split]

    @functools.cached_property
    def grid(self) -> np.ndarray:
        """(n, f, t) spectrograms in the models' shape."""
        return spectrograms.resize(self.dataset.spectrograms, self.shape)

    @functools.cached_property
    def features(self) -> Features:
        """The `features.Features` of all clips; seconds, which a look at a table need not wait."""
        return features.extract(self.grid)

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hash of the data, 12 hexadecimal digits."""
        return tables.fingerprint(self.dataset)

    @property
    def content(self) -> str:
        """Hash of the data and of PROTOCOL, 12 hexadecimal digits."""
        return tables.digest(f"{self.fingerprint} {json.dumps(PROTOCOL, sort_keys=True)}")

    def results(self, table: str) -> Path:
        """Return the path of a table of this data set."""
        return paths.results_dir(self.dataset.name) / f"{table}.csv"


@dataclass(frozen=True, eq=False)
class Run:
    """One fitted classifier on one split: its test probabilities, threshold and row of scores."""

    model: object
    probability: np.ndarray
    threshold: float
    row: dict

    def taken(self, clips: np.ndarray) -> float:
        """Return the share of clips that it takes for calls, at its own threshold."""
        return float((self.model.predict_proba(clips) >= self.threshold).mean())


def prepare(dataset: data.Dataset, shape: tuple[int, int] = PROTOCOL["shape"]) -> Bench:
    """Return the Bench of the clips that models are compared on, on the given grid.

    ValueError if a training side has too few clips for a learning curve.
    """
    clips = dataset.study_clips()
    splits = data.kept_splits(
        clips.labels, clips.groups, seed=PROTOCOL["seed"], n_splits=PROTOCOL["n_splits"], fewer=True
    )
    fewest = min(np.bincount(clips.labels[split.train]).min() for split in splits)
    if fewest < LEAST_CLIPS:
        scarcest = np.bincount(clips.labels).min()
        raise UserError(
            f"{clips.name}: a training side holds {fewest} clips of a class, and the learning curve"
            f" needs {LEAST_CLIPS}; add clips, about {math.ceil(LEAST_CLIPS * scarcest / fewest)} "
            "of each class in all."
        )
    return Bench(clips, shape, splits)


def run(bench: Bench, fold: int, model: str, *, train: np.ndarray | None = None) -> Run:
    """Fit one classifier on one split and score it once on the test side; return a Run.

    fold: number of the split, which is also the classifier's seed. train: (k,) indices of training
    clips, a part of the split's training side, or None for all of it; ValueError if it is not.
    """
    split, labels, groups = bench.splits[fold], bench.dataset.labels, bench.dataset.groups
    train = split.train if train is None else train
    if not np.isin(train, split.train).all():
        raise UserError("train names clips that are not on the training side of this split.")
    x, validation, test = bench.features, split.validation, split.test
    start = time.perf_counter()
    classifier = classifiers.build(model, seed=fold)
    classifier.fit(x[train], labels[train], (x[validation], labels[validation]))
    threshold = evaluation.choose_threshold(
        labels[validation], classifier.predict_proba(x[validation])
    )
    probability = classifier.predict_proba(x[test])
    seconds = time.perf_counter() - start
    row = {
        "dataset": bench.dataset.name,
        "split": fold,
        "model": model,
        "seed": fold,
        "n_train": len(train),
        "n_test": len(test),
    }
    intervals = _intervals(labels[test], probability, groups[test], threshold, fold)
    for name, value in evaluation.scores(labels[test], probability, threshold).items():
        low, high = intervals.get(name, (np.nan, np.nan))
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    row |= {"threshold": threshold, "seconds": seconds}
    return Run(classifier, probability, threshold, row)


def _intervals(labels, probability, groups, threshold, seed):
    """Intervals of the scores by name; none where a single recording is left out, or so few that
    they can't be drawn again."""
    try:
        return evaluation.bootstrap_intervals(
            labels, probability, groups, threshold, seed=seed, n_resamples=PROTOCOL["n_resamples"]
        )
    except UserError:
        return {}


def table(bench: Bench, *, models: Sequence[str] = MODELS) -> pd.DataFrame:
    """Return Checkpoint 1: a row a (split, model), from data/results or run now where missing."""
    folds = range(len(bench.splits))
    keys = [{"split": fold, "model": model} for fold in folds for model in models]
    return fill(bench, "baseline", keys, lambda split, model: run(bench, split, model).row)


def curve_sizes(bench: Bench) -> list[int]:
    """Return the sizes of the learning curve, clips a class, that every training side reaches; at
    least two, the larger one all there are where PROTOCOL has but one."""
    labels = bench.dataset.labels
    smallest = min(np.bincount(labels[split.train], minlength=2).min() for split in bench.splits)
    reached = [size for size in PROTOCOL["sizes"] if size <= smallest]
    return reached if len(reached) > 1 else [*reached, int(smallest)]


def learning_curve(
    bench: Bench, *, models: Sequence[str] = MODELS, sizes: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return a row a (size, split, model): ROC AUC and more after `size` clips a class.

    Draws of one split are nested, so that a curve grows by adding clips.
    """

    def job(size, split, model):
        train = data.draw(bench.dataset.labels, bench.splits[split].train, size, size, seed=split)
        row = run(bench, split, model, train=train).row
        return {"size": size} | {k: row[k] for k in _CURVE_COLUMNS}

    keys = [
        {"size": size, "split": fold, "model": model}
        for size in (sizes or curve_sizes(bench))
        for fold in range(len(bench.splits))
        for model in models
    ]
    return fill(bench, "learning_curve", keys, job)


_CURVE_COLUMNS = (
    "dataset", "split", "model", "seed", "n_train", "n_test", "roc_auc", "average_precision",
    "f1", "accuracy", "balanced_accuracy", "brier", "seconds",
)  # fmt: skip


def shapes(bench: Bench) -> pd.DataFrame:
    """Return the measurement behind the model's shape: AUC and ms a step of the CNN by shape."""
    grids = {f"{shape[0]}x{shape[1]}": shape for shape in PROTOCOL["shapes"]}
    prepared = functools.cache(lambda shape: prepare(bench.dataset, grids[shape]))

    def job(shape, split):
        size = min(PROTOCOL["shape_size"], curve_sizes(bench)[-1])
        train = data.draw(bench.dataset.labels, bench.splits[split].train, size, size, seed=split)
        found = run(prepared(shape), split, "cnn", train=train)
        return {
            "dataset": bench.dataset.name,
            "shape": shape,
            "split": split,
            "n_train": len(train),
            "roc_auc": found.row["roc_auc"],
            "milliseconds_a_step": 1000 * found.model.seconds / found.model.steps,
        }

    folds = range(len(bench.splits))
    keys = [{"shape": shape, "split": fold} for shape in grids for fold in folds]
    return fill(bench, "shape", keys, job)


def cue_floor(bench: Bench) -> pd.DataFrame:
    """Return a row a (cue, split): ROC AUC of cues that have nothing to do with the call."""
    path = bench.results("cues")
    stored = tables.read(path, content=bench.content)
    if stored is not None:
        return stored
    table = cues.trivial_cues(bench.dataset, bench.splits)
    table.insert(0, "dataset", bench.dataset.name)
    return tables.record(table, path, keys=["cue", "split"], tolerance=0.02, content=bench.content)


def calibration(reference: Bench) -> pd.DataFrame:
    """Return how alike the simulated clips and a Bench of real ones are to the same code, a table.

    ROC AUC of Random Forest and CNN by clips a class, and of the trivial cues, means over splits.
    """
    simulated = data.simulated(n_clips=CALIBRATION_CLIPS, name="simulated_calibration")
    parts = {}
    for name, bench in (("simulated", prepare(simulated)), ("reference", reference)):
        curve = learning_curve(bench, models=CALIBRATION_MODELS, sizes=CALIBRATION_SIZES)
        curve = curve[
            curve["model"].isin(CALIBRATION_MODELS) & curve["size"].isin(CALIBRATION_SIZES)
        ]
        floor = cue_floor(bench)
        floor = floor[floor["cue"].isin(("edges", "loudness"))]
        means = curve.groupby(["model", "size"])["roc_auc"].mean()
        means.index = [f"{model}, {size} clips a class" for model, size in means.index]
        parts[name] = pd.concat([means, floor.groupby("cue")["roc_auc"].mean()])
    table = pd.DataFrame(parts).rename_axis("measure").reset_index()
    table["difference"] = table["simulated"] - table["reference"]
    table.insert(1, "reference_dataset", reference.dataset.name)
    path = paths.results_dir(data.SIMULATED) / "calibration.csv"
    tables.write(table.round(4), path)
    return table


def fill(
    bench: Bench,
    name: str,
    keys: Sequence[Mapping],
    job: Callable[..., Mapping],
    content: str | Mapping[str, str] | None = None,
    by: str | None = None,
) -> pd.DataFrame:
    """Run what has no row yet, writing each row as it is finished; return all rows.

    keys: what tells the rows apart, column to value. job: returns the row of a key, whose values
    are its arguments. content, by: of `tables.rows`, by default the bench's. Rows of another
    content stay in the table and are not returned.
    """
    path, content, columns = bench.results(name), content or bench.content, list(keys[0])
    stored = tables.rows(path, content, keys=columns, by=by)
    done = set(stored[columns].itertuples(index=False, name=None)) if len(stored) else set()
    waiting = [key for key in keys if tuple(key.values()) not in done]
    for key in progress(waiting, f"{bench.dataset.name}: {name}"):
        row = pd.DataFrame([job(**key)]).round(5)
        tables.append(row.assign(content=content[key[by]] if by else content), path)
    stored = tables.rows(path, content, keys=columns, by=by)
    return pd.DataFrame(keys).merge(stored, on=columns, how="left", validate="one_to_one")


def leak(bench: Bench) -> pd.DataFrame:
    """Return a row a split: ROC AUC of Gradient Boosting where clips, not groups, are dealt out.

    The sides are as large as those of the group-wise splits, so that only the leak differs.
    """
    labels = bench.dataset.labels
    rng = np.random.default_rng(PROTOCOL["seed"])
    splits = []
    for split in bench.splits:
        order = rng.permutation(len(labels))
        cuts = np.cumsum([len(split.train), len(split.validation)])
        splits.append(data.Split(*np.split(order, cuts), seed=split.seed))
    mixed = replace(bench, splits=splits)
    columns = ("dataset", "split", "model", "n_train", "n_test", "roc_auc")

    def job(split):
        row = run(mixed, split, "gradient_boosting").row
        return {column: row[column] for column in columns}

    return fill(bench, "leak", [{"split": fold} for fold in range(len(splits))], job)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return name, mean, low, high and points of each model's ROC AUC over the splits."""
    rows = []
    for model in MODELS:
        points = table.loc[table["model"] == model, "roc_auc"].to_numpy()
        mean, low, high = evaluation.score_interval(points)
        rows.append({"name": model, "mean": mean, "low": low, "high": high, "points": points})
    return pd.DataFrame(rows)


def curve_summary(curve: pd.DataFrame) -> pd.DataFrame:
    """Return model, size, mean, low and high of a learning curve's ROC AUC over the splits."""
    rows = []
    for (model, size), part in curve.groupby(["model", "size"]):
        mean, low, high = evaluation.score_interval(part["roc_auc"])
        rows.append({"model": model, "size": size, "mean": mean, "low": low, "high": high})
    return pd.DataFrame(rows)


def histories(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return the training curves of the networks among runs (name to Run), a row an epoch."""
    parts = [
        pd.DataFrame(found.model.history).assign(model=name)
        for name, found in runs.items()
        if hasattr(found.model, "history")
    ]
    table = pd.concat([part.assign(epoch=np.arange(1, len(part) + 1)) for part in parts])
    return table.rename(columns={"roc_auc": "auc", "val_roc_auc": "val_auc"}).reset_index(drop=True)


def agree(row: Mapping, table: pd.DataFrame, *, tolerance: Mapping[str, float]) -> pd.Series:
    """Return the stored row of the same split and model; ValueError if its ROC AUC differs.

    tolerance: largest difference in ROC AUC, by model name.
    """
    same = (table["split"] == row["split"]) & (table["model"] == row["model"])
    stored = table[same].iloc[0]
    gap = abs(stored["roc_auc"] - row["roc_auc"])
    if gap > tolerance[row["model"]]:
        raise UserError(
            f"{row['model']} on split {row['split']}: the stored ROC AUC is "
            f"{stored['roc_auc']:.3f}, now it is {row['roc_auc']:.3f}; if the change is intended, "
            f"raise PROTOCOL['revision'] in baseline/baseline.py, which records the table anew."
        )
    return stored
