"""Arrays that take long to make, kept on disk under a hash of what they follow from.

An entry is a folder of data/cache/clips/ with one file of plain numbers an array and entry.json,
which holds shapes, hashes and notes: nothing in it is ever executed. What is damaged, or of another
VERSION, is made again; where nothing can be written, arrays stay in memory.
"""

import functools
import hashlib
import json
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils import paths

VERSION = 1  # raised when the code changes what arrays follow from the same input
_FORGOTTEN = 24 * 3600  # s after which what a killed run left behind is removed
hasher = functools.partial(hashlib.blake2b, digest_size=16)


@dataclass(frozen=True, eq=False)
class Entry:
    """Read-only arrays by name, memory-mapped where they lie on disk, and what was noted."""

    arrays: dict[str, np.ndarray]
    notes: dict


def digest(path: str | Path) -> str:
    """Return the hash of a file's bytes."""
    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, hasher).hexdigest()


def digest_of(value: object) -> str:
    """Return the hash of anything that JSON holds, or of an array's bytes."""
    if isinstance(value, np.ndarray):
        content = np.ascontiguousarray(value).data.cast("B")
    else:
        content = json.dumps(value, sort_keys=True).encode("utf-8", "surrogateescape")
    return hasher(content).hexdigest()


def entry(what: dict, make: Callable[[], Generator]) -> Entry:
    """Return the Entry that follows from `what` (anything that JSON holds), made if it isn't there.

    make: returns a generator of chunks {name: (k, ...) array}, which are joined along their first
    axis, that ends by returning the notes (for JSON). What it raises is passed, and leaves nothing.
    """
    folder = paths.CACHE / "clips" / digest_of(what)
    return _stored(folder) or _Writer(folder).write(make())


def _stored(folder):
    """The Entry in a folder, or None if it is missing, damaged or of another version."""
    try:
        told = json.loads((folder / "entry.json").read_text(encoding="utf-8"))
        if told["version"] != VERSION:
            return None
        files = {name: folder / f"{name}.bin" for name in told["arrays"]}
        with ThreadPoolExecutor(2) as pool:
            hashes = dict(zip(files, pool.map(digest, files.values()), strict=True))
        if any(hashes[name] != each["hash"] for name, each in told["arrays"].items()):
            return None
        arrays = {
            name: np.memmap(files[name], each["dtype"], "r", shape=tuple(each["shape"]))
            for name, each in told["arrays"].items()
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Entry(arrays, told["notes"])


class _Writer:
    """Writes chunks beside an entry's folder, then renames; goes on in memory if the disk fails."""

    def __init__(self, folder):
        self.folder, self.partial = folder, None
        self.files, self.hashes, self.rows, self.kinds = {}, {}, 0, {}
        self.kept = None  # chunks in memory, once the disk has failed

    def write(self, chunks):
        try:
            self._tried(self._begin)
            while True:
                try:
                    chunk = next(chunks)
                except StopIteration as end:
                    return self._tried(self._renamed, end.value) or self._in_memory(end.value)
                self._tried(self._append, chunk)
                if self.kept is not None:
                    for name, array in chunk.items():
                        self.kept.setdefault(name, []).append(array)
        finally:
            self._close()

    def _tried(self, work, *given):
        """What some work on the disk returns; None from the moment on at which the disk fails."""
        if self.kept is None:
            try:
                return work(*given)
            except OSError as error:
                self._give_up(error)
        return None

    def _begin(self):
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        _tidy(self.folder.parent)
        self.partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=self.folder.parent))

    def _append(self, chunk):
        for name, array in chunk.items():
            if name not in self.files:
                self.files[name] = open(self.partial / f"{name}.bin", "wb")
                self.hashes[name] = hasher()
                self.kinds[name] = array.dtype.str, array.shape[1:]
            content = np.ascontiguousarray(array).data.cast("B")
            self.files[name].write(content)
            self.files[name].flush()
            self.hashes[name].update(content)
        self.rows += len(next(iter(chunk.values())))

    def _give_up(self, error):
        """Take what was written back into memory."""
        warnings.warn(
            f"the cache can't be written ({error.strerror or error}); clips stay in memory and "
            "are read anew the next time",
            stacklevel=2,
        )
        self.kept = {}
        if self.rows:
            for name, (dtype, shape) in self.kinds.items():
                count = self.rows * int(np.prod(shape))
                found = np.fromfile(self.partial / f"{name}.bin", dtype, count)
                self.kept[name] = [found.reshape(-1, *shape)]
        self._close()

    def _in_memory(self, notes):
        return Entry({name: np.concatenate(parts) for name, parts in self.kept.items()}, notes)

    def _renamed(self, notes):
        arrays = {
            name: {
                "dtype": dtype,
                "shape": [self.rows, *shape],
                "hash": self.hashes[name].hexdigest(),
            }
            for name, (dtype, shape) in self.kinds.items()
        }
        for file in self.files.values():
            file.close()
        text = json.dumps({"version": VERSION, "arrays": arrays, "notes": notes})
        (self.partial / "entry.json").write_text(text, encoding="utf-8")
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            os.rename(self.partial, self.folder)
        except OSError:
            # Another run was faster, and its entry is as good.
            if found := _stored(self.folder):
                return found
            raise
        found = _stored(self.folder)
        if found is None:
            raise OSError("what was written reads differently")
        return found

    def _close(self):
        for file in self.files.values():
            try:
                file.close()
            except OSError:
                pass  # the full disk, once more
        if self.partial is not None:
            shutil.rmtree(self.partial, ignore_errors=True)


def _tidy(folder):
    for left in folder.glob(".partial-*"):
        if time.time() - left.stat().st_mtime > _FORGOTTEN:
            shutil.rmtree(left, ignore_errors=True)
