"""Looks into trained generators, and stores their clips: for the second notebook."""

import hashlib
import json

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from utils import data, evaluation, maps, records
from utils.generators import registry
from utils.progress import progress

TOLERANCE = 0.1  # networks and maps differ between processors


def train(found, *, seed, names=tuple(registry.REGISTRY)):
    """Return {name: fitted generator}, each trained on the clips of a `judging.Fold`."""
    trained = {}
    for name in progress(names, "generators"):
        trained[name] = registry.build(name).fit(
            found.calls, background=found.sea, validation=found.validation_calls, seed=seed
        )
    return trained


def composition(generator, *, seed):
    """Return the images (f, t) that one sample is made of, in the data's unit, in this order:
    level, texture (both of one real background clip), call, deviation, and the sample."""
    clips, seas = generator.sample_with_seas(1, seed=seed)
    level = generator.sea.levels[seas[0]]
    texture = generator.drawn_seas(1, seed=seed)[1][0]
    mean, deviation = (image[0] for image in generator.drawn_parts(1, seed=seed))
    scale = generator.sea.scale
    return {
        "level": level,
        "texture": scale * texture,
        "call": scale * mean,
        "deviation": deviation,
        "sample": clips[0],
    }


def walk(generator, first, last, steps=6):
    """Return (steps, f, t): decoded codes on the straight line between those of two clips."""
    codes = generator.encode(np.stack([first, last]))
    share = np.linspace(0, 1, steps)[:, None]
    return generator.decode((1 - share) * codes[0] + share * codes[1])


def directions(generator, clips, n_directions=3, reach=2.0, steps=5):
    """Return (n_directions, steps, f, t) decoded codes along the codes' principal components, from
    -reach to reach standard deviations, and (n_directions,) shares of the codes' variance."""
    codes = generator.encode(clips)
    pca = PCA(n_directions).fit(codes)
    spread = np.sqrt(pca.explained_variance_)
    grid = np.linspace(-reach, reach, steps)
    images = [
        generator.decode(pca.mean_ + grid[:, None] * spread[i] * pca.components_[i])
        for i in range(n_directions)
    ]
    return np.stack(images), pca.explained_variance_ratio_


def flat_maps(points, *, seed):
    """Return {"PCA", "t-SNE", "UMAP"}: maps (n, 2) of (n, d) points."""
    points = np.asarray(points, dtype=np.float32)
    scores = PCA(min(20, points.shape[1]), random_state=seed).fit_transform(points)
    return {
        "PCA": scores[:, :2],
        "t-SNE": maps.tsne(scores, seed=seed),
        "UMAP": maps.umap(scores, seed=seed),
    }


def mixing(real, synthetic, *, seed):
    """Return the maps of real and synthetic clips together, their labels (1 synthetic), and the
    neighbour purity of each map: 0.5 where the two are mixed, 1 where they are apart."""
    both = np.concatenate([real, synthetic]).reshape(len(real) + len(synthetic), -1)
    labels = np.repeat([0, 1], [len(real), len(synthetic)])
    drawn = flat_maps(both, seed=seed)
    purity = {name: evaluation.neighbour_purity(points, labels) for name, points in drawn.items()}
    return drawn, labels, purity


def explained(generator, clips):
    """Return the share of the excess's variance in clips that reconstruction explains."""
    excess = clips - (generator.reconstruct(clips) - generator.decode(generator.encode(clips)))
    error = clips - generator.reconstruct(clips)
    return float(1 - error.var() / excess.var())


def record_numbers(bench, numbers):
    """Return {(generator, measure): value} as stored in generative.csv, compared with it."""
    rows = [
        {"dataset": bench.dataset.name, "generator": generator, "measure": measure, "value": value}
        for (generator, measure), value in numbers.items()
    ]
    table = records.record(
        pd.DataFrame(rows).round(4),
        bench.results("generative"),
        keys=["generator", "measure"],
        tolerance=TOLERANCE,
        content=bench.content,
    )
    return table.set_index(["generator", "measure"])["value"]


def synthetic_path(bench, name):
    """Return where the synthetic clips of a generator and a data set are kept."""
    return data.ROOT / "data" / "synthetic" / bench.dataset.name / f"{name}.npz"


def write(bench, found, generator, *, n, seed):
    """Write n synthetic calls and the real sea of their training as `data.load` reads them.

    Label 1: synthetic; label 0: the real background clips that the generator learned from. Groups
    are those of the real clip whose sea is heard. Returns the path.
    """
    clips, seas = generator.sample_with_seas(n, seed=seed)
    groups = bench.dataset.groups[found.sea_index]
    names = bench.dataset.clip_names[found.sea_index].astype(str)
    index = np.concatenate([found.call_index, found.sea_index])
    digest = hashlib.sha256("\n".join(bench.dataset.clip_names[index].astype(str)).encode())
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
        provenance={
            "generator": generator.name,
            "settings": json.dumps(generator.description()),
            "trained on": f"{len(found.calls)} calls and {len(found.sea)} others of "
            f"{bench.dataset.name}, sha256 of their names {digest.hexdigest()[:16]}",
            "seeds": f"training {generator.seed}, samples {seed}",
        },
    )
    path = synthetic_path(bench, generator.name)
    data.save_npz(dataset, path)
    return path
