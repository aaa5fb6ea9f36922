"""Training clips out of the simulated hydrophone: whole simulated clips, and simulated calls in
real seas.

Calls in seas. A call is simulated alone (`ocean.simulate_calls`, whose ranges rest on literature).
Its sea is put together from training clips: the level and the contrast of the noise of a clip with
a call, the texture of a sea that is drawn by propensity (`generators.sea`), so that the sea is no
cue. Both are added as power, at an SNR drawn anew for each clip.

Whole clips, with and without a call, come from oceans of the prior (`ocean.simulate_prior`).

Either kind is drawn by the odds with which a Random Forest takes a clip for one of the row's own of
its class (importance weights; Shimodaira 2000, J. Stat. Plan. Inference 90): what the deployment
does not hear counts little.

How it was chosen, on other splits than the study's (`split_seed` 0, ROC AUC, CNN and Random Forest,
25 and 50 calls, two to five seeds): drawing by these odds made the difference between a gain and
none; seas without a call beside those with one harmed; simulated calls 3 dB louder gained less; a
CNN pre-trained on 20,000 clips of the prior and then tuned gained less than one that met clips of
the prior, drawn by odds, beside the real ones.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from utils import ocean, paths, tables
from utils.errors import UserError
from utils.models.generators.sea import membership_odds, propensity_weights
from utils.sound import features
from utils.sound.spectrograms import (
    SpectrogramSettings,
    level,
    mel_spectrogram,
    resize,
    resize_axis,
)

if TYPE_CHECKING:
    from utils.data import Dataset

SNR_DB = (3.0, 6.0)  # mean and standard deviation of a call in a real sea, in the calls' band
SPAN_DB = (40.0, 60.0)  # of a clip whose spectrogram was stretched, so that its dB are unknown
SOUNDING = 0.05  # of its loudest frame's power: a frame in which a call is heard
SIZES = {"calls": 1500, "clips": 6000}  # simulated once an ocean
TUNED_SEED = 1000  # other clips than those of the embedded data set, which is seed 0
OCEANS = 5  # seed s of the study hears ocean s modulo this
TREES = 100  # of the forest that weighs simulated clips
REVISION = 1  # raised when the code changes what is simulated
SETTINGS = [SNR_DB, SPAN_DB, SOUNDING, SIZES, OCEANS, TREES, REVISION]


def check(dataset: Dataset) -> SpectrogramSettings:
    """Return the SpectrogramSettings of a Dataset that the simulated hydrophone can stand for.

    UserError if its clips are not those of the hydrophone: 2 s at 2 kHz.
    """
    settings = dataset.settings or SpectrogramSettings()
    same = settings.has_axes(dataset.frequencies, dataset.times)
    if not same or (settings.sample_rate, settings.clip_seconds) != (2000, 2.0):
        raise UserError(
            f"{dataset.name}: the simulated hydrophone has clips of 2 s at 2000 Hz; its strategies "
            "need spectrograms of such clips."
        )
    return settings


def scale(dataset: Dataset, shape: tuple[int, int]) -> tuple[np.ndarray, bool]:
    """Return where calls lie on a grid (f, t), (f,) bool, and whether each clip of a Dataset was
    stretched to one range, so that its dB are unknown."""
    low, high = ocean.SNR_BAND
    axis = resize_axis(dataset.frequencies, shape[0])
    return (axis >= low) & (axis <= high), dataset.unit != "dB"


def _power_in(image, band, sounding):
    """(n,) mean power of images (n, f, t) within a band (f,), over frames (n, t) that sound."""
    return (image[:, band].mean(1) * sounding).sum(1) / sounding.sum(1)


def _contrast(excess):
    """(n, 1, 1) spread of the noise in (n, f, t) excess over the level, by medians."""
    middle = np.median(excess, axis=(1, 2), keepdims=True)
    return 1.4826 * np.median(np.abs(excess - middle), axis=(1, 2), keepdims=True) + 1e-6


def _range(clips):
    return np.ptp(clips, axis=(1, 2), keepdims=True)


def calls_in_seas(
    alone: np.ndarray,
    band: np.ndarray,
    calls: np.ndarray,
    seas: np.ndarray,
    rng: np.random.Generator,
    *,
    stretched: bool,
) -> np.ndarray:
    """Return (n, f, t) float32 clips with a call.

    alone (n, f, t): power of simulated calls; band (f,) bool: where they lie; calls (k, f, t) and
    seas (m, f, t): training clips, of which calls may be none; stretched: whether each clip's
    spectrogram was stretched to one range, so that its dB are unknown.
    """
    n, frames = len(alone), seas.shape[2]
    seed = int(rng.integers(2**31))
    weights = propensity_weights(calls, seas, seed=seed) if len(calls) else None
    drawn = seas[rng.choice(len(seas), n, p=weights)]
    moved = (np.arange(frames) + rng.integers(1, frames, (n, 1))) % frames
    texture = np.take_along_axis(drawn - level(drawn), moved[:, None], axis=2)
    like = calls[rng.integers(0, len(calls), n)] if len(calls) else drawn
    quiet = level(like)
    sea = quiet + texture * (_contrast(like - quiet) / _contrast(texture))
    decibels = rng.uniform(*SPAN_DB, (n, 1, 1)) / _range(like) if stretched else 1.0
    power = 10 ** (sea * decibels / 10)
    loudest = alone[:, band].sum(1)
    sounding = loudest > SOUNDING * loudest.max(1, keepdims=True)
    snr = 10 ** (rng.normal(*SNR_DB, n) / 10)
    gain = snr * _power_in(power, band, sounding) / _power_in(alone, band, sounding)
    both = 10 * np.log10(power + gain[:, None, None] * alone) / decibels
    return _finished(both, like, stretched)


def _finished(clips, like, stretched):
    """Clips as the data set's own are: stretched to the range of others, or 0 dB at the loudest."""
    top = clips.max((1, 2), keepdims=True)
    if not stretched:
        return (clips - top + like.max((1, 2), keepdims=True)).astype(np.float32)
    low = like.min((1, 2), keepdims=True)
    share = (clips - clips.min((1, 2), keepdims=True)) / _range(clips)
    return (low + share * _range(like)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Bank:
    """Simulated clips: grid (n, f, t), or the power of calls alone; labels and table, where whole
    clips are held."""

    grid: np.ndarray
    labels: np.ndarray
    table: np.ndarray


@functools.lru_cache(maxsize=4)
def bank(
    kind: str,
    number: int,
    settings: SpectrogramSettings,
    shape: tuple[int, int],
    times: float = 1,
) -> Bank:
    """Return the Bank of a kind, simulated once and kept on disk.

    kind: "calls" alone, "downsweeps" (the same, played backwards), whole clips of "prior" oceans,
    or of the "tuned" one. number: of the ocean, which is its seed. times: so many times SIZES.
    """
    sizes = {name: round(times * size) for name, size in SIZES.items()}
    folder = paths.CACHE / "ocean"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps([kind, number, sizes, REVISION, repr(settings), shape])
    path = folder / f"{kind}-{number}-{tables.digest(text)}.npz"
    with FileLock(path.with_suffix(".lock")):
        if not path.is_file():
            with paths.replacing(path) as partial:
                np.savez(partial, **_simulate(kind, number, settings, shape, sizes))
    with np.load(path, allow_pickle=False) as stored:
        return Bank(stored["grid"], stored["labels"], stored["table"])


def _simulate(kind, number, settings, shape, sizes):
    if kind in ("calls", "downsweeps"):
        audio = ocean.simulate_calls(sizes["calls"], number)
        power = resize(10 ** (mel_spectrogram(audio, settings) / 10), shape)
        power = power[:, :, ::-1] if kind == "downsweeps" else power
        return {"grid": power, "labels": np.ones(len(power), np.int8), "table": np.empty((0, 0))}
    if kind == "prior":
        recordings = ocean.simulate_prior(sizes["clips"], number)
    else:
        balanced = ocean.OceanSettings(positive_fraction=0.5)
        recordings = ocean.simulate(sizes["clips"], TUNED_SEED + number, balanced)
    grid = resize(mel_spectrogram(recordings.audio, settings), shape)
    table = features.extract(grid).table
    return {"grid": grid, "labels": recordings.labels.astype(int), "table": table}


def importance(simulated: np.ndarray, real: np.ndarray, *, seed: int) -> np.ndarray:
    """Return (n,) weights, sum 1: the odds that rows (n, d) of `features.table` belong to those of
    real clips (k, d); all alike if there are none."""
    if not len(real):
        return np.full(len(simulated), 1 / len(simulated))
    odds = membership_odds(real, simulated, seed=seed, n_estimators=TREES, n_jobs=1)
    return odds / odds.sum()
