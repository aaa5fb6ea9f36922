"""A simulated hydrophone with North Atlantic right whale up-calls: the embedded default data.

Clips of 2 s at 2 kHz come in recordings. A recording has its own weather, shipping, flow noise and
recorder, all of which drift slowly, and its own whales, so clips of one recording resemble each
other as in reality and have to stay on one side of a split. Everything follows from one seed.

What the ranges rest on
-----------------------
Up-call: a frequency-modulated upsweep, mostly between 50 and 200 Hz and about 1 s long, given in
bouts (Clark 1982, Anim. Behav. 30; Mellinger 2004, Can. Acoust. 32(2); Parks & Tyack 2005, J.
Acoust. Soc. Am. 117). Start and end frequency differ between habitats and years and rise with the
noise (Parks, Clark & Tyack 2007, JASA 122; Parks et al. 2009, JASA 125). Detectors allow for 50 to
350 Hz and for curved (polynomial) phase (Gillespie 2004, Can. Acoust. 32(2); Urazghildiiev & Clark
2006, JASA 120). Spread and curvature were then set by eye and by learning curves against the clips
of the 2013 Marinexplore and Cornell challenge.
Ambient noise: spectra after Wenz 1962, JASA 34, in the closed form of Coates 1989, Underwater
Acoustic Systems; flow noise falling steeply with frequency (Strasberg 1979, JASA 66).
Other sources: sei whale and other baleen downsweeps (Baumgartner et al. 2008, JASA 124), humpback
units of 0.2 to 1.2 s with harmonics (Payne & McVay 1971, Science 173; Dunlop et al. 2007, JASA
122), distant airgun pulses below about 200 Hz, stretched by the sea (Nieukirk et al. 2004, JASA
115), ships with a low-frequency hump, lines of the propeller and its modulation (Ross 1976,
Mechanics of Underwater Noise; McKenna et al. 2012, JASA 131), and knocks and broadband bursts of
gear, waves and right whale gunshots (Parks et al. 2005, Mar. Mammal Sci. 21).

Signal-to-noise ratio (`snr_db`): mean power of the received call, echoes included, during the part
of its duration that lies in the clip, over the mean power of the clip's ambient noise between 50
and 350 Hz, in dB. Other sources (`DISTRACTORS`) do not count as ambient noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import joblib
import numpy as np
import pandas as pd
from scipy.fft import irfft, rfft, rfftfreq
from scipy.signal import lfilter
from scipy.special import ndtri

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

_LEAD = 1000  # samples rendered before the clip, so that echoes of what came before are heard
_PADDED = _LEAD + CLIP_SAMPLES
_CLIP_FREQUENCIES = rfftfreq(CLIP_SAMPLES, 1 / SAMPLE_RATE)
_PADDED_FREQUENCIES = rfftfreq(_PADDED, 1 / SAMPLE_RATE)
_IN_BAND = (_CLIP_FREQUENCIES >= SNR_BAND[0]) & (_CLIP_FREQUENCIES <= SNR_BAND[1])
_TIME = (np.arange(CLIP_SAMPLES) / SAMPLE_RATE).astype(np.float32)
_PEAK = 0.95


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


@dataclass(frozen=True, eq=False)
class Recordings:
    """Simulated clips with their truth, in time order within each recording.

    audio: (n, 4000) float32 in -1..1 at 2000 Hz.
    labels: (n,) int8, 1 with an up-call, 0 without.
    recording: (n,) int64, the recording (group) of each clip, ascending.
    truth: one row a clip with `TRUTH_COLUMNS`; what describes a call is NaN (False) without one.
        snr_db (dB, see the module), start_seconds (s, negative if it began before the clip),
        duration_seconds (s, of the whole call), start_hz and end_hz (Hz, of the whole call),
        curvature (how far the middle of the contour lies below the straight line from start to
        end, as a share of the sweep), harmonic and cut (bool), n_distractors (number of kinds of
        other sources) and one bool column for each kind.
    contours: (n, 101) Hz, frequency of the fundamental at `contour_times`, NaN where no call.
    contour_times: (101,) s from the start of the clip.
    """

    audio: np.ndarray
    labels: np.ndarray
    recording: np.ndarray
    truth: pd.DataFrame
    contours: np.ndarray
    contour_times: np.ndarray
    sample_rate: int
    seed: int
    settings: OceanSettings

    def __len__(self) -> int:
        return len(self.labels)


def simulate(
    n_clips: int = 4000,
    seed: int = 0,
    settings: OceanSettings | None = None,
    *,
    n_jobs: int = -1,
) -> Recordings:
    """Simulate `n_clips` clips; the same seed and settings give the same clips for any `n_jobs`.

    Each recording has its own random stream. At least one clip and at most all but one hold a call;
    every recording holds both classes when there are enough clips of each. `n_jobs` threads render
    the recordings (-1: one a processor). Raises ValueError for arguments out of range.
    """
    settings = OceanSettings() if settings is None else settings
    if not isinstance(settings, OceanSettings):
        raise UserError(f"settings must be an OceanSettings, not {type(settings).__name__}.")
    if isinstance(n_clips, bool) or not isinstance(n_clips, (int, np.integer)) or n_clips < 2:
        raise UserError(f"n_clips must be a whole number of at least 2, not {n_clips!r}.")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise UserError(f"seed must be a whole number of at least 0, not {seed!r}.")

    recording, labels = _layout(int(n_clips), np.random.default_rng([int(seed), 0]), settings)
    bounds = np.flatnonzero(np.diff(recording, prepend=-1, append=recording[-1] + 1))
    audio = np.empty((n_clips, CLIP_SAMPLES), np.float32)

    def render(number: int) -> tuple[pd.DataFrame, np.ndarray]:
        rows = slice(bounds[number], bounds[number + 1])
        rng = np.random.default_rng([int(seed), 1 + number])
        parts = _render_recording(labels[rows] == 1, rng, settings)
        audio[rows] = parts.mix()
        return parts.truth, parts.contours

    done = joblib.Parallel(n_jobs=n_jobs, backend="threading")(
        joblib.delayed(render)(number) for number in range(len(bounds) - 1)
    )
    return Recordings(
        audio=audio,
        labels=labels,
        recording=recording,
        truth=pd.concat([truth for truth, _ in done], ignore_index=True),
        contours=np.concatenate([contours for _, contours in done]),
        contour_times=CONTOUR_TIMES.copy(),
        sample_rate=SAMPLE_RATE,
        seed=int(seed),
        settings=settings,
    )


# Recordings and labels


def _layout(n: int, rng: np.random.Generator, settings: OceanSettings):
    """Recording number (n,) and label (n,) of each clip, calls in runs, both classes in each."""
    low, high = settings.recording_clips
    count = max(math.ceil(n / high), round(2 * n / (low + high)), 1)
    ends = np.cumsum(rng.uniform(low, high, count))
    starts = np.round(ends[:-1] / ends[-1] * n).astype(int)
    recording = np.searchsorted(starts, np.arange(n), side="right").astype(np.int64)

    calling = np.concatenate([
        0.5 * rng.standard_normal() + 0.8 * _drift(rng, size) + 0.4 * rng.standard_normal(size)
        for size in np.bincount(recording)
    ])  # fmt: skip
    n_calls = min(max(round(n * settings.positive_fraction), 1), n - 1)
    # The likeliest clip of each recording comes before all others, the least likely one after.
    order = np.lexsort((calling, recording))
    first, last = order[np.r_[starts - 1, n - 1].astype(int)], order[np.r_[0, starts].astype(int)]
    calling[last] -= 1000
    calling[first] += 1000
    labels = np.zeros(n, np.int8)
    labels[np.argsort(-calling, kind="stable")[:n_calls]] = 1
    return recording, labels


def _drift(rng: np.random.Generator, n: int, correlation: float = 0.85) -> np.ndarray:
    """(n,) slowly changing random numbers, mean 0, variance 1."""
    steps = rng.standard_normal(n)
    steps[1:] *= math.sqrt(1 - correlation**2)
    return lfilter([1.0], [1.0, -correlation], steps)


# One recording


@dataclass(frozen=True, eq=False)
class _Parts:
    """What the clips of a recording consist of: each part (clips, samples), and the truth.

    `sources` holds for each kind the rows of the clips that have it, and their signals.
    """

    ambient: np.ndarray
    calls: np.ndarray
    sources: dict[str, tuple[np.ndarray, np.ndarray]]
    truth: pd.DataFrame
    contours: np.ndarray

    def mix(self) -> np.ndarray:
        """(clips, samples) float32; a clip that would overload is turned down as a whole."""
        audio = self.ambient + self.calls
        for rows, signals in self.sources.values():
            audio[rows] += signals
        peak = np.maximum(audio.max(axis=1), -audio.min(axis=1))[:, None]
        return audio * np.minimum(1.0, _PEAK / peak).astype(np.float32)


def _render_recording(
    positive: np.ndarray, rng: np.random.Generator, settings: OceanSettings
) -> _Parts:
    """Render one recording whose clips hold a call where `positive` (clips,) says so."""
    n = len(positive)
    recorder = _Recorder.draw(rng, settings.background_variability)
    ambient = _ambient(n, recorder, rng, settings.background_variability)
    band_power = _band_power(ambient)  # (n,)
    scale = np.sqrt(band_power).astype(np.float32)[:, None]

    calls, call_truth, contours = _calls(positive, recorder, band_power, rng, settings)
    present = {}
    for kind in DISTRACTORS:
        rate = getattr(settings, f"{kind}_rate")
        rates = np.where(positive, rate * settings.positive_rate_factor, rate)
        inclination = 0.8 * _drift(rng, n) + 0.6 * rng.standard_normal(n)
        present[kind] = inclination > ndtri(1 - rates)
    sources = {}
    for kind, rendered in (
        ("downsweep", _downsweeps),
        ("flat_tonal", _flat_tonals),
        ("humpback", _humpback),
        ("knocks", _knocks),
        ("burst", _bursts),
        ("airgun", _airguns),
        ("ship", _ships),
    ):
        rows = np.flatnonzero(present[kind])
        if len(rows):
            sources[kind] = rows, rendered(len(rows), recorder, rng) * scale[rows]

    flags = pd.DataFrame(present)
    truth = call_truth.assign(n_distractors=flags.sum(axis=1).astype(np.int64), **present)
    return _Parts(ambient, calls, sources, truth[list(TRUTH_COLUMNS)], contours)


def _band_power(signals: np.ndarray) -> np.ndarray:
    """(n,) mean power of (n, CLIP_SAMPLES) signals within SNR_BAND."""
    spectrum = rfft(signals, axis=1)[:, _IN_BAND]
    return 2 * (spectrum.real**2 + spectrum.imag**2).sum(axis=1, dtype=float) / CLIP_SAMPLES**2


# Recorder and ambient noise


@dataclass(frozen=True)
class _Recorder:
    """High-pass (Hz), pre-whitening (dB an octave), band edge (Hz), level of the clips (rms)."""

    corner: float
    whitening: float
    edge: float
    level: float

    @classmethod
    def draw(cls, rng: np.random.Generator, spread: float) -> _Recorder:
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


def _wenz_db(frequencies: np.ndarray, wind: float, shipping: float) -> np.ndarray:
    """Spectrum level (dB re 1 uPa^2/Hz) after Wenz; wind in m/s, shipping 0 to 1."""
    khz = np.maximum(frequencies, 1.0) / 1000
    log = np.log10(khz)
    parts = (
        17 - 30 * log,
        40 + 20 * (shipping - 0.5) + 26 * log - 60 * np.log10(khz + 0.03),
        50 + 7.5 * math.sqrt(wind) + 20 * log - 40 * np.log10(khz + 0.4),
    )
    return 10 * np.log10(sum(10 ** (part / 10) for part in parts))


def _ambient(n: int, recorder: _Recorder, rng: np.random.Generator, spread: float) -> np.ndarray:
    """(n, CLIP_SAMPLES) float32 ambient noise of one recording, drifting from clip to clip."""
    f = _CLIP_FREQUENCIES
    octaves = np.log2(np.maximum(f, 10.0) / 200)
    wind = 7.0 + 5.0 * min(spread, 1.2) * rng.uniform(-1, 1)
    shipping = 0.4 + 0.4 * min(spread, 1.0) * rng.uniform(-1, 1)
    shape = _wenz_db(f, wind, shipping)
    for cycles in (0.5, 0.9, 1.6):  # interference of paths, resonances of the mooring
        shape = shape + spread * rng.normal(0, 0.8) * np.sin(
            2 * np.pi * (cycles * octaves + rng.uniform())
        )
    reference = shape[_IN_BAND].mean()
    flow = reference + rng.normal(-6, 5 * spread) - rng.uniform(9, 15) * (octaves + 2.0)
    power = (10 ** ((shape - reference) / 10) + 10 ** ((flow - reference) / 10)) * recorder.gain(
        f
    ) ** 2
    power += 10 ** (rng.uniform(-31, -23) / 10)  # the recorder's own noise
    power /= power[_IN_BAND].mean()

    # Level and tilt drift from clip to clip.
    level = 1.5 * spread * _drift(rng, n, 0.95)[:, None]
    tilt = 0.7 * spread * _drift(rng, n, 0.95)[:, None]
    db = (level + tilt * octaves).astype(np.float32)
    clip_power = power.astype(np.float32) * np.exp(np.float32(math.log(10) / 10) * db)

    # Lines of a distant ship: harmonics of its blade rate, each drifting in level.
    base, n_lines = rng.uniform(12, 60), int(rng.integers(0, 7))
    for order in rng.integers(1, 9, n_lines):
        near = np.flatnonzero(np.abs(f - order * base) < 6)
        width = rng.uniform(0.5, 1.5)
        line = np.exp(-0.5 * ((f[near] - order * base) / width) ** 2)
        strength = rng.normal(8, 5 * min(spread, 1.0)) + 2 * _drift(rng, n, 0.9)
        clip_power[:, near] += (10 ** (strength / 10))[:, None] * (line * power[near])

    white = rng.standard_normal((n, len(f), 2), dtype=np.float32).view(np.complex64)[..., 0]
    noise = irfft(white * np.sqrt(clip_power), CLIP_SAMPLES, axis=1)
    depth = 0.08 * spread * abs(rng.standard_normal())
    noise *= _unsteady(n, depth, rng)
    return noise * np.float32(recorder.level / math.sqrt(noise.astype(float).var()))


def _unsteady(n: int, depth: float, rng: np.random.Generator, rates=(0.7, 1.6, 3.7)) -> np.ndarray:
    """(n, CLIP_SAMPLES) float32 gain that wavers about 1 at a few `rates` (Hz)."""
    gain = np.zeros((n, CLIP_SAMPLES), np.float32)
    for rate in rates:
        pitch = (rate * rng.uniform(0.7, 1.4, (n, 1))).astype(np.float32)
        phase = rng.uniform(0, 1, (n, 1)).astype(np.float32)
        gain += np.sin(np.float32(2 * np.pi) * (pitch * _TIME + phase))
    return np.exp(np.float32(depth) * gain)


# Tonal sounds: swept units, through the sea and the recorder


@dataclass(frozen=True, eq=False)
class _Units:
    """Swept units: all arrays (units,). Frequency at u = 0..1 of the unit's duration:

    start + (end - start) u**power + 4 bow u (1 - u) + wobble sin(2 pi (rate u + phase)),
    all in Hz. `loudness` is an amplitude; `second` and `third` are harmonics relative to the
    fundamental; `skew` moves the loudest moment (above 1: later).
    """

    clip: np.ndarray
    onset: np.ndarray  # s
    duration: np.ndarray  # s
    start: np.ndarray
    end: np.ndarray
    power: np.ndarray
    bow: np.ndarray
    wobble: np.ndarray
    rate: np.ndarray
    phase: np.ndarray
    loudness: np.ndarray
    second: np.ndarray
    third: np.ndarray
    skew: np.ndarray

    def frequency(self, u: np.ndarray, unit: np.ndarray) -> np.ndarray:
        """Hz at `u` (0 to 1) of the units numbered `unit` (same shape)."""
        wave = np.sin(2 * np.pi * (self.rate[unit] * u + self.phase[unit]))
        sweep = (self.end - self.start)[unit] * u ** self.power[unit]
        arch = 4 * self.bow[unit] * u * (1 - u)
        return self.start[unit] + sweep + arch + self.wobble[unit] * wave

    def cycles(self, u: np.ndarray, unit: np.ndarray) -> np.ndarray:
        """Integral of `frequency` over time since the onset, in cycles."""
        p1 = self.power[unit] + 1
        angle, turn = 2 * np.pi * self.phase[unit], 2 * np.pi * self.rate[unit]
        return self.duration[unit] * (
            self.start[unit] * u
            + (self.end - self.start)[unit] * u**p1 / p1
            + self.bow[unit] * u**2 * (2 - 4 / 3 * u)
            + self.wobble[unit] / turn * (np.cos(angle) - np.cos(turn * u + angle))
        )


def _units(clip: np.ndarray, rng: np.random.Generator, **given: np.ndarray | float) -> _Units:
    """Units with small random wobble and late loudness unless `given` says otherwise."""
    n = len(clip)
    values = dict(
        power=1.0, bow=0.0, wobble=rng.normal(0, 2.0, n), rate=rng.uniform(0.8, 2.5, n),
        phase=rng.uniform(0, 1, n), loudness=1.0, second=0.0, third=0.0,
        skew=rng.uniform(0.8, 1.8, n),
    )  # fmt: skip
    values.update(given)
    return _Units(clip, **{name: np.broadcast_to(value, n) for name, value in values.items()})


def _render_units(n: int, units: _Units) -> np.ndarray:
    """(n, _PADDED) float32 sum of the units in each clip's own time, which starts _LEAD early."""
    first = np.round(units.onset * SAMPLE_RATE).astype(int) + _LEAD
    length = np.round(units.duration * SAMPLE_RATE).astype(int)
    unit = np.repeat(np.arange(len(length)), length)
    step = np.arange(len(unit)) - np.repeat(np.cumsum(length) - length, length)
    place = first[unit] + step
    inside = (place >= 0) & (place < _PADDED)
    unit, step, place = unit[inside], step[inside], place[inside]
    u = (step + 0.5) / length[unit]

    cycles = units.cycles(u, unit)
    angle = (2 * np.pi * (cycles - np.floor(cycles))).astype(np.float32)
    frequency = units.frequency(u, unit)
    sine, cosine = np.sin(angle), np.cos(angle)
    wave = sine + units.second[unit] * (2 * frequency < 900) * 2 * sine * cosine
    wave += units.third[unit] * (3 * frequency < 900) * sine * (3 - 4 * sine**2)
    swell = np.sqrt(np.sin(np.pi * u ** units.skew[unit]))
    swell *= 1 + 0.35 * np.sin(2 * np.pi * (1.7 * units.rate[unit] * u + units.phase[unit]))
    signal = np.bincount(
        units.clip[unit] * _PADDED + place, units.loudness[unit] * swell * wave, n * _PADDED
    )
    return signal.reshape(n, _PADDED).astype(np.float32)


