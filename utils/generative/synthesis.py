"""Looks into trained generators, and stores their clips: for the second notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor

from utils import data, paths, tables
from utils.baseline import baseline
from utils.eda import maps
from utils.generative import lessons
from utils.models.generators import registry
from utils.models.generators.references import PCAGaussian
from utils.progress import progress
from utils.sound import spectrograms
from utils.statistics import evaluation

if TYPE_CHECKING:
    from utils.models.generators.base import Encoding, Generator
    from utils.quality.judging import Fold

PROPERTIES = ("snr_db", "start_hz")  # of calls, that maps of codes are coloured by
TAKEN, EXPLAINED = "taken for a call", "explained variance"  # measures
TOLERANCE = 0.1  # networks and maps differ between processors


def train(found: Fold, *, seed: int) -> dict[str, Generator]:
    """Return {name: fitted generator}, each trained on the clips of a `judging.Fold`."""
    trained = {}
    for name in progress(registry.REGISTRY, "generators"):
        generator = registry.build(name)
        lender = trained.get(generator.borrows)
        lent = {"autoencoder": lender} if lender else {}
        trained[name] = found.fit(generator, seed=seed, **lent)
    return trained


def composition(generator: Generator, *, seed: int) -> dict[str, np.ndarray]:
    """Return the images (f, t) that one sample is made of, in the data's unit, in this order:
    level, texture (both of one real background clip), call, deviation, and the sample."""
    clips, seas = generator.sample_with_seas(1, seed=seed)
    texture = generator.drawn_seas(1, seed=seed)[1][0]
    mean, deviation = (image[0] for image in generator.drawn_parts(1, seed=seed))
    return {
        "level": generator.sea.levels[seas[0]],
        "texture": generator.sea.scale * texture,
        "call": generator.sea.scale * mean,
        "deviation": deviation,
        "sample": clips[0],
    }


def seas_alone(generator: Generator, n: int, *, seed: int) -> np.ndarray:
    """Return (n, f, t): the seas of `sample` with the same n and seed, without a call."""
    seas, texture = generator.drawn_seas(n, seed)
    return generator.sea.levels[seas] + generator.sea.scale * texture


def walk(generator: Encoding, first: np.ndarray, last: np.ndarray, steps: int) -> np.ndarray:
    """Return (steps, f, t): decoded codes on the straight line between those of two clips."""
    codes = generator.encode(np.stack([first, last]))
    share = np.linspace(0, 1, steps)[:, None]
    return generator.decode((1 - share) * codes[0] + share * codes[1])


def directions(generator: Encoding, clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (3, 5, f, t) decoded codes along the codes' principal components, from -2 to 2
    standard deviations, and (3,) shares of the codes' variance."""
    pca = PCA(3).fit(generator.encode(clips))
    spread = np.sqrt(pca.explained_variance_)
    grid = np.linspace(-2.0, 2.0, 5)
    images = [
        generator.decode(pca.mean_ + grid[:, None] * spread[i] * pca.components_[i])
        for i in range(3)
    ]
    return np.stack(images), pca.explained_variance_ratio_


