"""Name or path in, `Dataset` out: validated arrays, labels, groups, provenance; group-wise splits.

`load` takes "simulated" (the embedded default), a `.npz` of spectrograms, a folder of audio, or
"cornell_whale_challenge". Clips stand in the order of the source, which for recordings is time.
"""

import hashlib
import io
import os
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import soundfile
import soxr
from sklearn.model_selection import StratifiedGroupKFold

from utils import ocean
from utils.errors import UserError
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "data" / "cache"
SIMULATED = "simulated"
CHALLENGE = "cornell_whale_challenge"
RESERVED = (SIMULATED, f"{SIMULATED}_calibration")  # whose results are committed
BLOCK_CLIPS = 250  # neighbouring clips that form a group where the source names none
MIN_CLIPS = 20  # of a class
N_SPLITS, SPARE_GROUPS = 5, 2  # test sides, and groups of each class that they need beyond one each
AUDIO_SUFFIXES = (".wav", ".aiff", ".aif", ".flac", ".ogg", ".mp3")
SHORTEST = 0.1  # of a clip's length: files that are shorter are refused instead of padded
GROUP_NAMES = ("group", "groups", "recording")  # of a CSV's column; in an .npz also "block"
NEGATIVE_WORDS = frozenset(
    "0 no non not none nocall noncall noise negative background absent absence other others sea "
    "ocean empty sin nada ruido fondo mar negativo negativa ausente ausencia otro otros vacio "
    "false".split()
)

