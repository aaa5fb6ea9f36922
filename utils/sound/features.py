"""What classifiers see of a spectrogram: contrast, oriented ridges, statistics of bands.

`extract` computes it once for all classifiers. The winners of the 2013 right-whale challenge
matched templates against contrast-enhanced spectrograms and added statistics over time. Here the
templates are a fixed bank of oriented ridges (an elongated second-derivative profile, as in Gabor
and scattering filters; Andén and Mallat 2014), so nothing is learned from labels and the same bank
serves any frequency-modulated call. Lengths are given as shares of the image's height (frequency)
and width (time), not in pixels.
"""

import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.fft
from joblib import cpu_count  # of a worker of the study: one

from utils.errors import UserError
from utils.sound.spectrograms import normalise

SLOPES = (-0.6, -0.2, 0.0, 0.2, 0.4, 0.6, 0.9, 1.3)  # image heights per image width
LENGTHS = (0.15, 0.3)  # image widths
RIDGE_WIDTH = 0.024  # standard deviation across the ridge, image heights

_CHUNK_CLIPS = 32


def contrast(spectrograms: np.ndarray) -> np.ndarray:
    """Return (n, f, t) float32 without steady tones and without broadband bursts.

    The median of each band over time, then that of each frame over frequency, is subtracted; the
    rest is scaled to standard deviation 1 and limited to -3..4.
    """
    x = np.asarray(spectrograms, dtype=np.float32)
    x = x - np.median(x, axis=2, keepdims=True)
    x = x - np.median(x, axis=1, keepdims=True)
    return np.clip(x / (x.std((1, 2), keepdims=True) + 1e-6), -3, 4)


def ridge_kernel(slope: float, length: float, shape: tuple[int, int]) -> np.ndarray:
    """Return one (height, width) float32 ridge filter, zero mean and unit norm, for images (f, t).

    slope in image heights per width, length in image widths.
    """
    n_frequency, n_time = shape
    half_time = max(1, round(length * n_time / 2))
    across = RIDGE_WIDTH * n_frequency
    steepness = slope * n_frequency / n_time
    half_frequency = int(np.ceil(abs(steepness) * half_time + 5 * across))
    time = np.arange(-half_time, half_time + 1)
    frequency = np.arange(-half_frequency, half_frequency + 1)[:, None]
    distance = (frequency - steepness * time) / across
    profile = np.exp(-0.5 * distance**2) - 0.5 * np.exp(-0.125 * distance**2)
    kernel = profile * np.hanning(len(time) + 2)[1:-1]
    kernel -= kernel.mean()
    return (kernel / np.linalg.norm(kernel)).astype(np.float32)


