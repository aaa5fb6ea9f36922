"""Boxes around sounds in long recordings, as Raven, Audacity and spreadsheets store them.

Own readers, since crowsetta's (5.1) take UTF-8 alone, count both views of a Raven selection, must
be told the label's column, refuse a table without rows, which here says "searched, nothing found",
and do not know Audacity's frequency lines; it would bring ten packages.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from utils.data.dataset import some_of
from utils.data.files import AUDIO_SUFFIXES, below, is_utf8, list_files
from utils.data.sheets import (
    TABLE_SUFFIXES,
    column,
    composed,
    headings,
    parse,
    plain,
    read,
    read_text,
)
from utils.errors import UserError

COLUMNS = ("file", "begin", "end", "low", "high", "label")
FILE = (
    "begin file", "file", "filename", "file name", "recording", "audio", "wav", "path",
    "begin path", "archivo", "fichero", "nombre", "nombre archivo", "nombre de archivo",
    "grabacion", "audio file", "sound file", "soundfile", "clip name", "name",
)  # fmt: skip
BEGIN = (
    "begin time", "start", "begin", "start time", "onset", "start seconds", "t start", "t0", "from",
    "inicio", "comienzo", "tiempo inicio", "tiempo inicial", "tiempo de inicio", "hora inicio",
    "desde", "starttime", "begintime",
)  # fmt: skip
END = (
    "end time", "end", "stop", "stop time", "offset", "t end", "t1", "to", "fin", "final",
    "tiempo fin", "tiempo final", "tiempo de fin", "hora fin", "hasta", "endtime",
)  # fmt: skip
LOW = (
    "low freq", "low", "low frequency", "low f", "min freq", "min frequency", "fmin", "freq low",
    "frecuencia minima", "frecuencia baja", "frec min", "f min", "lowfreq",
)  # fmt: skip
HIGH = (
    "high freq", "high", "high frequency", "high f", "max freq", "max frequency", "fmax",
    "freq high", "frecuencia maxima", "frecuencia alta", "frec max", "f max", "highfreq",
)  # fmt: skip
LABEL = (
    "annotation", "annotations", "call type", "calltype", "label", "labels", "class", "tag", "tags",
    "type", "sound type", "signal type", "call", "species", "sound", "anotacion", "etiqueta",
    "tipo de llamada", "tipo", "clase", "llamada", "especie",
)  # fmt: skip
NOT_SEARCHED = frozenset(
    ("not searched", "unsearched", "not reviewed", "unreviewed", "not annotated", "no revisado",
     "no revisada", "sin revisar", "no buscado", "no anotado", "sin anotar")
)  # fmt: skip
DONE, EVENTS, RUN = "recordings.csv", "events.csv", "run.json"  # of `whales detect run`
UNUSABLE = "not_searched.csv"  # of it, too
TABLE, TRACK, WINDOWS = ".Table.1.selections.txt", ".audacity.txt", ".windows.csv"  # of it, too
_RAVEN = re.compile(r"\.(?:table\.\d+|selections)\.", re.IGNORECASE)  # in a table's name
_NUMBER = r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?"
_TRACK = re.compile(rf"\s*{_NUMBER}\t\s*{_NUMBER}(?:\t.*)?")  # a line of an Audacity label track
_BAND = re.compile(rf"\\\t\s*({_NUMBER})\t\s*({_NUMBER})\s*")  # its line of frequencies


@dataclass(frozen=True, eq=False)
class Annotations:
    """What the tables of a folder say.

    events: columns COLUMNS, a row a box, in order of file and time. file: the recording's path
    below the folder, with "/"; or the name that the table gives it where no such file lies there.
    begin, end in s from the recording's start; low, high in Hz, NaN where a table has none; label:
    text, "" where blank. Both views of a Raven selection are one row; labels that differ in case,
    accents, blanks or signs only are written alike. searched: the files whose other sounds are
    known to be none of those sought: those with a table of their own, or that a table names.
    """

    events: pd.DataFrame
    searched: frozenset[str]


def tables(folder: Path, paths: Sequence[Path] | None = None) -> list[Path]:
    """Return the tables of boxes among some paths, or in a folder at any depth.

    Empty files, which say "nothing found" beside the recording of their name, are among them only
    where there are others.
    """
    if paths is None:
        paths = filter(is_utf8, list_files(folder, TABLE_SUFFIXES, deep=True))
        paths = [path for path in paths if not _said_twice(path)]
    kinds = {path: _kind(path) for path in paths}
    for path, kind in kinds.items():
        if kind is None and _RAVEN.search(path.name):
            raise UserError(
                f"{path.name} has the name of a Raven table and lacks a column Begin Time (s) or "
                "End Time (s); correct its first line, or move it elsewhere."
            )
    any_box = {"table", "track"} & set(kinds.values())
    return [path for path, kind in kinds.items() if kind] if any_box else []


def unread(folder: Path, paths: Sequence[Path]) -> list[str]:
    """Return the names of the text files of a folder that `tables` did not take for annotations."""
    every = list_files(folder, TABLE_SUFFIXES, deep=True)
    return sorted(path.name for path in every if path not in paths and not _said_twice(path))


def survey(folder: Path, paths: Sequence[Path], *, known_only: bool = True) -> Annotations:
    """Return the Annotations of some tables of a folder; see `tables`.

    known_only: whether a table must belong to a recording in the folder; UserError if one does not,
    or cannot be read.
    """
    recordings = _Recordings(folder, list_files(folder, AUDIO_SUFFIXES, deep=True))
    parts, searched = [], set()
    for path in paths:
        table = _boxes(path)
        table["file"] = _files(path, table, recordings, known_only)
        own = None if len(table) else _own_recording(path, recordings, known_only)
        named = set(table["file"]) | {own} - {None}
        marked = table["label"].map(plain).isin(NOT_SEARCHED)
        searched |= named - set(table.loc[marked, "file"])
        parts.append(table[~marked & table["begin"].notna()])
    if not parts:
        return Annotations(pd.DataFrame(columns=list(COLUMNS)), frozenset())
    events = pd.concat(parts, ignore_index=True)
    events["label"] = _alike(events["label"])
    events = events.drop_duplicates().sort_values(["file", "begin", "end"], ignore_index=True)
    return Annotations(events[list(COLUMNS)], frozenset(searched))


def _said_twice(path):
    """Whether a file is one of those that `whales detect run` writes beside its selection tables,
    which alone say what a person has kept."""
    for ending in (TRACK, WINDOWS):
        stem = path.name.removesuffix(ending)
        if stem != path.name and path.with_name(stem + TABLE).is_file():
            return True
    return path.name in (DONE, EVENTS, UNUSABLE) and (path.parent / RUN).is_file()


def _kind(path):
    """ "table", "track" (Audacity's), "empty", or None if a file holds no boxes."""
    lines = [line for line in read_text(path).splitlines() if line.strip()]
    if not lines:
        return "empty" if path.suffix.lower() == ".txt" else None
    if all(_TRACK.fullmatch(line) or _BAND.fullmatch(line) for line in lines):
        return "track" if _TRACK.fullmatch(lines[0]) else None
    try:
        found = headings(parse("\n".join(lines[: 2 if "sep=" in lines[0] else 1]), path.name))
    except UserError:
        return None
    return "table" if column(found, BEGIN) and column(found, END) else None


def _boxes(path):
    """Columns COLUMNS of one table, file as it is written there; begin is NaN in rows that speak of
    a whole file."""
    kind = _kind(path)
    if kind == "empty":
        return pd.DataFrame(columns=list(COLUMNS), dtype=object)
    return _track(path) if kind == "track" else _table(path)


def _track(path):
    rows = []
    for line in read_text(path).splitlines():
        if band := _BAND.fullmatch(line):
            rows[-1] |= {"low": band[1], "high": band[2]}
        elif line.strip():
            begin, end, label = [*line.split("\t", 2), ""][:3]
            if path.name.endswith(TRACK):  # our own, which gives the score behind the label
                label = re.sub(r" [01]\.\d\d$", "", label.rstrip())
            rows.append({"begin": begin, "end": end, "low": "", "high": "", "label": label})
    return _checked(path, pd.DataFrame(rows).assign(file=""))


def _table(path):
    table = read(path)
    found = headings(table)
    selection, view = column(found, ("selection",)), column(found, ("view",))
    words = {"begin": BEGIN, "end": END, "low": LOW, "high": HIGH, "file": FILE}
    chosen = {name: column(found, own) for name, own in words.items()}
    chosen["label"] = _label_column(table, found, {*chosen.values(), selection, view})
    boxes = pd.DataFrame(
        {name: table[own].str.strip() if own else "" for name, own in chosen.items()}
    ).reindex(index=table.index, fill_value="")
    boxes = boxes[(table.map(str.strip) != "").any(axis=1)]
    boxes = _checked(path, boxes)
    offset = column(found, ("file offset",))  # of tables that span several files
    if offset and chosen["file"]:
        start = _numbers(path, table.loc[boxes.index, offset])
        shift = (start - boxes["begin"]).fillna(0)
        boxes["begin"], boxes["end"] = boxes["begin"] + shift, boxes["end"] + shift
    if selection:
        number = table.loc[boxes.index, selection].str.strip()
        twice = boxes.assign(number=number).duplicated(["number", "file", "begin", "end"])
        boxes = boxes[~twice]
    return boxes.reset_index(drop=True)


def _label_column(table, found, others):
    """The first column of a label's name that holds any text, or None."""
    known = [found[name] for name in LABEL if name in found and found[name] not in others]
    filled = [own for own in known if (table[own].str.strip() != "").any()]
    return next(iter(filled or known), None)


def _checked(path, boxes):
    """Numbers and texts; UserError for times that are none, or ends before their beginnings."""
    boxes = boxes.assign(label=boxes["label"].map(lambda text: " ".join(composed(text).split())))
    for name in ("begin", "end", "low", "high"):
        boxes[name] = _numbers(path, boxes[name])
    half = boxes["begin"].isna() != boxes["end"].isna()
    odd = half | (boxes["end"] < boxes["begin"]) | (boxes["begin"] < 0)
    odd |= (boxes["high"] < boxes["low"]) | (boxes["low"] < 0)
    if odd.any():
        raise UserError(
            f"{path.name}: {int(odd.sum())} boxes have no beginning or end, or end before they "
            f"begin (line {int(odd.idxmax()) + 2} or near it); correct them."
        )
    return boxes


def _numbers(path, texts):
    """Seconds or Hz as floats, with a comma or a point, also as h:mm:ss; NaN where blank."""
    values = texts.map(_number)
    wrong = values.isna() & (texts.str.strip() != "") | np.isinf(values.astype(float))
    if wrong.any():
        raise UserError(
            f"{path.name}: {texts[wrong].iloc[0]!r} is no time or frequency (line "
            f"{int(wrong.idxmax()) + 2} or near it); write seconds, Hz or h:mm:ss."
        )
    return values.astype(float)


def _number(text):
    total = 0.0
    for part in text.strip().split(":"):
        if not re.fullmatch(_NUMBER, part.strip()):
            return np.nan
        total = 60 * total + float(part.strip().replace(",", "."))
    return total


class _Recordings:
    """The recordings of a folder by path, name and stem, all without regard to case or to how
    accents are written."""

    def __init__(self, folder, paths):
        self.folder, self.whole = folder, {}
        self.names, self.stems = defaultdict(list), defaultdict(list)
        for path in filter(is_utf8, paths):
            file = below(folder, path)
            known = PurePosixPath(composed(file).casefold())
            self.whole[known.as_posix()] = file
            self.names[known.name].append(file)
            self.stems[known.stem].append(file)

    def beside(self, path):
        """The folder of a path, as the recordings' folders are written; the whole folder for a
        table that lies elsewhere."""
        place, whole = path.parent.resolve(), self.folder.resolve()
        inside = place.relative_to(whole) if place.is_relative_to(whole) else PurePosixPath(".")
        return composed(inside.as_posix()).casefold()


def _files(path, table, recordings, known_only):
    """The recording of each row."""
    if not len(table):
        return []
    given = table["file"].map(composed)
    own = None
    if (given == "").any():
        own = _own_recording(path, recordings, known_only)
        if own is None:
            raise UserError(
                f"{path.name} belongs to no recording: begin its name with the recording's, as in "
                "rec01.Table.1.selections.txt beside rec01.wav, or add a column `file`."
            )
    named = {name: _named(name, path, recordings) for name in set(given) - {""}}
    absent = sorted(name for name, file in named.items() if file is None)
    if absent and known_only:
        raise UserError(
            f"{path.name} names {len(absent)} recordings that do not exist ({some_of(absent)}); "
            "correct the names or put the files beside the table."
        )
    named |= {name: PurePosixPath(name.replace("\\", "/")).name for name in absent}
    return given.map(lambda name: named[name] if name else own)


def _named(name, path, recordings):
    """The recording that a table calls so: by its path, or by its name if only one is called so."""
    wanted = name.replace("\\", "/").removeprefix("./").casefold()
    for place in (f"{recordings.beside(path)}/{wanted}", wanted):
        if place in recordings.whole:
            return recordings.whole[place]
    last = PurePosixPath(wanted).name
    for known in (recordings.names, recordings.stems):
        if len(found := known.get(last, ())) == 1:
            return found[0]
    return None


def _own_recording(path, recordings, known_only):
    """The recording whose name a table's name begins with: beside it, or else anywhere; None."""
    name, beside = composed(path.name).casefold(), recordings.beside(path)
    ends = [i for i in range(len(name), 0, -1) if not name[i : i + 1].isalnum()]
    fits = [recordings.stems[name[:end]] for end in ends if name[:end] in recordings.stems]
    near = [[file for file in files if _folder(file) == beside] for files in fits]
    for files in (*filter(None, near), *fits):  # the longest first
        if len(files) > 1:
            raise UserError(
                f"{path.name} fits {len(files)} recordings ({some_of(files)}); put it beside its "
                "own, or name the recordings in a column `file`."
            )
        return files[0]
    ending = r"\.(?:table\.\d+|selections|audacity|txt|csv)"
    return None if known_only else re.split(ending, path.name, flags=re.IGNORECASE)[0]


def _folder(file):
    return composed(PurePosixPath(file).parent.as_posix()).casefold()


def alike(label: str) -> str:
    """Return what labels that are written differently have in common."""
    return plain(label).replace(" ", "") or label.casefold()


def _alike(labels):
    """Labels that differ in case, accents, blanks or signs only, as the most frequent of them is
    written: up-call, Up call and UPCALL are one."""
    key = labels.map(alike)
    usual = labels.groupby(key).agg(lambda spellings: spellings.mode().iloc[0])
    return key.map(usual).astype(object)