_SHOWN = 3  # names that an error message lists


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled clips. Arrays are read-only; ValueError if they do not fit together.

    spectrograms (n, f, t) float32 in `unit`; labels (n,) int8, 1 call and 0 none; groups (n,)
    int64, recording or block of neighbouring clips; clip_names (n,); frequencies (f,) in Hz;
    times (t,) in s; class_names (negative, positive); audio (n, samples) float32 or None, at
    sample_rate in Hz; settings of the spectrograms, None where unknown; matched (n,) bool, a
    subset with as many calls as others in each group, or None; truth, one row a clip, or None.
    """

    name: str
    spectrograms: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    clip_names: np.ndarray
    frequencies: np.ndarray
    times: np.ndarray
    unit: str
    class_names: tuple[str, str] = ("none", "call")
    audio: np.ndarray | None = None
    sample_rate: int | None = None
    settings: SpectrogramSettings | None = None
    matched: np.ndarray | None = None
    truth: pd.DataFrame | None = None
    provenance: Mapping = field(default_factory=dict)

    def __post_init__(self):
        n = len(self.labels)
        shape = (n, len(self.frequencies), len(self.times))
        if self.spectrograms.shape != shape:
            raise UserError(
                f"{self.name}: spectrograms have shape {self.spectrograms.shape}, but labels, "
                f"frequencies and times ask for {shape}."
            )
        for name in ("groups", "clip_names", "audio", "matched", "truth"):
            value = getattr(self, name)
            if value is not None and len(value) != n:
                raise UserError(f"{self.name}: {name} has {len(value)} rows for {n} clips.")
        if not np.isin(self.labels, (0, 1)).all():
            raise UserError(f"{self.name}: labels other than 0 and 1; recode them.")
        for name in ("frequencies", "times"):
            if not (np.diff(getattr(self, name)) > 0).all():
                raise UserError(f"{self.name}: {name} must increase from cell to cell.")
        if not np.isfinite(self.spectrograms).all():
            bad = np.flatnonzero(~np.isfinite(self.spectrograms).all(axis=(1, 2)))
            raise UserError(
                f"{self.name}: {len(bad)} spectrograms hold NaN or infinite values "
                f"({_some(self.clip_names[bad])}); remove these clips."
            )
        for name in ("spectrograms", "labels", "groups", "clip_names", "frequencies", "times"):
            getattr(self, name).flags.writeable = False

    def __len__(self):
        return len(self.labels)

    def take(self, index):
        """Return the Dataset of some clips, by (k,) indices or an (n,) mask."""
        index = np.asarray(index)
        rows = ("spectrograms", "labels", "groups", "clip_names", "audio", "matched")
        taken = {k: getattr(self, k)[index] for k in rows if getattr(self, k) is not None}
        if self.truth is not None:
            positions = np.flatnonzero(index) if index.dtype == bool else index
            taken["truth"] = self.truth.iloc[positions].reset_index(drop=True)
        return replace(self, **taken)

    def study_clips(self):
        """Return the clips that models are compared on: the matched ones where they are marked."""
        return self if self.matched is None else self.take(self.matched)

    def describe(self):
        """Return one line: name, clips, calls, groups, shape and what was done to the source."""
        positive = int(self.labels.sum())
        return (
            f"{self.name}: {len(self)} clips, {positive} {self.class_names[1]} and "
            f"{len(self) - positive} {self.class_names[0]}, {len(np.unique(self.groups))} groups, "
            f"{len(self.frequencies)} bands x {len(self.times)} frames; "
            f"{self.provenance.get('processing', 'as stored')}"
        )


def results_dir(name):
    """Return data/results/<name>, where the tables of a data set are kept."""
    return ROOT / "data" / "results" / name


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
        return _load_npz(path)
    if (path / "CornellWhaleChallenge_X.npy").exists():
        return _load_challenge(path, settings)
    positive_class = positive_class or os.environ.get("POSITIVE_CLASS") or None
    return _load_folder(path, settings, labels_csv, positive_class, skip_bad)


def locate(source):
    """Return the path of a source other than "simulated"; FileNotFoundError if there is none."""
    if source == CHALLENGE and not Path(source).exists():
        path = ROOT / "data" / CHALLENGE
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


def _check_classes(name, labels):
    """ValueError unless both classes have at least MIN_CLIPS clips."""
    counts = np.bincount(np.asarray(labels, dtype=int), minlength=2)
    if (counts == 0).any():
        raise UserError(
            f"{name}: only one class is there ({counts[1]} calls, {counts[0]} others); "
            "add clips of the other class."
        )
    if counts.min() < MIN_CLIPS:
        raise UserError(
            f"{name}: {counts[1]} calls and {counts[0]} others; at least {MIN_CLIPS} clips of "
            "each class are needed."
        )


def _blocks(labels):
    """Groups (n,) of BLOCK_CLIPS neighbours, and what they are called in a sentence.

    Blocks are smaller where that would leave fewer than ten. Where a class is then in too few of
    them to be split, as in names that sort one class behind the other, each class has its own.
    """
    labels = np.asarray(labels)

    def dealt(n):
        return np.arange(n) // max(1, min(BLOCK_CLIPS, n // 10))

    groups, what = dealt(len(labels)), f"blocks of up to {BLOCK_CLIPS} neighbours"
    if min(len(np.unique(groups[labels == value])) for value in (0, 1)) >= N_SPLITS + SPARE_GROUPS:
        return groups.astype(np.int64), what
    for value in (0, 1):
        own = labels == value
        groups[own] = dealt(int(own.sum())) + value * len(labels)
    return np.unique(groups, return_inverse=True)[1].astype(np.int64), f"{what} of one class"


def _factorized(where, names):
    """Groups (n,) int64 of whatever tells recordings apart; ValueError if some are blank."""
    names = np.asarray(names)
    blank = np.isnan(names) if names.dtype.kind == "f" else names.astype(str) == ""
    if blank.any():
        raise UserError(
            f"{where}: {int(blank.sum())} clips have no group; name the recording of each clip, or "
            "leave groups out altogether."
        )
    if names.dtype.kind in "iu":
        return names.astype(np.int64)
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def _some(names):
    """The first names, in a sentence."""
    names = [str(name) for name in names]
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


# Spectrograms in an .npz


def _load_npz(path):
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = "it holds pickled objects" if "pickle" in str(error).lower() else "it is damaged"
        raise UserError(
            f"{path.name} cannot be read: {reason}; write it with np.savez and plain arrays."
        ) from error
    missing = [key for key in ("spectrograms", "labels") if key not in arrays]
    if missing:
        raise UserError(
            f"{path.name} lacks {' and '.join(missing)}; it holds {', '.join(sorted(arrays))}."
        )
    spectrograms, labels = arrays["spectrograms"], arrays["labels"]
    if spectrograms.ndim != 3 or spectrograms.dtype.kind not in "uif":
        raise UserError(
            f"{path.name}: spectrograms have shape {spectrograms.shape} and type "
            f"{spectrograms.dtype}; numbers of shape (clips, frequency, time) are needed."
        )
    n = len(spectrograms)
    for key in ("labels", "clip_id", "clip_names", "block", "matched", *GROUP_NAMES):
        if key in arrays and arrays[key].shape != (n,):
            raise UserError(
                f"{path.name}: {key} has shape {arrays[key].shape}; ({n},) is needed, one a clip."
            )
    if labels.dtype.kind not in "uifb" or not np.isin(labels, (0, 1)).all():
        raise UserError(f"{path.name}: labels other than 0 and 1; recode them.")
    _check_classes(path.name, labels)
    matched = arrays["matched"].astype(bool) if "matched" in arrays else None
    if matched is not None:
        _check_classes(f"{path.name}, matched", labels[matched])
    frequencies, times = _stored_axes(path.name, arrays, spectrograms.shape)
    flat = np.flatnonzero(spectrograms.max((1, 2)) == spectrograms.min((1, 2)))
    if len(flat):
        raise UserError(
            f"{path.name}: {len(flat)} spectrograms hold one value only (numbers {_some(flat)}); "
            "remove these clips."
        )
    names = arrays.get("clip_names", arrays.get("clip_id", np.arange(n))).astype(str)
    unit = str(arrays.get("unit", "dB, 0..255" if spectrograms.dtype == np.uint8 else "dB"))
    key = next((key for key in ("block", *GROUP_NAMES) if key in arrays), None)
    if key:
        groups, grouping = _factorized(path.name, arrays[key]), f"groups from {key}"
    else:
        groups, grouping = _blocks(labels)
    return Dataset(
        name=path.stem,
        spectrograms=spectrograms.astype(np.float32),
        labels=labels.astype(np.int8),
        groups=groups,
        clip_names=names,
        frequencies=frequencies,
        times=times,
        unit=unit,
        class_names=_stored_classes(path.name, arrays),
        matched=matched,
        provenance={
            "source": path.name,
            "processing": f"spectrograms as stored, {grouping}",
            **({"written": str(arrays["provenance"])} if "provenance" in arrays else {}),
        },
    )


def _stored_classes(name, arrays):
    """The names of the negative and the positive class that `save_npz` wrote, or the usual ones."""
    names = arrays.get("class_names", np.array(Dataset.class_names))
    if names.shape != (2,) or names.dtype.kind != "U":
        raise UserError(f"{name}: class_names must be two texts, negative and positive class.")
    return tuple(names.tolist())


def _stored_axes(name, arrays, shape):
    """Axes from the keys frequencies (Hz) and times (s), or the default settings' if they fit."""
    default = SpectrogramSettings()
    axes = []
    for key, size, fallback in (
        ("frequencies", shape[1], default.frequencies),
        ("times", shape[2], default.times),
    ):
        axis = np.asarray(arrays.get(key, fallback), dtype=np.float64)
        if axis.shape != (size,):
            raise UserError(
                f"{name}: the spectrograms have {size} cells in {key}, but the axis has "
                f"{axis.size}; store `{key}` (Hz or s) with one value a cell."
            )
        axes.append(axis)
    return axes


