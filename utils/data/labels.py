"""Which clip has which label: subfolders and tables."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import soundfile

from utils.data.classes import is_negative
from utils.data.dataset import GROUP_NAMES, some_of
from utils.data.files import AUDIO_SUFFIXES, below, is_utf8, list_files, natural, shown
from utils.data.sheets import column, composed, headings, read
from utils.errors import UserError

if TYPE_CHECKING:
    from utils.data.sources import Options

_FILES = (
    "clip name", "clip", "file", "filename", "file name", "path", "name", "archivo", "fichero",
    "nombre", "nombre de archivo", "nombre archivo", "audio", "wav",
)  # fmt: skip
_LABELS = (
    "label", "class", "clase", "etiqueta", "llamada", "tag", "annotation", "anotacion", "species",
    "especie",
)  # fmt: skip
_GROUPS = (  # columns that may be groups, the finest first
    "recording id", "grabacion", "grabaciones", "grupo", "grupos", "record", "tape", "cinta",
    "deployment", "despliegue", "session", "sesion", "day", "dia", "date", "fecha", "site", "sitio",
    "station", "estacion", "hydrophone", "hidrofono", "location", "lugar",
)  # fmt: skip


def labelled(folder: Path, options: Options) -> tuple[pd.DataFrame, list[str]]:
    """Table of name (path below the folder), label, inside (folders below the class or the table)
    and, if a table has a column of groups, group, in name order; and a phrase a file that was left
    out.

    UserError if the classes can't be told.
    """
    tables = [options.labels_csv] if options.labels_csv else list_files(folder, (".csv", ".tsv"))
    tables = [Path(table) for table in tables]
    fit = tables if options.labels_csv else [t for t in tables if _names_labels(t)]
    if len(fit) > 1:
        raise UserError(
            f"{folder.name} holds {len(fit)} CSV files ({some_of([t.name for t in fit])}); "
            "leave the one with the labels there, or name it in labels_csv or with --labels."
        )
    classes = {} if fit else _classes(folder)
    if tables and not fit and len(classes) < 2:
        fit = tables[:1]  # says which columns it lacks
    if fit:
        table = read_labels(fit[0], folder)
        there = [below(folder, path) for path in list_files(folder, AUDIO_SUFFIXES, deep=True)]
        named = {*table["name"]}
        left_out = [f"{shown(n)}: not in {fit[0].name}" for n in there if n not in named]
    else:
        table, left_out = subfolder_labels(folder, classes, options)
    ignored = [t for t in tables if t not in fit]
    left_out += [f"{t.name}: no columns of file and label" for t in ignored]
    return _in_name_order(table), left_out


def _classes(folder):
    """Files by subfolder, of those subfolders that hold any audio."""
    subfolders = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    found = {sub.name: list_files(sub, None, deep=True) for sub in subfolders}
    return {name: files for name, files in found.items()
            if any(file.suffix.lower() in AUDIO_SUFFIXES for file in files)}  # fmt: skip


def subfolder_labels(
    folder: Path, classes: Mapping[str, Sequence[Path]], options: Options
) -> tuple[pd.DataFrame, list[str]]:
    """Table of clips from one subfolder a class, and what was left out."""
    loose = list_files(folder, AUDIO_SUFFIXES)
    if not classes:
        hint, stem = (" and no CSV with labels", Path(loose[0]).stem) if loose else ("", "rec01")
        beside = (
            f"; of recordings, put a Raven table ({stem}.Table.1.selections.txt) or Audacity "
            f"labels ({stem}.txt) beside each"
        )
        raise UserError(
            f"{folder.name} holds no audio in subfolders{hint}; put the clips "
            f"({', '.join(AUDIO_SUFFIXES)}) in one subfolder a class, or add a CSV that names "
            f"file and label{beside}."
        )
    depth = 1
    if inner := _inner_classes(folder, classes, options.positive_class):
        if not options.group:
            raise UserError(
                f"{folder.name}: {' and '.join(sorted(classes))} hold the classes "
                f"{' and '.join(inner)}; load one of them, such as {folder.name}/"
                f"{min(classes)}, or all as one set with the outer folders as groups: "
                "--group '^[^/]+'."
            )
        depth = 2
    elif len(classes) != 2:
        raise UserError(
            f"{folder.name}: audio in {len(classes)} subfolder(s) ({some_of(classes)}), only one "
            "class or more than two; two subfolders with audio are needed, one of clips with the "
            "call and one of clips without."
        )
    if loose:
        raise UserError(
            f"{folder.name}: {len(loose)} audio files lie beside the subfolders "
            f"({some_of([path.name for path in loose])}); put them in one of them, or elsewhere."
        )
    rows, left_out = [], []
    for path in (path for files in classes.values() for path in files):
        name = below(folder, path)
        parts = name.split("/")
        if reason := _no_clip(path):
            left_out.append(f"{shown(name)}: {reason}")
        else:
            rows.append((name, parts[depth - 1], "/".join(parts[depth:-1])))
    return pd.DataFrame(rows, columns=["name", "label", "inside"]), left_out


def _inner_classes(folder, classes, positive_class):
    """The two classes that every subfolder holds, if the subfolders are no classes themselves."""
    inner = {
        frozenset(file.parts[len(folder.parts) + 1] for file in files
                  if file.suffix.lower() in AUDIO_SUFFIXES)
        for files in classes.values()
    }  # fmt: skip
    names = sorted(next(iter(inner)))
    told = [sum(map(is_negative, some)) == 1 for some in (names, classes)]
    if positive_class:
        told = [positive_class in some for some in (names, classes)]
    both = len(inner) == 1 and len(names) == 2 and len(classes) > 1
    return names if both and told == [True, False] else None


def _no_clip(path):
    """Why a file in a class's folder is no clip, or "": what soundfile reads is one."""
    if not is_utf8(path.name) or not is_utf8(path):
        return "its name is no UTF-8"
    if not path.exists():
        return "broken link"
    if path.suffix.lower() in AUDIO_SUFFIXES:
        return ""
    try:
        return "" if soundfile.info(path).frames else "no samples"
    except (soundfile.LibsndfileError, TypeError, OSError):
        return "not audio that soundfile reads"


