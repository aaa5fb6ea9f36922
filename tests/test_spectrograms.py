"""Spectrograms equal librosa's; scaling, resizing and the way back to audio keep their promises."""

import dataclasses

import librosa
import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from utils import ocean
from utils.sound import spectrograms
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram

DEFAULT = SpectrogramSettings()
TIME = np.arange(DEFAULT.n_samples) / DEFAULT.sample_rate


def by_librosa(audio, settings):
    """One librosa call a clip."""
    clips = []
    for clip in audio:
        power = librosa.feature.melspectrogram(
            y=clip,
            sr=settings.sample_rate,
            n_fft=settings.n_fft,
            hop_length=settings.hop_length,
            n_mels=settings.mel_bands,
            fmin=settings.fmin,
            fmax=settings.fmax,
        )
        clips.append(librosa.power_to_db(power, ref=np.max, top_db=settings.top_db))
    return np.stack(clips)


def noise(n, settings=DEFAULT, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, settings.n_samples)).astype(np.float32)


SOUNDS = {
    "noise": noise(3),
    "faint noise": 1e-4 * noise(2),
    "pure tones": np.sin(2 * np.pi * np.array([[50.0], [123.4], [499.0]]) * TIME),
    "silence": np.zeros((2, DEFAULT.n_samples)),
    "clicks": scipy.signal.unit_impulse((2, DEFAULT.n_samples), (0, 1234)),
    "sweep": scipy.signal.chirp(TIME, 80, 2, 250)[None],
    "simulated": ocean.simulate(100, 0, ocean.OceanSettings()).audio[:12],
}


@pytest.mark.parametrize("sound", SOUNDS)
def test_equals_librosa(sound):
    audio = SOUNDS[sound].astype(np.float32)
    found = mel_spectrogram(audio, DEFAULT)
    assert found.shape == (len(audio), 50, 101) and found.dtype == np.float32
    np.testing.assert_allclose(found, by_librosa(audio, DEFAULT), atol=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"n_fft": 256, "hop_length": 64, "mel_bands": 32},
        {"n_fft": 255, "hop_length": 50},
        {"fmin": 40.0, "fmax": 900.0, "n_fft": 400},
        {"clip_seconds": 0.7331, "hop_length": 33, "top_db": 40.0},
        {"sample_rate": 8000, "clip_seconds": 1.0, "n_fft": 1024, "fmax": 4000.0},
    ],
)
def test_equals_librosa_with_other_settings(changes):
    settings = dataclasses.replace(DEFAULT, **changes)
    audio = noise(3, settings)
    found = mel_spectrogram(audio, settings)
    assert found.shape == (3, settings.mel_bands, settings.n_frames)
    assert len(settings.times) == settings.n_frames
    np.testing.assert_allclose(found, by_librosa(audio, settings), atol=1e-3)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 33])
def test_a_batch_is_its_clips_one_by_one(n):
    audio = noise(n)
    alone = np.concatenate([mel_spectrogram(clip[None], DEFAULT) for clip in audio])
    np.testing.assert_allclose(mel_spectrogram(audio, DEFAULT), alone, atol=1e-5)


def test_no_clips_give_no_spectrograms():
    assert mel_spectrogram(noise(0), DEFAULT).shape == (0, 50, 101)


def test_audio_may_be_a_memory_map_or_of_another_type(tmp_path):
    audio = noise(20)
    np.save(tmp_path / "audio.npy", audio)
    mapped = np.load(tmp_path / "audio.npy", mmap_mode="r")
    expected = mel_spectrogram(audio, DEFAULT)
    np.testing.assert_array_equal(mel_spectrogram(mapped, DEFAULT), expected)
    np.testing.assert_array_equal(mel_spectrogram(audio.astype(np.float64), DEFAULT), expected)


@given(st.floats(0.001, 1000))
def test_loudness_does_not_count(gain):
    audio = noise(1)
    louder = mel_spectrogram((gain * audio).astype(np.float32), DEFAULT)
    np.testing.assert_allclose(louder, mel_spectrogram(audio, DEFAULT), atol=2e-3)


