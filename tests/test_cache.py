"""Arrays on disk: found again, made again where they are damaged, and faults of the disk."""

import builtins
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from utils import paths
from utils.data import cache

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")
    return tmp_path / "cache" / "clips"


class Made:
    """Makes three chunks of two arrays, and counts how often."""

    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        for k in range(3):
            yield {"a": np.full((4, 3), k, np.float32), "b": np.full((4, 1000), k, np.int16)}
        return {"note": "añadido"}


def entry(made, what="clips"):
    found = cache.entry({"what": what}, made)
    assert found.notes == {"note": "añadido"}
    for name, width in (("a", 3), ("b", 1000)):
        assert found.arrays[name].shape == (12, width)
        np.testing.assert_array_equal(found.arrays[name][:, 0], np.repeat([0, 1, 2], 4))
    return found


def only(folder):
    """The one entry of the cache."""
    (found,) = folder.iterdir()
    return found


def test_an_entry_is_made_once_and_mapped(folder):
    made = Made()
    for _ in range(2):
        found = entry(made)
        assert isinstance(found.arrays["a"], np.memmap) and not found.arrays["a"].flags.writeable
    assert made.times == 1
    entry(made, "other clips")
    assert made.times == 2 and len(list(folder.iterdir())) == 2


def change_byte(place):
    raw = bytearray((place / "b.bin").read_bytes())
    raw[77] ^= 1
    (place / "b.bin").write_bytes(raw)


def rewrite(**changes):
    def apply(place):
        told = json.loads((place / "entry.json").read_text())
        (place / "entry.json").write_text(json.dumps(told | changes))

    return apply


DAMAGE = {
    "a byte": change_byte,
    "an end": lambda place: os.truncate(place / "a.bin", 100),
    "a file": lambda place: (place / "a.bin").unlink(),
    "no notes": lambda place: (place / "entry.json").unlink(),
    "half of the notes": lambda place: os.truncate(place / "entry.json", 40),
    "other notes": lambda place: (place / "entry.json").write_text("[1]"),
    "another version": rewrite(version=0),
    "no arrays": rewrite(arrays=7),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_or_of_another_version_is_made_again(folder, damage):
    made = Made()
    entry(made)
    DAMAGE[damage](only(folder))
    entry(made)
    entry(made)
    assert made.times == 2 and only(folder).is_dir()


def test_what_fails_in_the_making_leaves_nothing(folder):
    def fails():
        yield {"a": np.zeros((2, 2))}
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.entry({}, fails)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("limit", [0, 5000, 20_000, 24_130])
def test_a_full_disk_keeps_the_clips_in_memory(folder, monkeypatch, limit):
    """The disk is full after some bytes; 12 clips take 24,144 bytes, and then there are notes."""
    room = [limit]
    real = builtins.open

    class Full:
        def __init__(self, file):
            self.file = file

        def write(self, content):
            part = bytes(content)[: room[0]]
            room[0] -= len(part)
            self.file.write(part)
            if len(part) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def __getattr__(self, name):
            return getattr(self.file, name)

    def limited(path, mode="r", **options):
        file = real(path, mode, **options)
        return Full(file) if "w" in mode and str(path).endswith(".bin") else file

    monkeypatch.setattr(builtins, "open", limited)
    made = Made()
    with pytest.warns(UserWarning, match="cache can't be written .No space left on device"):
        found = entry(made)
    assert made.times == 1 and not isinstance(found.arrays["a"], np.memmap)
    assert list(folder.iterdir()) == []


def test_notes_that_do_not_fit_on_the_disk(folder, monkeypatch):
    def full(path, *_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.warns(UserWarning, match="No space left"):
        entry(Made())
    assert list(folder.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(paths, "CACHE", tmp_path / "file")
    made = Made()
    for _ in range(2):
        with pytest.warns(UserWarning, match="cache can't be written"):
            entry(made)
    assert made.times == 2 and (tmp_path / "file").read_text() == "no folder"


def test_two_runs_at_once_make_one_entry(folder):
    inner, outer = Made(), Made()

    def slow():
        notes = yield from outer()
        entry(inner)  # the other run is through before this one ends
        return notes

    cache.entry({"what": "clips"}, slow)
    entry(inner)
    assert (inner.times, outer.times) == (1, 1) and only(folder).is_dir()


def test_a_killed_run_leaves_no_entry_and_is_tidied_away(folder):
    code = (
        "import numpy as np, sys, time; from pathlib import Path; from utils import paths\n"
        "from utils.data import cache\n"
        f"paths.CACHE = Path({str(paths.CACHE)!r})\n"
        "def make():\n"
        "    yield {'a': np.zeros((4, 3)), 'b': np.zeros((4, 1000))}\n"
        "    print('half', flush=True); time.sleep(60)\n"
        "cache.entry({'what': 'clips'}, make)"
    )
    run = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert run.stdout.readline() == b"half\n"
    run.send_signal(signal.SIGKILL)
    run.wait()
    (left,) = folder.glob(".partial-*")
    made = Made()
    entry(made)
    assert made.times == 1 and left.exists()  # it might be another run's
    os.utime(left, (0, time.time() - 2 * 24 * 3600))
    entry(made, "other clips")
    assert not left.exists()