def told(provenance):
    """Return a provenance as the one line that `save_npz` stores."""
    return "; ".join(f"{key}: {value}" for key, value in provenance.items())


def save_npz(dataset, path):
    """Write a Dataset's spectrograms, labels, groups, names, axes and unit as `load` reads them.

    ValueError if the path does not end in .npz, or is a folder.
    """
    path = Path(path)
    if path.suffix != ".npz" or path.is_dir():
        raise UserError(f"{path.name} is no .npz file; give a path that ends in .npz.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.partial.npz")
    optional = {} if dataset.matched is None else {"matched": dataset.matched}
    np.savez_compressed(
        partial,
        spectrograms=dataset.spectrograms,
        labels=dataset.labels,
        block=dataset.groups,
        clip_names=dataset.clip_names.astype(str),
        class_names=np.array(dataset.class_names),
        frequencies=dataset.frequencies,
        times=dataset.times,
        unit=np.array(dataset.unit),
        provenance=np.array(told(dataset.provenance)),
        **optional,
    )
    os.replace(partial, path)


# Folders of audio


def _load_folder(folder, settings, labels_csv, positive_class, skip_bad):
    tables = [Path(labels_csv)] if labels_csv else _files(folder, (".csv",))
    if len(tables) > 1:
        raise UserError(
            f"{folder.name} holds {len(tables)} CSV files ({_some([t.name for t in tables])}); "
            "leave the one with the labels there, or name it in labels_csv."
        )
    if tables:
        table = _read_labels(tables[0], folder)
    else:
        table = _subfolder_labels(folder)
    labels, class_names = _recode(folder.name, table["label"], positive_class)
    _check_classes(folder.name, labels)
    audio, kept, note = _read_audio(folder, table["path"].tolist(), settings, skip_bad)
    table, labels = table[kept].reset_index(drop=True), labels[kept]
    _check_classes(folder.name, labels)
    if "group" in table:
        groups, grouping = _factorized(folder.name, table["group"]), "groups from the CSV"
    else:
        groups, grouping = _blocks(labels)
        grouping += " by name"
    names = [path.relative_to(folder).as_posix() for path in table["path"]]
    return Dataset(
        name=folder.resolve().name,
        spectrograms=_cached_spectrograms(audio, settings),
        labels=labels,
        groups=groups,
        clip_names=np.array(names),
        frequencies=settings.frequencies,
        times=settings.times,
        unit="dB",
        class_names=class_names,
        audio=audio,
        sample_rate=settings.sample_rate,
        settings=settings,
        provenance={"source": folder.resolve().name, "processing": f"{note}; {grouping}"},
    )


