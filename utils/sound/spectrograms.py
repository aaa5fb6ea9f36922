"""Audio to mel spectrogram in dB, resize, and back to audio; batched over clips."""

import functools
import numbers
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import librosa
import numpy as np
import scipy.signal
from threadpoolctl import ThreadpoolController

from utils.errors import UserError

_CHUNK_CLIPS = 16  # large enough to keep the processor busy, small enough for its cache


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
                raise UserError(f"{name} is {value!r}; give a positive whole number.")
        for name in ("clip_seconds", "top_db"):
            value = getattr(self, name)
            if not 0 < value < np.inf:
                raise UserError(f"{name} is {value!r}; give a positive value.")
        if not 0 <= self.fmin < self.fmax:
            raise UserError(f"fmin {self.fmin} Hz must lie below fmax {self.fmax} Hz, from 0 up.")
        if self.fmax > self.sample_rate / 2:
            raise UserError(
                f"fmax {self.fmax:g} Hz is above half the sample rate of {self.sample_rate} Hz; "
                f"lower fmax to {self.sample_rate / 2:g} Hz or raise sample_rate."
            )
        if self.n_fft > self.n_samples:
            raise UserError(
                f"n_fft {self.n_fft} is longer than a clip of {self.n_samples} samples; "
                "lower n_fft or raise clip_seconds."
            )
        empty = int((~_mel_matrix(self).any(axis=0)).sum())
        if empty:
            raise UserError(
                f"{empty} of {self.mel_bands} mel_bands are narrower than n_fft {self.n_fft} can "
                "resolve and would stay empty; lower mel_bands or raise n_fft."
            )

    def has_axes(self, frequencies: np.ndarray, times: np.ndarray) -> bool:
        """Whether axes (f,) in Hz and (t,) in s are those of spectrograms of these settings."""
        pairs = (self.frequencies, frequencies), (self.times, times)
        return all(len(own) == len(axis) and np.allclose(axis, own, atol=1) for own, axis in pairs)

    @property
    def n_samples(self) -> int:
        """Samples of a clip."""
        return round(self.sample_rate * self.clip_seconds)

    @property
    def n_frames(self) -> int:
        """Frames of a spectrogram; frames are centred, so the first lies at 0 s."""
        return 1 + (self.n_samples - self.n_fft % 2) // self.hop_length

    @property
    def frequencies(self) -> np.ndarray:
        """Centres of the mel bands in Hz, (mel_bands,)."""
        return librosa.mel_frequencies(self.mel_bands + 2, fmin=self.fmin, fmax=self.fmax)[1:-1]

    @property
    def times(self) -> np.ndarray:
        """Centres of the frames in s, (n_frames,)."""
        return np.arange(self.n_frames) * self.hop_length / self.sample_rate


@functools.lru_cache(maxsize=8)
def _mel_matrix(settings):
    """Slaney's mel filters, (bins, bands) float32; bins above the last one used are left out."""
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
    return np.ascontiguousarray(filters[:, :n_bins].T, dtype=np.float32)


@functools.lru_cache(maxsize=8)
def _fourier_matrices(settings):
    """Hann-windowed cosines (half or half + 1, bins) and sines (half, bins) of a folded frame.

    Sample k and sample n_fft - k share their cosine and, but for its sign, their sine, so that a
    frame is folded before it is multiplied; sample 0 has the window's zero.
    """
    n_fft, half = settings.n_fft, (settings.n_fft - 1) // 2
    window = scipy.signal.get_window("hann", n_fft)[:, None]
    angle = 2 * np.pi / n_fft * np.outer(np.arange(n_fft), np.arange(len(_mel_matrix(settings))))
    last = n_fft // 2 + 1  # an even frame's middle sample stands alone
    cosines, sines = window * np.cos(angle), window * np.sin(angle)
    return np.ascontiguousarray(cosines[1:last]), np.ascontiguousarray(sines[1 : half + 1])


def mel_spectrogram(audio: np.ndarray, settings: SpectrogramSettings) -> np.ndarray:
    """Return (n, mel_bands, n_frames) float32 in dB, 0 at each clip's maximum, -top_db at least.

    audio: (n, n_samples), any float type or a memory map; it is read in chunks, so that memory
    stays bounded. Equals librosa.feature.melspectrogram followed by power_to_db(ref=np.max).
    ValueError if the shape does not fit the settings.
    """
    if np.ndim(audio) != 2 or audio.shape[1] != settings.n_samples:
        raise UserError(
            f"audio has shape {np.shape(audio)}; give (clips, {settings.n_samples}), that is "
            f"{settings.clip_seconds:g} s at {settings.sample_rate} Hz."
        )
    out = np.empty((len(audio), settings.mel_bands, settings.n_frames), dtype=np.float32)
    starts = range(0, len(audio), _CHUNK_CLIPS)
    n_threads = os.cpu_count() or 1

    def fill(first):
        chunk = _Chunk(settings)
        for start in starts[first::n_threads]:
            part = slice(start, start + _CHUNK_CLIPS)
            out[part] = chunk.mel_decibels(np.asarray(audio[part], dtype=np.float32))

    with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(fill, range(n_threads)))
    return out


