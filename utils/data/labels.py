"""Which clip is a call: subfolders, tables, class names."""

import io
import os
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd

from utils.data.dataset import GROUP_NAMES, some_of
from utils.data.files import AUDIO_SUFFIXES, list_files, natural
from utils.data.sheets import composed, plain
from utils.errors import UserError

NEGATIVE_WORDS = frozenset(
    "0 no non not none nocall noncall nowhale noise ambient silence negative negatives neg "
    "background absent absence other others sea ocean water empty nothing false fp tn "
    "sin nada ruido fondo mar oceano agua silencio negativo negativa negativos ausente ausencia "
    "otro otros otra otras vacio vacia".split()
)
_WITHOUT = frozenset("no non not without sin false".split())  # begin a name: "sin llamada"
_ABSENT = frozenset(
    "absent absence ausente ausencia negative negatives neg negativo negativa false".split()
)  # end one: "upcall absent"
_FILLING = frozenset(
    "only clip clips sound sounds de del solo sonido sonidos and y class clase".split()
)
_UNIT_NUMBER = re.compile(r"^([01])\.0+$")


def subfolder_labels(folder):
    """Table of path and label from one subfolder a class, in the order of the file names."""
    subfolders = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    classes = {sub.name: list_files(sub, AUDIO_SUFFIXES, deep=True) for sub in subfolders}
    classes = {name: files for name, files in classes.items() if files}
    loose = list_files(folder, AUDIO_SUFFIXES)
    if not classes:
        hint = " and no CSV with labels" if loose else ""
        raise UserError(
            f"{folder.name} holds no audio in subfolders{hint}; put the clips "
            f"({', '.join(AUDIO_SUFFIXES)}) in one subfolder a class, or add a CSV that names "
            "file and label."
        )
    if len(classes) != 2:
        raise UserError(
            f"{folder.name}: audio in {len(classes)} subfolder(s) ({some_of(classes)}), only one "
            "class or more than two; two subfolders with audio are needed."
        )
    if loose:
        raise UserError(
            f"{folder.name}: {len(loose)} audio files lie beside the subfolders "
            f"({some_of([path.name for path in loose])}); put them in one of them, or elsewhere."
        )
    rows = [(path, name) for name, files in classes.items() for path in files]
    table = pd.DataFrame(rows, columns=["path", "label"])
    return _in_name_order(table)


def read_labels(csv, folder):
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
            f"{csv.name}: {len(blank)} files have no label ({some_of(blank)}); fill them in or "
            "remove these lines."
        )
    outside = names[names.str.match(r"/|[A-Za-z]:|\.\.(?:/|$)")]
    if len(outside):
        raise UserError(
            f"{csv.name} names {len(outside)} files outside of its folder ({some_of(outside)}); "
            "give names relative to it, without `..`."
        )
    if group_column := next((columns[c] for c in GROUP_NAMES if c in columns), None):
        result["group"] = table[group_column].str.strip()
    result = result.drop_duplicates()
    clash = result.loc[result["name"].duplicated(), "name"].unique()
    if len(clash):
        raise UserError(
            f"{csv.name} names {len(clash)} files twice with labels or groups that disagree "
            f"({some_of(clash)}); keep one line a file."
        )
    inside = {csv.parent.resolve(), folder.resolve(), (folder / "train").resolve()}
    result["path"] = [
        next((place / name for place in sorted(inside) if (place / name).is_file()), None)
        for name in result["name"]
    ]
    absent = result.loc[result["path"].isna(), "name"]
    if len(absent):
        raise UserError(
            f"{csv.name} names {len(absent)} files that do not exist ({some_of(absent)}); correct "
            "the names or put the files beside the CSV."
        )
    result["path"] = [folder / Path(os.path.relpath(p, folder.resolve())) for p in result["path"]]
    twice = result.loc[result["path"].duplicated(), "name"]
    if len(twice):
        raise UserError(
            f"{csv.name} names {len(twice)} files twice ({some_of(twice)}); keep one line a file."
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
        return natural(path.as_posix() if by_folder else path.name)

    return table.sort_values("path", key=lambda paths: paths.map(key), ignore_index=True)


def recode(where, labels, positive_class):
    """Labels as (n,) int8 and the class names (negative, positive)."""
    labels = [_UNIT_NUMBER.sub(r"\1", composed(label)) for label in labels]  # 1.0 is 1
    classes = sorted(set(labels))
    if positive_class is not None:
        positive_class = composed(positive_class)
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
            f"{where}: {len(classes)} different labels ({some_of(classes)}); labels must be 0 "
            "and 1 or two class names."
        )
    if positive_class is None:
        negative = [name for name in classes if is_negative(name)]
        if len(negative) != 1:
            raise undecided(f"{where}: the classes are", classes)
        positive_class = next(name for name in classes if name != negative[0])
    negative = next(name for name in classes if name != positive_class)
    names = ("none", "call") if {negative, positive_class} == {"0", "1"} else None
    return (
        (np.asarray(labels) == positive_class).astype(np.int8),
        names or (negative, positive_class),
    )


def undecided(beginning, names):
    """The UserError where names don't tell which of them is the call; it shows every answer."""
    given = [f"--positive-class {shlex.quote(name)}" for name in names]
    return UserError(
        f"{beginning} {' and '.join(names)}, and their names do not tell which of them is the "
        f"call; say so with {' or '.join(given)} (in Python positive_class, for make "
        "POSITIVE_CLASS=...)."
    )


def is_negative(name):
    """Whether the name of a class, as a whole, says that there is no call.

    "sea", "no call", "noise only" and "call absent" do; "sea lion" and "noisy humpback" don't.
    """
    words = plain(name).split()
    if not words:
        return False
    whole = all(word in NEGATIVE_WORDS or word in _FILLING for word in words)
    return (
        whole and not NEGATIVE_WORDS.isdisjoint(words)
        or len(words) > 1 and (words[0] in _WITHOUT or words[-1] in _ABSENT)
    )  # fmt: skip
