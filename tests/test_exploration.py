"""The exploration's measures find what was planted, and its sentences follow the numbers."""

import dataclasses
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from utils import data, narrative, ocean, paths
from utils.eda import exploration, findings
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
def test_every_sentence_is_written_with_and_without_truth(dataset, results, real):
    clips = without_truth(dataset) if real else dataset
    found = exploration.explore(clips)
    assert found.measured == ("matched" if real else "all")
    of_both = ("loudness", "mean_title", "mean_difference")
    alone = (
        "summary", "balance_title", "balance", "loudness_title", "effects_title", "single_title",
        "variance_title", "variance", "purity", "groups_title", "twins_title", "twins",
        "cues_title", "cues", "matching", "rules",
    )  # fmt: skip
    texts = [getattr(findings, name)(found) for name in alone]
    texts += [getattr(findings, name)(found, clips) for name in of_both]
    texts.append(findings.slopes_title(found, clips.labels))
    texts.append(findings.together(found, found.effects.index[:3]))
    texts.append(findings.plane("PCA", found.components[:, :2], found.components, clips))
    if not real:
        chosen = exploration.calls_by_snr(clips.truth, (0.1, 0.9))
        texts += [findings.hard_title(clips, chosen), findings.snr_title(found)]
        texts.append(findings.sources(found, clips))
    assert [text for text in texts if not text or re.search(r"\bnan\b|  ", text)] == []


def test_a_map_that_mixes_the_classes_is_said_to_be_no_better_than_chance():
    labels = np.tile([1] + 10 * [0], 20)  # a call among ten others, twenty times
    clips = SimpleNamespace(labels=labels, groups=np.zeros(220, dtype=int))
    places = np.repeat(100.0 * np.arange(20), 11) + np.tile(np.arange(11), 20)
    mixed = np.column_stack([places, np.zeros(220)])
    assert findings.plane("UMAP", mixed, mixed, clips).endswith("y no supera la del azar")
    apart = mixed + 1e5 * labels[:, None]
    assert "azar" not in findings.plane("UMAP", apart, apart, clips)


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


def test_contour_meets_the_true_one_and_stands_out(dataset):
    clips = ocean.simulate(60, 5, CALM)
    for row in np.flatnonzero(clips.labels):
        line = exploration.call_contour(clips.truth.loc[row], clips.contour_times)
        assert np.nanmax(np.abs(line - clips.contours[row])) < 25
    chosen = exploration.calls_by_snr(dataset.truth, (0, 1))
    snr = dataset.truth["snr_db"]
    assert snr[chosen[0]] == snr.min() and snr[chosen[1]] == snr.max()
    faint, strong = (
        exploration.prominence(
            dataset.spectrograms[i],
            dataset.frequencies,
            exploration.call_contour(dataset.truth.loc[i], dataset.times),
        )
        for i in chosen
    )
    assert strong > 6 > faint


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


def test_words_follow_the_numbers():
    assert narrative.percent(0.826) == "83 %" and narrative.percent(0.0123) == "1.2 %"
    assert narrative.beside_chance(0.4, 0.1) == "40 % (por azar, 10 %; unas 4 veces)"
    assert narrative.beside_chance(0.2, 0.1) == "20 % (por azar, 10 %; 2.0 veces)"
    assert [narrative.effect_word(d) for d in (0.1, -0.3, 0.6, -2)] == [
        "despreciable", "pequeño", "mediano", "grande",
    ]  # fmt: skip
    assert narrative.separation_word(0.5).startswith("no")
    assert "un poco" in narrative.separation_word(0.6)
    assert "claridad" in narrative.separation_word(0.8)
    assert narrative.near_word(0.5, 0.45, 0.1) == "a menos de 0.10 de"
    assert "debajo" in narrative.near_word(0.2, 0.45, 0.1)
