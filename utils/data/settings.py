"""Settings of the spectrograms that follow from the calls: their band, their length, the rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import librosa
import numpy as np
import pandas as pd

from utils.errors import UserError
from utils.sound.spectrograms import SpectrogramSettings

RATES = (250, 500, 1000, 2000, 4000, 8000, 12_000, 16_000, 24_000, 32_000, 48_000, 96_000, 192_000)
LENGTHS = (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 60.0)  # s
OVER_NYQUIST = 1.1  # a filter needs room between the band and half the sample rate
FRAMES = 100  # of a clip, unless a window asks for more
BANDS = (50, 40, 32, 28, 24, 20, 16, 12, 8)
ENOUGH_BANDS = 32
COMMON = (0.02, 0.98)  # quantiles of the boxes that set the band; a slip of the mouse does not


@dataclass(frozen=True)
class Call:
    """What is known of the calls: band (low, high) in Hz or None, and duration in s or None."""

    band: tuple[float, float] | None = None
    seconds: float | None = None


def of_boxes(boxes: pd.DataFrame) -> Call:
    """Return the Call that the boxes of an annotation table, columns as in `annotations`, frame."""
    known = boxes.dropna(subset=["low", "high"])
    known = known[known["high"] > known["low"]]
    band = None
    if len(known):
        band = (float(known["low"].quantile(COMMON[0])), float(known["high"].quantile(COMMON[1])))
    seconds = (boxes["end"] - boxes["begin"]).quantile(0.9)
    return Call(band, float(seconds) if seconds > 0 else None)


def fitted(
    call: Call,
    rates: Sequence[int],
    *,
    band: tuple[float, float] | None = None,
    seconds: float | None = None,
    slowest: str = "a recording",
) -> SpectrogramSettings:
    """Return settings for calls in recordings with these sample rates (Hz).

    band: (low, high) in Hz of the spectrograms, else half the calls' width more on either side, or
    all that the lowest rate holds. seconds: of a clip, else the next usual length from twice that
    of the calls. The window follows from the slope of a sweep across the calls' band:
    sqrt(duration / width), the length at which it is sharpest. UserError if no settings fit, which
    names the recording of the lowest rate, `slowest`.
    """
    highest = min(rates) / 2
    low, high = band or _widened(call.band, highest)
    if high > highest:
        raise UserError(
            f"the band ends at {high:g} Hz, and {slowest}, sampled at {min(rates)} Hz, holds "
            f"frequencies up to {highest:g} Hz; lower --band, or leave such recordings out."
        )
    if seconds is None:
        wanted = 2 * (call.seconds or 1.0)
        seconds = next((length for length in LENGTHS if length >= wanted), LENGTHS[-1])
    wanted = 2 * OVER_NYQUIST * high
    rate = int(min(min(rates), next((usual for usual in RATES if usual >= wanted), min(rates))))
    rate = max(rate, int(np.ceil(2 * high)))
    width = (call.band[1] - call.band[0]) if call.band else (high - low) / 2
    window = np.sqrt((call.seconds or seconds / 2) / width)
    return _tried(rate, seconds, window, low, high)


def _widened(band, highest):
    if band is None:
        return 0.0, highest
    extra = (band[1] - band[0]) / 2
    step = 10 ** np.floor(np.log10(max(band[1] + extra, 1)) - 1)  # two digits
    low = max(0.0, np.floor((band[0] - extra) / step) * step)
    return float(low), float(min(highest, np.ceil((band[1] + extra) / step) * step))


def _tried(rate, seconds, window, low, high):
    """The settings with the usual number of mel bands, none narrower than a line of the Fourier
    transform, or as many as a window of up to twice that length resolves."""
    best, most = (0, 0), round(rate * seconds) // 2 * 2
    for factor in (1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0):
        n_fft = min(2 * max(8, round(factor * window * rate / 2)), most)
        best = max(best, (_resolved(rate / n_fft, low, high), -n_fft))
        if best[0] >= ENOUGH_BANDS or best[0] and factor >= 2:
            break
    bands, n_fft = best[0], -best[1]
    if not bands:
        raise UserError(
            f"a band of {low:g} to {high:g} Hz is too narrow for clips of {seconds:g} s; widen "
            "--band or raise --seconds."
        )
    hop = max(1, min(round(rate * seconds / FRAMES), n_fft // 2))
    return SpectrogramSettings(
        sample_rate=rate, clip_seconds=seconds, n_fft=n_fft, hop_length=hop, mel_bands=bands,
        fmin=low, fmax=high,
    )  # fmt: skip


def _resolved(line, low, high):
    """The most mel bands that are no narrower than a line (Hz) of the Fourier transform, or 0."""
    for bands in BANDS:
        edges = librosa.mel_frequencies(bands + 2, fmin=low, fmax=high)
        if np.diff(edges).min() >= 0.95 * line:
            return bands
    return 0


def told(settings: SpectrogramSettings) -> str:
    """The settings in a phrase."""
    return (
        f"{settings.clip_seconds:g} s at {settings.sample_rate} Hz, {settings.mel_bands} mel bands "
        f"from {settings.fmin:g} to {settings.fmax:g} Hz"
    )


def outside(boxes: pd.DataFrame, settings: SpectrogramSettings, slowest: str, rate: int) -> str:
    """A warning about boxes that the settings cut off, or ""; slowest: the recording of the lowest
    rate (Hz), which may be why."""
    over = (boxes["high"] > settings.fmax) | (boxes["low"] < settings.fmin)
    long = boxes["end"] - boxes["begin"] > settings.clip_seconds
    parts = []
    if over.any():
        parts.append(
            f"{int(over.sum())} of {len(boxes)} boxes reach out of {settings.fmin:g} to "
            f"{settings.fmax:g} Hz (they lie within {boxes['low'].min():g} to "
            f"{boxes['high'].max():g} Hz)"
        )
        if settings.fmax == rate / 2:
            parts[-1] += f", which is all that {slowest}, sampled at {rate} Hz, holds"
    if boxes["high"].isna().all() and not settings.fmin:
        parts.append(
            f"no box has frequencies, so all up to {settings.fmax:g} Hz are used (--band LOW HIGH "
            "chooses)"
        )
    if long.any():
        parts.append(f"{int(long.sum())} of {len(boxes)} boxes are longer than a clip")
    return f"warning: {' and '.join(parts)}" if parts else ""
