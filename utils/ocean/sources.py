"""Other sources: whales, gear, waves, airguns and ships."""

from __future__ import annotations

import math

import numpy as np
from scipy.fft import irfft, rfft

from utils.ocean.calls import make_units, receive, render_units
from utils.ocean.noise import draw_amplitude, draw_loudness, slow_drift, unsteady_level
from utils.ocean.settings import CLIP_FREQUENCIES, CLIP_SAMPLES, TIME, Recorder


def render_downsweeps(n: int, recorder: Recorder, rng: np.random.Generator) -> np.ndarray:
    duration = rng.uniform(0.4, 1.5, n)
    end = np.exp(rng.uniform(math.log(28), math.log(140), n))
    units = make_units(
        np.arange(n), rng, duration=duration, onset=rng.normal(0.95, 0.35, n) - duration / 2,
        start=end + rng.uniform(40, 200, n), end=end, power=rng.uniform(0.5, 1.3, n),
        loudness=draw_loudness(rng, n, -3, 9),
    )  # fmt: skip
    return receive(render_units(n, units), recorder, rng)


def render_flat_tonals(n: int, recorder: Recorder, rng: np.random.Generator) -> np.ndarray:
    """One or two steady tones a clip."""
    clip = np.concatenate([np.arange(n), np.flatnonzero(rng.uniform(size=n) < 0.3)])
    m = len(clip)
    pitch = np.exp(rng.uniform(math.log(70), math.log(480), m))
    duration = rng.uniform(0.4, 2.3, m)
    units = make_units(
        clip, rng, duration=duration, onset=rng.normal(0.95, 0.4, m) - duration / 2,
        start=pitch, end=pitch + rng.normal(0, 6, m), loudness=draw_loudness(rng, m, -6, 6),
        second=(rng.uniform(size=m) < 0.2) * 0.3, skew=1.0,
    )  # fmt: skip
    return receive(render_units(n, units), recorder, rng)


def render_humpback(n: int, recorder: Recorder, rng: np.random.Generator) -> np.ndarray:
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
    units = make_units(
        clip, rng, duration=duration, onset=onset, start=pitch,
        end=np.clip(pitch * (1 + rise), 50, 850),
        power=np.where(rising, np.exp(rng.normal(0.5, 0.4, m)), rng.uniform(0.7, 3.0, m)),
        bow=pitch * rng.normal(0, np.where(rising, 0.04, 0.1)),
        loudness=draw_loudness(rng, n, -9, 6)[clip],
        second=(rng.uniform(size=n) < 0.35)[clip] * rng.uniform(0.1, 0.6, m),
        third=(rng.uniform(size=n) < 0.2)[clip] * rng.uniform(0.1, 0.4, m),
    )  # fmt: skip
    return receive(render_units(n, units), recorder, rng)