def _names_labels(csv):
    """Whether a table has a column of files and one of labels."""
    try:
        found = headings(read(csv))
    except (UserError, OSError):
        return False
    return bool(column(found, _FILES) and column(found, _LABELS))


def read_labels(csv: Path, folder: Path) -> pd.DataFrame:
    """Table of name, label, inside and, if there is one, group from a CSV."""
    table = read(csv)
    found = headings(table)
    file_column, label_column = column(found, _FILES), column(found, _LABELS)
    if file_column is None or label_column is None:
        raise UserError(
            f"{csv.name} has the columns {', '.join(map(str, table.columns))}; it needs one called "
            "clip_name, file, filename, path, name or archivo, and one called label, class or "
            "clase."
        )
    names = table[file_column].str.strip().str.replace("\\", "/").map(os.path.normpath)
    labels = table[label_column].str.strip()
    result = pd.DataFrame({"name": names.map(composed), "label": labels})
    if group_column := _group_column(found, table, label_column, file_column):
        result["group"] = table[group_column].str.strip()
    blank = result.loc[result["label"] == "", "name"]
    if len(blank):
        raise UserError(
            f"{csv.name}: {len(blank)} files have no label ({some_of(blank)}); fill them in or "
            "remove these lines."
        )
    outside = names[names.str.match(r"/|[A-Za-z]:|\.\.(?:/|$)")]
    if len(outside):
        raise UserError(
            f"{csv.name} names {len(outside)} files outside of its folder ({some_of(outside)}); "
            "give names relative to it, without `..`."
        )
    result = result.drop_duplicates()
    clash = result.loc[result["name"].duplicated(), "name"].unique()
    if len(clash):
        raise UserError(
            f"{csv.name} names {len(clash)} files twice with labels or groups that disagree "
            f"({some_of(clash)}); keep one line a file."
        )
    paths = _found(csv, folder, result["name"])
    twice = result.loc[pd.Series(paths, result.index).duplicated(), "name"]
    if len(twice):
        raise UserError(
            f"{csv.name} names {len(twice)} files twice ({some_of(twice)}); keep one line a file."
        )
    result["name"] = [below(folder, path) for path in paths]
    result["inside"] = [os.path.dirname(name) for name in result["name"]]
    result.attrs["groups"] = f"the column {group_column} of {csv.name}"
    return result.reset_index(drop=True)


def _group_column(found, table, *others):
    """The column that names recordings: one called so, or one that plainly tells places or days,
    which is one with few enough values."""
    if plainly := column(found, GROUP_NAMES):
        return plainly
    for name in _GROUPS:
        own = found.get(name)
        if own is not None and own not in others and 1 < table[own].nunique() <= len(table) / 2:
            return own
    return None


def _found(csv, folder, names):
    """The files that a CSV names: beside it, in the folder, or in its train/."""
    inside = sorted({csv.parent.resolve(), folder.resolve(), (folder / "train").resolve()})

    @functools.cache
    def composed_names():
        files = [path for place in inside if place.is_dir() for path in list_files(place, None)]
        files += list_files(folder, None, deep=True)
        known = {}
        for path in files:
            for place in inside:
                if path.resolve().is_relative_to(place):
                    relative = path.resolve().relative_to(place).as_posix()
                    known.setdefault(composed(relative), path)
        return known

    paths = [
        next((place / name for place in inside if (place / name).is_file()), None)
        or composed_names().get(name)
        for name in names
    ]
    absent = [name for name, path in zip(names, paths, strict=True) if path is None]
    if absent:
        raise UserError(
            f"{csv.name} names {len(absent)} files that do not exist ({some_of(absent)}); correct "
            "the names or put the files beside the CSV."
        )
    return [folder / Path(os.path.relpath(path.resolve(), folder.resolve())) for path in paths]


def _in_name_order(table):
    """The rows by file name; by the folder within the class first, which is then a recording or a
    day, where there is more than one."""
    names = [name.rsplit("/", 1)[-1] for name in table["name"]]
    if table["inside"].nunique() > 1:
        names = [f"{inside}/{name}" for inside, name in zip(table["inside"], names, strict=True)]
    order = sorted(range(len(table)), key=lambda row: natural(names[row]))
    return table.iloc[order].reset_index(drop=True)
