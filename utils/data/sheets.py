"""Tables as spreadsheets and sound editors write them: encodings, separators, headers, names."""

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from utils.errors import UserError

TABLE_SUFFIXES = (".csv", ".tsv", ".txt")
_UNITS = frozenset("s sec secs second seconds seg segundos hz".split())


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, UTF-16 with its mark, or else Windows-1252."""
    raw = path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def read(path: Path) -> pd.DataFrame:
    """Return the table in a file; see `parse`."""
    return parse(read_text(path), path.name)


def parse(text: str, name: str) -> pd.DataFrame:
    """Return a table with a header as texts; a blank cell is an empty text.

    Commas, semicolons or tabs, whichever the header holds most of, or what a first line `sep=;`
    says. ValueError, which names the file, if lines are not equally long.
    """
    text = re.sub(r"\A(?:[;,\t ]*\r?\n)+", "", text)  # blank lines tell no separator
    first, _, rest = text.partition("\n")
    told = re.fullmatch(r'"?sep=(.)"?[;,\t]*\r?', first)
    separator = told[1] if told else max("\t;,", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(rest if told else text), delimiter=separator))
    except csv.Error as error:
        raise _uneven(name) from error
    rows = [[" ".join(cell.splitlines()) for cell in row] for row in rows]
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise _uneven(name)
    width = len(rows[0])
    while width and not rows[0][width - 1].strip():
        width -= 1
    if any(cell.strip() for row in rows for cell in row[width:]):
        raise _uneven(name)
    names = rows[0][:width]
    names = [name if name not in names[:i] else f"{name}.{i}" for i, name in enumerate(names)]
    cells = [row[:width] + [""] * (width - len(row)) for row in rows[1:]]
    return pd.DataFrame(cells, columns=names, dtype=object)


def _uneven(name):
    return UserError(
        f"{name} is no table of equally long lines; write one line a file, with a header."
    )


def plain(text: str) -> str:
    """Return a name without accents, case and signs: "Grabación_ID" is "grabacion id"."""
    letters = unicodedata.normalize("NFKD", str(text).casefold())
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", letters))


def headings(table: pd.DataFrame) -> dict[str, str]:
    """Return the columns by their `plain` names without units: "begin time" for Begin Time (s)."""
    found = {}
    for column in table.columns:
        words = plain(column).split()
        while len(words) > 1 and words[-1] in _UNITS:
            words.pop()
        found.setdefault(" ".join(words), column)
    return found


def column(found: Mapping[str, str], names: Sequence[str]) -> str | None:
    """Return the first of the headings that has one of the names, or None."""
    return next((found[name] for name in names if name in found), None)


def composed(text: str) -> str:
    """Return a name with its accents as one sign each (NFC), as most systems write them."""
    return unicodedata.normalize("NFC", str(text))