def _files(folder, suffixes, *, deep=False):
    """The files with one of some suffixes, without hidden ones; deep: those of subfolders too."""
    found = folder.rglob("*") if deep else folder.iterdir()
    return sorted(
        path
        for path in found
        if path.suffix.lower() in suffixes
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _subfolder_labels(folder):
    """Table of path and label from one subfolder a class, in the order of the file names."""
    subfolders = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    classes = {sub.name: _files(sub, AUDIO_SUFFIXES, deep=True) for sub in subfolders}
    classes = {name: files for name, files in classes.items() if files}
    loose = _files(folder, AUDIO_SUFFIXES)
    if not classes:
        hint = " and no CSV with labels" if loose else ""
        raise UserError(
            f"{folder.name} holds no audio in subfolders{hint}; put the clips "
            f"({', '.join(AUDIO_SUFFIXES)}) in one subfolder a class, or add a CSV that names "
            "file and label."
        )
    if len(classes) != 2:
        raise UserError(
            f"{folder.name}: audio in {len(classes)} subfolder(s) ({_some(classes)}), only one "
            "class or more than two; two subfolders with audio are needed."
        )
    if loose:
        raise UserError(
            f"{folder.name}: {len(loose)} audio files lie beside the subfolders "
            f"({_some([path.name for path in loose])}); put them in one of them, or elsewhere."
        )
    rows = [(path, name) for name, files in classes.items() for path in files]
    table = pd.DataFrame(rows, columns=["path", "label"])
    return _in_name_order(table)


def _read_labels(csv, folder):
    """Table of path, label and, if there is one, group from a CSV, in name order."""
    if not csv.exists():
        raise FileNotFoundError(f"labels_csv {csv.name} does not exist; check the path.")
    table = _read_table(csv)
    columns = {column.strip().lower(): column for column in table.columns}
    file_column = next(
        (columns[c] for c in ("clip_name", "file", "filename", "path", "name") if c in columns),
        None,
    )
    label_column = next((columns[c] for c in ("label", "class") if c in columns), None)
    if file_column is None or label_column is None:
        raise UserError(
            f"{csv.name} has the columns {', '.join(table.columns)}; it needs one called "
            "clip_name, file, filename, path or name, and one called label or class."
        )
    names = table[file_column].str.strip().str.replace("\\", "/").map(os.path.normpath)
    result = pd.DataFrame({"name": names, "label": table[label_column].str.strip()})
    blank = result.loc[result["label"] == "", "name"]
    if len(blank):
        raise UserError(
            f"{csv.name}: {len(blank)} files have no label ({_some(blank)}); fill them in or "
            "remove these lines."
        )
    outside = names[names.str.match(r"/|[A-Za-z]:|\.\.(?:/|$)")]
    if len(outside):
        raise UserError(
            f"{csv.name} names {len(outside)} files outside of its folder ({_some(outside)}); give "
            "names relative to it, without `..`."
        )
    if group_column := next((columns[c] for c in GROUP_NAMES if c in columns), None):
        result["group"] = table[group_column].str.strip()
    result = result.drop_duplicates()
    clash = result.loc[result["name"].duplicated(), "name"].unique()
    if len(clash):
        raise UserError(
            f"{csv.name} names {len(clash)} files twice with labels or groups that disagree "
            f"({_some(clash)}); keep one line a file."
        )
    inside = {csv.parent.resolve(), folder.resolve(), (folder / "train").resolve()}
    result["path"] = [
        next((place / name for place in sorted(inside) if (place / name).is_file()), None)
        for name in result["name"]
    ]
    absent = result.loc[result["path"].isna(), "name"]
    if len(absent):
        raise UserError(
            f"{csv.name} names {len(absent)} files that do not exist ({_some(absent)}); correct "
            "the names or put the files beside the CSV."
        )
    result["path"] = [folder / Path(os.path.relpath(p, folder.resolve())) for p in result["path"]]
    twice = result.loc[result["path"].duplicated(), "name"]
    if len(twice):
        raise UserError(
            f"{csv.name} names {len(twice)} files twice ({_some(twice)}); keep one line a file."
        )
    return _in_name_order(result.drop(columns="name"))


def _read_table(csv):
    """A CSV as texts, as spreadsheets write it: commas, semicolons or tabs, in any usual encoding.

    A blank cell is an empty text.
    """
    raw = csv.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    try:
        return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, sep=separator)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UserError(
            f"{csv.name} is no table of equally long lines; write one line a file, with a header."
        ) from error


