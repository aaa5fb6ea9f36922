"""What the simulated hydrophone hears, and how often; its grid of samples and frequencies."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.fft import rfftfreq

from utils.errors import UserError

SAMPLE_RATE = 2000  # Hz
CLIP_SECONDS = 2.0
CLIP_SAMPLES = 4000
SNR_BAND = (50.0, 350.0)  # Hz
CONTOUR_TIMES = np.arange(101) * 0.02  # s
DISTRACTORS = ("downsweep", "flat_tonal", "humpback", "knocks", "burst", "airgun", "ship")
TRUTH_COLUMNS = (
    "snr_db", "start_seconds", "duration_seconds", "start_hz", "end_hz", "curvature", "harmonic",
    "cut", "n_distractors", *DISTRACTORS,
)  # fmt: skip
LEAD = 1000  # samples rendered before the clip, so that echoes of what came before are heard
PADDED = LEAD + CLIP_SAMPLES
CLIP_FREQUENCIES = rfftfreq(CLIP_SAMPLES, 1 / SAMPLE_RATE)
PADDED_FREQUENCIES = rfftfreq(PADDED, 1 / SAMPLE_RATE)
IN_BAND = (CLIP_FREQUENCIES >= SNR_BAND[0]) & (CLIP_FREQUENCIES <= SNR_BAND[1])
TIME = (np.arange(CLIP_SAMPLES) / SAMPLE_RATE).astype(np.float32)


@dataclass(frozen=True)
class OceanSettings:
    """What the hydrophone hears, and how often. Raises ValueError for values out of range.

    positive_fraction: share of clips with an up-call, above 0 and below 1.
    recording_clips: fewest and most clips of a recording (about).
    snr_mean_db, snr_sd_db: normal distribution of the SNR, cut at 2.5 standard deviations.
    contour_variability: scales the spread of the up-calls' shape; 0 makes them all alike.
    harmonic_fraction, cut_fraction: shares of calls with a harmonic, and cut by the clip's edge.
    background_variability: scales how much the ambient noise differs between and within recordings.
    downsweep_rate ... ship_rate: share of clips without a call that hold such a source.
    positive_rate_factor: the same shares in clips with a call, relative to those without.
    """

    positive_fraction: float = 0.23
    recording_clips: tuple[int, int] = (40, 60)
    snr_mean_db: float = -1.0
    snr_sd_db: float = 5.0
    contour_variability: float = 1.0
    harmonic_fraction: float = 0.25
    cut_fraction: float = 0.05
    background_variability: float = 1.0
    downsweep_rate: float = 0.10
    flat_tonal_rate: float = 0.08
    humpback_rate: float = 0.40
    knocks_rate: float = 0.45
    burst_rate: float = 0.28
    airgun_rate: float = 0.22
    ship_rate: float = 0.55
    positive_rate_factor: float = 0.22

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "recording_clips":
                _check_recording_clips(value)
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
                raise UserError(f"{field.name} must be a number, not {value!r}.")
            low, high = _RANGES.get(field.name, (0.0, 1.0))
            if not low <= value <= high:
                raise UserError(f"{field.name} must lie in {low:g} to {high:g}, not {value}.")
        if not 0 < self.positive_fraction < 1:
            raise UserError(
                "positive_fraction must be above 0 and below 1, so that both classes occur, "
                f"not {self.positive_fraction}."
            )


_RANGES = {  # all other numbers are shares, 0 to 1
    "snr_mean_db": (-30.0, 40.0),
    "snr_sd_db": (0.0, 15.0),
    "contour_variability": (0.0, 1.5),
    "background_variability": (0.0, 2.0),
}


def _check_recording_clips(value: object) -> None:
    whole = isinstance(value, tuple) and len(value) == 2
    whole = whole and all(isinstance(v, (int, np.integer)) for v in value)
    if not whole or not 2 <= value[0] <= value[1]:
        raise UserError(
            "recording_clips must be a pair of whole numbers, fewest and most clips of a "
            f"recording, the fewest at least 2, not {value!r}."
        )
