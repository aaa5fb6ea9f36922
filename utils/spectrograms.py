"""Audio to mel spectrogram in dB, resize, and back to audio; batched over clips."""

import functools
import numbers
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import librosa
import numpy as np
import scipy.fft
import scipy.signal
from threadpoolctl import threadpool_limits

_CHUNK_CLIPS = 8  # frames, spectrum and power then stay in a core's cache; memory is bounded


@dataclass(frozen=True)
class SpectrogramSettings:
    """How audio becomes a spectrogram; ValueError if the values do not fit together.

    sample_rate, fmin, fmax in Hz; clip_seconds in s; n_fft, hop_length in samples; top_db in dB.
    The defaults are those of the right-whale challenge's spectrograms.
    """

    sample_rate: int = 2000
    clip_seconds: float = 2.0
    n_fft: int = 200
    hop_length: int = 40
    mel_bands: int = 50
    fmin: float = 0.0
    fmax: float = 500.0
    top_db: float = 80.0

    def __post_init__(self):
        for name in ("sample_rate", "n_fft", "hop_length", "mel_bands"):
            value = getattr(self, name)
            if not isinstance(value, numbers.Integral) or value < 1:
                raise ValueError(f"{name} is {value!r}; give a positive whole number.")
        for name in ("clip_seconds", "top_db"):
            value = getattr(self, name)
            if not 0 < value < np.inf:
                raise ValueError(f"{name} is {value!r}; give a positive value.")
        if not 0 <= self.fmin < self.fmax:
            raise ValueError(f"fmin {self.fmin} Hz must lie below fmax {self.fmax} Hz, from 0 up.")
        if self.fmax > self.sample_rate / 2:
            raise ValueError(
                f"fmax {self.fmax:g} Hz is above half the sample rate of {self.sample_rate} Hz; "
                f"lower fmax to {self.sample_rate / 2:g} Hz or raise sample_rate."
            )
        if self.n_fft > self.n_samples:
            raise ValueError(
                f"n_fft {self.n_fft} is longer than a clip of {self.n_samples} samples; "
                "lower n_fft or raise clip_seconds."
            )
        empty = int((~_mel_matrix(self).any(axis=0)).sum())
        if empty:
            raise ValueError(
                f"{empty} of {self.mel_bands} mel_bands are narrower than n_fft {self.n_fft} can "
                "resolve and would stay empty; lower mel_bands or raise n_fft."
            )

    @property
    def n_samples(self):
        """Samples of a clip."""
        return round(self.sample_rate * self.clip_seconds)

    @property
    def n_frames(self):
        """Frames of a spectrogram; frames are centred, so the first lies at 0 s."""
        return 1 + (self.n_samples - self.n_fft % 2) // self.hop_length

    @property
    def frequencies(self):
        """Centres of the mel bands in Hz, (mel_bands,)."""
        return librosa.mel_frequencies(self.mel_bands + 2, fmin=self.fmin, fmax=self.fmax)[1:-1]

    @property
    def times(self):
        """Centres of the frames in s, (n_frames,)."""
        return np.arange(self.n_frames) * self.hop_length / self.sample_rate


@functools.lru_cache(maxsize=8)
def _mel_matrix(settings):
    """Slaney's mel filters, (2 * bins, bands) float32: real and imaginary squares weigh the same.

    Bins above the last that a filter uses are left out.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # empty filters: the settings refuse them
        filters = librosa.filters.mel(
            sr=settings.sample_rate,
            n_fft=settings.n_fft,
            n_mels=settings.mel_bands,
            fmin=settings.fmin,
            fmax=settings.fmax,
        )
    n_bins = int(np.flatnonzero(filters.any(axis=0)).max(initial=0)) + 1
    return np.repeat(filters[:, :n_bins].T, 2, axis=0).astype(np.float32, order="C")


def mel_spectrogram(audio, settings):
    """Return (n, mel_bands, n_frames) float32 in dB, 0 at each clip's maximum, -top_db at least.

    audio: (n, n_samples), any float type or a memory map; it is read in chunks, so that memory
    stays bounded. Equals librosa.feature.melspectrogram followed by power_to_db(ref=np.max).
    ValueError if the shape does not fit the settings.
    """
    if np.ndim(audio) != 2 or audio.shape[1] != settings.n_samples:
        raise ValueError(
            f"audio has shape {np.shape(audio)}; give (clips, {settings.n_samples}), that is "
            f"{settings.clip_seconds:g} s at {settings.sample_rate} Hz."
        )
    out = np.empty((len(audio), settings.mel_bands, settings.n_frames), dtype=np.float32)

    def fill(start):
        part = slice(start, start + _CHUNK_CLIPS)
        out[part] = _mel_decibels(np.asarray(audio[part], dtype=np.float32), settings)

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, range(0, len(audio), _CHUNK_CLIPS)))
    return out


def _mel_decibels(audio, settings):
    """(n, samples) to (n, bands, frames), frames centred and zero padded."""
    n, n_fft = len(audio), settings.n_fft
    mel_matrix = _mel_matrix(settings)
    # float64, since in float32 the quiet bands beside a pure tone would differ from librosa's
    padded = np.zeros((n, settings.n_samples + n_fft // 2 * 2))
    padded[:, n_fft // 2 : n_fft // 2 + settings.n_samples] = audio
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=1)
    windowed = frames[:, :: settings.hop_length] * scipy.signal.get_window("hann", n_fft)
    spectrum = scipy.fft.rfft(windowed, axis=2, overwrite_x=True)  # (n, frames, n_fft // 2 + 1)
    parts = spectrum.view(np.float64).reshape(-1, 2 * spectrum.shape[2])  # real, imaginary, ...
    squares = parts[:, : len(mel_matrix)].astype(np.float32)
    np.square(squares, out=squares)
    mel = (squares @ mel_matrix).reshape(n, -1, settings.mel_bands)
    return _decibels(mel, settings.top_db).transpose(0, 2, 1)


def _decibels(power, top_db):
    """10 log10 of (n, frames, bands), in place, relative to each clip's maximum."""
    np.maximum(power, 1e-10, out=power)  # librosa's amin
    np.log10(power, out=power)
    power *= 10
    power -= power.max(axis=(1, 2), keepdims=True)
    return np.maximum(power, -top_db, out=power)


