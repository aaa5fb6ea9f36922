"""Start frequency, slope, duration and signal-to-noise ratio of a call, read off a spectrogram.

The same tracker reads real and synthetic clips, so that its own errors are the same on both sides
of a comparison.
"""

import numpy as np
import pandas as pd

from utils.sound.descriptors import prominence, within

COLUMNS = {"start_hz": "Hz", "slope_hz_s": "Hz/s", "duration_s": "s", "snr_db": "dB"}
_ROUNDS = 3  # of weighted line fits, each nearer to the line before
_REACH = 2 / 15  # of the band's width: standard deviation of the weight around the line


def call_parameters(
    spectrograms: np.ndarray, frequencies: np.ndarray, times: np.ndarray, band: tuple[float, float]
) -> pd.DataFrame:
    """Return a DataFrame, one row a clip, with the columns COLUMNS; see `track`."""
    return track(spectrograms, frequencies, times, band)[list(COLUMNS)]


def track(
    spectrograms: np.ndarray, frequencies: np.ndarray, times: np.ndarray, band: tuple[float, float]
) -> pd.DataFrame:
    """Return a DataFrame, one row a clip: COLUMNS, and time_s, the middle of the track.

    spectrograms (n, f, t) in dB, frequencies (f,) in Hz, times (t,) in s, band (low, high) in Hz in
    which calls are sought. A straight line is fitted
    through the peaks of the frames, weighted by how far they exceed the sea, again and again with
    less weight for peaks away from it. snr_db: mean level on the track above the median of its
    bands. Clips without a peak that exceeds the sea get NaN.
    """
    x = np.asarray(spectrograms, dtype=np.float32)
    inside = within(frequencies, band)
    reach = _REACH * (band[1] - band[0])
    row, prominent = prominence(x, inside)
    peak = np.asarray(frequencies)[inside][row]  # (n, t)
    weight = prominent
    for _ in range(_ROUNDS):
        time, frequency, slope, spread = _line(weight, peak, times)
        gap = peak - (frequency[:, None] + slope[:, None] * (times - time[:, None]))
        weight = prominent * np.exp(-0.5 * (gap / reach) ** 2)
    duration = np.sqrt(12 * spread)  # of a uniform weight with this spread
    above = x[:, inside] - np.median(x[:, inside], axis=2, keepdims=True)
    level = np.take_along_axis(above, row[:, None, :], axis=1)[:, 0]
    total = weight.sum(1)
    seen = total > 1e-6
    snr = (weight * level).sum(1) / np.maximum(total, 1e-6)
    table = pd.DataFrame(
        {
            "start_hz": frequency - slope * duration / 2,
            "slope_hz_s": slope,
            "duration_s": duration,
            "snr_db": snr,
            "time_s": time,
        }
    )
    table.loc[~seen] = np.nan
    return table


def _line(weight, peak, times):
    """Weighted mean time and frequency, slope and variance of time of each clip's peaks."""
    share = weight / np.maximum(weight.sum(1, keepdims=True), 1e-12)
    time, frequency = (share * times).sum(1), (share * peak).sum(1)
    deviation = times - time[:, None]
    spread = (share * deviation**2).sum(1)
    slope = (share * deviation * (peak - frequency[:, None])).sum(1) / np.maximum(spread, 1e-4)
    return time, frequency, slope, spread
