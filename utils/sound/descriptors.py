"""Named acoustic descriptors of clips, a column each, with units.

They follow librosa's definitions, taken from the mel spectrogram (magnitudes in the mel bands, at
the bands' centres) and averaged over frames, so that data sets without audio have them too. What
needs the waveform (RMS level, zero crossings) is there only for data sets with audio.
"""

from collections.abc import Callable

import librosa
import numpy as np
import pandas as pd

from utils.errors import UserError
from utils.sound import features

N_MFCC = 13
STRETCHED_SPAN_DB = 60.0
ROLLOFF = 0.85

MFCC_COLUMNS = tuple(f"mfcc_{i}" for i in range(N_MFCC))
UNITS = {
    "rms_db": "dB re full scale",
    "zero_crossings": "1/s",
    "centroid_hz": "Hz",
    "bandwidth_hz": "Hz",
    "rolloff_hz": "Hz",
    "flatness": "1",
    "track_hz": "Hz",
    "track_slope_hz_s": "Hz/s",
    **dict.fromkeys(MFCC_COLUMNS, "dB"),
}

_CHUNK_CLIPS = 1000
LEAST_CONTRAST = 1.5  # standard deviations; weaker frames do not count in the track
_FLOOR = 1e-10


def describe(dataset: object) -> pd.DataFrame:
    """Return one row a clip of a `data.Dataset`: keys of UNITS, and levels in bands.

    Without audio there are no `rms_db` and `zero_crossings`.
    """
    table = spectrogram_descriptors(
        decibels(dataset), dataset.frequencies, dataset.times, dataset.call_band
    )
    if dataset.audio is None:
        return table
    return audio_descriptors(dataset.audio, dataset.sample_rate).join(table)


def band_edges(frequencies: np.ndarray, band: tuple[float, float]) -> np.ndarray:
    """Return the limits in Hz of the bands whose levels describe a clip: below and above that of
    the calls, and three in it, the lower ones narrower."""
    low, high = band
    ends = 2 * frequencies[0] - frequencies[1], 2 * frequencies[-1] - frequencies[-2]
    edges = np.array([ends[0], low, low + (high - low) / 6, low + (high - low) / 2, high, ends[1]])
    edges = np.clip(edges, max(0, ends[0]), ends[1]).round(0 if high - low >= 60 else 1)
    return np.unique(edges)


def band_columns(edges: np.ndarray) -> list[str]:
    """Return the names of the levels between limits in Hz."""
    return [f"level_{a:g}_{b:g}_db" for a, b in zip(edges[:-1], edges[1:], strict=True)]


def decibels(dataset: object) -> np.ndarray:
    """Return the spectrograms (n, f, t) in dB, each clip's maximum at 0 or below."""
    return as_decibels(dataset.spectrograms, dataset.unit)


def as_decibels(values: np.ndarray, unit: str) -> np.ndarray:
    """Return spectrograms in dB from (n, f, t) values in a data set's unit.

    Clips that were stretched to 0..255 (or stored in any other unit than dB) have lost their scale;
    they are read as if the whole range spanned STRETCHED_SPAN_DB, about the span of the challenge's
    clips, so their decibels are nominal.
    """
    if unit == "dB":
        return values
    low, high = (0, 255) if "0..255" in unit else (values.min(), values.max())
    return ((values - low) / (high - low) - 1) * STRETCHED_SPAN_DB


def spectrogram_descriptors(
    spectrograms: np.ndarray, frequencies: np.ndarray, times: np.ndarray, band: tuple[float, float]
) -> pd.DataFrame:
    """Return descriptors of (n, f, t) spectrograms in dB; frequencies (f,) Hz and times (t,) s;
    band (low, high) in Hz, in which calls are sought.

    centroid_hz, bandwidth_hz, rolloff_hz (85 %), flatness: means over frames. level_LOW_HIGH_db:
    power in that range over the power of the whole clip. track_hz, track_slope_hz_s: weighted mean
    and weighted slope of the most prominent frequency of the band in each frame, after steady tones
    and broadband bursts were taken out. mfcc_i: means over frames.
    ValueError if the shapes do not fit together.
    """
    spectrograms, frequencies = np.asarray(spectrograms), np.asarray(frequencies, dtype=float)
    times = np.asarray(times, dtype=float)
    if spectrograms.ndim != 3 or spectrograms.shape[1:] != (len(frequencies), len(times)):
        raise UserError(
            f"spectrograms {spectrograms.shape} do not fit {len(frequencies)} frequencies and "
            f"{len(times)} times; give an array of shape (n, frequency, time)."
        )
    return _by_chunks(lambda part: _of_spectrograms(part, frequencies, times, band), spectrograms)