def _receive(
    signals: np.ndarray, recorder: _Recorder, rng: np.random.Generator, reverberation=1.0
) -> np.ndarray:
    """(n, _PADDED) source signals as received (n, CLIP_SAMPLES): echoes, loss, recorder.

    Four echoes within 0.4 s, of which the early ones make the level fade along a sweep, and a
    diffuse tail; loss that grows with frequency, and a low-frequency cut-off as in shallow water.
    What wraps around falls into the lead.
    """
    n = len(signals)
    response = rng.standard_normal((n, _LEAD), dtype=np.float32)
    delays = np.arange(_LEAD, dtype=np.float32) / SAMPLE_RATE
    decay = rng.uniform(0.05, 0.15, (n, 1)).astype(np.float32)
    tail = reverberation * rng.uniform(0.02, 0.6, (n, 1)).astype(np.float32)
    # The tail's energy relative to the direct path is tail**2.
    response *= np.exp(-delays / decay) * tail / np.sqrt(decay * SAMPLE_RATE / 2)
    response[:, 0] = 1.0
    for usual, spread in ((0.012, 0.5), (0.04, 0.3), (0.15, 0.25), (0.15, 0.25)):  # s, amplitude
        delay = np.minimum(rng.exponential(usual, n), 0.4) * SAMPLE_RATE
        strength = reverberation * rng.normal(0, spread, n)
        response[np.arange(n), 1 + delay.astype(int)] += strength.astype(np.float32)
    f = np.maximum(_PADDED_FREQUENCIES, 1.0)
    slope = rng.uniform(0.0, 0.6, (n, 1))
    cutoff = rng.uniform(15, 45, (n, 1))
    sea = (f / 150) ** -slope / np.sqrt(1 + (cutoff / f) ** 6)
    transfer = rfft(response, _PADDED, axis=1) * (sea * recorder.gain(f)).astype(np.float32)
    return irfft(rfft(signals, axis=1) * transfer, _PADDED, axis=1)[:, _LEAD:]


