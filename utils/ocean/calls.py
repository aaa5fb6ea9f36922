"""Frequency-modulated calls, as they are given and as they are received."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.fft import irfft, rfft

from utils.ocean.settings import (
    CLIP_SAMPLES,
    CLIP_SECONDS,
    CONTOUR_TIMES,
    LEAD,
    PADDED,
    PADDED_FREQUENCIES,
    SAMPLE_RATE,
    TIME,
    TRUTH_COLUMNS,
    OceanSettings,
    Recorder,
    UpcallShape,
)


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


def make_units(clip: np.ndarray, rng: np.random.Generator, **given: np.ndarray | float) -> _Units:
    """Units with small random wobble and late loudness unless `given` says otherwise."""
    n = len(clip)
    values = dict(
        power=1.0, bow=0.0, wobble=rng.normal(0, 2.0, n), rate=rng.uniform(0.8, 2.5, n),
        phase=rng.uniform(0, 1, n), loudness=1.0, second=0.0, third=0.0,
        skew=rng.uniform(0.8, 1.8, n),
    )  # fmt: skip
    values.update(given)
    return _Units(clip, **{name: np.broadcast_to(value, n) for name, value in values.items()})


def render_units(n: int, units: _Units) -> np.ndarray:
    """(n, PADDED) float32 sum of the units in each clip's own time, which starts LEAD early."""
    first = np.round(units.onset * SAMPLE_RATE).astype(int) + LEAD
    length = np.round(units.duration * SAMPLE_RATE).astype(int)
    unit = np.repeat(np.arange(len(length)), length)
    step = np.arange(len(unit)) - np.repeat(np.cumsum(length) - length, length)
    place = first[unit] + step
    inside = (place >= 0) & (place < PADDED)
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
        units.clip[unit] * PADDED + place, units.loudness[unit] * swell * wave, n * PADDED
    )
    return signal.reshape(n, PADDED).astype(np.float32)


def receive(
    signals: np.ndarray, recorder: Recorder, rng: np.random.Generator, reverberation: float = 1.0
) -> np.ndarray:
    """(n, PADDED) source signals as received (n, CLIP_SAMPLES): echoes, loss, recorder.

    Four echoes within 0.4 s, of which the early ones make the level fade along a sweep, and a
    diffuse tail; loss that grows with frequency, and a low-frequency cut-off as in shallow water.
    What wraps around falls into the lead.
    """
    n = len(signals)
    response = rng.standard_normal((n, LEAD), dtype=np.float32)
    delays = np.arange(LEAD, dtype=np.float32) / SAMPLE_RATE
    decay = rng.uniform(0.05, 0.15, (n, 1)).astype(np.float32)
    tail = reverberation * rng.uniform(0.02, 0.6, (n, 1)).astype(np.float32)
    # The tail's energy relative to the direct path is tail**2.
    response *= np.exp(-delays / decay) * tail / np.sqrt(decay * SAMPLE_RATE / 2)
    response[:, 0] = 1.0
    for usual, spread in ((0.012, 0.5), (0.04, 0.3), (0.15, 0.25), (0.15, 0.25)):  # s, amplitude
        delay = np.minimum(rng.exponential(usual, n), 0.4) * SAMPLE_RATE
        strength = reverberation * rng.normal(0, spread, n)
        response[np.arange(n), 1 + delay.astype(int)] += strength.astype(np.float32)
    f = np.maximum(PADDED_FREQUENCIES, 1.0)
    slope = rng.uniform(0.0, 0.6, (n, 1))
    cutoff = rng.uniform(15, 45, (n, 1))
    sea = (f / 150) ** -slope / np.sqrt(1 + (cutoff / f) ** 6)
    transfer = rfft(response, PADDED, axis=1) * (sea * recorder.gain(f)).astype(np.float32)
    return irfft(rfft(signals, axis=1) * transfer, PADDED, axis=1)[:, LEAD:]


def _onsets(
    duration: np.ndarray, cut: np.ndarray, shape: UpcallShape, rng: np.random.Generator
) -> np.ndarray:
    """(m,) onsets in s: within the clip, or, where cut (m,), across one of its edges."""
    m = len(duration)
    lost = duration * rng.uniform(0.15, 0.45, m)
    if shape.centre is None:
        fits = rng.uniform(0.02, np.maximum(CLIP_SECONDS - 0.02 - duration, 0.03))
    else:
        fits = rng.normal(*shape.centre, m) - duration / 2
        fits = np.clip(fits, 0.02, CLIP_SECONDS - 0.02 - duration)
    at_edge = np.where(rng.uniform(size=m) < 0.5, -lost, CLIP_SECONDS - duration + lost)
    return np.where(cut, at_edge, fits)


def render_calls(
    positive: np.ndarray,
    recorder: Recorder,
    band_power: np.ndarray,
    rng: np.random.Generator,
    settings: OceanSettings,
) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Up-calls of a recording: signals (n, CLIP_SAMPLES), truth (n rows), contours (n, 101)."""
    rows = np.flatnonzero(positive)
    n, m = len(positive), len(rows)
    shape = settings.upcall

    def varied(middle: float, between: float, within: float, low: float, high: float):
        deviation = between * rng.standard_normal() + within * rng.standard_normal(m)
        return np.clip(middle + deviation, low, high)

    start = varied(*shape.start)
    sweep = np.exp(varied(*shape.log_sweep))
    duration = varied(*shape.duration)
    power = np.exp(varied(*shape.log_power))
    bow = varied(*shape.bow)
    harmonic = rng.uniform(size=m) < settings.harmonic_fraction
    cut = rng.uniform(size=m) < settings.cut_fraction
    onset = _onsets(duration, cut, shape, rng)
    units = make_units(
        np.arange(m), rng,
        onset=onset, duration=duration, start=start, end=start + sweep, power=power, bow=bow,
        wobble=rng.normal(0, 2.5, m),
        second=harmonic * 10 ** (rng.uniform(-16, -6, m) / 20),
    )  # fmt: skip
    shared, own = rng.standard_normal(), rng.standard_normal(m)
    snr = settings.snr_mean_db + settings.snr_sd_db * np.clip(0.5 * shared + 0.866 * own, -2.5, 2.5)

    received = receive(render_units(m, units), recorder, rng, settings.reverberation)
    sounding = (TIME >= onset[:, None]) & (TIME < (onset + duration)[:, None])
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
