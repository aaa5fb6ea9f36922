"""The files of a folder, in an order that people expect."""

import re
from pathlib import Path

AUDIO_SUFFIXES = (
    ".wav", ".aiff", ".aif", ".aifc", ".flac", ".ogg", ".oga", ".mp3", ".w64", ".rf64", ".caf",
    ".au",
)  # fmt: skip


def list_files(folder, suffixes, *, deep=False):
    """The files with one of some suffixes, without hidden ones; deep: those of subfolders too.

    suffixes: None for all files.
    """
    found = folder.rglob("*") if deep else folder.iterdir()
    return sorted(
        path
        for path in found
        if (not suffixes or path.suffix.lower() in suffixes)
        and not path.is_dir()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


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
