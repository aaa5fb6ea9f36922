"""Name or path in, `Dataset` out."""

import os
from pathlib import Path

import numpy as np

from utils import ocean, paths
from utils.data.challenge import CHALLENGE, load_challenge
from utils.data.dataset import Dataset
from utils.data.folder import load_folder
from utils.data.npz import load_npz
from utils.errors import UserError
from utils.paths import SIMULATED
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram

RESERVED = (SIMULATED, f"{SIMULATED}_calibration")  # whose results are committed


def load(source=None, *, settings=None, labels_csv=None, positive_class=None, skip_bad=False):
    """Return the Dataset of a name or path; None means the variable DATASET, or "simulated".

    settings: SpectrogramSettings for audio. labels_csv: a CSV for a folder of audio, if it does
    not lie in the folder. positive_class: the class that is the call, if names do not tell; None
    means the variable POSITIVE_CLASS, or what the names say.
    skip_bad: leave unreadable audio files out instead of stopping. FileNotFoundError or
    ValueError, in one sentence, if something is wrong.
    """
    source = str(source or os.environ.get("DATASET") or SIMULATED)
    asked, settings = settings, settings or SpectrogramSettings()
    if source == SIMULATED:
        return simulated(settings=settings)
    path = locate(source)
    if path.is_file():
        given = {"settings": asked, "labels_csv": labels_csv, "positive_class": positive_class}
        if unused := [name for name, value in given.items() if value is not None]:
            raise UserError(f"{path.name} holds spectrograms, which need no {unused[0]}; drop it.")
        return load_npz(path)
    if (path / "CornellWhaleChallenge_X.npy").exists():
        return load_challenge(path, settings)
    positive_class = positive_class or os.environ.get("POSITIVE_CLASS") or None
    return load_folder(path, settings, labels_csv, positive_class, skip_bad)


def locate(source):
    """Return the path of a source other than "simulated"; FileNotFoundError if there is none."""
    if source == CHALLENGE and not Path(source).exists():
        path = paths.ROOT / "data" / CHALLENGE
        if not (path / "CornellWhaleChallenge_X.npy").exists():
            raise FileNotFoundError(
                f"{CHALLENGE} is not in data/ yet; run `make data NAME={CHALLENGE}` first."
            )
        return path
    path = Path(source).expanduser()
    if not path.exists():
        raise FileNotFoundError(
            f"no data set or path is called {source!r}; give 'simulated', '{CHALLENGE}', "
            "an .npz file or a folder of audio."
        )
    if path.is_file() and path.suffix != ".npz":
        raise UserError(f"{path.name} is a file but no .npz; give an .npz or a folder of audio.")
    if (path.stem if path.is_file() else path.resolve().name) in RESERVED:
        raise UserError(
            f"{path.name} has a name that is kept for the embedded clips, whose results it would "
            "replace; rename it."
        )
    return path


def simulated(*, n_clips=4000, seed=0, settings=None, ocean_settings=None, name=SIMULATED):
    """Return the simulated hydrophone of `utils.ocean` as a Dataset with audio and truth."""
    settings = settings or SpectrogramSettings()
    recordings = ocean.simulate(n_clips, seed, ocean_settings or ocean.OceanSettings())
    if recordings.audio.shape[1] != settings.n_samples or settings.sample_rate != 2000:
        raise UserError(
            "the simulated clips last 2 s at 2000 Hz; leave sample_rate and clip_seconds alone."
        )
    return Dataset(
        name=name,
        spectrograms=mel_spectrogram(recordings.audio, settings),
        labels=recordings.labels.astype(np.int8),
        groups=recordings.recording.astype(np.int64),
        clip_names=np.array([f"sim{i:05d}" for i in range(n_clips)]),
        frequencies=settings.frequencies,
        times=settings.times,
        unit="dB",
        audio=recordings.audio,
        sample_rate=settings.sample_rate,
        settings=settings,
        truth=recordings.truth,
        provenance={
            "source": "utils.ocean",
            "processing": f"simulated from seed {seed}, 2 s at 2000 Hz",
            "licence": "MIT",
        },
    )
