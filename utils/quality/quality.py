"""Fidelity, diversity, copying and usefulness of synthetic clips: arrays in, numbers out.

Distances are taken between points, (n, d) arrays of features, so that the same functions serve
principal components and a network's features. Nothing here is learned from the clips that are
judged, but for the classifiers of the two-sample test and of usefulness, which are told so.
"""

from collections.abc import Sequence

import numpy as np
from scipy import linalg, stats
from sklearn.metrics import pairwise_distances, roc_auc_score

from utils.errors import UserError
from utils.models import classifiers
from utils.sound import features

NEIGHBOURS = 5  # of density, coverage, precision and recall


# Distances between two samples


def frechet_distance(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Return the squared Fréchet distance of Gaussians fitted to (n, d) and (m, d) points.

    |mu1 - mu2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), as in the FID (Heusel et al. 2017).
    """
    real, synthetic = _points(real, synthetic)
    first, second = np.cov(real.T, ddof=1), np.cov(synthetic.T, ddof=1)
    first, second = np.atleast_2d(first), np.atleast_2d(second)
    eigenvalues = linalg.eigvals(first @ second)
    overlap = np.sqrt(np.maximum(eigenvalues.real, 0)).sum()
    gap = real.mean(0) - synthetic.mean(0)
    return float(gap @ gap + np.trace(first) + np.trace(second) - 2 * overlap)


def kernel_distance(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Return the unbiased squared maximum mean discrepancy with the kernel (x.y/d + 1)^3.

    The KID of Bińkowski et al. (2018); 0 is expected of two draws from one distribution.
    """
    real, synthetic = _points(real, synthetic)
    n, m, d = len(real), len(synthetic), real.shape[1]

    def kernel(a, b):
        return (a @ b.T / d + 1) ** 3

    within_real, within_synthetic = kernel(real, real), kernel(synthetic, synthetic)
    same = (within_real.sum() - np.trace(within_real)) / (n * (n - 1))
    other = (within_synthetic.sum() - np.trace(within_synthetic)) / (m * (m - 1))
    return float(same + other - 2 * kernel(real, synthetic).mean())


# Fidelity and diversity


def density_and_coverage(
    real: np.ndarray, synthetic: np.ndarray, k: int = NEIGHBOURS
) -> dict[str, float]:
    """Return density, coverage, precision and recall of (m, d) synthetic points as a dict.

    Balls around the real points reach to their k-th neighbour. Density: mean number of balls a
    synthetic point lies in, over k. Coverage: share of balls that hold a synthetic point (Naeem et
    al. 2020). Precision: share of synthetic points in any ball; recall: share of real points in the
    balls of the synthetic ones (Kynkäänniemi et al. 2019). ValueError for k points or fewer.
    """
    real, synthetic = _points(real, synthetic)
    if min(len(real), len(synthetic)) <= k:
        raise UserError(f"{len(real)} and {len(synthetic)} points are too few for {k} neighbours.")
    between = pairwise_distances(real, synthetic)
    real_radius, synthetic_radius = _radius(real, k), _radius(synthetic, k)
    inside = between < real_radius[:, None]
    return {
        "density": float(inside.sum(0).mean() / k),
        "coverage": float((between.min(1) < real_radius).mean()),
        "precision": float(inside.any(0).mean()),
        "recall": float((between < synthetic_radius[None]).any(1).mean()),
    }


def _radius(points, k):
    return np.partition(pairwise_distances(points), k, axis=1)[:, k]


# Copying


