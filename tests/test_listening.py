"""Clips are written as they sound and sped up, with or without audio of their own."""

import dataclasses

import numpy as np
import pytest
import soundfile

from utils import data, paths
from utils.errors import UserError
from utils.sound import listening


@pytest.fixture(scope="module")
def dataset():
    return data.simulated(n_clips=60, seed=3, name="tiny")


def loudest(wave, rate):
    """The frequency (Hz) with most power."""
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return np.fft.rfftfreq(len(wave), 1 / rate)[power.argmax()]


def test_four_times_faster_is_two_octaves_higher_and_a_quarter_as_long():
    tone = np.sin(2 * np.pi * 100 * np.arange(4000) / 2000)
    own, fast = (listening.at_speed(tone, 2000, speed) for speed in listening.SPEEDS)
    assert loudest(own, listening.RATE) == pytest.approx(100, abs=1)
    assert loudest(fast, listening.RATE) == pytest.approx(400, abs=2)
    assert len(own) == 4 * len(fast) == 2 * listening.RATE
    assert np.abs(own).max() == pytest.approx(listening.PEAK)


def test_files_are_linked_from_the_notebooks(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    sounds, rate = listening.waveforms(dataset, [0, 1], seed=0)
    np.testing.assert_array_equal(sounds, dataset.audio[:2])
    files = listening.write({"a <b>": sounds[0]}, rate, "00_clip", dataset.name)
    assert files == {"a <b>": [f"../figures/tiny/audio/00_clip_1{end}.wav" for end in ("", "_x4")]}
    wave, rate = soundfile.read(tmp_path / "figures/tiny/audio/00_clip_1_x4.wav")
    assert (rate, len(wave)) == (listening.RATE, listening.RATE // 2)
    shown = listening.players(files)
    assert shown.count("<audio") == shown.count("<a href") == 2 and "a &lt;b&gt;" in shown


def test_spectrograms_of_known_settings_can_be_heard_and_others_not(dataset):
    silent = dataclasses.replace(dataset, audio=None, settings=None)
    assert listening.can_sound(silent)
    sounds, rate = listening.waveforms(silent, [0], seed=0)
    assert rate == 2000 and sounds.shape == (1, 4000) and np.abs(sounds).max() <= 1
    odd = dataclasses.replace(silent, frequencies=2 * dataset.frequencies)
    assert not listening.can_sound(odd)
    with pytest.raises(UserError, match="tiny: the settings"):
        listening.waveforms(odd, [0], seed=0)
