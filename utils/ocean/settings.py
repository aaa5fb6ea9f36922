"""What the simulated hydrophone hears, and how often; its grid of samples and frequencies."""

from __future__ import annotations

import math
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
class UpcallShape:
    """How the up-calls of a recording vary: each a tuple of the middle, the standard deviation
    between recordings, that within one, the lowest and the highest value.

    start: Hz. log_sweep: logarithm of the Hz from start to end. duration: s. log_power: logarithm
    of the exponent of time along the sweep, 0 for a straight line, above 0 if the call bends
    upwards. bow: Hz by which its middle lies higher. centre: mean and standard deviation of the
    time of its middle in s, or None for any time at which the whole call fits.
    """

    start: tuple[float, ...] = (102, 7, 11, 50, 160)
    log_sweep: tuple[float, ...] = (math.log(110), 0.1, 0.3, math.log(40), math.log(250))
    duration: tuple[float, ...] = (0.9, 0.05, 0.18, 0.4, 1.4)
    log_power: tuple[float, ...] = (0.35, 0.1, 0.35, math.log(0.6), math.log(3.5))
    bow: tuple[float, ...] = (-2.0, 1.0, 5.0, -18, 12)
    centre: tuple[float, float] | None = (0.85, 0.10)


@dataclass(frozen=True)
class Recorder:
    """High-pass (Hz), pre-whitening (dB an octave), band edge (Hz), level of the clips (rms)."""

    corner: float
    whitening: float
    edge: float
    level: float

    @classmethod
    def draw(cls, rng: np.random.Generator, spread: float) -> Recorder:
        return cls(
            corner=100.0 * math.exp(0.3 * spread * rng.standard_normal()),
            whitening=5.0 + 1.0 * spread * rng.uniform(-1, 1),
            edge=900.0 + 50.0 * spread * rng.uniform(-1, 1),
            level=0.012 * 10 ** (0.25 * spread * rng.standard_normal()),
        )

    def gain(self, frequencies: np.ndarray) -> np.ndarray:
        """Amplitude response at `frequencies` (Hz), about 1 near 200 Hz."""
        f = np.maximum(frequencies, 0.25)
        high_pass = 1 / np.sqrt(1 + (self.corner / f) ** 4)
        low_pass = 1 / np.sqrt(1 + (f / self.edge) ** 40)
        return high_pass * low_pass * (f / 200) ** (self.whitening / 6.02)


@dataclass(frozen=True)
class OceanSettings:
    """What the hydrophone hears, and how often. Raises ValueError for values out of range.

    positive_fraction: share of clips with an up-call, above 0 and below 1.
    recording_clips: fewest and most clips of a recording (about).
    snr_mean_db, snr_sd_db: normal distribution of the SNR, cut at 2.5 standard deviations.
    harmonic_fraction, cut_fraction: shares of calls with a harmonic, and cut by the clip's edge.
    background_variability: scales how much the ambient noise differs between and within recordings.
    downsweep_rate ... ship_rate: share of clips without a call that hold such a source.
    positive_rate_factor: the same shares in clips with a call, relative to those without.
    sources_anywhere: whether other sources come at any time, or mostly in the middle of a clip, as
    in clips that a detector has chosen.
    reverberation: scales the strength of the echoes of calls.
    upcall: how the shape of the calls varies. recorder: the one of all recordings, or None for one
    drawn for each.
    """

    positive_fraction: float = 0.23
    recording_clips: tuple[int, int] = (40, 60)
    snr_mean_db: float = -1.0
    snr_sd_db: float = 5.0
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
    sources_anywhere: bool = False
    reverberation: float = 1.0
    upcall: UpcallShape = UpcallShape()
    recorder: Recorder | None = None

    def __post_init__(self) -> None:
        _check_recording_clips(self.recording_clips)
        for field in fields(self):
            if not isinstance(field.default, float):
                continue
            value = getattr(self, field.name)
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
    "background_variability": (0.0, 2.0),
    "reverberation": (0.0, 2.0),
}


def _check_recording_clips(value: object) -> None:
    whole = isinstance(value, tuple) and len(value) == 2
    whole = whole and all(isinstance(v, (int, np.integer)) for v in value)
    if not whole or not 2 <= value[0] <= value[1]:
        raise UserError(
            "recording_clips must be a pair of whole numbers, fewest and most clips of a "
            f"recording, the fewest at least 2, not {value!r}."
        )
