"""Scores, thresholds and intervals against scikit-learn and known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from utils.statistics import evaluation


def _sample(seed, n=200, ties=False):
    rng = np.random.default_rng(seed)
    labels = np.append(rng.integers(0, 2, n - 2), [0, 1])
    probability = np.clip(0.3 * labels + rng.uniform(0, 0.7, n), 0, 1)
    return labels, np.round(probability, 1) if ties else probability


@given(st.integers(0, 10_000), st.booleans(), st.floats(0, 1))
def test_scores_equal_scikit_learn(seed, ties, threshold):
    labels, probability = _sample(seed, ties=ties)
    called = probability >= threshold
    expected = {
        "roc_auc": metrics.roc_auc_score(labels, probability),
        "average_precision": metrics.average_precision_score(labels, probability),
        "f1": metrics.f1_score(labels, called, zero_division=0),
        "accuracy": metrics.accuracy_score(labels, called),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, called),
        "precision": metrics.precision_score(labels, called, zero_division=0),
        "recall": metrics.recall_score(labels, called, zero_division=0),
        "brier": metrics.brier_score_loss(labels, probability),
    }
    found = evaluation.scores(labels, probability, threshold)
    assert set(found) == set(evaluation.METRICS)
    assert found == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 10_000), st.booleans())
def test_threshold_reaches_the_best_f1(seed, ties):
    labels, probability = _sample(seed, n=40, ties=ties)
    threshold = evaluation.choose_threshold(labels, probability)
    best = max(metrics.f1_score(labels, probability >= t) for t in np.unique(probability))
    assert 0 <= threshold <= 1
    assert metrics.f1_score(labels, probability >= threshold) == pytest.approx(best)


def test_weighted_scores_are_those_of_repeated_clips():
    labels, probability = _sample(1, n=60)
    groups = np.arange(60) // 6
    weights = evaluation.group_weights(labels, groups, seed=3, n_resamples=5)
    drawn = np.repeat(np.arange(60), weights[2])
    expected = metrics.roc_auc_score(labels[drawn], probability[drawn])
    found = evaluation._weighted(labels, probability, 0.5, weights)
    assert found["roc_auc"][2] == pytest.approx(expected)
    assert found["f1"][2] == pytest.approx(
        metrics.f1_score(labels[drawn], probability[drawn] >= 0.5)
    )


def test_bootstrap_draws_whole_groups():
    labels, _ = _sample(2, n=60)
    groups = np.arange(60) // 6
    weights = evaluation.group_weights(labels, groups, seed=0, n_resamples=50)
    assert (weights.reshape(50, 10, 6) == weights.reshape(50, 10, 6)[:, :, :1]).all()
    assert (weights.sum(1) == 60).all()


def test_interval_is_wider_where_clips_of_a_group_are_alike():
    rng = np.random.default_rng(0)
    labels = np.tile([0, 1], 200)
    groups = np.repeat(np.arange(40), 10)
    shared = 0.5 * labels + rng.normal(0, 1, 40)[groups] * np.where(labels, 1, -1)
    alike = 1 / (1 + np.exp(-(shared + rng.normal(0, 0.2, 400))))

    def width(groups):
        low, high = evaluation.bootstrap_intervals(labels, alike, groups, 0.5, seed=0)["roc_auc"]
        return high - low

    assert width(groups) > 1.5 * width(np.arange(400))


def test_interval_covers_the_truth_about_as_often_as_it_says():
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        labels = np.tile([0, 1], 60)
        probability = 1 / (1 + np.exp(-(labels + rng.normal(0, 1, 120))))
        low, high = evaluation.bootstrap_intervals(
            labels, probability, np.arange(120) // 2, 0.5, seed=seed, n_resamples=200
        )["roc_auc"]
        covered += low <= 0.7602 <= high  # area for a shift of 1 with unit deviation
    assert 86 <= covered <= 100


def test_same_seed_same_interval():
    labels, probability = _sample(4)
    groups = np.arange(200) // 10
    first, second, other = (
        evaluation.bootstrap_intervals(labels, probability, groups, 0.5, seed=seed)
        for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


@pytest.mark.parametrize(
    ("labels", "probability", "message"),
    [
        ([0, 1, 1], [0.1, 0.2], "differ"),
        ([1, 1, 1], [0.1, 0.2, 0.3], "single class"),
        ([0, 1, 2], [0.1, 0.2, 0.3], "other values"),
        ([0, 1, 1], [0.1, np.nan, 0.3], "NaN"),
    ],
)
def test_bad_input_says_so(labels, probability, message):
    with pytest.raises(ValueError, match=message):
        evaluation.scores(labels, probability, 0.5)


def test_one_group_has_no_interval():
    labels, probability = _sample(5)
    with pytest.raises(ValueError, match="at least two groups"):
        evaluation.bootstrap_intervals(labels, probability, np.zeros(200), 0.5, seed=0)


def test_reliability_of_calibrated_probabilities():
    rng = np.random.default_rng(0)
    probability = rng.uniform(0, 1, 20_000)
    labels = (rng.uniform(0, 1, 20_000) < probability).astype(int)
    predicted, observed, counts = evaluation.reliability(labels, probability)
    assert counts.sum() == 20_000
    assert np.abs(predicted - observed).max() < 0.04


def test_mean_interval_without_overlap_is_that_of_the_t_test():
    values = np.random.default_rng(0).normal(5, 2, 12)
    mean, low, high = evaluation.mean_interval(values, overlap=0)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    np.testing.assert_allclose((mean, low, high), (values.mean(), *expected))
    wider = np.diff(evaluation.mean_interval(values)[1:])
    np.testing.assert_allclose(wider / (high - low), np.sqrt(1 + 12 * evaluation.OVERLAP))


@pytest.mark.parametrize("shared", [0.0, evaluation.OVERLAP / (1 + evaluation.OVERLAP)])
def test_an_interval_over_five_splits_holds_the_mean_as_often_as_it_says(shared):
    rng = np.random.default_rng(0)
    overlap, held = shared / (1 - shared), []
    for _ in range(1000):
        values = np.sqrt(shared) * rng.normal() + np.sqrt(1 - shared) * rng.normal(size=5)
        _, low, high = evaluation.mean_interval(values, overlap=overlap)
        held.append(low <= 0 <= high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.025)


def test_cohens_d_of_shifted_samples():
    rng = np.random.default_rng(0)
    found = evaluation.cohens_d(rng.normal(1, 2, (50_000, 2)), rng.normal(0, 2, (50_000, 2)))
    assert found == pytest.approx([0.5, 0.5], abs=0.02)


def test_neighbour_purity_of_separate_and_of_mixed_classes():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 100)
    points = rng.normal(0, 1, (200, 2))
    assert evaluation.neighbour_purity(points + 100 * labels[:, None], labels) == 1
    assert evaluation.neighbour_purity(points, labels) == pytest.approx(
        evaluation.chance_purity(labels), abs=0.05
    )
