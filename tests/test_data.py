"""Names and paths that `data.load` takes, and what a Dataset checks."""

import numpy as np
import pandas as pd
import pytest
from folders import SETTINGS, npz

from utils import data, paths
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram

pytestmark = pytest.mark.usefixtures("own_cache")


def test_the_default_is_simulated_and_a_variable_names_another(tmp_path, monkeypatch):
    monkeypatch.setattr(data.sources, "_kept", lambda _: "the simulated clips")
    monkeypatch.delenv("DATASET", raising=False)
    assert data.load() == data.load("simulated") == "the simulated clips"
    monkeypatch.setenv("DATASET", str(npz(tmp_path / "mine.npz")))
    assert data.load().name == "mine"


def test_the_simulated_clips_are_made_once_for_each_of_their_settings(monkeypatch):
    made, simulated = [], data.simulated

    def few(**given):
        made.append(given)
        return simulated(n_clips=60, **given)

    monkeypatch.setattr(data.sources, "simulated", few)
    first, again = data.load("simulated"), data.load("simulated")
    assert len(made) == 1
    for name in ("name", "unit", "band", "settings", "sample_rate", "provenance"):
        assert getattr(again, name) == getattr(simulated(n_clips=60), name)
    for found in (first, again):
        for name in ("spectrograms", "audio", "labels", "groups", "clip_names", "seconds"):
            expected = getattr(simulated(n_clips=60), name)
            np.testing.assert_array_equal(getattr(found, name), expected)
            assert getattr(found, name).dtype == expected.dtype
        pd.testing.assert_frame_equal(found.truth, simulated(n_clips=60).truth)
    data.load("simulated", settings=SpectrogramSettings(mel_bands=40))
    assert len(made) == 2


def test_simulated_clips_have_audio_truth_and_groups():
    dataset = data.simulated(n_clips=120, seed=3)
    assert dataset.audio.shape == (120, 4000) and len(dataset.truth) == 120
    np.testing.assert_array_equal(dataset.truth["snr_db"].notna(), dataset.labels == 1)
    np.testing.assert_array_equal(
        dataset.spectrograms, mel_spectrogram(dataset.audio, dataset.settings)
    )
    again = data.simulated(n_clips=120, seed=3)
    np.testing.assert_array_equal(again.spectrograms, dataset.spectrograms)
    with pytest.raises(ValueError, match="leave sample_rate and clip_seconds alone"):
        data.simulated(n_clips=120, settings=SETTINGS)


@pytest.mark.parametrize(
    ("source", "message"),
    [("nowhere", "no data set or path is called 'nowhere'"), ("clips.zip", "no .npz")],
)
def test_a_source_that_is_not_there_or_not_data(tmp_path, monkeypatch, source, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clips.zip").write_bytes(b"PK")
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        data.load(source)


def test_the_challenge_says_how_to_fetch_it(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    with pytest.raises(FileNotFoundError, match="make data NAME=cornell_whale_challenge"):
        data.load("cornell_whale_challenge")


def make(**changes):
    n = len(changes.get("labels", range(6)))
    values = {
        "name": "toy",
        "spectrograms": np.zeros((n, 3, 4), np.float32),
        "labels": np.arange(n) % 2,
        "groups": np.arange(n) // 2,
        "clip_names": np.array([f"c{i}" for i in range(n)]),
        "frequencies": np.array([10.0, 20.0, 30.0]),
        "times": np.arange(4.0),
        "unit": "dB",
    } | changes
    return data.Dataset(**values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spectrograms": np.zeros((6, 4, 3))}, r"labels, frequencies and times ask for \(6, 3, 4"),
        ({"groups": np.zeros(5)}, "groups has 5 rows for 6 clips"),
        ({"labels": np.array([0, 1, 2, 0, 1, 0])}, "labels other than 0 and 1"),
        ({"frequencies": np.array([10.0, 30.0, 20.0])}, "frequencies must increase"),
        (
            {"spectrograms": np.full((6, 3, 4), np.inf)},
            r"6 spectrograms .* \(c0, c1, c2 and 3 more",
        ),
    ],
)
def test_a_dataset_is_checked_on_construction(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_a_dataset_is_read_only_and_takes_clips():
    dataset = make(truth=pd.DataFrame({"snr_db": np.arange(6.0)}), matched=np.arange(6) > 1)
    with pytest.raises(ValueError, match="read-only"):
        dataset.labels[0] = 1
    taken = dataset.take([4, 1])
    assert taken.clip_names.tolist() == ["c4", "c1"]
    assert taken.truth["snr_db"].tolist() == [4.0, 1.0] and taken.groups.tolist() == [2, 0]
    by_mask = dataset.take(np.arange(6) == 3)
    assert by_mask.truth["snr_db"].tolist() == [3.0]
    assert dataset.study_clips().clip_names.tolist() == ["c2", "c3", "c4", "c5"]
