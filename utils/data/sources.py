"""Name or path in, `Dataset` out."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

from utils import ocean, paths
from utils.data import annotations, cache
from utils.data.challenge import CHALLENGE, CHALLENGE_X, load_challenge
from utils.data.dataset import UPCALL_BAND, Dataset
from utils.data.folder import load_folder
from utils.data.npz import load_npz
from utils.data.recordings import load_recordings
from utils.errors import UserError
from utils.paths import SIMULATED
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram

VARIABLES = {  # of the environment, by which options reach the notebooks
    "band": "DATASET_BAND",
    "seconds": "DATASET_SECONDS",
    "group": "DATASET_GROUP",
    "labels_csv": "DATASET_LABELS",
    "positive_class": "POSITIVE_CLASS",
    "skip_bad": "DATASET_SKIP_BAD",
}
RESERVED = (SIMULATED, f"{SIMULATED}_calibration")  # whose results are committed
PUBLISHED = "right_whale_upcalls"  # the same, of an .npz
PUBLISHED_SHA256 = "b9f379b9d7484b68bafac267c181f8b43b47d162d8b5bc636564bbff23d2c465"
NAME = "DATASET_NAME"  # the variable by which a data set gets another name than its file's


@dataclass(frozen=True)
class Options:
    """How audio of one's own is read; what is None follows from the data.

    settings: SpectrogramSettings. band (low, high): Hz of the spectrograms. seconds: of a clip.
    group: a regular expression that finds a clip's group in its path. labels_csv: the table of
    labels or boxes. positive_class: the class that is the call. skip_bad: leave unreadable files
    out instead of stopping.
    """

    settings: SpectrogramSettings | None = None
    band: tuple[float, float] | None = None
    seconds: float | None = None
    group: str | None = None
    labels_csv: str | Path | None = None
    positive_class: str | None = None
    skip_bad: bool = False

    def given(self) -> list[str]:
        """The names of what was asked for."""
        return [each.name for each in fields(self) if getattr(self, each.name) not in (None, False)]

    def completed(self) -> Options:
        """These options, and where they say nothing, those of the environment (VARIABLES)."""
        told = {name: os.environ.get(variable) for name, variable in VARIABLES.items()}
        told = {name: text for name, text in told.items() if text}
        if "band" in told:
            told["band"] = tuple(_number(text, "band") for text in told["band"].split())
            if len(told["band"]) != 2:
                raise UserError(f"{VARIABLES['band']} needs two frequencies in Hz, as in '50 350'.")
        if "seconds" in told:
            told["seconds"] = _number(told["seconds"], "seconds")
        if "skip_bad" in told:
            told["skip_bad"] = told["skip_bad"] == "1"
        return replace(self, **{name: told[name] for name in told if name not in self.given()})


def _number(text, name):
    try:
        return float(text)
    except ValueError as error:
        raise UserError(
            f"{VARIABLES[name]}: {text!r} is no number; write Hz or seconds."
        ) from error


def load(source: Path | str | None = None, **given: object) -> Dataset:
    """Return the Dataset of a name or path; None means the variable DATASET, or "simulated".

    given: fields of Options, for audio; what is not given is taken from the variables of the
    environment in VARIABLES, and the name of the data set from NAME, if it is there.
    FileNotFoundError or ValueError, in one sentence, if something is wrong.
    """
    source = str(source or os.environ.get("DATASET") or SIMULATED)
    options = Options(**given)
    if source == SIMULATED:
        return _kept(options.settings or SpectrogramSettings())
    path = locate(source)
    loaded = _read(path, options)
    name = os.environ.get(NAME) or loaded.name
    if name != PUBLISHED:
        _claim(name, path)
    return replace(loaded, name=name)


def _read(path, options):
    """The Dataset of an existing path."""
    if path.is_file():
        if unused := options.given():
            raise UserError(f"{path.name} holds spectrograms, which need no {unused[0]}; drop it.")
        return load_npz(path)
    if (path / CHALLENGE_X).exists():
        if unused := [name for name in options.completed().given() if name != "settings"]:
            raise UserError(f"the challenge's clips need no {unused[0]}; drop it.")
        return load_challenge(path, options.settings or SpectrogramSettings())
    options = options.completed()
    _check_ranges(options)
    tables = [Path(options.labels_csv)] if options.labels_csv else None
    if tables and not tables[0].is_file():
        raise FileNotFoundError(f"no table of labels is called {tables[0].name}; check the path.")
    if boxes := annotations.tables(path, tables):
        return load_recordings(path, options, boxes)
    return load_folder(path, options)


def _check_ranges(options):
    """UserError for a band or a length that no clip can have, or for two ways of saying them."""
    if options.settings and (options.band or options.seconds):
        raise UserError("settings hold the band and the length of a clip; drop band and seconds.")
    if options.band and not 0 <= options.band[0] < options.band[1] < np.inf:
        raise UserError(
            "--band {:g} {:g}: give two frequencies in Hz, the lower one first.".format(
                *options.band
            )
        )
    if options.seconds is not None and not 0.05 <= options.seconds <= 600:
        raise UserError(f"--seconds {options.seconds:g}: give a length between 0.05 and 600 s.")


def locate(source: str | Path) -> Path:
    """Return the path of a source other than "simulated"; FileNotFoundError if there is none."""
    if source == CHALLENGE and not Path(source).exists():
        path = paths.ROOT / "data" / CHALLENGE
        if not (path / CHALLENGE_X).exists():
            raise FileNotFoundError(
                f"{CHALLENGE} is not in data/ yet; run `make data NAME={CHALLENGE}` first."
            )
        return path
    path = Path(source).expanduser()
    if not path.exists():
        raise FileNotFoundError(
            f"no data set or path is called {source!r}; give 'simulated', '{CHALLENGE}', "
            "an .npz file or a folder of clips or recordings."
        )
    if path.is_file() and path.suffix.lower() != ".npz":
        raise UserError(f"{path.name} is a file but no .npz; give an .npz or a folder of audio.")
    _check_name(path)
    return path


def _claim(name, path):
    """Note whose name it is; UserError if results of another file or folder have it."""
    note = paths.ROOT / "data" / "cache" / "names" / f"{name}.txt"
    own = str(path.resolve()).encode("utf-8", "surrogateescape")
    known = note.read_bytes() if note.is_file() else None
    if known == own:
        return
    there = (paths.results_dir(name), paths.figures_dir(name), paths.ROOT / "reports" / name)
    other = Path(os.fsdecode(known or own))
    if known and other.exists() and any(folder.exists() for folder in there):
        raise UserError(
            f"{name} is also the name of {other}, whose results {path.name} would replace; give "
            "another one with --name NAME."
        )
    with contextlib.suppress(OSError):  # nothing can be written: neither can results
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_bytes(own)


def _check_name(path):
    """UserError if the results of a path would lie where those of a published data set lie."""
    own = path.stem if path.is_file() else path.resolve().name
    name = os.environ.get(NAME) or own
    if name != Path(name).name or name in ("", ".", ".."):
        raise UserError(f"--name {name}: give the name of a folder, without slashes.")
    if name in RESERVED or (name == PUBLISHED and not _is_published(path)):
        raise UserError(
            f"{name} is the name of published clips, whose results {path.name} would replace; give "
            "another one with --name NAME."
        )


def _kept(settings):
    """The Dataset of `simulated` with these settings, out of the cache once it was made."""
    code = [inspect.getfile(mel_spectrogram), *sorted(Path(ocean.__file__).parent.glob("*.py"))]
    what = {"simulated": repr(settings), "code": [cache.digest(path) for path in code]}
    what["versions"] = [np.__version__, scipy.__version__]

    def make():
        made = simulated(settings=settings)
        arrays = {name: getattr(made, name) for name in ("audio", "spectrograms")}
        yield arrays | {"labels": made.labels, "groups": made.groups} | dict(made.truth.items())

    entry = cache.entry(what, make)
    arrays = {name: entry.arrays[name] for name in ("audio", "spectrograms")}
    plain = {k: np.array(values) for k, values in entry.arrays.items() if k not in arrays}
    truth = pd.DataFrame({name: plain[name] for name in ocean.TRUTH_COLUMNS})
    return _hydrophone(SIMULATED, 0, settings, plain["labels"], plain["groups"], truth, **arrays)


def _is_published(path):
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == PUBLISHED_SHA256


def simulated(
    *,
    n_clips: int = 4000,
    seed: int = 0,
    settings: SpectrogramSettings | None = None,
    ocean_settings: ocean.OceanSettings | None = None,
    name: str = SIMULATED,
) -> Dataset:
    """Return the simulated hydrophone of `utils.ocean` as a Dataset with audio and truth."""
    settings = settings or SpectrogramSettings()
    recordings = ocean.simulate(n_clips, seed, ocean_settings)
    if recordings.audio.shape[1] != settings.n_samples or settings.sample_rate != 2000:
        raise UserError(
            "the simulated clips last 2 s at 2000 Hz; leave sample_rate and clip_seconds alone."
        )
    return _hydrophone(
        name, seed, settings, recordings.labels, recordings.recording, recordings.truth,
        audio=recordings.audio, spectrograms=mel_spectrogram(recordings.audio, settings),
    )  # fmt: skip


def _hydrophone(name, seed, settings, labels, groups, truth, *, audio, spectrograms):
    """The Dataset of simulated clips."""
    return Dataset.of_audio(
        settings,
        name=name,
        spectrograms=spectrograms,
        labels=labels.astype(np.int8),
        groups=groups.astype(np.int64),
        clip_names=np.array([f"sim{i:05d}" for i in range(len(labels))]),
        audio=audio,
        band=UPCALL_BAND,
        seconds=np.full(len(labels), settings.clip_seconds),
        truth=truth,
        provenance={
            "source": "utils.ocean",
            "processing": f"simulated from seed {seed}, 2 s at 2000 Hz",
            "licence": "MIT",
        },
    )