@functools.lru_cache(maxsize=32)
def _resampling_matrix(size, new_size):
    """(new_size, size) weights: each new cell is the mean of what it covers, linear in between."""
    edges = np.linspace(0, size, new_size + 1)
    width = max(1.0, size / new_size)
    centres = (edges[:-1] + edges[1:]) / 2
    distance = np.abs(np.arange(size) + 0.5 - np.clip(centres, 0.5, size - 0.5)[:, None])
    weights = np.maximum(0, 1 - distance / width)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def resize(spectrograms, shape):
    """Return (n, *shape) float32: (n, f, t) spectrograms on another grid of the same extent.

    Triangular weights, as wide as a new cell, so that shrinking does not alias.
    """
    x = np.asarray(spectrograms, dtype=np.float32)
    if x.ndim != 3 or min(shape) < 1:
        raise ValueError(f"cannot resize spectrograms of shape {x.shape} to {tuple(shape)}.")
    if x.shape[1:] == tuple(shape):
        return x
    return _resampling_matrix(x.shape[1], shape[0]) @ x @ _resampling_matrix(x.shape[2], shape[1]).T


def resize_axis(values, new_size):
    """Return an axis of Hz or s on the grid that `resize` makes, (new_size,)."""
    return _resampling_matrix(len(values), new_size) @ np.asarray(values, dtype=np.float64)


def normalise(spectrograms):
    """Return (n, f, t) float32 with mean 0 and standard deviation 1 in each clip."""
    x = np.asarray(spectrograms, dtype=np.float32)
    x = x - x.mean((1, 2), keepdims=True)
    return x / (x.std((1, 2), keepdims=True) + 1e-6)


class FrequencyBandScaler:
    """Standardises each frequency band with the mean and deviation of the training clips."""

    def fit(self, spectrograms):
        """Learn from (n, f, t) training spectrograms."""
        x = np.asarray(spectrograms, dtype=np.float64)
        self.mean = x.mean((0, 2))[:, None].astype(np.float32)
        self.deviation = (x.std((0, 2))[:, None] + 1e-6).astype(np.float32)
        return self

    def transform(self, spectrograms):
        """Return (n, f, t) float32 in standard deviations of the training clips."""
        return (np.asarray(spectrograms, dtype=np.float32) - self.mean) / self.deviation

    def inverse_transform(self, scaled):
        """Return (n, f, t) float32 in the unit of the training clips."""
        return np.asarray(scaled, dtype=np.float32) * self.deviation + self.mean


def to_audio(spectrograms, settings, *, seed, n_iter=60):
    """Return (n, n_samples) float32 in -1..1 from dB spectrograms, phases by Griffin-Lim (1984).

    Loudness is lost, since 0 dB is each clip's maximum; ValueError if the shape does not fit.
    """
    x = np.asarray(spectrograms, dtype=np.float32)
    if x.ndim != 3 or x.shape[1:] != (settings.mel_bands, settings.n_frames):
        raise ValueError(
            f"spectrograms have shape {x.shape}; the settings ask for "
            f"(clips, {settings.mel_bands}, {settings.n_frames}). Resize them first."
        )
    clips = []
    for clip in x:
        magnitude = librosa.feature.inverse.mel_to_stft(
            librosa.db_to_power(clip),
            sr=settings.sample_rate,
            n_fft=settings.n_fft,
            fmin=settings.fmin,
            fmax=settings.fmax,
        )
        audio = librosa.griffinlim(
            magnitude,
            n_iter=n_iter,
            hop_length=settings.hop_length,
            n_fft=settings.n_fft,
            length=settings.n_samples,
            random_state=np.random.RandomState(seed),
        )
        clips.append(audio / max(np.abs(audio).max(), 1e-9))
    return np.stack(clips).astype(np.float32)