def _in_name_order(table):
    """The rows by file name; by folder first where there are more folders than classes, which are
    then recordings or days."""
    by_folder = table["path"].map(lambda path: path.parent).nunique() > table["label"].nunique()

    def key(path):
        return _natural(path.as_posix() if by_folder else path.name)

    return table.sort_values("path", key=lambda paths: paths.map(key), ignore_index=True)


def _natural(name):
    """A sort key by which clip10 follows clip9."""
    return re.sub(r"\d+", lambda digits: digits.group().zfill(12), name)


def _recode(where, labels, positive_class):
    """Labels as (n,) int8 and the class names (negative, positive)."""
    classes = sorted(set(labels))
    if positive_class is not None and positive_class not in classes:
        raise UserError(
            f"{where}: no class is called {positive_class!r}; the classes are {', '.join(classes)}."
        )
    if len(classes) == 1:
        raise UserError(
            f"{where}: only one class is there ({classes[0]}); add clips of the other class."
        )
    if len(classes) != 2:
        raise UserError(
            f"{where}: {len(classes)} different labels ({_some(classes)}); labels must be 0 and 1 "
            "or two class names."
        )
    if positive_class is None:
        negative = [name for name in classes if _is_negative(name)]
        if len(negative) != 1:
            raise UserError(
                f"{where}: the classes are {' and '.join(classes)}, and their names do not tell "
                "which of them is the call; say so with positive_class, or with the variable "
                f"POSITIVE_CLASS: make report DATASET=... POSITIVE_CLASS={classes[0]}"
            )
        positive_class = next(name for name in classes if name != negative[0])
    negative = next(name for name in classes if name != positive_class)
    names = ("none", "call") if {negative, positive_class} == {"0", "1"} else None
    return (
        (np.asarray(labels) == positive_class).astype(np.int8),
        names or (negative, positive_class),
    )


def _is_negative(name):
    """Whether a word of a class name says that there is no call."""
    return not NEGATIVE_WORDS.isdisjoint(re.findall(r"[^\W_]+", name.lower()))