def _coloured(n: int, gain: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, CLIP_SAMPLES) float32 noise of variance 1 with amplitude response `gain` (n, bins)."""
    size = (n, len(CLIP_FREQUENCIES), 2)
    white = rng.standard_normal(size, dtype=np.float32).view(np.complex64)[..., 0]
    gain = gain / np.sqrt((gain**2).sum(axis=1, keepdims=True) * 4) * CLIP_SAMPLES
    return irfft(white * gain.astype(np.float32), CLIP_SAMPLES, axis=1)


def render_knocks(n: int, recorder: Recorder, rng: np.random.Generator) -> np.ndarray:
    """Trains of 2 to 60 short broadband knocks, each a damped resonance."""
    count = np.round(np.exp(rng.uniform(math.log(2), math.log(60), n))).astype(int)
    clip = np.repeat(np.arange(n), count)
    m = len(clip)
    strikes = np.zeros((n, CLIP_SAMPLES), np.float32)
    strength = 10 ** (rng.normal(0, 4, m) / 20) * rng.choice([-1.0, 1.0], m)
    strikes[clip, rng.integers(0, CLIP_SAMPLES - 100, m)] = strength
    f = CLIP_FREQUENCIES
    centre = np.exp(rng.uniform(math.log(120), math.log(700), (n, 1)))
    damping = rng.uniform(15, 60, (n, 1))
    ringing = centre**2 / (centre**2 - f**2 + 2j * damping * f)
    ringing = ringing / np.abs(ringing).max(axis=1, keepdims=True) + rng.uniform(0.05, 0.6, (n, 1))
    train = irfft(rfft(strikes, axis=1) * ringing * recorder.gain(f), CLIP_SAMPLES, axis=1)
    train /= np.sqrt(np.partition(train**2, -60, axis=1)[:, -60:].mean(axis=1, keepdims=True))
    return (train * 10 ** (rng.uniform(6, 32, (n, 1)) / 20)).astype(np.float32)


def render_bursts(n: int, recorder: Recorder, rng: np.random.Generator) -> np.ndarray:
    """One to three bursts of broadband noise with steep edges, 30 ms to 1.2 s long."""
    f = np.maximum(CLIP_FREQUENCIES, 10.0)
    colour = (f / 200) ** rng.uniform(-1.0, 0.3, (n, 1)) * recorder.gain(f)
    envelope = np.zeros((n, CLIP_SAMPLES), np.float32)
    for number in range(3):
        length = np.exp(rng.uniform(math.log(0.03), math.log(1.2), (n, 1)))
        begin = np.clip(rng.normal(0.95, 0.3, (n, 1)), 0.05, 1.95) - length / 2
        edge = length * rng.uniform(0.02, 0.4, (n, 1))
        since, left = (TIME - begin) / edge, (begin + length - TIME) / edge
        shape = np.clip(since, 0, 1) * np.clip(left, 0, 1)
        heard = (number == 0) | (rng.uniform(size=(n, 1)) < 0.4)
        np.maximum(envelope, shape * heard * rng.uniform(0.4, 1, (n, 1)), out=envelope)
    flutter = unsteady_level(n, 0.25, rng, (4.0, 9.0, 21.0))
    return _coloured(n, colour, rng) * envelope * flutter * draw_amplitude(rng, n, 8, 28)


def render_airguns(n: int, recorder: Recorder, rng: np.random.Generator) -> np.ndarray:
    """One distant pulse a clip: below about 200 Hz, quick to rise, slow to fade."""
    f = np.maximum(CLIP_FREQUENCIES, 5.0)
    top = rng.uniform(50, 170, (n, 1))
    colour = recorder.gain(f) / np.sqrt(1 + (f / top) ** 6)
    since = TIME - rng.normal(0.7, 0.25, (n, 1)).astype(np.float32)
    rise, fade = rng.uniform(0.02, 0.08, (n, 1)), rng.uniform(0.1, 0.4, (n, 1))
    after = np.maximum(since, 0)
    envelope = (1 - np.exp(-after / rise)) * np.exp(-after / fade)
    return _coloured(n, colour, rng) * envelope.astype(np.float32) * draw_amplitude(rng, n, 8, 26)


def render_ships(n: int, recorder: Recorder, rng: np.random.Generator) -> np.ndarray:
    """A ship passing: a hump of noise, lines of its blade rate, modulated at that rate."""
    f = np.maximum(CLIP_FREQUENCIES, 5.0)
    blade = rng.uniform(5, 14)
    centre, width = rng.uniform(15, 90), rng.uniform(0.4, 1.1)
    hump = np.exp(-0.5 * (np.log2(f / centre) / width) ** 2)
    wide = 10 ** (rng.uniform(-26, -12) / 10)
    power = hump + wide * (f / 100) ** -1.0
    for order in range(2, 25):
        line = 10 ** (rng.normal(4, 6) / 10) * np.exp(-0.5 * ((f - order * blade) / 0.8) ** 2)
        power = power + line * hump
    noise = _coloured(n, np.broadcast_to(np.sqrt(power) * recorder.gain(f), (n, len(f))), rng)
    beat = np.sin(np.float32(2 * np.pi * blade) * (TIME + rng.uniform(0, 1, (n, 1)).astype("f4")))
    noise *= 1 + np.float32(rng.uniform(0.0, 0.6)) * beat
    level = rng.uniform(4, 24) + 2 * slow_drift(rng, n)
    loud = 10 ** (np.clip(level, 3, 27) / 20)
    return noise * unsteady_level(n, 0.15, rng) * loud.astype(np.float32)[:, None]


RENDERERS = {
    "downsweep": render_downsweeps,
    "flat_tonal": render_flat_tonals,
    "humpback": render_humpback,
    "knocks": render_knocks,
    "burst": render_bursts,
    "airgun": render_airguns,
    "ship": render_ships,
}
