"""Committed tables of results: written once, then only compared with.

A table that is computed anew on another processor differs in the last digits. The stored file stays
as it is as long as the new numbers agree with it, so a second run changes nothing.
"""

import contextlib
import csv
import errno
import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from pandas.api import types

from utils import paths
from utils.errors import UserError


def record(
    table: pd.DataFrame,
    path: Path,
    *,
    keys: Sequence[str],
    tolerance: float = 0.0,
    content: str | None = None,
) -> pd.DataFrame:
    """Write the table to a CSV if there is none, else compare with it; return what is stored.

    keys: the columns that identify a row. tolerance: the largest absolute difference of a number;
    text must be equal, and NaN equals NaN. content: what the numbers follow from, such as a hash of
    data and settings; it is stored in a column of that name, and a table with another content is
    replaced instead of compared.

    Raises ValueError if the keys do not identify the rows, or if the new table differs from the
    stored one, whose file is left as it is.
    """
    path, keys = Path(path), list(keys)
    if content is not None:
        table = table.assign(content=content)
    if missing := [key for key in keys if key not in table]:
        raise UserError(f"The table has no column {', '.join(missing)}; it has {list(table)}.")
    if table.duplicated(keys).any():
        row = table.loc[table.duplicated(keys).idxmax(), keys].tolist()
        raise UserError(f"The keys {keys} do not identify a row: {row} occurs twice.")
    new, stored = _read(io.StringIO(_text(table))), read(path, content=content)
    if stored is None:
        write(table, path)
        return new
    _compare(new, stored, keys, tolerance, path)
    return stored


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV; see `write_text`."""
    write_text(_text(table), path)


def write_text(text: str, path: Path) -> None:
    """Write text beside the target, then rename: no reader meets half of it."""
    with paths.replacing(path) as partial, open(partial, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def _text(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, lineterminator="\n")


def read(path: Path, *, content: str | None = None) -> pd.DataFrame | None:
    """Return a stored table, or None if there is none or it follows from another content."""
    if not Path(path).is_file():
        return None
    stored = _read(path)
    if content is not None and ("content" not in stored or {*stored["content"]} != {content}):
        return None
    return stored


def grown(path: Path, keys: Sequence[str], **types_: type) -> pd.DataFrame:
    """Return the rows of a table that `append` writes, each once; no rows if there is no table.

    A last line that a killed process left half-written is not read. Of rows with the same keys the
    first good one counts; only without one, a row whose column `error` says what failed.
    """
    return _settled(_whole_lines(path, **types_), keys)


def rows(
    path: Path, content: str | Mapping[str, str], *, keys: Sequence[str], by: str | None = None
) -> pd.DataFrame:
    """Return the rows of a table that grows which follow from a content; see `grown`.

    by: a column; content is then a mapping from its values. Rows of other contents may lie beside.
    """
    stored = _whole_lines(path)
    if "content" not in stored:
        return pd.DataFrame()
    wanted = stored[by].map(content) if by else content
    return _settled(stored[stored["content"] == wanted], keys)


def latest(path: Path) -> pd.DataFrame:
    """Return the rows of a table that grows whose content was the last to be written, none if there
    is no table."""
    stored = _whole_lines(path)
    return stored if stored.empty else stored[stored["content"] == stored["content"].iloc[-1]]


def _whole_lines(path, **types_):
    text = Path(path).read_bytes() if Path(path).is_file() else b""
    text = text[: text.rfind(b"\n") + 1]
    return _read(io.BytesIO(text), **types_) if text else pd.DataFrame()


def _settled(stored, keys):
    if "error" in stored:  # the good ones first
        stored = stored.iloc[np.argsort(stored["error"].notna(), kind="stable")]
    return stored.drop_duplicates(list(keys)).sort_index() if len(stored) else stored


def append(new: pd.DataFrame | Sequence[Mapping], path: Path) -> None:
    """Add rows to the end of a table that grows, under a lock and without reading the rest.

    A half-written last line is cut off first. A table with other columns is written anew, with
    those of both. Of dicts, which a data frame would take longer for, all have the same keys.
    """
    records = new.to_dict("records") if isinstance(new, pd.DataFrame) else list(new)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")), open(path, "a+b") as file:
        _mend(file)
        file.seek(0)
        header = file.readline().decode().rstrip("\n")
        columns = next(csv.reader([header])) if header else list(records[0])
        if set(columns) != set(records[0]):
            write(pd.concat([_read(path), pd.DataFrame(records)], ignore_index=True), path)
            return
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([] if header else [columns])
        writer.writerows([_field(row[column]) for column in columns] for row in records)
        file.write(text.getvalue().encode())


@contextlib.contextmanager
def sole_writer(lock: Path, what: str, out: Path) -> Iterator[None]:
    """Within it, no other process writes to a folder `out`; what: the work, for the message.

    UserError if one does, PermissionError if the lock's folder can't be written to.
    """
    if not os.access(lock.parent, os.W_OK):  # which the lock would take for another writer
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(lock.parent))
    try:
        with FileLock(lock, timeout=0):
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
    except Timeout as error:
        raise UserError(
            f"another {what} is writing to {out.name}/; wait for it, or name another --out."
        ) from error


def _field(value):
    return "" if value is None or value is pd.NA or value != value else value


def _mend(file) -> None:
    """Cut off what follows the last line break of an open file."""
    end = start = file.seek(0, os.SEEK_END)
    while start:
        start = max(start - 4096, 0)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0 or not start:
            file.truncate(start + found + 1)
            return


def digest(text: str) -> str:
    """Return 12 hexadecimal digits that tell texts apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def fingerprint(dataset: object) -> str:
    """Return 12 hexadecimal digits that tell data sets apart and are the same on every processor.

    Labels, groups, names and spectrograms of whole numbers, as images hold, count exactly, and so
    does what other spectrograms were computed from, if it was read (`source`). These themselves
    differ in the last bits between processors: of them the mean and deviation of each class count
    to two digits, and each class's mean over 4 x 4 parts of the grid to one.
    """
    values, labels = dataset.spectrograms, np.asarray(dataset.labels)
    digest = hashlib.sha256(str(values.shape).encode())
    for array in (labels, dataset.groups):
        digest.update(np.ascontiguousarray(array, dtype=np.int64))
    digest.update("\n".join(map(str, dataset.clip_names)).encode())
    if all(np.array_equal(clip, np.rint(clip)) for clip in values):
        for clip in values:
            digest.update(np.ascontiguousarray(clip, dtype=np.int32))
        return digest.hexdigest()[:12]
    if dataset.source is not None:
        digest.update(f"{dataset.source} {dataset.settings}".encode())
    for value in np.unique(labels):
        own = values[labels == value]
        means = own.mean(0, dtype=float)
        squares = np.mean([np.square(clip, dtype=float).mean() for clip in own])
        whole = [means.mean(), np.sqrt(squares - means.mean() ** 2)]
        bands = np.array_split(means, 4, axis=0)
        parts = [part.mean() for band in bands for part in np.array_split(band, 4, axis=1)]
        digest.update(f"{np.round(whole, 2) + 0.0} {np.round(parts, 1) + 0.0}".encode())
    return digest.hexdigest()[:12]


