"""Scores of a detector with their uncertainty: arrays in, numbers out, no framework.

Ranking scores (ROC AUC, average precision) and the Brier score are computed from probabilities,
never from hard labels. Decisions use a threshold that was chosen on validation clips. Intervals
come from a bootstrap that resamples whole groups (recordings or blocks of neighbouring clips),
because clips of one group are not independent (Efron and Tibshirani 1993, chapter 8); those of a
mean over splits or seeds are in closed form and count that these share clips.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from sklearn import metrics

from utils.errors import UserError

RANKING = ("roc_auc", "average_precision")
DECISION = ("f1", "accuracy", "balanced_accuracy", "precision", "recall")
METRICS = (*RANKING, *DECISION, "brier")
LARGE_EFFECT = 0.8  # of Cohen's d (Cohen 1988)
OVERLAP = 0.2 / 0.7  # clips of a test side over those of the training side it is paired with
FEWEST = 3  # splits or seeds that an interval needs

_CHUNK_ELEMENTS = 4_000_000


def _check(labels, probability):
    """Return both as (n,) arrays; ValueError if they do not fit together."""
    labels, probability = np.asarray(labels), np.asarray(probability, dtype=float)
    if labels.shape != probability.shape or labels.ndim != 1:
        raise UserError(
            f"labels {labels.shape} and probability {probability.shape} differ; "
            "give two arrays of shape (n,)."
        )
    if not np.isin(labels, (0, 1)).all() or len(np.unique(labels)) < 2:
        raise UserError("labels hold a single class or other values; both 0 and 1 are needed.")
    if not np.isfinite(probability).all():
        raise UserError("probability holds NaN or infinite values; check the classifier.")
    return labels.astype(int), probability


def choose_threshold(labels: np.ndarray, probability: np.ndarray) -> float:
    """Return the threshold with the highest F1 on validation clips, in 0..1.

    Candidates are the midpoints between neighbouring probabilities; of equals the lowest wins.
    """
    labels, probability = _check(labels, probability)
    precision, recall, thresholds = metrics.precision_recall_curve(labels, probability)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(np.argmax(f1[:-1]))
    below = thresholds[best - 1] if best > 0 else 0.0
    return float((thresholds[best] + below) / 2)


def scores(labels: ArrayLike, probability: ArrayLike, threshold: float) -> dict[str, float]:
    """Return a dict of METRICS for (n,) labels 0/1, (n,) probabilities and one threshold."""
    labels, probability = _check(labels, probability)
    weights = np.ones((1, len(labels)))
    return {k: float(v[0]) for k, v in _weighted(labels, probability, threshold, weights).items()}


def confusion_at(labels: np.ndarray, probability: np.ndarray, false_alarms: float) -> np.ndarray:
    """Return the (2, 2) counts, rows the truth, at the threshold that leaves a share of the clips
    without a call as false alarms."""
    threshold = np.quantile(probability[labels == 0], 1 - false_alarms)
    return metrics.confusion_matrix(labels, probability > threshold)


def bootstrap_intervals(
    labels: np.ndarray,
    probability: np.ndarray,
    groups: np.ndarray,
    threshold: float,
    *,
    seed: int,
    n_resamples: int = 1000,
) -> dict[str, tuple]:
    """Return {metric: (low, high)}, 95 % percentile intervals from resampled groups.

    Whole groups are drawn with replacement; draws with a single class are drawn again.
    ValueError if fewer than two groups are given or hardly any draw holds both classes.
    """
    labels, probability = _check(labels, probability)
    weights = group_weights(labels, groups, seed=seed, n_resamples=n_resamples)
    step = max(1, _CHUNK_ELEMENTS // len(labels))
    parts = [
        _weighted(labels, probability, threshold, weights[start : start + step])
        for start in range(0, n_resamples, step)
    ]
    values = {name: np.concatenate([part[name] for part in parts]) for name in METRICS}
    return {name: tuple(np.percentile(v, [2.5, 97.5]).tolist()) for name, v in values.items()}


def group_weights(
    labels: np.ndarray, groups: np.ndarray, *, seed: int, n_resamples: int
) -> np.ndarray:
    """Return (n_resamples, n) counts: how often each clip occurs when groups are redrawn."""
    labels = np.asarray(labels)
    names, member = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise UserError("a bootstrap over groups needs at least two groups; pass `groups`.")
    positives = np.bincount(member, weights=labels == 1)
    negatives = np.bincount(member, weights=labels == 0)
    rng = np.random.default_rng(seed)
    counts = np.empty((0, len(names)), dtype=int)
    for _ in range(50):
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), n_resamples)
        drawn = drawn[(drawn @ positives > 0) & (drawn @ negatives > 0)]
        counts = np.concatenate([counts, drawn])[:n_resamples]
        if len(counts) == n_resamples:
            return counts[:, member]
    raise UserError("resampled groups hardly ever hold both classes; use larger groups.")


def _weighted(labels, probability, threshold, weights):
    """Every metric for each row of weights (r, n): {metric: (r,)}."""
    order = np.argsort(-probability, kind="stable")
    weights, labels, ranked = weights[:, order].astype(float), labels[order], probability[order]
    positive, negative = weights * labels, weights * (1 - labels)
    last_of_tie = np.append(np.diff(ranked) != 0, True)
    hits = np.cumsum(positive, axis=1)[:, last_of_tie]
    alarms = np.cumsum(negative, axis=1)[:, last_of_tie]
    n_positive, n_negative = hits[:, -1], alarms[:, -1]

    new_hits = np.diff(hits, axis=1, prepend=0)
    new_alarms = np.diff(alarms, axis=1, prepend=0)
    below = n_negative[:, None] - alarms
    roc_auc = (new_hits * (below + new_alarms / 2)).sum(1) / (n_positive * n_negative)
    precision_at = hits / np.maximum(hits + alarms, 1e-12)
    average_precision = (new_hits * precision_at).sum(1) / n_positive

    called = ranked >= threshold
    true_positive, false_positive = positive[:, called].sum(1), negative[:, called].sum(1)
    recall = true_positive / n_positive
    specificity = 1 - false_positive / n_negative
    precision = true_positive / np.maximum(true_positive + false_positive, 1e-12)
    return {
        "roc_auc": roc_auc,
        "average_precision": average_precision,
        "f1": 2 * true_positive / (n_positive + true_positive + false_positive),
        "accuracy": (true_positive + n_negative - false_positive) / (n_positive + n_negative),
        "balanced_accuracy": (recall + specificity) / 2,
        "precision": precision,
        "recall": recall,
        "brier": (weights * (ranked - labels) ** 2).sum(1) / (n_positive + n_negative),
    }


def reliability(
    labels: np.ndarray, probability: np.ndarray, n_bins: int = 10
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (mean predicted, fraction of calls, clips) of equally filled bins, (n_bins,) each."""
    labels, probability = _check(labels, probability)
    parts = np.array_split(np.argsort(probability, kind="stable"), n_bins)
    predicted = np.array([probability[part].mean() for part in parts])
    observed = np.array([labels[part].mean() for part in parts])
    return predicted, observed, np.array([len(part) for part in parts])


