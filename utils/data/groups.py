"""Which clips belong together: recordings, places, days, or neighbours where nothing tells."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from utils.data.dataset import BLOCK_CLIPS, some_of
from utils.data.files import shown
from utils.data.splits import N_SPLITS, SPARE_GROUPS
from utils.errors import UserError

# What stands before the last number of a name, if it holds a number itself: rec07_0012, site1-3b.
_RECORDING = re.compile(r"^(.*\d.*)[ _.-]+[^ _.-]*\d[^ _.-]*$")


def numbered(names: ArrayLike) -> np.ndarray:
    """Groups (n,) int64, numbered in the order of their names."""
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def neighbour_blocks(labels: np.ndarray) -> tuple[np.ndarray, str]:
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
    return numbered(groups), f"{what} of one class"


def factorize_groups(where: str, names: ArrayLike) -> np.ndarray:
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
    return numbered(names)


def of_clips(
    where: str, table: pd.DataFrame, labels: np.ndarray, pattern: str | None
) -> tuple[np.ndarray, str]:
    """Groups (n,) of the clips of a folder, and where they come from.

    In this order: a pattern of the path, a column of the table, folders within a class, what the
    names have before their last number, blocks of neighbours. table: columns name, inside and
    perhaps group.
    """
    if pattern:
        return by_pattern(where, table["name"], pattern)
    if "group" in table:
        return factorize_groups(where, table["group"]), f"groups from {table.attrs['groups']}"
    inside = table["inside"].to_numpy(str)
    if _tells(inside, labels):
        return _folders(inside, labels)
    names = [_RECORDING.match(name.rsplit("/", 1)[-1].rsplit(".", 1)[0]) for name in table["name"]]
    if all(names):
        recordings = [match[1] for match in names]
        kinds = sorted(set(recordings))
        if _tells(recordings, labels, least=1) and 2 * len(kinds) <= len(recordings):
            return numbered(recordings), f"groups from the names ({some_of(kinds)})"
    numbers, what = neighbour_blocks(labels)
    return numbers, f"{what} by name"


def _tells(names, labels, least=2):
    """Whether names tell recordings apart, and not just the classes."""
    kinds = set(names)
    only_class = len(set(zip(names, labels, strict=True))) == len(kinds) <= 2
    return len(kinds) >= least and not (only_class and len(kinds) == 2)


def _folders(inside, labels):
    """Groups by folder; clips outside of any are dealt into blocks of neighbours."""
    loose = inside == ""
    names, what = inside.astype(object), "groups are the folders within a class"
    if loose.any():
        blocks, of_blocks = neighbour_blocks(labels[loose])
        names[loose] = [f"/{block}" for block in blocks]  # no folder is called so
        what += f", and {of_blocks} by name where there are none"
    return numbered(names.astype(str)), what


def in_time(labels: np.ndarray, groups: np.ndarray) -> bool:
    """Whether clips in name order may be taken to be in order of time.

    They can't where names sort one class behind the other: in all of the groups that hold both,
    or, if no group does, in the whole.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    by_group = [labels[groups == group] for group in np.unique(groups)]
    mixed = [part for part in by_group if part.min() != part.max()]
    turns = [int((np.diff(part) != 0).sum()) for part in mixed or [labels]]
    return max(turns) > 1


def by_pattern(
    where: str, files: pd.Series | Sequence[str], pattern: str
) -> tuple[np.ndarray, str]:
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
    numbers = numbered([name or "" for name in names])
    return numbers, f"{numbers.max() + 1} groups from the names by `{pattern}`"