@functools.lru_cache(maxsize=8)
def _bank(shape):
    """Padded FFT shape and the conjugate spectra of all kernels, (k, F, T) complex64."""
    kernels = [ridge_kernel(slope, length, shape) for length in LENGTHS for slope in SLOPES]
    margin = np.max([kernel.shape for kernel in kernels], axis=0) // 2
    padded = tuple(
        scipy.fft.next_fast_len(int(size + extra), real=True)
        for size, extra in zip(shape, margin, strict=True)
    )
    spectra = []
    for kernel in kernels:
        image = np.zeros(padded, dtype=np.float32)
        height, width = kernel.shape
        row = (np.arange(height) - height // 2) % padded[0]
        column = (np.arange(width) - width // 2) % padded[1]
        np.add.at(image, (row[:, None], column), kernel)
        spectra.append(np.conj(scipy.fft.rfft2(image)))
    return padded, np.stack(spectra)


def ridge_responses(contrasted: np.ndarray) -> np.ndarray:
    """Return (n, k, f, t) float32: each filter's answer, k = len(LENGTHS) * len(SLOPES)."""
    x = np.asarray(contrasted, dtype=np.float32)
    _, n_frequency, n_time = x.shape
    padded, spectra = _bank((n_frequency, n_time))
    transformed = scipy.fft.rfft2(x, s=padded)
    answers = scipy.fft.irfft2(transformed[:, None] * spectra, s=padded)
    return answers[:, :, :n_frequency, :n_time]


CELL = 4  # a cell of `maps` covers 4 bands and 4 frames
REGIONS = 8  # frequency regions of `table`


@dataclass(frozen=True, eq=False)
class Features:
    """What `extract` makes of n clips; indexing takes clips.

    pixels (n, f, t) float32, standardised; maps (n, f/4, t/4, channels) float32; table (n, d).
    """

    pixels: np.ndarray
    maps: np.ndarray
    table: np.ndarray

    def __len__(self):
        return len(self.table)

    def __getitem__(self, index):
        return Features(self.pixels[index], self.maps[index], self.table[index])

    def __add__(self, other):
        """The clips of both, one after the other."""
        names = ("pixels", "maps", "table")
        return Features(*(np.concatenate([getattr(self, n), getattr(other, n)]) for n in names))


def extract(spectrograms: Features | np.ndarray) -> Features:
    """Return the Features of (n, f, t) spectrograms in any unit that is linear in dB.

    Features pass through unchanged, so that they can be computed once and used by several
    classifiers. ValueError if the shape is not (n, f, t), is too small, or values are not finite.
    """
    if isinstance(spectrograms, Features):
        return spectrograms
    x = np.asarray(spectrograms, dtype=np.float32)
    if x.ndim != 3 or min(x.shape[1:]) < REGIONS:
        raise UserError(
            f"spectrograms have shape {x.shape}; give (clips, frequency, time) with at least "
            f"{REGIONS} bands and frames."
        )
    if not np.isfinite(x).all():
        raise UserError("spectrograms hold NaN or infinite values; remove those clips first.")
    chunks = [x[i : i + _CHUNK_CLIPS] for i in range(0, len(x), _CHUNK_CLIPS)]
    with ThreadPoolExecutor(cpu_count()) as pool:  # NumPy works outside Python's lock
        parts = list(pool.map(_extract, chunks))
    return Features(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _extract(x):
    level, ridges = normalise(x), contrast(x)
    responses = ridge_responses(ridges)
    level_mean = _cells(level, np.add)
    spread = np.sqrt(np.maximum(_cells(level**2, np.add) - level_mean**2, 0))
    summaries = [level_mean, _cells(level, np.maximum), spread]
    summaries += [_cells(ridges, np.maximum), _cells(ridges, np.add)]
    maps = np.concatenate([_cells(responses, np.maximum), np.stack(summaries, axis=1)], axis=1)
    table = np.concatenate(
        [_ridge_statistics(responses), _band_statistics(level), _band_statistics(ridges)], axis=1
    )
    return level, maps.transpose(0, 2, 3, 1), table.astype(np.float32)


def _pool(images, size, axis, reduction):
    """Reduce runs of `size` along an axis by np.maximum or, as a mean, np.add; the rest is cut."""
    images = np.moveaxis(images, axis, 0)
    images = images[: len(images) // size * size]
    pooled = functools.reduce(reduction, [images[i::size] for i in range(size)])
    return np.moveaxis(pooled / size if reduction is np.add else pooled, 0, axis)


def _cells(images, reduction):
    """Reduce (..., f, t) to (..., f/4, t/4)."""
    return _pool(_pool(images, CELL, -1, reduction), CELL, -2, reduction)


def _ridge_statistics(responses):
    """(n, k, f, t) to (n, 3 k regions): max, mean and spread over time of each region's maximum."""
    tracks = _pool(responses, responses.shape[2] // REGIONS, 2, np.maximum)
    summary = np.stack([tracks.max(-1), tracks.mean(-1), tracks.std(-1)], axis=-1)
    return summary.reshape(len(responses), -1)


def _band_statistics(images):
    """(n, f, t) to (n, 4 regions): mean, spread, maximum and skewness of each band over time."""
    bands = _pool(images, images.shape[1] // REGIONS, 1, np.add)
    mean, deviation = bands.mean(-1), bands.std(-1)
    skewness = ((bands - mean[..., None]) ** 3).mean(-1) / (deviation**3 + 1e-6)
    return np.concatenate([mean, deviation, bands.max(-1), skewness], axis=1)
