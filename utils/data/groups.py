"""Which clips belong together: recordings, places, days, or neighbours where nothing tells."""

import re

import numpy as np

from utils.data.dataset import BLOCK_CLIPS, some_of
from utils.data.files import shown
from utils.data.splits import N_SPLITS, SPARE_GROUPS
from utils.errors import UserError


def neighbour_blocks(labels):
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


def factorize_groups(where, names):
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


def by_recording(files):
    """Groups (n,) by file, and what they are called in a sentence."""
    return np.unique(np.asarray(files, dtype=str), return_inverse=True)[1], "groups are recordings"


def by_pattern(where, files, pattern):
    """Groups (n,) by what a regular expression finds in each file's path, and what they are called.

    The first bracket of the pattern counts, or all of it if there is none. UserError if it is no
    regular expression or finds nothing in some of the files.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UserError(f"--group {pattern!r} is no regular expression: {error}.") from error
    found = [expression.search(file) for file in files]
    lost = sorted({file for file, match in zip(files, found, strict=True) if match is None})
    if lost:
        raise UserError(
            f"{where}: --group {pattern!r} finds nothing in {len(lost)} names "
            f"({some_of(map(shown, lost))}); give a pattern that fits every file."
        )
    names = [match[1] if expression.groups else match[0] for match in found]
    numbers = np.unique([name or "" for name in names], return_inverse=True)[1]
    return numbers.astype(np.int64), f"{numbers.max() + 1} groups from the names by {pattern!r}"
