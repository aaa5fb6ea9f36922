"""Which of two names is the call."""

import re
import shlex
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from utils.data.dataset import some_of
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


def recode(
    where: str, labels: ArrayLike, positive_class: str | None
) -> tuple[np.ndarray, tuple[str, str]]:
    """Labels as (n,) int8 and the class names (negative, positive)."""
    labels = [_UNIT_NUMBER.sub(r"\1", composed(label)) for label in labels]  # 1.0 is 1
    classes = sorted(set(labels))
    if positive_class is not None:
        positive_class = composed(positive_class)
        if positive_class not in classes:
            raise UserError(
                f"{where}: no class is called {positive_class!r}; the classes are "
                f"{', '.join(classes)}."
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
    names = ("none", "call") if classes == ["0", "1"] else (negative, positive_class)
    return (np.asarray(labels) == positive_class).astype(np.int8), names


def undecided(beginning: str, names: Sequence[str]) -> UserError:
    """The UserError where names don't tell which of them is the call; it shows every answer."""
    given = [f"--positive-class {shlex.quote(name)}" for name in names]
    return UserError(
        f"{beginning} {' and '.join(names)}, and their names do not tell which of them is the "
        f"call; say so with {' or '.join(given)} (in Python positive_class, for make "
        "POSITIVE_CLASS=...)."
    )


def is_negative(name: str) -> bool:
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