def shared_map(sources: Mapping[str, np.ndarray], *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a t-SNE map (n, 2) of the clips of all sources, and the name of each one's source.

    sources: name to (k, f, t). Each clip is taken less its level and in its own deviations, so that
    loudness and units do not count.
    """
    excess = np.concatenate([clips - spectrograms.level(clips) for clips in sources.values()])
    scores, _ = maps.principal_components(excess, 20, seed=seed)
    names = np.repeat(list(sources), [len(clips) for clips in sources.values()])
    return maps.tsne(scores, seed=seed), names


def ordered(codes: np.ndarray, values: np.ndarray, groups: np.ndarray) -> float:
    """Return the share (at most 1) of the variance of (n,) values that the ten nearest (n, d) codes
    of other groups explain, by five-fold cross-validation; NaN values are left out."""
    known = np.isfinite(values)
    codes, values, groups = codes[known], values[known], np.asarray(groups)[known]
    folds = GroupKFold(min(5, len(np.unique(groups))))
    model = KNeighborsRegressor(10)
    return r2_score(values, cross_val_predict(model, codes, values, groups=groups, cv=folds))


def explained(generator: Encoding, clips: np.ndarray) -> float:
    """Return the share of the excess's variance in clips that reconstruction explains."""
    error = clips - generator.reconstruct(clips)
    excess = error + generator.decode(generator.encode(clips))
    return float(1 - error.var() / excess.var())


def measure(
    bench: baseline.Bench, found: Fold, generators: Mapping[str, Generator], *, seed: int
) -> tuple[dict[str, np.ndarray], pd.Series]:
    """Return samples by name, (n, f, t), and a Series of their numbers by (name, measure).

    Samples of the trained generators, of a Gaussian of the calls' principal components and of the
    simulated hydrophone, as many as there are training calls. Measures: the share taken for a call
    by a CNN that learned from all calls of the training side, at its validation threshold; of
    generators that encode, the share of variance in validation calls that they reconstruct. "real"
    are test calls, "sea" other test clips.
    The numbers are recorded in generative.csv, and those of a later run compared with it;
    ValueError if they differ.
    """
    n, numbers = len(found.calls), {}
    samples = {"hydrophone": lessons.hydrophone(bench, n, seed=seed)}
    samples["pca_gaussian"] = found.fit(PCAGaussian(), seed=seed).sample(n, seed=seed)
    for name, generator in generators.items():
        samples[name] = generator.sample(n, seed=seed + 1)
        if hasattr(generator, "reconstruct"):
            numbers[name, EXPLAINED] = explained(generator, found.validation_calls)
    detector = baseline.run(bench, 0, "cnn")
    judged = samples | {"real": found.held_out, "sea": found.test[0][found.test[1] == 0]}
    for name, clips in judged.items():
        numbers[name, TAKEN] = detector.taken(clips)
    if "vae" in generators:
        numbers |= _order(bench, found, generators["vae"].encode(found.calls))
    rows = [
        {"dataset": bench.dataset.name, "generator": generator, "measure": measure, "value": value}
        for (generator, measure), value in numbers.items()
    ]
    table = tables.record(
        pd.DataFrame(rows).round(4),
        bench.results("generative"),
        keys=["generator", "measure"],
        tolerance=TOLERANCE,
        content=bench.content,
    )
    return samples, table.set_index(["generator", "measure"])["value"]


def call_properties(bench: baseline.Bench, found: Fold) -> pd.DataFrame:
    """Return the training calls' parameters, a row a call: the true ones where they are known, else
    the tracked ones."""
    truth = bench.dataset.truth
    return found.tracked(found.calls) if truth is None else truth.iloc[found.call_index]


def _order(bench, found, codes):
    """The numbers beside the maps of the VAE's codes."""
    groups = found.call_groups
    properties = call_properties(bench, found)
    numbers = {("vae", f"ordered {name}"): ordered(codes, properties[name].to_numpy(float), groups)
               for name in PROPERTIES}  # fmt: skip
    numbers["vae", "group purity"] = evaluation.neighbour_purity(codes, groups)
    return numbers | {("vae", "group chance"): evaluation.chance_purity(groups)}


def synthetic_path(bench: baseline.Bench, name: str) -> Path:
    """Return where the synthetic clips of a generator and a data set are kept."""
    return paths.ROOT / "data" / "synthetic" / bench.dataset.name / f"{name}.npz"


def write(bench: baseline.Bench, found: Fold, generator: Generator, *, n: int, seed: int) -> Path:
    """Write n synthetic calls and the real sea of their training as `data.load` reads them.

    Label 1: synthetic; label 0: the real background clips that the generator learned from. Groups
    are those of the real clip whose sea is heard. Returns the path.
    """
    clips, seas = generator.sample_with_seas(n, seed=seed)
    groups = bench.dataset.groups[found.sea_index]
    names = bench.dataset.clip_names[found.sea_index].astype(str)
    dataset = data.Dataset(
        name=generator.name,
        spectrograms=np.concatenate([clips, found.sea]),
        labels=np.repeat(np.int8([1, 0]), [n, len(found.sea)]),
        groups=np.concatenate([groups[seas], groups]),
        clip_names=np.concatenate(
            [[f"{generator.name}{i:05d}_{names[k]}" for i, k in enumerate(seas)], names]
        ),
        frequencies=found.frequencies,
        times=found.times,
        unit=bench.dataset.unit,
        provenance=provenance(bench, found, generator, generator.seed, seed),
    )
    path = synthetic_path(bench, generator.name)
    data.save_npz(dataset, path)
    return path


def provenance(
    bench: baseline.Bench, found: Fold, generator: Generator, training_seed: int, seed: int
) -> dict[str, str]:
    """Return what is stored of where synthetic clips come from."""
    index = np.concatenate([found.call_index, found.sea_index])
    names = "\n".join(bench.dataset.clip_names[index].astype(str))
    return {
        "generator": generator.name,
        "settings": json.dumps(generator.description()),
        "trained on": f"{len(found.calls)} calls and {len(found.sea)} others of "
        f"{bench.dataset.name} ({bench.content}), hash of their names {tables.digest(names)}",
        "seeds": f"training {training_seed}, samples {seed}",
    }


def stored_or_trained(
    bench: baseline.Bench, found: Fold, *, training_seed: int, seed: int
) -> dict[str, np.ndarray]:
    """Return {name: (n, f, t)}, as many samples of each generator as there are training calls.

    They are those that `write` left on disk, if they were made from these clips, settings and
    seeds; generators whose samples are not there are trained, and their samples written.
    """
    samples = {}
    for name in progress(registry.REGISTRY, "synthetic clips"):
        generator, path = registry.build(name), synthetic_path(bench, name)
        wanted = data.told(provenance(bench, found, generator, training_seed, seed))
        made = data.load(path) if path.is_file() else None
        known = made is not None and made.provenance["written"] == wanted
        if not known or (made.labels == 1).sum() != len(found.calls):
            found.fit(generator, seed=training_seed)
            made = data.load(write(bench, found, generator, n=len(found.calls), seed=seed))
        samples[name] = made.spectrograms[made.labels == 1]
    return samples