def _calls(
    positive: np.ndarray,
    recorder: _Recorder,
    band_power: np.ndarray,
    rng: np.random.Generator,
    settings: OceanSettings,
) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Up-calls of a recording: signals (n, CLIP_SAMPLES), truth (n rows), contours (n, 101)."""
    rows = np.flatnonzero(positive)
    n, m = len(positive), len(rows)
    spread = settings.contour_variability

    def varied(middle: float, between: float, within: float, low: float, high: float):
        deviation = between * rng.standard_normal() + within * rng.standard_normal(m)
        return np.clip(middle + spread * deviation, low, high)

    start = varied(102, 7, 11, 50, 160)
    sweep = np.exp(varied(math.log(110), 0.1, 0.3, math.log(40), math.log(250)))
    duration = varied(0.9, 0.05, 0.18, 0.4, 1.4)
    power = np.exp(varied(0.35, 0.1, 0.35, math.log(0.6), math.log(3.5)))
    bow = varied(-2.0, 1.0, 5.0, -18, 12)
    harmonic = rng.uniform(size=m) < settings.harmonic_fraction
    cut = rng.uniform(size=m) < settings.cut_fraction
    lost = duration * rng.uniform(0.15, 0.45, m)
    fits = np.clip(rng.normal(0.85, 0.10, m) - duration / 2, 0.02, 1.98 - duration)
    at_edge = np.where(rng.uniform(size=m) < 0.5, -lost, CLIP_SECONDS - duration + lost)
    onset = np.where(cut, at_edge, fits)
    units = _units(
        np.arange(m), rng,
        onset=onset, duration=duration, start=start, end=start + sweep, power=power, bow=bow,
        wobble=spread * rng.normal(0, 2.5, m),
        second=harmonic * 10 ** (rng.uniform(-16, -6, m) / 20),
    )  # fmt: skip
    shared, own = rng.standard_normal(), rng.standard_normal(m)
    snr = settings.snr_mean_db + settings.snr_sd_db * np.clip(0.5 * shared + 0.866 * own, -2.5, 2.5)

    received = _receive(_render_units(m, units), recorder, rng)
    sounding = (_TIME >= onset[:, None]) & (_TIME < (onset + duration)[:, None])
    power_now = (received.astype(float) ** 2 * sounding).sum(axis=1) / sounding.sum(axis=1)
    factor = np.sqrt(10 ** (snr / 10) * band_power[rows] / power_now)
    calls = np.zeros((n, CLIP_SAMPLES), np.float32)
    calls[rows] = received * factor.astype(np.float32)[:, None]

    every = np.arange(m)
    ends = units.frequency(np.zeros(m), every), units.frequency(np.ones(m), every)
    halfway = units.frequency(np.full(m, 0.5), every)
    truth = pd.DataFrame(np.nan, index=range(n), columns=list(TRUTH_COLUMNS[:6]))
    truth.iloc[rows] = np.column_stack([
        snr, onset, duration, *ends, 0.5 - (halfway - ends[0]) / (ends[1] - ends[0]),
    ])  # fmt: skip
    truth["harmonic"], truth["cut"] = False, False
    truth.loc[rows, "harmonic"], truth.loc[rows, "cut"] = harmonic, cut

    u = (CONTOUR_TIMES - onset[:, None]) / duration[:, None]
    inside = (u >= 0) & (u <= 1)
    contours = np.full((n, len(CONTOUR_TIMES)), np.nan)
    unit = np.broadcast_to(every[:, None], u.shape)
    contours[rows] = np.where(inside, units.frequency(np.clip(u, 0, 1), unit), np.nan)
    return calls, truth, contours


# Other sources. Each gives (n, CLIP_SAMPLES) signals relative to the ambient noise's rms in band.


def _loudness(rng: np.random.Generator, n: int, low: float, high: float) -> np.ndarray:
    """(n,) amplitudes of sines whose power is `low` to `high` dB above the ambient noise."""
    return math.sqrt(2) * 10 ** (rng.uniform(low, high, n) / 20)


def _downsweeps(n: int, recorder: _Recorder, rng: np.random.Generator) -> np.ndarray:
    duration = rng.uniform(0.4, 1.5, n)
    end = np.exp(rng.uniform(math.log(28), math.log(140), n))
    units = _units(
        np.arange(n), rng, duration=duration, onset=rng.normal(0.95, 0.35, n) - duration / 2,
        start=end + rng.uniform(40, 200, n), end=end, power=rng.uniform(0.5, 1.3, n),
        loudness=_loudness(rng, n, -3, 9),
    )  # fmt: skip
    return _receive(_render_units(n, units), recorder, rng)


def _flat_tonals(n: int, recorder: _Recorder, rng: np.random.Generator) -> np.ndarray:
    """One or two steady tones a clip."""
    clip = np.concatenate([np.arange(n), np.flatnonzero(rng.uniform(size=n) < 0.3)])
    m = len(clip)
    pitch = np.exp(rng.uniform(math.log(70), math.log(480), m))
    duration = rng.uniform(0.4, 2.3, m)
    units = _units(
        clip, rng, duration=duration, onset=rng.normal(0.95, 0.4, m) - duration / 2,
        start=pitch, end=pitch + rng.normal(0, 6, m), loudness=_loudness(rng, m, -6, 6),
        second=(rng.uniform(size=m) < 0.2) * 0.3, skew=1.0,
    )  # fmt: skip
    return _receive(_render_units(n, units), recorder, rng)


def _humpback(n: int, recorder: _Recorder, rng: np.random.Generator) -> np.ndarray:
    """Humpback-like units with harmonics: phrases of one to three alike, or one rising moan.

    The moan is the classical false alarm of up-call detectors: it starts higher, rises further and
    bends more than most up-calls, but the ranges overlap.
    """
    moan = rng.uniform(size=n) < 0.6
    count = np.where(moan, 1, rng.integers(1, 4, n))
    clip = np.repeat(np.arange(n), count)
    m = len(clip)
    rising = moan[clip]

    pitch = np.exp(rng.normal(math.log(190), 0.45, n))[clip] * np.exp(rng.normal(0, 0.12, m))
    pitch = np.where(rising, rng.normal(110, 24, m), pitch)
    pitch = np.clip(pitch, 55, 600)
    shape = rng.choice([1.0, 1.0, -0.5, 0.0], n) * rng.uniform(0.3, 1.4, n)
    rise = np.where(rising, np.exp(rng.normal(0.2, 0.45, m)), shape[clip])
    rise = rise * rng.uniform(0.7, 1.3, m)
    duration = np.clip(rng.uniform(0.2, 0.9, n)[clip] * rng.uniform(0.8, 1.2, m), 0.15, 1.2)
    duration = np.where(rising, np.clip(rng.normal(0.8, 0.2, m), 0.3, 1.3), duration)
    order = np.arange(m) - np.repeat(np.cumsum(count) - count, count)
    onset = rng.normal(0.5, 0.35, n)[clip] + order * rng.uniform(0.5, 1.0, n)[clip]
    onset = np.where(rising, rng.normal(0.87, 0.14, m) - duration / 2, onset)
    units = _units(
        clip, rng, duration=duration, onset=onset, start=pitch,
        end=np.clip(pitch * (1 + rise), 50, 850),
        power=np.where(rising, np.exp(rng.normal(0.5, 0.4, m)), rng.uniform(0.7, 3.0, m)),
        bow=pitch * rng.normal(0, np.where(rising, 0.04, 0.1)),
        loudness=_loudness(rng, n, -9, 6)[clip],
        second=(rng.uniform(size=n) < 0.35)[clip] * rng.uniform(0.1, 0.6, m),
        third=(rng.uniform(size=n) < 0.2)[clip] * rng.uniform(0.1, 0.4, m),
    )  # fmt: skip
    return _receive(_render_units(n, units), recorder, rng)


def _coloured(n: int, gain: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, CLIP_SAMPLES) float32 noise of variance 1 with amplitude response `gain` (n, bins)."""
    size = (n, len(_CLIP_FREQUENCIES), 2)
    white = rng.standard_normal(size, dtype=np.float32).view(np.complex64)[..., 0]
    gain = gain / np.sqrt((gain**2).sum(axis=1, keepdims=True) * 4) * CLIP_SAMPLES
    return irfft(white * gain.astype(np.float32), CLIP_SAMPLES, axis=1)


