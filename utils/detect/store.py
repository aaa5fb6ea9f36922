"""A detector, and the folder of numbers and text in which it is kept."""

import contextlib
import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from utils import paths, tables
from utils.data.dataset import some_of
from utils.detect.fitted import Linear, restored
from utils.errors import UserError
from utils.models import embeddings
from utils.sound import features
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram, resize

CURVES, WORST = "curves.png", "worst_errors.png"  # the card's figures
VERSION = 3  # raised when older folders can no longer be read
SETTINGS, WEIGHTS, HELD_OUT, CARD = "detector.json", "weights.npz", "held_out.csv", "card.md"
LARGEST_JSON = 1_000_000  # bytes
FILES = frozenset((SETTINGS, WEIGHTS, HELD_OUT, CARD, CURVES, WORST))
_DAMAGE = (  # what json, zipfile, zlib and numpy raise for files that are not what they seem
    OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, MemoryError, OverflowError,
    RecursionError, NotImplementedError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Detector:
    """What finds a call in sound.

    settings: of the spectrograms, None where unknown; shape (f, t): the classifier's grid; band
    (low, high): Hz of the calls; threshold: probability from which a window is reported; digest:
    hash of the stored weights and settings, "" before they are stored; recordings: names of the
    files that it learned from.
    """

    call: str
    settings: SpectrogramSettings | None
    shape: tuple[int, int]
    band: tuple[float, float]
    threshold: float
    recipe: str
    trained_on: dict
    classifier: object
    digest: str = ""
    recordings: frozenset[str] = frozenset()

    @property
    def hears(self) -> bool:
        """Whether it takes sound, and no spectrograms: through a network that others trained."""
        return isinstance(self.classifier, Linear)

    def check(self) -> None:
        """UserError if what it needs beside this folder is not installed."""
        if self.hears:
            embeddings.check()

    def score(self, spectrograms: np.ndarray) -> np.ndarray:
        """Return the (n,) probability of a call in (n, f, t) spectrograms."""
        known = features.extract(resize(spectrograms, self.shape))
        return self.classifier.predict_proba(known)

    def score_audio(self, audio: np.ndarray) -> np.ndarray:
        """Return the (n,) probability of a call in (n, samples); 0 where nothing sounds."""
        heard = np.ptp(audio, axis=1) > 0
        scores = np.zeros(len(audio))
        if heard.any() and self.hears:
            speeds = self.classifier.speeds.tolist()
            embedded = embeddings.at_speeds(audio[heard], self.settings.sample_rate, speeds)
            scores[heard] = self.classifier.predict_proba(embedded)
        elif heard.any():
            scores[heard] = self.score(mel_spectrogram(audio[heard], self.settings))
        return scores


def save(
    detector: Detector,
    folder: str | Path,
    held_out: pd.DataFrame,
    describe: Callable[[Path], object],
) -> None:
    """Write a detector's folder beside it, then rename; describe(folder) adds the card.

    held_out: the scores of clips by classifiers that had not heard their recordings. A folder that
    is no detector's is not replaced: UserError.
    """
    folder = Path(folder)
    check_replaceable(folder)
    with paths.replacing(folder) as partial:
        partial.mkdir()
        np.savez(partial / WEIGHTS, **detector.classifier.arrays())
        told = ("call", "shape", "band", "threshold", "recipe", "trained_on")
        text = {"version": VERSION, "kind": detector.classifier.kind}
        text |= {name: getattr(detector, name) for name in told}
        text["settings"] = asdict(detector.settings) if detector.settings else None
        text["weights"] = _digest((partial / WEIGHTS).read_bytes())
        text["checksum"] = _checksum(text)
        (partial / SETTINGS).write_text(json.dumps(text, indent=1, ensure_ascii=False), "utf-8")
        held_out.to_csv(partial / HELD_OUT, index=False, float_format="%.6g")
        describe(partial)


@contextlib.contextmanager
def reserved(folder: Path) -> Iterator[None]:
    """Within it, no other training writes to a folder. UserError if one does."""
    lock = folder.with_name(f".{folder.name}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with tables.sole_writer(lock, "training", folder):
        yield


def check_replaceable(
    folder: str | Path, mark: str = SETTINGS, files: Collection[str] | None = FILES
) -> None:
    """UserError if a folder is there, is not empty, and is not one of our own: it lacks the file
    `mark`, or holds others than `files` (None: others may lie there)."""
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder.name} is a file; name a folder with --out.")
    there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    others = [name for name in there if files is not None and name not in files]
    if others or there and mark not in there:
        raise UserError(
            f"{folder.name}/ holds other things ({some_of(others or there)}); name a new folder "
            "with --out."
        )


def load(folder: str | Path) -> Detector:
    """Return the Detector of a folder; UserError, in one sentence, if it is none or is damaged."""
    folder = Path(folder)
    if not (folder / SETTINGS).is_file():
        raise UserError(
            f"{folder.name or folder} is no detector's folder (it has no {SETTINGS}); "
            "make one with `whales detect train`."
        )
    try:
        return _read(folder)
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, FileNotFoundError):
            reason = f"it lacks {Path(error.filename).name}"
        raise UserError(
            f"{folder.name}/ is damaged or of another version ({reason}); copy it anew or train "
            "it again."
        ) from error


def _read(folder):
    path = folder / SETTINGS
    if path.stat().st_size > LARGEST_JSON:
        raise ValueError(f"{SETTINGS} is too large")
    content = path.read_bytes()
    told = json.loads(content)
    version = told.get("version") if isinstance(told, dict) else None
    if version != VERSION:
        raise ValueError(f"{SETTINGS} has version {version}, and this program reads {VERSION}")
    if told.pop("checksum", None) != _checksum(told):
        raise ValueError(f"{SETTINGS} was changed after it was stored")
    settings = told["settings"]
    if settings is not None:
        known = {field.name for field in fields(SpectrogramSettings)}
        if set(settings) != known:
            raise ValueError("its settings have other names")
        settings = SpectrogramSettings(**settings)
    low, high = map(float, told["band"])
    threshold = float(told["threshold"])
    if not (0 <= low < high < np.inf and 0 <= threshold <= 1):
        raise ValueError("its band or threshold is out of range")
    shape = tuple(int(size) for size in told["shape"])
    weights = (folder / WEIGHTS).read_bytes()
    if told["weights"] != _digest(weights):
        raise ValueError(f"{WEIGHTS} is not the one that {SETTINGS} was stored with")
    with np.load(folder / WEIGHTS, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return Detector(
        call=str(told["call"]),
        settings=settings,
        shape=shape,
        band=(low, high),
        threshold=threshold,
        recipe=str(told["recipe"]),
        trained_on=dict(told["trained_on"]),
        classifier=restored(told["kind"], arrays, shape),
        digest=_digest(content + weights),
        recordings=_recordings(folder / HELD_OUT),
    )


def _recordings(path):
    """Names of the files in a table of held-out clips."""
    if not path.is_file():
        return frozenset()
    return frozenset(files(pd.read_csv(path, usecols=["clip"], dtype=str)["clip"].dropna()))


def files(clips: Iterable[str]) -> list[str]:
    """Return the names of clips' files; of a recording, "b/a.wav 2.0 s" is a clip."""
    return [PurePosixPath(re.sub(r" [\d.]+ s$", "", clip)).name for clip in clips]


def _checksum(told):
    """What tells settings from changed ones."""
    return _digest(json.dumps(told, sort_keys=True).encode())


def _digest(content):
    return hashlib.blake2b(content, digest_size=8).hexdigest()
