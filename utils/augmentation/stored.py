"""The rows of study.csv: what they follow from, which are there, which belong together; and those
of the tables beside it, which grow a seed at a time."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from utils import paths, tables
from utils.augmentation import arms, simulated
from utils.augmentation.protocol import (
    BY_SNR,
    COLUMNS,
    EMBEDDED,
    KEY,
    PROTOCOL,
    SCORES,
    Cell,
    seen_by,
)
from utils.models import embeddings
from utils.models.generators import registry
from utils.progress import progress

if TYPE_CHECKING:  # it imports this module
    from utils.augmentation.study import Study

BACKEND = "tensorflow"  # on which the stored rows were made
CELL = ("seed", "n_positive", "n_negative", "arm", "ratio")  # columns that name a cell


def _beside_classical(arm):
    """What rows of an arm that adds to `classical` follow from besides, as text."""
    if arm not in arms.WITH_CLASSICAL:
        return ""
    if arms.generators(arm):
        return json.dumps([arms.WITH_CLASSICAL[arm], arms.SIMULATED, arms.DOSE, simulated.TREES])
    return json.dumps([arms.WITH_CLASSICAL[arm], arms.SIMULATED, arms.WHOLE, simulated.SETTINGS])


def backend() -> str:
    """Return the name of the backend that Keras runs on."""
    return os.environ.get("KERAS_BACKEND", BACKEND)


def settings_of(common: str, arm: str, classifier: str) -> str:
    """Return what the column `settings` of rows of an arm and a classifier holds now; common: the
    settings of their Study. Another backend than BACKEND makes other rows."""
    own = json.dumps(PROTOCOL["classifiers"].get(classifier), sort_keys=True)
    own += "" if backend() == BACKEND else backend()
    own += registry.described(arms.generators(arm)) + _beside_classical(arm)
    return f"{common}-{tables.digest(own)}"


def current(table: pd.DataFrame, common: str) -> pd.DataFrame:
    """Return the rows of a table that follow from the settings of a Study, and from the present
    ones of their classifiers and generators."""
    pairs = table["arm"] + "\n" + table["classifier"]
    made = {pair: settings_of(common, *pair.split("\n")) for pair in pairs.unique()}
    return table[table["settings"] == pairs.map(made)]


def common_settings(table: pd.DataFrame) -> pd.Series:
    """Return the part of the column `settings` that all rows of a Study have in common."""
    return table["settings"].str.partition("-")[0]


def read(path: Path) -> pd.DataFrame:
    """Return the stored rows, each once (see `tables.grown`), or an empty table with COLUMNS."""
    if not path.is_file():
        return pd.DataFrame(columns=COLUMNS)
    written = path.stat()
    return _read(path, written.st_mtime_ns, written.st_size).copy()


@functools.lru_cache(maxsize=1)  # a plan asks several times for what nobody has added to
def _read(path, *written):
    stored = tables.grown(path, KEY, settings=str, clips=str, error=str)
    return stored if len(stored) else pd.DataFrame(columns=COLUMNS)


def add(path: Path, rows: Sequence[Mapping]) -> None:
    """Add finished rows to the table of a path; processes that share it lose nothing."""
    tables.append([{name: _rounded(row, name) for name in COLUMNS} for row in rows], path)


def _rounded(row, name):
    value = row.get(name)
    return round(float(value), _DIGITS[name]) if name in _DIGITS and value is not None else value


_DIGITS = dict.fromkeys(SCORES + BY_SNR, 6) | {"ratio": 4, "generator_seconds": 2, "seconds": 2}


def offered(table: pd.DataFrame | None = None) -> list[str]:
    """Return the classifiers of the protocol that can be run here, or have rows in a table."""
    there = set() if table is None else set(table["classifier"])
    return [
        name
        for name in PROTOCOL["classifiers"]
        if name != EMBEDDED or name in there or embeddings.available()
    ]


def missing(
    study: Study, cells: Iterable[Cell], names: Sequence[str], *, failed: bool = False
) -> list[tuple[Cell, list[str]]]:
    """Return [(cell, classifiers that have no row yet)]; failed: rows with an error count as none.

    The order is that of the cells.
    """
    stored = complete(study) if failed else current(read(study.path), study.settings)
    done = set(zip(*(stored[name].tolist() for name in (*CELL, "classifier")), strict=True))
    found = []
    for cell in dict.fromkeys(cells):
        key = (cell.seed, cell.n_positive, cell.n_negative, cell.arm, round(cell.ratio, 4))
        left = [
            name for name in seen_by(cell.arm, cell.n_positive, names) if (*key, name) not in done
        ]
        if left:
            found.append((cell, left))
    return found


def whole_batches(seeds: Iterable[int]) -> set[int]:
    """Return the set of those seeds whose batch of PROTOCOL is there as a whole."""
    size, seeds = PROTOCOL["batch"], set(map(int, seeds))
    return {s for s in seeds if seeds.issuperset(range(s - s % size, s - s % size + size))}


def complete(study: Study) -> pd.DataFrame:
    """Return the rows of the present settings that did not fail, without doubles."""
    stored = current(read(study.path), study.settings)
    return stored[stored["error"].isna()]


def select(table: pd.DataFrame, part: str) -> pd.DataFrame:
    """Return the rows of one of PARTS, with those that its arms are compared with: `real` of the
    same numbers of clips, for the curve all of `real`, for the hydrophone the rivals too.

    A row belongs to the part that ran it first: `real` of the sweep of ratios is a row of main.
    """
    own, real = table["part"] == part, table["arm"] == arms.REAL
    main = table["part"] == "main"
    if part == "main":
        return table[own]
    if part == "curve":
        return table[own | main & real]
    if part == "ocean":
        rivals = (arms.REAL, *PROTOCOL["primary"]["against"], arms.ORACLE)
        rivals = main & table["arm"].isin(rivals)
        return pd.concat([table[rivals], table[own & (table["n_positive"] > 0)]])
    clips = pd.MultiIndex.from_frame(table[["n_positive", "n_negative"]])
    return table[own | real & clips.isin(clips[own])]


def by_seed(
    study: Study,
    name: str,
    content: str,
    scored: Callable[[Study, int], Iterable[Mapping]],
    *,
    keys: Sequence[str],
    seeds: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Return the rows of a table beside study.csv, running those of the seeds that have none.

    content: text that the rows follow from. scored: of a Study and a seed, returns its rows. seeds:
    all of the protocol's by default.
    """
    path, content = study.bench.results(name), tables.digest(content)
    seeds = seeds or range(PROTOCOL["most_seeds"])
    stored = tables.rows(path, content, keys=keys)
    done = set(stored["seed"]) if len(stored) else set()
    for seed in progress(seeds, f"{study.name}: {name}"):
        if seed not in done:
            tables.append([{**row, "content": content} for row in scored(study, seed)], path)
    return tables.rows(path, content, keys=keys)


def latest(dataset: str, name: str) -> pd.DataFrame:
    """Return the rows of a table beside study.csv that were run last; none if there are none."""
    return tables.latest(paths.results_dir(dataset) / f"{name}.csv")
