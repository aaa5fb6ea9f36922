"""Descriptors against librosa on single clips, against known signals, and the simulator's truth."""

import types

import librosa
import numpy as np
import pytest

from utils import ocean
from utils.sound import descriptors
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram

SETTINGS = SpectrogramSettings()
RATE, FREQUENCIES, TIMES = SETTINGS.sample_rate, SETTINGS.frequencies, SETTINGS.times
BAND = (50, 350)


def mel_db(audio):
    return mel_spectrogram(audio, SETTINGS)


def tone(start_hz, end_hz, noise=0.01):
    """(4000,) float32: a sweep of 2 s in weak noise."""
    time = np.arange(4000) / RATE
    phase = 2 * np.pi * (start_hz * time + (end_hz - start_hz) * time**2 / 4)
    hiss = np.random.default_rng(0).standard_normal(4000)
    return (0.3 * np.sin(phase) + noise * hiss).astype(np.float32)


@pytest.fixture(scope="module")
def recordings():
    return ocean.simulate(300, seed=5)


@pytest.fixture(scope="module")
def table(recordings):
    return descriptors.spectrogram_descriptors(mel_db(recordings.audio), FREQUENCIES, TIMES, BAND)


def test_each_clip_equals_librosa_on_that_clip(recordings, table):
    for i in (0, 17, 299):
        decibel = mel_db(recordings.audio[i : i + 1])[0]
        magnitude = np.sqrt(librosa.db_to_power(decibel))
        feature = librosa.feature
        expected = {
            "centroid_hz": feature.spectral_centroid(S=magnitude, freq=FREQUENCIES).mean(),
            "bandwidth_hz": feature.spectral_bandwidth(S=magnitude, freq=FREQUENCIES).mean(),
            "rolloff_hz": feature.spectral_rolloff(S=magnitude, freq=FREQUENCIES).mean(),
            "flatness": feature.spectral_flatness(S=magnitude).mean(),
            "mfcc_0": feature.mfcc(S=decibel, n_mfcc=13).mean(1)[0],
            "mfcc_12": feature.mfcc(S=decibel, n_mfcc=13).mean(1)[12],
        }
        for name, value in expected.items():
            assert table.loc[i, name] == pytest.approx(value, rel=1e-4, abs=1e-4), name


def test_audio_descriptors_equal_librosa(recordings):
    found = descriptors.audio_descriptors(recordings.audio, RATE)
    for i in (0, 42):
        y = recordings.audio[i]
        rms = librosa.feature.rms(y=y, frame_length=4000, hop_length=4000, center=False).item()
        assert found.loc[i, "rms_db"] == pytest.approx(20 * np.log10(rms), abs=1e-3)
        assert found.loc[i, "zero_crossings"] == librosa.zero_crossings(y, pad=False).sum() / 2


def test_chunks_do_not_matter(recordings, table, monkeypatch):
    monkeypatch.setattr(descriptors, "_CHUNK_CLIPS", 7)
    few = descriptors.spectrogram_descriptors(
        mel_db(recordings.audio[:20]), FREQUENCIES, TIMES, BAND
    )
    np.testing.assert_allclose(few, table[:20], rtol=1e-5, atol=1e-5)


def test_known_signals():
    steady, rising, falling = tone(150, 150), tone(100, 200), tone(200, 100)
    found = descriptors.spectrogram_descriptors(
        mel_db(np.stack([steady, rising, falling])), FREQUENCIES, TIMES, BAND
    )
    assert found["track_slope_hz_s"][1] == pytest.approx(50, abs=8)
    assert found["track_slope_hz_s"][2] == pytest.approx(-50, abs=8)
    np.testing.assert_allclose(found["track_hz"][1:], 150, atol=10)
    assert found["level_100_200_db"][0] > -1 and found["level_350_500_db"][0] < -20
    crossings = descriptors.audio_descriptors(tone(150, 150, noise=0)[None], RATE)
    assert crossings["zero_crossings"][0] == pytest.approx(300, abs=2)


def test_slope_follows_the_simulated_calls(recordings, table):
    """Loud up-calls rise; the rise that is measured goes with the one that was simulated."""
    truth = recordings.truth
    loud = ((truth["snr_db"] > 2) & ~truth["cut"].astype(bool)).to_numpy()
    slope = table["track_slope_hz_s"]
    assert loud.sum() >= 10
    assert (slope[loud] > 0).mean() >= 0.9
    calls = recordings.labels == 1
    assert slope[calls].median() > slope[~calls].median() + 10