def _read_audio(folder, paths, settings, skip_bad):
    """Return (audio (k, samples), kept (n,) bool, what was done); bad files stop or are skipped."""
    headers = [_header(path, settings) for path in paths]
    bad = {path: reason for path, (_, reason) in zip(paths, headers, strict=True) if reason}
    if bad and not skip_bad:
        raise UserError(_bad_files(folder, bad))
    good = [path for path in paths if path not in bad]
    clips = joblib.Parallel(n_jobs=2, prefer="threads")(
        joblib.delayed(_read_clip)(path, settings) for path in good
    )
    bad.update({p: clip for p, clip in zip(good, clips, strict=True) if isinstance(clip, str)})
    if bad and not skip_bad:
        raise UserError(_bad_files(folder, bad))
    kept = np.array([path not in bad for path in paths])
    audio = [clip for clip in clips if not isinstance(clip, str)]
    if not audio:
        raise UserError(_bad_files(folder, bad))
    infos = [info for path, (info, _) in zip(paths, headers, strict=True) if path not in bad]
    return np.stack(audio), kept, _done(infos, settings, len(bad))


def _bad_files(folder, bad):
    listed = [f"{path.name}: {reason}" for path, reason in bad.items()]
    return (
        f"{folder.resolve().name}: {len(bad)} audio file(s) cannot be used ({_some(listed)}); "
        "repair or remove them, or pass skip_bad=True to leave them out"
        + (", or lower fmax in the settings." if any(_SLOW in text for text in listed) else ".")
    )


_SLOW = "is too low for frequencies"


def _header(path, settings):
    """Return (soundfile's info or None, reason why the file cannot be used or "")."""
    if path.stat().st_size == 0:
        return None, "empty file"
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError:
        return None, "not audio, or damaged"
    if info.frames == 0:
        return info, "empty, no samples"
    if info.samplerate < 2 * settings.fmax:
        return info, (f"sample rate {info.samplerate} Hz {_SLOW} up to {settings.fmax:g} Hz")
    if info.duration < SHORTEST * settings.clip_seconds:
        return info, f"too short, {info.duration:.3f} s"
    declared = _declared_bytes(path)
    if declared is not None and declared > path.stat().st_size:
        return info, "truncated"
    return info, ""