def nearest_distances(points: np.ndarray, training: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (n,) distances of points to the nearest training point, and its (n,) numbers."""
    distances = pairwise_distances(np.asarray(points), np.asarray(training))
    return distances.min(1), distances.argmin(1)


def copying(training: np.ndarray, held_out: np.ndarray, synthetic: np.ndarray) -> dict[str, float]:
    """Return a dict that says whether synthetic points lie nearer to training than real ones do.

    `copying_p`: one-sided Mann-Whitney test that synthetic points are nearer to the training points
    than held-out real ones (small: copies); `copying_z`: its standardised statistic, negative for
    copies (Meehan et al. 2020, with one cell). `authenticity`: share of synthetic points that are
    farther from their nearest training point than that one is from its own nearest (Alaa et al.
    2022).
    """
    training, synthetic = _points(training, synthetic)
    near, owner = nearest_distances(synthetic, training)
    reference, _ = nearest_distances(held_out, training)
    within = pairwise_distances(training)
    np.fill_diagonal(within, np.inf)
    test = stats.mannwhitneyu(near, reference, alternative="less")
    n, m = len(near), len(reference)
    z = (test.statistic - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12)
    return {
        "copying_p": float(test.pvalue),
        "copying_z": float(z),
        "authenticity": float((near > within.min(1)[owner]).mean()),
    }


def copying_power(
    copies: np.ndarray,
    new: np.ndarray,
    held_out: np.ndarray,
    shares: Sequence[float],
    *,
    seed: int,
) -> dict:
    """Return {share: p} of the test of `copying` where a share of new samples is copies.

    Arrays are distances to the nearest training point: of copies, of samples and of held-out clips.
    """
    rng = np.random.default_rng(seed)
    found = {}
    for share in shares:
        count = round(share * len(new))
        mixed = [rng.choice(copies, count), rng.choice(new, len(new) - count, replace=False)]
        test = stats.mannwhitneyu(np.concatenate(mixed), held_out, alternative="less")
        found[share] = float(test.pvalue)
    return found


# What classifiers say


def two_sample_auc(
    real: np.ndarray,
    groups: np.ndarray,
    synthetic: np.ndarray,
    sources: np.ndarray,
    *,
    seed: int,
    **training,
) -> float:
    """Return the ROC AUC of a CNN told to separate real from synthetic clips; 0.5 is perfect.

    real (n, f, t) with groups (n,), synthetic (m, f, t) with sources (m,), whatever they share
    clips by (blocks of real clips, seas of synthetic ones): the CNN learns on one half of either
    and is tested on the other, and no group or source stands on both sides. Mean of both ways
    round (classifier two-sample test; Lopez-Paz and Oquab 2017). training: settings of the CNN;
    120 steps unless they say otherwise.
    """
    training = {"steps": 120} | training
    rng = np.random.default_rng(seed)
    if min(len(np.unique(names)) for names in (groups, sources)) < 2:
        raise UserError("groups or sources hold one value only and can't be halved; give more.")
    halves = [_halves(names, rng) for names in (groups, sources)]
    sides = [features.extract(real), features.extract(synthetic)]
    areas = []
    for first in (True, False):
        parts = []
        for chosen in (first, not first):
            index = [np.flatnonzero(half == chosen) for half in halves]
            clips = sides[0][index[0]] + sides[1][index[1]]
            parts.append((clips, np.repeat([0, 1], [len(i) for i in index])))
        (clips, labels), (others, truth) = parts
        network = classifiers.build("cnn", seed=seed, **training).fit(clips, labels)
        areas.append(roc_auc_score(truth, network.predict_proba(others)))
    return float(np.mean(areas))


def _halves(names, rng):
    """(n,) bool: names are dealt to two halves of about the same number of clips."""
    unique, member, counts = np.unique(names, return_inverse=True, return_counts=True)
    order = rng.permutation(len(unique))
    middle = np.cumsum(counts[order]) - counts[order] / 2
    first = np.zeros(len(unique), dtype=bool)
    first[order] = middle <= counts.sum() / 2
    return first[member]


def usefulness(
    calls: np.ndarray | features.Features,
    sea: np.ndarray | features.Features,
    validation: tuple,
    test: tuple,
    *,
    seed: int,
    model: str = "cnn",
    **settings,
) -> float:
    """Return the ROC AUC on real test clips of a classifier that learned from `calls` and `sea`.

    calls (n, f, t), real or synthetic, and sea (m, f, t), real, or their Features; validation and
    test are (spectrograms, labels) of real clips. settings: of the classifier.
    """
    calls, sea = features.extract(calls), features.extract(sea)
    labels = np.repeat([1, 0], [len(calls), len(sea)])
    classifier = classifiers.build(model, seed=seed, **settings)
    classifier.fit(calls + sea, labels, validation)
    return float(roc_auc_score(test[1], classifier.predict_proba(test[0])))


def _points(real, synthetic):
    real, synthetic = np.asarray(real, dtype=float), np.asarray(synthetic, dtype=float)
    if real.ndim != 2 or synthetic.ndim != 2 or real.shape[1] != synthetic.shape[1]:
        raise UserError(
            f"points have shapes {real.shape} and {synthetic.shape}; give (n, d) and (m, d)."
        )
    if min(len(real), len(synthetic)) < 2:
        raise UserError(f"{len(real)} and {len(synthetic)} points; give at least two of each.")
    if not (np.isfinite(real).all() and np.isfinite(synthetic).all()):
        raise UserError("points hold NaN or infinite values; look at the samples first.")
    return real, synthetic