def _read(source, **types_) -> pd.DataFrame:
    return pd.read_csv(source, dtype={"content": str, **types_})


def _compare(new, stored, keys, tolerance, path) -> None:
    name = f"{path.parent.name}/{path.name}"
    advice = f"If the change is intended, delete {name} and run again, which records it anew."
    if set(new) != set(stored):
        odd = ", ".join(sorted(set(new) ^ set(stored)))
        raise UserError(f"{name} has other columns than the new table ({odd}). {advice}")
    new, stored = new.set_index(keys), stored.set_index(keys)
    odd = new.index.symmetric_difference(stored.index)
    if len(odd):
        raise UserError(f"{name} and the new table differ in the row {odd[0]}. {advice}")
    new = new.reindex(stored.index)
    for column in stored:
        before, now = stored[column], new[column]
        if _is_number(before) and _is_number(now):
            equal = (before == now) | (before.isna() & now.isna())
            gap = (before.astype(float) - now.astype(float)).abs().fillna(np.inf)
            gap = np.where(equal, 0.0, gap)
            wrong = gap > tolerance * (1 + 1e-9)
            worst = int(np.argmax(gap))
            detail = f"by {gap[worst]:.3g}, more than the tolerance {tolerance:g}"
        else:
            equal = (before.astype(object) == now.astype(object)) | (before.isna() & now.isna())
            wrong = ~equal.to_numpy()
            worst, detail = int(np.argmax(wrong)), "in its text"
        if wrong.any():
            raise UserError(
                f"{name}, row {stored.index[worst]}, column {column}: stored {before.iloc[worst]}, "
                f"now {now.iloc[worst]}; they differ {detail}. {advice}"
            )


def _is_number(values: pd.Series) -> bool:
    return types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
