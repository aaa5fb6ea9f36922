"""Trivial cues find what was planted, and only from the training side."""

import types

import numpy as np
import pandas as pd
import pytest

from utils import data
from utils.eda import cues

N, BANDS, FRAMES = 600, 12, 40


def make(labels, spectrograms, audio=None):
    return types.SimpleNamespace(
        labels=labels, groups=np.arange(N) // 20, spectrograms=spectrograms.astype(np.float32),
        times=np.arange(FRAMES) * 0.05, frequencies=np.arange(1, BANDS + 1) * 10.0,
        audio=audio, sample_rate=2000, ordered=True, seconds=None,
    )  # fmt: skip


@pytest.fixture
def noise():
    return np.random.default_rng(0).standard_normal((N, BANDS, FRAMES))


@pytest.fixture
def labels():
    return (np.random.default_rng(1).random(N) < 0.4).astype(np.int8)


def scores(dataset, n_splits=3):
    splits = data.split_by_group(dataset.labels, dataset.groups, seed=0, n_splits=n_splits)
    table = cues.trivial_cues(dataset, splits)
    assert list(table) == ["cue", "split", "seed", "roc_auc"]
    assert len(table) == len(cues.present(dataset)) * n_splits
    assert table["roc_auc"].between(0, 1).all()
    return table.groupby("cue")["roc_auc"].mean()


def test_noise_holds_no_cue(noise, labels):
    assert scores(make(labels, noise)).between(0.38, 0.62).all()


def test_loudness_is_found_with_and_without_audio(noise, labels):
    found = scores(make(labels, noise + labels[:, None, None]))
    assert found["loudness"] > 0.95 and found["edges"] < 0.62
    gain = (1 + labels[:, None]) * np.random.default_rng(2).standard_normal((N, 100)) / 10
    assert scores(make(labels, noise, gain))["loudness"] > 0.95


def test_edges_see_the_outer_fifth_of_a_second_only(noise, labels):
    middle, outer = noise.copy(), noise.copy()
    middle[labels == 1, 3, 4:-4] += 5
    outer[labels == 1, 3, :4] += 5
    assert scores(make(labels, outer))["edges"] > 0.95
    np.testing.assert_allclose(
        cues.edges(make(labels, middle)), cues.edges(make(labels, noise)), atol=1e-6
    )


def test_order_is_found(noise):
    drifting = (np.random.default_rng(3).random(N) < np.linspace(0.02, 0.98, N)).astype(np.int8)
    found = scores(make(drifting, noise))
    assert found["clip order"] > 0.8 and found["neighbour label"] > 0.6


def test_length_is_a_cue_where_it_differs_and_order_none_where_names_follow_no_time(noise, labels):
    dataset = make(labels, noise)
    dataset.seconds = np.where(labels == 1, 1.2, 2.6)
    found = scores(dataset)
    assert found["clip length"] == 1 and found.drop("clip length").between(0.38, 0.62).all()
    dataset.ordered, dataset.seconds = False, np.full(N, 2.0)
    assert sorted(scores(dataset).index) == ["edges", "loudness"]


def test_neighbours_are_training_clips_and_never_the_clip_itself():
    labels = np.array([1, 0, 0, 1, 1, 0])
    found = cues.neighbour_label(labels, np.array([0, 3, 4]))
    np.testing.assert_array_equal(found, [1, 1, 1, 1, 1, 1])
    found = cues.neighbour_label(labels, np.array([1, 3, 5]))
    np.testing.assert_array_equal(found, [0, 1, 0.5, 0, 0.5, 1])


def test_test_labels_do_not_reach_the_models(noise, labels):
    """With the labels of the test side turned round, scores turn round too: 1 - ROC AUC."""
    dataset = make(labels, noise + 0.3 * labels[:, None, None])
    split = data.split_by_group(labels, dataset.groups, seed=0, n_splits=3)[0]
    before = cues.trivial_cues(dataset, [split]).set_index("cue")["roc_auc"]
    turned = labels.copy()
    turned[split.test] = 1 - turned[split.test]
    dataset.labels = turned
    after = cues.trivial_cues(dataset, [split]).set_index("cue")["roc_auc"]
    np.testing.assert_allclose(before, 1 - after, atol=1e-12)


def test_random_splits_partition_the_clips_and_leak(labels):
    groups = np.arange(N) // 20
    splits = cues.random_splits(labels, seed=0)
    assert sorted(np.concatenate([split.test for split in splits]).tolist()) == list(range(N))
    for split in splits:
        assert not set(split.train) & set(split.test) and len(split.validation) == 0
        assert set(groups[split.train]) & set(groups[split.test])
        assert abs(labels[split.test].mean() - labels.mean()) < 0.01


def test_cross_validation_never_sees_the_group():
    groups = np.arange(200) // 4
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 50)[groups]
    fingerprint = rng.standard_normal((50, 3))[groups]
    blind = cues.cross_validated_scores(fingerprint, labels, groups, seed=0)
    assert 0.2 < np.corrcoef(blind, labels)[0, 1] + 0.5 < 0.8
    seeing = cues.cross_validated_scores(fingerprint, labels, np.arange(200), seed=0)
    assert np.corrcoef(seeing, labels)[0, 1] > 0.7


def test_scores_of_parts():
    scores = np.array([0.9, 0.8, 0.1, 0.2, 0.3, 0.0])
    labels = np.array([1, 1, 1, 1, 0, 0])
    table = cues.roc_auc_by_part(scores, labels, [2, 2, 1, np.nan, 1, 2])
    expected = pd.DataFrame({"part": [1.0, 2.0], "calls": [1, 2], "roc_auc": [0.5, 1.0]})
    pd.testing.assert_frame_equal(table, expected)
