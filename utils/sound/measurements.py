"""What a bioacoustician reads off a spectrogram first: peak, sweep, bandwidth, duration, SNR.

Everything is measured in the band of the calls and, as in a selection box, while the most
prominent track lasts, on what stands out of the sea: each cell's power less the median of its band.
Clips without a call are measured in the same way, so that the two classes may be compared.
"""

import numpy as np
import pandas as pd

from utils.sound import call_track
from utils.sound.descriptors import within

UNITS = {
    "peak_hz": "Hz",
    "start_hz": "Hz",
    "end_hz": "Hz",
    "bandwidth_hz": "Hz",
    "duration_s": "s",
    "snr_db": "dB",
    "entropy": "1",
}
ENERGY = (0.05, 0.95)  # shares of the energy between which the bandwidth lies (Raven's 90 %)


def measure(
    spectrograms: np.ndarray, frequencies: np.ndarray, times: np.ndarray, band: tuple[float, float]
) -> pd.DataFrame:
    """Return one row a clip with the columns UNITS; clips in which nothing stands out get NaN.

    spectrograms (n, f, t) in dB, frequencies (f,) in Hz, times (t,) in s, band (low, high) of calls
    in Hz. start_hz, end_hz, duration_s, snr_db: of the straight line that `call_track` fits.
    peak_hz: the band with most energy. bandwidth_hz: from 5 to 95 % of it. entropy: Shannon's, of
    the energy over the bands, 0 where it lies in one band, 1 where in all alike.
    """
    frequencies = np.asarray(frequencies, dtype=float)
    track = call_track.track(spectrograms, frequencies, times, band)
    inside = within(frequencies, band)
    bands = frequencies[inside]
    power = 10 ** (np.asarray(spectrograms, dtype=float)[:, inside] / 10)  # (n, bands, t)
    from_middle = np.abs(np.asarray(times) - track["time_s"].to_numpy()[:, None])
    during = from_middle <= track["duration_s"].to_numpy()[:, None] / 2  # (n, t)
    above = (power - np.median(power, axis=2, keepdims=True)) * during[:, None]
    excess = np.maximum(above.sum(2), 0)
    share = excess / np.maximum(excess.sum(1, keepdims=True), np.finfo(float).tiny)
    low, high = ((np.cumsum(share, axis=1) < edge).sum(1) for edge in ENERGY)
    last = len(bands) - 1
    entropy = -(share * np.log(np.maximum(share, 1e-12))).sum(1) / np.log(len(bands))
    table = pd.DataFrame(
        {
            "peak_hz": bands[share.argmax(1)],
            "start_hz": track["start_hz"],
            "end_hz": track["start_hz"] + track["slope_hz_s"] * track["duration_s"],
            "bandwidth_hz": bands[np.minimum(high, last)] - bands[np.minimum(low, last)],
            "duration_s": track["duration_s"],
            "snr_db": track["snr_db"],
            "entropy": entropy,
        }
    )
    table.loc[track["start_hz"].isna()] = np.nan
    return table
