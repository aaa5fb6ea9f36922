"""Files of clips for the tests of their readers."""

import numpy as np
import soundfile

from utils import data
from utils.data import annotations
from utils.sound.spectrograms import SpectrogramSettings

RATE, SAMPLES = 2000, 1000
SETTINGS = SpectrogramSettings(clip_seconds=0.5)
RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"


def noise(seed, n=SAMPLES):
    return 0.1 * np.random.default_rng(seed).standard_normal(n)


def write(path, audio=None, rate=RATE, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(seed) if audio is None else audio, rate)
    return path


def npz(path, **changes):
    arrays = {
        "spectrograms": np.random.default_rng(0).integers(0, 256, (60, 50, 101)).astype(np.uint8),
        "labels": (np.arange(60) % 2).astype(np.uint8),
    } | changes
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


def load(folder, **options):
    return data.load(folder, settings=SETTINGS, **options)


def boxes(path):
    """The boxes of a table, or of a folder's tables."""
    folder, given = (path, None) if path.is_dir() else (path.parent, [path])
    paths = annotations.tables(folder, given)
    return annotations.survey(folder, paths, known_only=path.is_dir()).events