def mean_interval(values: ArrayLike, *, overlap: float = OVERLAP) -> tuple[float, float, float]:
    """Return (mean, low, high): the 95 % interval of the mean of (k,) splits or seeds.

    The corrected resampled t interval (Nadeau and Bengio 2003): the k share training clips, so that
    the variance of their mean is (1/k + overlap) of theirs; overlap=0 for none. ValueError for
    fewer than FEWEST values.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < FEWEST:
        raise UserError(
            f"an interval over {len(values)} values says nothing; give at least {FEWEST}."
        )
    mean, half = values.mean(), half_width(values.std(ddof=1), len(values), overlap)
    return float(mean), float(mean - half), float(mean + half)


def score_interval(values: ArrayLike) -> tuple[float, float, float]:
    """Return `mean_interval` of (k,) scores that are shares: its ends never leave 0..1."""
    mean, low, high = mean_interval(values)
    return mean, max(low, 0.0), min(high, 1.0)


def half_width(
    deviation: float | np.ndarray, k: int, overlap: float = OVERLAP
) -> float | np.ndarray:
    """Return half of the interval of `mean_interval`, from the standard deviation of k values."""
    return stats.t.ppf(0.975, k - 1) * np.sqrt(1 / k + overlap) * deviation


def cohens_d(positive: ArrayLike, negative: ArrayLike) -> np.ndarray:
    """Return the standardised mean difference of two (n, ...) samples, per column (Cohen 1988)."""
    positive, negative = np.asarray(positive, dtype=float), np.asarray(negative, dtype=float)
    variance = (positive.var(0, ddof=1) + negative.var(0, ddof=1)) / 2
    return (positive.mean(0) - negative.mean(0)) / np.sqrt(np.maximum(variance, 1e-12))


def neighbour_purity(points: np.ndarray, labels: np.ndarray, k: int = 10) -> float:
    """Return the share of each point's k nearest others with the same label, mean over points.

    points: (n, d); labels: (n,). Compare with `chance_purity`, its value for shuffled labels.
    """
    from sklearn.neighbors import NearestNeighbors

    labels = np.asarray(labels)
    nearest = NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)
    return float((labels[nearest] == labels[:, None]).mean())


def chance_purity(labels: np.ndarray) -> float:
    """Return the neighbour purity expected if labels were unrelated to position."""
    counts = np.unique(labels, return_counts=True)[1]
    n = counts.sum()
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))
