"""Short WAV files of clips, at their own speed and sped up: a laptop does not play 100 Hz."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

from utils import paths
from utils.errors import UserError
from utils.sound import descriptors, spectrograms

RATE = 8000  # Hz: what every player takes
SPEEDS = (1, 4)
PEAK = 0.9


def waveforms(
    dataset: object, index: np.ndarray | Sequence[int], *, seed: int
) -> tuple[np.ndarray, int]:
    """Return (k, samples) audio in -1..1 and its rate in Hz, of some clips of a `data.Dataset`."""
    if dataset.audio is not None:
        return np.asarray(dataset.audio[index], dtype=np.float32), dataset.sample_rate
    return reconstructed(dataset, dataset.spectrograms[index], seed=seed)


def can_sound(dataset: object) -> bool:
    """Whether there is audio, or spectrograms of known settings from which it can be estimated."""
    return dataset.audio is not None or _settings(dataset) is not None


def reconstructed(dataset: object, images: np.ndarray, *, seed: int) -> tuple[np.ndarray, int]:
    """Return audio and rate of (k, f, t) images in a data set's unit and on any grid of its extent.

    Phases are estimated, which sounds hollow. UserError where the settings are not known.
    """
    settings = _settings(dataset)
    if settings is None:
        raise UserError(f"{dataset.name}: the settings of its spectrograms are not known.")
    shape = settings.mel_bands, settings.n_frames
    shown = descriptors.as_decibels(spectrograms.resize(images, shape), dataset.unit)
    return spectrograms.to_audio(shown, settings, seed=seed), settings.sample_rate


def _settings(dataset):
    """Those of a data set, or the usual ones if its bands and frames are theirs; else None."""
    usual = dataset.settings or spectrograms.SpectrogramSettings()
    return usual if usual.has_axes(dataset.frequencies, dataset.times) else None


def write(clips: Mapping[str, np.ndarray], rate: int, slug: str, dataset_name: str) -> dict:
    """Write each clip (samples,) at each of SPEEDS; return {name: paths relative to notebooks/}."""
    folder = paths.figures_dir(dataset_name) / "audio"
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for number, (name, clip) in enumerate(clips.items(), start=1):
        written[name] = []
        for speed in SPEEDS:
            path = folder / f"{slug}_{number}{'' if speed == 1 else f'_x{speed}'}.wav"
            soundfile.write(path, at_speed(clip, rate, speed), RATE, subtype="PCM_16")
            written[name].append(Path("..", path.relative_to(paths.ROOT)).as_posix())
    return written


def at_speed(clip: np.ndarray, rate: int, speed: float) -> np.ndarray:
    """Return a clip (samples,) as it sounds `speed` times faster, resampled to RATE."""
    ratio = Fraction(RATE, rate * speed)
    played = scipy.signal.resample_poly(clip, ratio.numerator, ratio.denominator)
    return (PEAK * played / max(np.abs(played).max(), 1e-9)).astype(np.float32)


def players(written: Mapping[str, list]) -> str:
    """Return HTML: a row a clip, with a player and a link (GitHub shows the link) a speed."""

    def cell(path):
        link = f'<a href="{path}">{Path(path).name}</a>'
        return f'<td><audio controls preload="none" src="{path}"></audio><br>{link}</td>'

    speeds = ("velocidad real", *(f"{speed} veces más rápido" for speed in SPEEDS[1:]))
    head = "".join(f"<th>{text}</th>" for text in ("", *speeds))
    rows = "".join(
        f"<tr><td>{escape(name)}</td>{''.join(map(cell, files))}</tr>"
        for name, files in written.items()
    )
    return f"<table><tr>{head}</tr>{rows}</table>"