def _knocks(n: int, recorder: _Recorder, rng: np.random.Generator) -> np.ndarray:
    """Trains of 2 to 60 short broadband knocks, each a damped resonance."""
    count = np.round(np.exp(rng.uniform(math.log(2), math.log(60), n))).astype(int)
    clip = np.repeat(np.arange(n), count)
    m = len(clip)
    strikes = np.zeros((n, CLIP_SAMPLES), np.float32)
    strength = 10 ** (rng.normal(0, 4, m) / 20) * rng.choice([-1.0, 1.0], m)
    strikes[clip, rng.integers(0, CLIP_SAMPLES - 100, m)] = strength
    f = _CLIP_FREQUENCIES
    centre = np.exp(rng.uniform(math.log(120), math.log(700), (n, 1)))
    damping = rng.uniform(15, 60, (n, 1))
    ringing = centre**2 / (centre**2 - f**2 + 2j * damping * f)
    ringing = ringing / np.abs(ringing).max(axis=1, keepdims=True) + rng.uniform(0.05, 0.6, (n, 1))
    train = irfft(rfft(strikes, axis=1) * ringing * recorder.gain(f), CLIP_SAMPLES, axis=1)
    train /= np.sqrt(np.partition(train**2, -60, axis=1)[:, -60:].mean(axis=1, keepdims=True))
    return (train * 10 ** (rng.uniform(6, 32, (n, 1)) / 20)).astype(np.float32)


