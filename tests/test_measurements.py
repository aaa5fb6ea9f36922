"""Measurements find what was planted in a spectrogram."""

import numpy as np
import pytest

from utils.sound import measurements, spectrograms

SETTINGS = spectrograms.SpectrogramSettings()


def sweep(start, end, begin=0.6, seconds=0.8, *, seed=0):
    """A clip with a tone that sweeps from start to end (Hz) over quiet white noise, as dB."""
    time = np.arange(SETTINGS.n_samples) / SETTINGS.sample_rate
    share = np.clip((time - begin) / seconds, 0, 1)
    phase = 2 * np.pi * np.cumsum(start + (end - start) * share) / SETTINGS.sample_rate
    sounding = (time >= begin) & (time < begin + seconds)
    noise = 0.02 * np.random.default_rng(seed).normal(size=len(time))
    clip = np.where(sounding, np.sin(phase), 0) + noise
    return spectrograms.mel_spectrogram(clip[None].astype(np.float32), SETTINGS)


def measured(clip):
    return measurements.measure(clip, SETTINGS.frequencies, SETTINGS.times, (50.0, 350.0)).iloc[0]


def test_a_sweep_is_read_off():
    found = measured(sweep(100, 200))
    assert list(found.index) == list(measurements.UNITS)
    assert found["start_hz"] == pytest.approx(100, abs=20)
    assert found["end_hz"] == pytest.approx(200, abs=20)
    assert found["duration_s"] == pytest.approx(0.8, abs=0.15)
    assert 100 <= found["peak_hz"] <= 200 and 70 <= found["bandwidth_hz"] <= 130
    assert found["snr_db"] > 15


def test_a_short_tone_is_narrower_and_less_even_than_a_sweep():
    tone, wide = measured(sweep(150, 150)), measured(sweep(80, 320))
    assert tone["bandwidth_hz"] < 40 < wide["bandwidth_hz"]
    assert tone["entropy"] < wide["entropy"] <= 1
    assert tone["peak_hz"] == pytest.approx(150, abs=10)


def test_a_flat_clip_has_nothing_to_measure():
    assert measured(np.zeros((1, SETTINGS.mel_bands, SETTINGS.n_frames))).isna().all()
