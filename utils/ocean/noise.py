"""Recorder and ambient noise of a recording."""

from __future__ import annotations

import math

import numpy as np
from scipy.fft import irfft, rfft
from scipy.signal import lfilter

from utils.ocean.settings import CLIP_FREQUENCIES, CLIP_SAMPLES, IN_BAND, TIME, Recorder


def slow_drift(rng: np.random.Generator, n: int, correlation: float = 0.85) -> np.ndarray:
    """(n,) slowly changing random numbers, mean 0, variance 1."""
    steps = rng.standard_normal(n)
    steps[1:] *= math.sqrt(1 - correlation**2)
    return lfilter([1.0], [1.0, -correlation], steps)


def power_in_band(signals: np.ndarray) -> np.ndarray:
    """(n,) mean power of (n, CLIP_SAMPLES) signals within SNR_BAND."""
    spectrum = rfft(signals, axis=1)[:, IN_BAND]
    return 2 * (spectrum.real**2 + spectrum.imag**2).sum(axis=1, dtype=float) / CLIP_SAMPLES**2


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


def render_ambient(
    n: int, recorder: Recorder, rng: np.random.Generator, spread: float
) -> np.ndarray:
    """(n, CLIP_SAMPLES) float32 ambient noise of one recording, drifting from clip to clip."""
    f = CLIP_FREQUENCIES
    octaves = np.log2(np.maximum(f, 10.0) / 200)
    wind = 7.0 + 5.0 * min(spread, 1.2) * rng.uniform(-1, 1)
    shipping = 0.4 + 0.4 * min(spread, 1.0) * rng.uniform(-1, 1)
    shape = _wenz_db(f, wind, shipping)
    for cycles in (0.5, 0.9, 1.6):  # interference of paths, resonances of the mooring
        shape = shape + spread * rng.normal(0, 0.8) * np.sin(
            2 * np.pi * (cycles * octaves + rng.uniform())
        )
    reference = shape[IN_BAND].mean()
    flow = reference + rng.normal(-6, 5 * spread) - rng.uniform(9, 15) * (octaves + 2.0)
    power = (10 ** ((shape - reference) / 10) + 10 ** ((flow - reference) / 10)) * recorder.gain(
        f
    ) ** 2
    power += 10 ** (rng.uniform(-31, -23) / 10)  # the recorder's own noise
    power /= power[IN_BAND].mean()

    # Level and tilt drift from clip to clip.
    level = 1.5 * spread * slow_drift(rng, n, 0.95)[:, None]
    tilt = 0.7 * spread * slow_drift(rng, n, 0.95)[:, None]
    db = (level + tilt * octaves).astype(np.float32)
    clip_power = power.astype(np.float32) * np.exp(np.float32(math.log(10) / 10) * db)

    # Lines of a distant ship: harmonics of its blade rate, each drifting in level.
    base, n_lines = rng.uniform(12, 60), int(rng.integers(0, 7))
    for order in rng.integers(1, 9, n_lines):
        near = np.flatnonzero(np.abs(f - order * base) < 6)
        width = rng.uniform(0.5, 1.5)
        line = np.exp(-0.5 * ((f[near] - order * base) / width) ** 2)
        strength = rng.normal(8, 5 * min(spread, 1.0)) + 2 * slow_drift(rng, n, 0.9)
        clip_power[:, near] += (10 ** (strength / 10))[:, None] * (line * power[near])

    white = rng.standard_normal((n, len(f), 2), dtype=np.float32).view(np.complex64)[..., 0]
    noise = irfft(white * np.sqrt(clip_power), CLIP_SAMPLES, axis=1)
    depth = 0.08 * spread * abs(rng.standard_normal())
    noise *= unsteady_level(n, depth, rng)
    return noise * np.float32(recorder.level / math.sqrt(noise.astype(float).var()))


def unsteady_level(
    n: int,
    depth: float,
    rng: np.random.Generator,
    rates: tuple[float, float, float] = (0.7, 1.6, 3.7),
) -> np.ndarray:
    """(n, CLIP_SAMPLES) float32 gain that wavers about 1 at a few `rates` (Hz)."""
    gain = np.zeros((n, CLIP_SAMPLES), np.float32)
    for rate in rates:
        pitch = (rate * rng.uniform(0.7, 1.4, (n, 1))).astype(np.float32)
        phase = rng.uniform(0, 1, (n, 1)).astype(np.float32)
        gain += np.sin(np.float32(2 * np.pi) * (pitch * TIME + phase))
    return np.exp(np.float32(depth) * gain)


def draw_loudness(rng: np.random.Generator, n: int, low: float, high: float) -> np.ndarray:
    """(n,) amplitudes of sines whose power is `low` to `high` dB above the ambient noise."""
    return math.sqrt(2) * 10 ** (rng.uniform(low, high, n) / 20)


def draw_amplitude(rng: np.random.Generator, n: int, low: float, high: float) -> np.ndarray:
    """(n, 1) float32 amplitudes `low` to `high` dB above the ambient noise."""
    return (10 ** (rng.uniform(low, high, (n, 1)) / 20)).astype(np.float32)
