"""Recordings with their whales, and clips with their truth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
from scipy.special import ndtri

from utils.errors import UserError
from utils.ocean.calls import render_calls
from utils.ocean.noise import power_in_band, render_ambient, slow_drift
from utils.ocean.settings import CLIP_SAMPLES, DISTRACTORS, TRUTH_COLUMNS, OceanSettings, Recorder
from utils.ocean.sources import RENDERERS

_PEAK = 0.95


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
    contours: (n, 101) Hz, frequency of the fundamental at `CONTOUR_TIMES`, NaN where no call.
    """

    audio: np.ndarray
    labels: np.ndarray
    recording: np.ndarray
    truth: pd.DataFrame
    contours: np.ndarray

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
        parts = render_recording(labels[rows] == 1, rng, settings)
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
    )


def _layout(n: int, rng: np.random.Generator, settings: OceanSettings):
    """Recording number (n,) and label (n,) of each clip, calls in runs, both classes in each."""
    low, high = settings.recording_clips
    count = max(math.ceil(n / high), round(2 * n / (low + high)), 1)
    ends = np.cumsum(rng.uniform(low, high, count))
    starts = np.round(ends[:-1] / ends[-1] * n).astype(int)
    recording = np.searchsorted(starts, np.arange(n), side="right").astype(np.int64)

    calling = np.concatenate([
        0.5 * rng.standard_normal() + 0.8 * slow_drift(rng, size) + 0.4 * rng.standard_normal(size)
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


def _moved(signals: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Signals (n, samples) begun at any time; what leaves at the end comes in at the start."""
    first = rng.integers(0, CLIP_SAMPLES, (len(signals), 1))
    return np.take_along_axis(signals, (np.arange(CLIP_SAMPLES) + first) % CLIP_SAMPLES, axis=1)


def render_recording(
    positive: np.ndarray, rng: np.random.Generator, settings: OceanSettings
) -> _Parts:
    """Render one recording whose clips hold a call where `positive` (clips,) says so."""
    n = len(positive)
    recorder = settings.recorder or Recorder.draw(rng, settings.background_variability)
    ambient = render_ambient(n, recorder, rng, settings.background_variability)
    band_power = power_in_band(ambient)  # (n,)
    scale = np.sqrt(band_power).astype(np.float32)[:, None]

    calls, call_truth, contours = render_calls(positive, recorder, band_power, rng, settings)
    present = {}
    for kind in DISTRACTORS:
        rate = getattr(settings, f"{kind}_rate")
        rates = np.where(positive, rate * settings.positive_rate_factor, rate)
        inclination = 0.8 * slow_drift(rng, n) + 0.6 * rng.standard_normal(n)
        present[kind] = inclination > ndtri(1 - rates)
    sources = {}
    for kind in DISTRACTORS:
        rows = np.flatnonzero(present[kind])
        if len(rows):
            signals = RENDERERS[kind](len(rows), recorder, rng) * scale[rows]
            if settings.sources_anywhere:
                signals = _moved(signals, rng)
            sources[kind] = rows, signals

    flags = pd.DataFrame(present)
    truth = call_truth.assign(n_distractors=flags.sum(axis=1).astype(np.int64), **present)
    return _Parts(ambient, calls, sources, truth[list(TRUTH_COLUMNS)], contours)