@functools.cache
def _libraries():
    """The libraries with threads of their own; looking for them takes as long as 60 clips."""
    return ThreadpoolController()


class _Chunk:
    """Work space of one thread, used again for each of its chunks.

    Sums are in float64: in float32 the quiet bands beside a pure tone would differ from librosa's.
    """

    def __init__(self, settings):
        self.settings = settings
        self.mel_matrix = _mel_matrix(settings)
        self.cosines, self.sines = _fourier_matrices(settings)
        n, n_fft, n_frames = _CHUNK_CLIPS, settings.n_fft, settings.n_frames
        self.padded = np.zeros((n, settings.n_samples + n_fft // 2 * 2))
        windows = np.lib.stride_tricks.sliding_window_view(self.padded, n_fft, axis=1)
        self.frames = windows[:, :: settings.hop_length]  # (n, n_frames, n_fft), centred
        self.even = np.empty((n, n_frames, len(self.cosines)))
        self.odd = np.empty((n, n_frames, len(self.sines)))
        self.real, self.imaginary = np.empty((2, n * n_frames, len(self.mel_matrix)))
        self.power = np.empty(self.real.shape, dtype=np.float32)

    def mel_decibels(self, audio):
        """(n, samples), n up to the size of a chunk, to (n, bands, frames) in dB."""
        n, n_fft, half = len(audio), self.settings.n_fft, len(self.sines)
        rows = n * self.settings.n_frames
        self.padded[:n, n_fft // 2 : n_fft // 2 + self.settings.n_samples] = audio
        first, second = (
            self.frames[:n, :, 1 : half + 1],
            self.frames[:n, :, : n_fft - half - 1 : -1],
        )
        np.add(first, second, out=self.even[:n, :, :half])
        np.subtract(first, second, out=self.odd[:n])
        if n_fft % 2 == 0:
            self.even[:n, :, half] = self.frames[:n, :, n_fft // 2]
        real, imaginary, power = self.real[:rows], self.imaginary[:rows], self.power[:rows]
        np.matmul(self.even[:n].reshape(rows, -1), self.cosines, out=real)
        np.matmul(self.odd[:n].reshape(rows, half), self.sines, out=imaginary)
        np.square(real, out=real)
        np.square(imaginary, out=imaginary)
        np.add(real, imaginary, out=power, casting="same_kind")
        mel = (power @ self.mel_matrix).reshape(n, -1, self.settings.mel_bands)
        return _decibels(mel, self.settings.top_db).transpose(0, 2, 1)


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


def resize(spectrograms: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return (n, *shape) float32: (n, f, t) spectrograms on another grid of the same extent.

    Triangular weights, as wide as a new cell, so that shrinking does not alias.
    """
    x = np.asarray(spectrograms, dtype=np.float32)
    if x.ndim != 3 or min(shape) < 1:
        raise UserError(f"cannot resize spectrograms of shape {x.shape} to {tuple(shape)}.")
    if x.shape[1:] == tuple(shape):
        return x
    return _resampling_matrix(x.shape[1], shape[0]) @ x @ _resampling_matrix(x.shape[2], shape[1]).T


def resize_axis(values: np.ndarray, new_size: int) -> np.ndarray:
    """Return an axis of Hz or s on the grid that `resize` makes, (new_size,)."""
    return _resampling_matrix(len(values), new_size) @ np.asarray(values, dtype=np.float64)


def normalise(spectrograms: np.ndarray) -> np.ndarray:
    """Return (n, f, t) float32 with mean 0 and standard deviation 1 in each clip."""
    x = np.asarray(spectrograms, dtype=np.float32)
    x = x - x.mean((1, 2), keepdims=True)
    return x / (x.std((1, 2), keepdims=True) + 1e-6)


def level(spectrograms: np.ndarray) -> np.ndarray:
    """Return (n, f, t) float32: median of each band over time plus that of each frame."""
    x = np.asarray(spectrograms, dtype=np.float32)
    bands = np.median(x, axis=2, keepdims=True)
    return bands + np.median(x - bands, axis=1, keepdims=True)


def to_audio(spectrograms: np.ndarray, settings: SpectrogramSettings, *, seed: int) -> np.ndarray:
    """Return (n, n_samples) float32 in -1..1 from dB spectrograms, phases by Griffin-Lim (1984).

    Loudness is lost, since 0 dB is each clip's maximum; ValueError if the shape does not fit.
    """
    x = np.asarray(spectrograms, dtype=np.float32)
    if x.ndim != 3 or x.shape[1:] != (settings.mel_bands, settings.n_frames):
        raise UserError(
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
            n_iter=60,
            hop_length=settings.hop_length,
            n_fft=settings.n_fft,
            length=settings.n_samples,
            random_state=np.random.RandomState(seed),
        )
        clips.append(audio / max(np.abs(audio).max(), 1e-9))
    return np.stack(clips).astype(np.float32)
