"""The files of a folder, in an order that people expect."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

AUDIO_SUFFIXES = (
    ".wav", ".aiff", ".aif", ".aifc", ".flac", ".ogg", ".oga", ".mp3", ".w64", ".rf64", ".caf",
    ".au",
)  # fmt: skip


def list_files(folder: Path, suffixes: Sequence[str] | None, *, deep: bool = False) -> list[Path]:
    """The files with one of some suffixes, without hidden ones; deep: those of subfolders too.

    suffixes: None for all files. Folders behind links are left alone.
    """
    found = []
    for place, folders, files in os.walk(folder, onerror=None if deep else _raise):
        folders[:] = [name for name in folders if deep and not name.startswith(".")]
        found += [
            os.path.join(place, name)
            for name in files
            if not name.startswith(".")
            and (not suffixes or os.path.splitext(name)[1].lower() in suffixes)
        ]
    return [Path(path) for path in sorted(found, key=lambda path: path.split(os.sep))]


def _raise(error):
    raise error


def below(folder: Path, path: Path) -> str:
    """The name, with "/", of a path that was joined to a folder; quicker than relative_to."""
    return "/".join(path.parts[len(folder.parts) :])


def natural(name: str) -> str:
    """A sort key by which clip10 follows clip9."""
    return re.sub(r"\d+", lambda digits: digits.group().zfill(12), name)


def shown(name: str) -> str:
    """A file's name for a sentence, its bytes escaped where they are no UTF-8."""
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_utf8(name: str | Path) -> bool:
    """Whether a file's name can be written as text."""
    try:
        str(name).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