def _bursts(n: int, recorder: _Recorder, rng: np.random.Generator) -> np.ndarray:
    """One to three bursts of broadband noise with steep edges, 30 ms to 1.2 s long."""
    f = np.maximum(_CLIP_FREQUENCIES, 10.0)
    colour = (f / 200) ** rng.uniform(-1.0, 0.3, (n, 1)) * recorder.gain(f)
    envelope = np.zeros((n, CLIP_SAMPLES), np.float32)
    for number in range(3):
        length = np.exp(rng.uniform(math.log(0.03), math.log(1.2), (n, 1)))
        begin = np.clip(rng.normal(0.95, 0.3, (n, 1)), 0.05, 1.95) - length / 2
        edge = length * rng.uniform(0.02, 0.4, (n, 1))
        since, left = (_TIME - begin) / edge, (begin + length - _TIME) / edge
        shape = np.clip(since, 0, 1) * np.clip(left, 0, 1)
        heard = (number == 0) | (rng.uniform(size=(n, 1)) < 0.4)
        np.maximum(envelope, shape * heard * rng.uniform(0.4, 1, (n, 1)), out=envelope)
    flutter = _unsteady(n, 0.25, rng, (4.0, 9.0, 21.0))
    return _coloured(n, colour, rng) * envelope * flutter * _amplitude(rng, n, 8, 28)