def audio_descriptors(audio: np.ndarray, sample_rate: int) -> pd.DataFrame:
    """Return rms_db (dB re full scale) and zero_crossings (1/s) of (n, samples) audio in -1..1."""

    def of_audio(part):
        clips = np.asarray(part, dtype=np.float32)
        crossings = librosa.zero_crossings(clips, pad=False, axis=-1).sum(axis=1)
        power = np.mean(np.square(clips, dtype=float), axis=1)
        columns = {
            "rms_db": librosa.power_to_db(power, amin=_FLOOR, top_db=None),
            "zero_crossings": crossings * sample_rate / clips.shape[1],
        }
        return pd.DataFrame(columns)

    return _by_chunks(of_audio, audio)


def _by_chunks(work: Callable, clips: np.ndarray) -> pd.DataFrame:
    starts = range(0, len(clips), _CHUNK_CLIPS)
    return pd.concat([work(clips[i : i + _CHUNK_CLIPS]) for i in starts], ignore_index=True)


def _of_spectrograms(decibel, frequencies, times, band) -> pd.DataFrame:
    power = librosa.db_to_power(decibel)  # (n, f, t)
    magnitude = np.sqrt(power)
    centroid = librosa.feature.spectral_centroid(S=magnitude, freq=frequencies)  # (n, 1, t)
    bandwidth = librosa.feature.spectral_bandwidth(S=magnitude, freq=frequencies, centroid=centroid)
    rolloff = librosa.feature.spectral_rolloff(S=magnitude, freq=frequencies, roll_percent=ROLLOFF)
    columns = {
        "centroid_hz": centroid.mean((1, 2)),
        "bandwidth_hz": bandwidth.mean((1, 2)),
        "rolloff_hz": rolloff.mean((1, 2)),
        "flatness": librosa.feature.spectral_flatness(S=magnitude).mean((1, 2)),
    }
    total = power.sum((1, 2))
    edges = band_edges(frequencies, band)
    bands = (frequencies >= edges[:-1, None]) & (frequencies < edges[1:, None])  # (bands, f)
    share = 10 * np.log10(np.maximum(power.sum(2) @ bands.T / total[:, None], _FLOOR))
    columns |= dict(zip(band_columns(edges), share.T, strict=True))
    columns["track_hz"], columns["track_slope_hz_s"] = peak_track(decibel, frequencies, times, band)
    coefficients = librosa.feature.mfcc(S=decibel, n_mfcc=N_MFCC).mean(2)  # (n, N_MFCC)
    columns |= dict(zip(MFCC_COLUMNS, coefficients.T, strict=True))
    return pd.DataFrame(columns).astype(float)


def within(frequencies: np.ndarray, band: tuple[float, float]) -> np.ndarray:
    """Return (f,) bool: which frequencies lie in a band (Hz), or all of them if none does."""
    inside = (frequencies >= band[0]) & (frequencies <= band[1])
    return inside if inside.any() else np.ones_like(inside)


def prominence(spectrograms: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each frame's peak among the bands inside (f,) bool: its row and its weight (n, t).

    The weight is the square of how far the peak exceeds LEAST_CONTRAST standard deviations of the
    contrast-enhanced clip.
    """
    contrasted = features.contrast(spectrograms)[:, inside]
    weight = np.maximum(contrasted.max(1).astype(float) - LEAST_CONTRAST, 0) ** 2
    return contrasted.argmax(1), weight


def peak_track(
    spectrograms: np.ndarray, frequencies: np.ndarray, times: np.ndarray, band: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean frequency (n,) Hz and slope (n,) Hz/s of each clip's most prominent track.

    Frames count by their `prominence`. Clips without a peak get the middle of the range and slope
    0. Data without a frequency within the band, (low, high) in Hz, are searched at all frequencies.
    """
    inside = within(frequencies, band)
    row, weight = prominence(spectrograms, inside)
    peak = frequencies[inside][row]  # (n, t)
    total = weight.sum(1)
    seen = total > 0
    weight = np.divide(weight, total[:, None], out=np.zeros_like(weight), where=seen[:, None])
    frequency = (weight * peak).sum(1)
    deviation = times - (weight * times).sum(1, keepdims=True)  # (n, t)
    spread = (weight * deviation**2).sum(1)
    slope = (weight * deviation * (peak - frequency[:, None])).sum(1)
    slope = np.divide(slope, spread, out=np.zeros_like(slope), where=spread > 1e-9)
    return np.where(seen, frequency, np.mean(band)), slope
