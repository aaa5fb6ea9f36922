"""The exploration's measures find what was planted, and its sentences follow the numbers."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from utils import data, ocean, paths
from utils.eda import exploration
from utils.statistics import evaluation

CALM = ocean.OceanSettings(recording_clips=(20, 24), positive_fraction=0.4)


@pytest.fixture(scope="module")
def dataset():
    return data.simulated(n_clips=500, seed=3, ocean_settings=CALM, name="tiny")


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    return tmp_path / "data" / "results" / "tiny" / "eda.csv"


def without_truth(dataset):
    matched = np.zeros(len(dataset), bool)
    for group in np.unique(dataset.groups):
        members = np.flatnonzero(dataset.groups == group)
        calls, others = (members[dataset.labels[members] == k] for k in (1, 0))
        count = min(len(calls), len(others))
        matched[np.r_[calls[:count], others[:count]]] = True
    return dataclasses.replace(dataset, truth=None, audio=None, matched=matched)


def test_numbers_are_recorded_once_and_then_compared(dataset, results):
    found = exploration.explore(dataset)
    first = results.read_bytes()
    again = exploration.explore(dataset)
    assert results.read_bytes() == first
    pd.testing.assert_series_equal(found.numbers, again.numbers)
    assert found.measured == "all" and found.numbers["balance", "clips"] == 500
    stored = pd.read_csv(results, dtype={"content": str})
    stored.loc[stored["name"] == "highest", "value"] -= 0.1
    stored.to_csv(results, index=False)
    with pytest.raises(ValueError, match="differ by 0.1"):
        exploration.explore(dataset)


@pytest.mark.parametrize("real", [False, True])
def test_cues_are_measured_on_the_clips_that_models_are_compared_on(dataset, results, real):
    found = exploration.explore(without_truth(dataset) if real else dataset)
    assert found.measured == ("matched" if real else "all")
    assert found.numbers.notna().all()


def test_clear_calls_are_calls_with_a_track_like_one(dataset, results):
    found = exploration.explore(dataset)
    chosen = exploration.clear_calls(found, dataset.labels, 5)
    assert dataset.labels[chosen].all() and len(set(chosen)) == 5
    assert found.acoustic["duration_s"].iloc[chosen].between(0.5, 1.2).all()
    snr = dataset.truth["snr_db"]
    assert snr[chosen].mean() > snr.mean()


def test_balance_measures_groups_and_runs():
    labels, groups = np.repeat([0, 1, 0, 1], 10), np.repeat([0, 1], 20)
    found = exploration.balance(labels, groups)
    assert found["share"] == found["share_low"] == found["share_high"] == 0.5
    assert found["same_as_previous"] == pytest.approx(36 / 38)
    assert found["share_sd"] == 0 < found["share_sd_chance"]


def test_mean_difference_finds_a_planted_rise_and_fall(dataset):
    clips = np.random.default_rng(0).normal(size=dataset.spectrograms.shape).astype(np.float32)
    clips[dataset.labels == 1, 20, 40] += 5
    clips[dataset.labels == 1, 3, 7] -= 9
    clips[dataset.labels == 1, -1, 7] += 9  # out of the calls' band
    found = exploration.mean_difference(dataclasses.replace(dataset, spectrograms=clips))
    assert found["rise"] == pytest.approx(5, abs=0.5)
    assert (found["rise_hz"], found["rise_seconds"]) == (dataset.frequencies[20], dataset.times[40])
    assert found["fall_hz"] == dataset.frequencies[3]


def test_contour_meets_the_true_one_and_calls_are_chosen_by_snr(dataset):
    clips = ocean.simulate(60, 5, CALM)
    for row in np.flatnonzero(clips.labels):
        line = exploration.call_contour(clips.truth.loc[row], ocean.settings.CONTOUR_TIMES)
        assert np.nanmax(np.abs(line - clips.contours[row])) < 25
    chosen = exploration.calls_by_snr(dataset.truth, (0, 1))
    snr = dataset.truth["snr_db"]
    assert snr[chosen[0]] == snr.min() and snr[chosen[1]] == snr.max()


def test_pairs_share_no_clip():
    similar = pd.DataFrame(
        {"clip": range(5), "other": [1, 0, 1, 4, 3], "correlation": [0.9, 0.9, 0.8, 0.5, 0.5]}
    )
    pairs = exploration.nearest_pairs(similar, 3)
    assert pairs[["first", "second"]].to_numpy().tolist() == [[0, 1], [3, 4]]


def test_purity_of_separate_groups_is_one(dataset):
    found = exploration.purity(np.c_[dataset.groups, np.zeros(len(dataset))] * 100.0, dataset)
    assert found["group"] == 1 > found["group_chance"]
    assert found["class_chance"] == evaluation.chance_purity(dataset.labels)