def _airguns(n: int, recorder: _Recorder, rng: np.random.Generator) -> np.ndarray:
    """One distant pulse a clip: below about 200 Hz, quick to rise, slow to fade."""
    f = np.maximum(_CLIP_FREQUENCIES, 5.0)
    top = rng.uniform(50, 170, (n, 1))
    colour = recorder.gain(f) / np.sqrt(1 + (f / top) ** 6)
    since = _TIME - rng.normal(0.7, 0.25, (n, 1)).astype(np.float32)
    rise, fade = rng.uniform(0.02, 0.08, (n, 1)), rng.uniform(0.1, 0.4, (n, 1))
    after = np.maximum(since, 0)
    envelope = (1 - np.exp(-after / rise)) * np.exp(-after / fade)
    return _coloured(n, colour, rng) * envelope.astype(np.float32) * _amplitude(rng, n, 8, 26)


def _ships(n: int, recorder: _Recorder, rng: np.random.Generator) -> np.ndarray:
    """A ship passing: a hump of noise, lines of its blade rate, modulated at that rate."""
    f = np.maximum(_CLIP_FREQUENCIES, 5.0)
    blade = rng.uniform(5, 14)
    centre, width = rng.uniform(15, 90), rng.uniform(0.4, 1.1)
    hump = np.exp(-0.5 * (np.log2(f / centre) / width) ** 2)
    wide = 10 ** (rng.uniform(-26, -12) / 10)
    power = hump + wide * (f / 100) ** -1.0
    for order in range(2, 25):
        line = 10 ** (rng.normal(4, 6) / 10) * np.exp(-0.5 * ((f - order * blade) / 0.8) ** 2)
        power = power + line * hump
    noise = _coloured(n, np.broadcast_to(np.sqrt(power) * recorder.gain(f), (n, len(f))), rng)
    beat = np.sin(np.float32(2 * np.pi * blade) * (_TIME + rng.uniform(0, 1, (n, 1)).astype("f4")))
    noise *= 1 + np.float32(rng.uniform(0.0, 0.6)) * beat
    level = rng.uniform(4, 24) + 2 * _drift(rng, n)
    loud = 10 ** (np.clip(level, 3, 27) / 20)
    return noise * _unsteady(n, 0.15, rng) * loud.astype(np.float32)[:, None]


def _amplitude(rng: np.random.Generator, n: int, low: float, high: float) -> np.ndarray:
    """(n, 1) float32 amplitudes `low` to `high` dB above the ambient noise."""
    return (10 ** (rng.uniform(low, high, (n, 1)) / 20)).astype(np.float32)