def test_a_tone_stands_at_its_frequency_and_a_click_at_its_time():
    tone = mel_spectrogram(np.sin(2 * np.pi * 200 * TIME)[None], DEFAULT)[0]
    assert DEFAULT.frequencies[tone.mean(1).argmax()] == pytest.approx(200, abs=6)
    click = mel_spectrogram(SOUNDS["clicks"][:1], DEFAULT)[0]
    assert DEFAULT.times[click.mean(0).argmax()] == pytest.approx(1234 / 2000, abs=0.02)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_fft": 0}, "n_fft is 0; give a positive whole number"),
        ({"hop_length": 2.5}, "hop_length is 2.5; give a positive whole number"),
        ({"clip_seconds": -1.0}, "clip_seconds is -1.0; give a positive value"),
        ({"top_db": np.inf}, "top_db is inf"),
        ({"fmin": 600.0}, "fmin 600.0 Hz must lie below fmax 500.0 Hz"),
        ({"fmax": 1200.0}, "half the sample rate of 2000 Hz; lower fmax to 1000 Hz"),
        ({"n_fft": 5000}, "longer than a clip of 4000 samples"),
        ({"mel_bands": 120}, "mel_bands are narrower than n_fft 200 can resolve"),
    ],
)
def test_settings_that_do_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(DEFAULT, **changes)


@pytest.mark.parametrize("shape", [(4000,), (2, 3999), (2, 1, 4000)])
def test_audio_of_another_length_is_refused(shape):
    with pytest.raises(ValueError, match=r"give \(clips, 4000\), that is 2 s at 2000 Hz"):
        mel_spectrogram(np.zeros(shape), DEFAULT)


def test_each_clip_is_normalised_by_itself():
    clips = np.random.default_rng(0).normal(-30, 9, (5, 10, 12))
    found = spectrograms.normalise(clips)
    np.testing.assert_allclose(found.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std((1, 2)), 1, atol=1e-4)
    np.testing.assert_allclose(spectrograms.normalise(3 * clips + 8), found, atol=1e-4)


@pytest.mark.parametrize("shape", [(48, 96), (32, 64), (64, 64), (60, 120)])
def test_resizing_keeps_extent_level_and_place(shape):
    frequency, time = np.mgrid[0:50, 0:101]
    ramp = (2 * frequency - time)[None].astype(float)
    found = spectrograms.resize(ramp, shape)[0]
    axes = [
        spectrograms.resize_axis(np.arange(n), m) for n, m in zip((50, 101), shape, strict=True)
    ]
    np.testing.assert_allclose(found, 2 * axes[0][:, None] - axes[1], atol=1e-3)
    assert axes[0][0] < 1 and axes[0][-1] > 48 and axes[1][-1] > 99
    assert found.mean() == pytest.approx(ramp.mean(), abs=0.3)
    level = spectrograms.resize(np.full((2, 50, 101), -7.0), shape)
    np.testing.assert_allclose(level, -7, atol=1e-4)


def test_resizing_to_the_same_shape_changes_nothing():
    clips = noise(3)[:, :600].reshape(3, 20, 30)
    np.testing.assert_array_equal(spectrograms.resize(clips, (20, 30)), clips)


def test_shrinking_does_not_alias():
    stripes = np.tile(np.arange(100) % 2, (1, 8, 1)).astype(float)
    assert np.ptp(spectrograms.resize(stripes, (8, 30))[0, 0, 2:-2]) < 0.35


def test_shapes_that_cannot_be_resized():
    with pytest.raises(ValueError, match="cannot resize"):
        spectrograms.resize(np.zeros((4, 5)), (2, 2))
    with pytest.raises(ValueError, match="cannot resize"):
        spectrograms.resize(np.zeros((1, 4, 5)), (0, 2))


def test_audio_made_from_a_spectrogram_has_that_spectrogram():
    sweep = scipy.signal.chirp(TIME, 90, 2, 220) * scipy.signal.windows.tukey(4000, 0.5)
    wanted = mel_spectrogram((sweep[None] + 0.01 * noise(1)).astype(np.float32), DEFAULT)
    audio = spectrograms.to_audio(wanted, DEFAULT, seed=0)
    assert audio.shape == (1, 4000) and audio.dtype == np.float32
    assert np.abs(audio).max() == pytest.approx(1, abs=1e-5)
    found = mel_spectrogram(audio, DEFAULT)
    assert np.corrcoef(wanted.ravel(), found.ravel())[0, 1] > 0.9
    np.testing.assert_array_equal(spectrograms.to_audio(wanted, DEFAULT, seed=0), audio)
    assert not np.array_equal(spectrograms.to_audio(wanted, DEFAULT, seed=1), audio)
    with pytest.raises(ValueError, match=r"ask for \(clips, 50, 101\). Resize them first"):
        spectrograms.to_audio(wanted[:, :40], DEFAULT, seed=0)