def as_dataset(spectrograms, unit, audio=None):
    return types.SimpleNamespace(
        spectrograms=spectrograms, unit=unit, audio=audio, sample_rate=RATE,
        frequencies=FREQUENCIES, times=TIMES, call_band=BAND,
    )  # fmt: skip


def test_every_column_has_a_unit_and_a_number(recordings, table):
    dataset = as_dataset(mel_db(recordings.audio[:30]), "dB", recordings.audio[:30])
    found = descriptors.describe(dataset)
    levels = descriptors.band_columns(descriptors.band_edges(FREQUENCIES, BAND))
    assert levels == [
        "level_0_50_db", "level_50_100_db", "level_100_200_db", "level_200_350_db",
        "level_350_500_db",
    ]  # fmt: skip
    assert [name for name in found if name not in levels] == list(descriptors.UNITS)
    assert np.isfinite(found).all().all()
    dataset.audio = None
    without = descriptors.describe(dataset)
    assert list(without) == list(found)[2:]
    np.testing.assert_array_equal(without, found[list(without)])


def test_stretched_clips_are_read_on_a_nominal_scale(recordings, table):
    decibel = mel_db(recordings.audio[:40])
    low = decibel.min((1, 2), keepdims=True)
    dataset = as_dataset(255 * (decibel - low) / -low, "dB, 0..255")
    read = descriptors.decibels(dataset)
    assert read.min() == pytest.approx(-descriptors.STRETCHED_SPAN_DB) and abs(read.max()) < 1e-4
    dataset.unit = "arbitrary"
    np.testing.assert_allclose(descriptors.decibels(dataset), read, atol=1e-3)
    dataset.unit = "dB, 0..255"
    found = descriptors.describe(dataset)
    np.testing.assert_allclose(found["track_slope_hz_s"], table["track_slope_hz_s"][:40], atol=0.5)
    assert found["centroid_hz"].corr(table["centroid_hz"][:40]) > 0.9


def test_silence_and_a_flat_clip_give_numbers():
    flat = np.full((2, 50, 101), -30.0, dtype=np.float32)
    found = descriptors.spectrogram_descriptors(flat, FREQUENCIES, TIMES, BAND)
    assert np.isfinite(found).all().all()
    assert (found["track_slope_hz_s"] == 0).all() and (found["track_hz"] == 200).all()
    silent = descriptors.audio_descriptors(np.zeros((1, 4000), np.float32), RATE)
    assert silent["rms_db"][0] == -100 and silent["zero_crossings"][0] == 0


def test_high_frequency_data_have_a_track_as_well():
    bands = np.linspace(1000, 8000, 50)
    clip = np.full((1, 50, 101), -60.0)
    clip[0, 25, ::2] = 0
    found = descriptors.spectrogram_descriptors(clip, bands, TIMES, BAND)
    assert np.isfinite(found).all().all()


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"do not fit 50 frequencies and 99 times"):
        descriptors.spectrogram_descriptors(np.zeros((3, 50, 101)), FREQUENCIES, TIMES[:99], BAND)


@pytest.mark.parametrize("band", [(18.0, 28.0), (4000.0, 18_000.0), (0.0, 30_000.0)])
def test_levels_and_track_follow_the_calls_band(band):
    frequencies = np.linspace(band[0] / 2 + 1, 1.5 * band[1], 60)
    edges = descriptors.band_edges(frequencies, band)
    assert (np.diff(edges) > 0).all() and 3 <= len(edges) - 1 <= 5
    clip = np.random.default_rng(0).normal(-60, 1, (1, 60, 101))
    inside = np.flatnonzero((frequencies > band[0]) & (frequencies < band[1]))
    for frame in range(30, 60):
        clip[0, inside[len(inside) // 2], frame] = 0
    clip[0, 0, ::2] = clip[0, -1, 1::2] = 0  # louder for longer, but outside of the band
    found = descriptors.spectrogram_descriptors(clip, frequencies, TIMES, band)
    middle = frequencies[inside[len(inside) // 2]]
    assert found["track_hz"][0] == pytest.approx(middle, abs=0.12 * (band[1] - band[0]))
    assert len([name for name in found if name.startswith("level_")]) == len(edges) - 1