def _declared_bytes(path):
    """Bytes that the header of a WAV or AIFF file announces; None for other formats, and for
    headers that were written before the length was known."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        size = int.from_bytes(head[4:8], "little")
    elif head[:4] == b"FORM" and head[8:11] == b"AIF":
        size = int.from_bytes(head[4:8], "big")
    else:
        return None
    return None if size in (0, 0xFFFFFFFF) else size + 8


def _read_clip(path, settings):
    """Return (samples,) float32: mono, resampled, centred or padded; or the reason why not."""
    try:
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return "truncated or damaged"
    if len(audio) < soundfile.info(path).frames:
        return "truncated"
    audio = audio.mean(axis=1)
    if not np.isfinite(audio).all():
        return "holds NaN or infinite samples"
    if not audio.size or np.ptp(audio) == 0:
        return "silent"
    if rate != settings.sample_rate:
        audio = soxr.resample(audio, rate, settings.sample_rate).astype(np.float32)
    missing = settings.n_samples - len(audio)
    if missing >= 0:
        return np.pad(audio, (missing // 2, missing - missing // 2))
    start = -missing // 2
    middle = audio[start : start + settings.n_samples]
    return middle if np.ptp(middle) > 0 else f"silent in the middle {settings.clip_seconds:g} s"


def _done(infos, settings, n_skipped):
    """One line on what reading did to the clips."""
    n = len(infos)
    seconds = np.array([info.frames / info.samplerate for info in infos])
    target = settings.clip_seconds
    counts = {
        "mixed to mono": sum(info.channels > 1 for info in infos),
        f"resampled to {settings.sample_rate} Hz": sum(
            info.samplerate != settings.sample_rate for info in infos
        ),
        f"cut to the middle {target:g} s": int((seconds > target + 1e-3).sum()),
        f"padded to {target:g} s": int((seconds < target - 1e-3).sum()),
        "skipped as unusable": n_skipped,
    }
    done = [f"{count} {what}" for what, count in counts.items() if count]
    return f"{n} files read" + (", " + ", ".join(done) if done else ", none changed")


def _cached_spectrograms(audio, settings):
    """mel_spectrogram, kept on disk by joblib.Memory under the audio's content and settings.

    The store holds arrays of our own making only; foreign data is never unpickled.
    """
    memory = joblib.Memory(CACHE, verbose=0, mmap_mode=None)
    return np.array(memory.cache(mel_spectrogram)(np.asarray(audio), settings))


# The challenge in full, as MONSTER publishes it (arXiv 2502.15122)

CHALLENGE_REPOSITORY = "monster-monash/CornellWhaleChallenge"
CHALLENGE_X = "CornellWhaleChallenge_X.npy"
CHALLENGE_FOLDS = tuple(f"test_indices_fold_{k}.txt" for k in range(5))


def _challenge_labels(folder):
    path = next(
        (folder / f for f in ("CornellWhaleChallenge_Y.npy", "CornellWhaleChallenge_y.npy")
         if (folder / f).exists()),
        None,
    )  # fmt: skip
    if path is None:
        raise FileNotFoundError(
            f"{folder.name} holds {CHALLENGE_X} but no CornellWhaleChallenge_Y.npy; run "
            f"`make data NAME={CHALLENGE}` again."
        )
    return np.load(path, allow_pickle=False).ravel()


def _load_challenge(folder, settings):
    try:
        audio = np.load(folder / CHALLENGE_X, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise UserError(
            f"{CHALLENGE_X} is damaged or holds pickled objects; download it again."
        ) from error
    labels = _challenge_labels(folder)
    if audio.ndim != 3 or audio.shape[1] != 1 or len(labels) != len(audio):
        raise UserError(
            f"{CHALLENGE_X} has shape {audio.shape} and there are {len(labels)} labels; "
            "(n, 1, 4000) and n labels are needed: download both again."
        )
    if not np.isin(labels, (0, 1)).all():
        raise UserError(f"{folder.name}: labels other than 0 and 1; download them again.")
    _check_classes(folder.name, labels)
    audio = audio[:, 0]
    if settings.sample_rate != 2000 or audio.shape[1] != settings.n_samples:
        raise UserError(
            f"the challenge's clips have {audio.shape[1]} samples at 2000 Hz; leave sample_rate "
            "and clip_seconds of the settings alone."
        )
    return Dataset(
        name=CHALLENGE,
        spectrograms=_challenge_spectrograms(folder / CHALLENGE_X, audio, settings),
        labels=labels.astype(np.int8),
        groups=_blocks(labels)[0],
        clip_names=np.array([f"clip{i:05d}" for i in range(len(labels))]),
        frequencies=settings.frequencies,
        times=settings.times,
        unit="dB",
        audio=audio,
        sample_rate=settings.sample_rate,
        settings=settings,
        provenance={
            "source": f"{CHALLENGE_REPOSITORY} (MONSTER, arXiv 2502.15122)",
            "processing": f"audio as stored, blocks of {BLOCK_CLIPS} neighbours as groups",
        },
    )


def _challenge_spectrograms(path, audio, settings):
    """Spectrograms of the memory map, kept under a hash of the file's bytes and the settings."""
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    memory = joblib.Memory(CACHE, verbose=0)
    cached = memory.cache(_mapped_spectrograms, ignore=["audio"])
    return np.array(cached(audio, content, settings))


def _mapped_spectrograms(audio, content, settings):
    """mel_spectrogram of a memory map that is known by the hash of its file's content."""
    return mel_spectrogram(audio, settings)


def official_fold(folder, k):
    """Return the (n_test,) indices of MONSTER's fold k, 0 to 4.

    These folds leak: they deal clips out at random, so that neighbours in time stand on both
    sides. Use them to compare with published figures only; `split_by_group` is the honest split.
    """
    path = Path(folder) / f"test_indices_fold_{k}.txt"
    if not path.exists():
        raise FileNotFoundError(f"{path.name} is missing; folds are 0 to 4, see data/README.md.")
    return np.loadtxt(path, dtype=np.int64, ndmin=1)


