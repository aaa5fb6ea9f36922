"""Oceans of which nothing is known but what the literature says: domain randomisation.

Each recording has settings of its own, drawn from ranges wide enough for any deployment (Tobin et
al. 2017, IROS), and no range was set by looking at clips that a detector is tested on.

Up-call: starts at 50 to 150 Hz, rises by 50 to 200 Hz in 0.5 to 1.5 s (Clark 1982, Anim. Behav. 30;
Parks, Clark & Tyack 2007, JASA 122; Parks et al. 2009, JASA 125: between habitats and years), is
straight or bends either way (Urazghildiiev & Clark 2006, JASA 120), lies anywhere in the clip, and
may be cut by its edge.
Signal-to-noise ratio: means of -10 to 12 dB, the range over which detection goes from hopeless to
certain (Gillespie 2004, Can. Acoust. 32(2); Urazghildiiev & Clark 2006).
Echoes: from none to half as strong again as in `calls.receive`, since depth and range are unknown.
Recorder: high-pass at 5 to 150 Hz, pre-whitened by 0 to 6 dB an octave (the range of the usual
pre-amplifiers: flat, or falling as the sea's own spectrum does, Wenz 1962, JASA 34).
Other sources: each in none to 60 % of the clips, alike in both classes, at any time.
Assumed, without a source: the bow's range, spreads within a recording, the shares of calls with
harmonics or cut, how much the background varies, and the recorder's edge and level. The renderer is
that of the simulated clips.
"""

from __future__ import annotations

import math

import joblib
import numpy as np
import pandas as pd

from utils.ocean.recordings import Recordings, render_recording, simulate
from utils.ocean.settings import DISTRACTORS, OceanSettings, Recorder, UpcallShape

RECORDING_CLIPS = 50
POSITIVE_FRACTION = 0.5


def draw_settings(rng: np.random.Generator) -> OceanSettings:
    """Return the settings of one recording."""
    upcall = UpcallShape(
        start=(rng.uniform(50, 150), 0.0, 12.0, 40.0, 200.0),
        log_sweep=(math.log(rng.uniform(50, 200)), 0.0, 0.3, math.log(30), math.log(300)),
        duration=(rng.uniform(0.5, 1.5), 0.0, 0.15, 0.3, 1.8),
        log_power=(rng.uniform(-0.3, 1.0), 0.0, 0.3, math.log(0.5), math.log(4)),
        bow=(rng.uniform(-15, 15), 0.0, 5.0, -30.0, 30.0),
        centre=None,
    )
    recorder = Recorder(
        corner=math.exp(rng.uniform(math.log(5), math.log(150))),
        whitening=rng.uniform(0, 6),
        edge=rng.uniform(850, 950),
        level=0.012,
    )
    return OceanSettings(
        positive_fraction=POSITIVE_FRACTION,
        recording_clips=(RECORDING_CLIPS, RECORDING_CLIPS),
        snr_mean_db=rng.uniform(-10, 12),
        snr_sd_db=rng.uniform(2, 6),
        harmonic_fraction=rng.uniform(0, 0.6),
        cut_fraction=rng.uniform(0, 0.2),
        background_variability=rng.uniform(0.7, 1.8),
        positive_rate_factor=1.0,
        sources_anywhere=True,
        reverberation=rng.uniform(0, 1.5),
        upcall=upcall,
        recorder=recorder,
        **{f"{kind}_rate": rng.uniform(0, 0.6) for kind in DISTRACTORS},
    )


def simulate_prior(n_clips: int, seed: int, *, n_jobs: int = -1) -> Recordings:
    """Return clips of recordings with settings drawn anew for each, RECORDING_CLIPS at a time.

    The same seed gives the same clips for any n_jobs.
    """
    starts = range(0, n_clips, RECORDING_CLIPS)

    def one(number: int, start: int) -> Recordings:
        settings = draw_settings(np.random.default_rng([seed, number]))
        wanted = max(2, min(RECORDING_CLIPS, n_clips - start))
        own = int(np.random.default_rng([seed, number, 1]).integers(2**31))
        return simulate(wanted, own, settings, n_jobs=1)

    found = joblib.Parallel(n_jobs=n_jobs, backend="threading")(
        joblib.delayed(one)(number, start) for number, start in enumerate(starts)
    )
    sizes = [len(part) for part in found]
    return Recordings(
        audio=np.concatenate([part.audio for part in found]),
        labels=np.concatenate([part.labels for part in found]),
        recording=np.repeat(np.arange(len(found)), sizes),
        truth=pd.concat([part.truth for part in found], ignore_index=True),
        contours=np.concatenate([part.contours for part in found]),
    )


def simulate_calls(n: int, seed: int) -> np.ndarray:
    """Return (n, 4000) float32: received calls of such recordings without any sea."""
    parts = []
    for number in range(math.ceil(n / RECORDING_CLIPS)):
        rng = np.random.default_rng([seed, number, 2])
        settings = draw_settings(rng)
        parts.append(render_recording(np.ones(RECORDING_CLIPS, bool), rng, settings).calls)
    return np.concatenate(parts)[:n]
