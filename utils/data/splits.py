"""Splits by group, and nested draws of training clips."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sklearn
from sklearn.model_selection import StratifiedGroupKFold

from utils.data import cache
from utils.errors import UserError

N_SPLITS, SPARE_GROUPS = 5, 2  # test sides, and groups of each class that they need beyond one each


@dataclass(frozen=True, eq=False)
class Split:
    """Clip indices of three sides that share no group: train, validation, test."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    seed: int


def split_by_group(
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    seed: int,
    n_splits: int = N_SPLITS,
    fewer: bool = False,
) -> list[Split]:
    """Return n_splits Splits whose test sides partition the clips, stratified, by group.

    Each test side holds one part of n_splits; an eighth of the rest is the validation side. fewer:
    where a class is in less than twice as many groups, make as few splits that each test side has
    about two, or, with five groups and less, leave each of them out once. ValueError if groups are
    too few, or a side would lack a class.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    own = [len(np.unique(groups[labels == value])) for value in (0, 1)]
    if min(own) >= (2 * n_splits if fewer else n_splits + SPARE_GROUPS):
        return _splits(labels, groups, seed, n_splits)
    most = min(own) // 2 if min(own) > n_splits else min(own)
    for count in range(most, 1, -1) if fewer else ():
        try:
            return _splits(labels, groups, seed, count)
        except UserError:
            pass  # a side lacks a class or a group
    needed = (
        "training, validation and test need at least 3, which hold both classes"
        if fewer
        else f"{n_splits} splits by group need at least {n_splits + SPARE_GROUPS}"
    )
    raise UserError(
        f"class {int(np.argmin(own))} occurs in {min(own)} groups only; {needed}. Name finer "
        "groups, or add clips of other recordings."
    )


def kept_splits(
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    seed: int,
    n_splits: int = N_SPLITS,
    fewer: bool = False,
) -> list[Split]:
    """Return the Splits of `split_by_group`, out of the cache once they were made."""
    clips = np.stack([np.asarray(labels, np.int64), np.asarray(groups, np.int64)])
    what = {
        "splits": [seed, n_splits, fewer],
        "clips": cache.digest_of(clips),
        "code": [sklearn.__version__, np.__version__, cache.digest(Path(__file__))],
    }

    def make():
        made = split_by_group(labels, groups, seed=seed, n_splits=n_splits, fewer=fewer)
        sides = np.zeros((len(labels), len(made)), np.int8)
        for number, split in enumerate(made):
            sides[split.validation, number], sides[split.test, number] = 1, 2
        yield {"sides": sides}

    sides = cache.entry(what, make).arrays["sides"]
    return [Split(*(np.flatnonzero(one == side) for side in range(3)), seed) for one in sides.T]


def _splits(labels, groups, seed, n_splits):
    splits = []
    outer = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
    for rest, test in outer.split(labels, labels, groups):
        own = [len(np.unique(groups[rest[labels[rest] == value]])) for value in (0, 1)]
        if min(own) < 2:
            raise UserError("a side of the split has too few groups.")
        n_inner = max(2, min(8, *own))
        inner = StratifiedGroupKFold(n_inner, shuffle=True, random_state=seed)
        train, validation = next(inner.split(rest, labels[rest], groups[rest]))
        splits.append(Split(rest[train], rest[validation], test, seed))
    for split in splits:
        check_split(split, labels, groups)
    return splits


def check_split(split: Split, labels: np.ndarray, groups: np.ndarray) -> None:
    """ValueError if a group stands on two sides or a side lacks a class."""
    sides = {"train": split.train, "validation": split.validation, "test": split.test}
    seen = {}
    for side, index in sides.items():
        if len(np.unique(labels[index])) < 2:
            raise UserError(
                f"the {side} side holds a single class; the groups are too few or too uneven to "
                "split: name finer groups."
            )
        for group in np.unique(groups[index]):
            if group in seen:
                raise UserError(
                    f"group {group} stands on the {seen[group]} and the {side} side; split again."
                )
            seen[group] = side


def draw(
    labels: np.ndarray, index: np.ndarray, n_positive: int, n_negative: int, *, seed: int
) -> np.ndarray:
    """Return (n_positive + n_negative,) of the indices; with one seed, small draws are nested.

    ValueError if the side has fewer clips of a class than asked for.
    """
    labels, index = np.asarray(labels), np.asarray(index)
    drawn = []
    for value, wanted in ((1, n_positive), (0, n_negative)):
        candidates = index[labels[index] == value]
        if wanted > len(candidates):
            raise UserError(
                f"{wanted} clips of class {value} were asked for, but this side has "
                f"{len(candidates)}; ask for fewer."
            )
        drawn.append(np.random.default_rng([seed, value]).permutation(candidates)[:wanted])
    return np.concatenate(drawn)