def download(name):
    """Download a data set by name into data/<name>/, resuming; return its folder.

    UserError for an unknown name or without the extra, OSError without the network.
    """
    if name != CHALLENGE:
        raise UserError(f"nothing to download is called {name!r}; there is {CHALLENGE}.")
    try:
        import huggingface_hub
    except ImportError as error:
        raise UserError(
            "downloading needs huggingface_hub; install it with `pip install -e '.[download]'`."
        ) from error
    folder = ROOT / "data" / name
    try:
        huggingface_hub.snapshot_download(
            CHALLENGE_REPOSITORY,
            repo_type="dataset",
            local_dir=folder,
            allow_patterns=["CornellWhaleChallenge_[XYy].npy", "test_indices_fold_*.txt"],
        )
    except Exception as error:
        raise OSError(
            f"{CHALLENGE_REPOSITORY} could not be fetched ({type(error).__name__}); check the "
            "network and call again: what has arrived is kept."
        ) from error
    _check_download(folder)
    return folder


def _check_download(folder):
    """ValueError unless the challenge's files are whole: shapes, labels and folds."""
    audio = np.load(folder / CHALLENGE_X, mmap_mode="r", allow_pickle=False)
    labels = _challenge_labels(folder)
    whole = audio.shape == (30_000, 1, 4000) and labels.shape == (30_000,)
    whole = whole and int((labels == 1).sum()) == 7027
    folds = [folder / name for name in CHALLENGE_FOLDS]
    if not whole or not all(path.exists() for path in folds):
        raise UserError(
            f"the download is not what was published: audio {audio.shape}, {len(labels)} labels, "
            f"{int((labels == 1).sum())} calls, {sum(p.exists() for p in folds)} of 5 folds; "
            f"remove data/{folder.name} and download again."
        )


# Splits


@dataclass(frozen=True, eq=False)
class Split:
    """Clip indices of three sides that share no group: train, validation, test."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    seed: int


def split_by_group(labels, groups, *, seed, n_splits=N_SPLITS):
    """Return n_splits Splits whose test sides partition the clips, stratified, by group.

    Each test side holds one part of n_splits; an eighth of the rest is the validation side.
    ValueError if groups are too few, or a side would lack a class.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    for value in (0, 1):
        n_groups = len(np.unique(groups[labels == value]))
        if n_groups < n_splits + SPARE_GROUPS:
            raise UserError(
                f"class {value} occurs in {n_groups} groups only; {n_splits} splits by group need "
                f"at least {n_splits + SPARE_GROUPS}. Name finer groups, or add clips of other "
                "recordings."
            )
    splits = []
    outer = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
    for rest, test in outer.split(labels, labels, groups):
        own = [len(np.unique(groups[rest[labels[rest] == value]])) for value in (0, 1)]
        n_inner = max(2, min(8, *own))
        inner = StratifiedGroupKFold(n_inner, shuffle=True, random_state=seed)
        train, validation = next(inner.split(rest, labels[rest], groups[rest]))
        splits.append(Split(rest[train], rest[validation], test, seed))
    for split in splits:
        check_split(split, labels, groups)
    return splits


def check_split(split, labels, groups):
    """ValueError if a group stands on two sides or a side lacks a class."""
    sides = {"train": split.train, "validation": split.validation, "test": split.test}
    seen = {}
    for side, index in sides.items():
        if len(np.unique(labels[index])) < 2:
            raise UserError(
                f"the {side} side holds a single class; the groups are too few or too uneven to "
                "split: name finer groups."
            )
        for group in np.unique(groups[index]):
            if group in seen:
                raise UserError(
                    f"group {group} stands on the {seen[group]} and the {side} side; split again."
                )
            seen[group] = side


def draw(labels, index, n_positive, n_negative, *, seed):
    """Return (n_positive + n_negative,) of the indices; with one seed, small draws are nested.

    ValueError if the side has fewer clips of a class than asked for.
    """
    labels, index = np.asarray(labels), np.asarray(index)
    drawn = []
    for value, wanted in ((1, n_positive), (0, n_negative)):
        candidates = index[labels[index] == value]
        if wanted > len(candidates):
            raise UserError(
                f"{wanted} clips of class {value} were asked for, but this side has "
                f"{len(candidates)}; ask for fewer."
            )
        drawn.append(np.random.default_rng([seed, value]).permutation(candidates)[:wanted])
    return np.concatenate(drawn)
