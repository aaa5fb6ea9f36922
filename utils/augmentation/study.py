"""The study's grid of paired runs: arms, sizes, seeds and classifiers, one row each.

A seed draws the split by group, the training clips and the initialisation of generator and
classifier together (Bouthillier et al. 2021): all arms of a seed share their clips and their test
side. Rows go to data/results/<dataset>/study.csv as they are finished. Each carries a hash of what
it follows from: the data, the settings that all rows share, those of its classifier and of its
generators. Finished rows are never run again, other settings make other rows, and a further size,
arm, generator or classifier leaves the rows of the others as they are.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import itertools
import json
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import roc_auc_score

from utils import data, paths, tables
from utils.augmentation import arms, simulated
from utils.augmentation.protocol import (
    BY_SNR,
    COLUMNS,
    EMBEDDED,
    KEY,
    PARTS,
    PROTOCOL,
    SCORES,
    SHARED,
    Cell,
)
from utils.augmentation.stored import (
    add,
    backend,
    by_seed,
    common_settings,
    complete,
    current,
    latest,
    missing,
    offered,
    read,
    select,
    settings_of,
    whole_batches,
)
from utils.baseline import baseline
from utils.errors import UserError
from utils.models import classifiers, embeddings
from utils.models.generators import registry
from utils.models.generators.references import REFERENCES
from utils.sound import features
from utils.statistics import evaluation

if TYPE_CHECKING:  # it brings Keras
    from utils.models.generators.base import Generator

__all__ = [  # `study` is the face of the protocol and of its table, too
    "BY_SNR", "COLUMNS", "EMBEDDED", "KEY", "PARTS", "PROTOCOL", "SCORES", "SHARED", "Cell",
    "Study", "add", "by_seed", "common_settings", "complete", "current", "latest", "missing",
    "offered", "read", "select", "settings_of", "whole_batches",
]  # fmt: skip


class Study:
    """A data set, made ready, with the study's splits and settings; source: of `data.load`, or a
    Dataset."""

    split_seed = PROTOCOL["split_seed"]

    def __init__(self, source: data.Dataset | Path | str | None) -> None:
        self.source = source
        dataset = source if isinstance(source, data.Dataset) else data.load(source)
        self.bench = baseline.prepare(dataset, PROTOCOL["shape"])
        self.name = self.bench.dataset.name
        self.labels = self.bench.dataset.labels
        shared = {key: PROTOCOL[key] for key in SHARED} | {"n_sea": self.n_sea}
        text = json.dumps(shared, sort_keys=True) + self.bench.fingerprint
        self.settings = tables.digest(text)
        self.path = self.bench.results("study")
        self.samples = paths.CACHE / "study"  # of generators, while their seed is being run

    @functools.lru_cache(maxsize=8)  # noqa: B019 - a study lives as long as its process
    def _splits(self, number):
        return data.kept_splits(
            self.labels,
            self.bench.dataset.groups,
            seed=self.split_seed + number,
            n_splits=PROTOCOL["n_splits"],
        )

    def split(self, seed: int) -> data.Split:
        """Return a seed's split: five seeds in a row have test sides without a common clip."""
        return self._splits(seed // PROTOCOL["n_splits"])[seed % PROTOCOL["n_splits"]]

    @functools.cached_property
    def n_sea(self) -> int:
        """Seas in every training set of the main part: as many as all splits have."""
        fewest = min(self.available(seed)[1] for seed in range(PROTOCOL["most_seeds"]))
        return min(PROTOCOL["negatives"], fewest)

    @property
    def fill(self) -> int:
        """Calls, real and added, that arms of the main part fill up to: never more than seas."""
        return min(PROTOCOL["fill"], self.n_sea)

    def available(self, seed: int) -> tuple[int, int]:
        """Return the numbers of calls and of seas on a seed's training side."""
        labels = self.labels[self.split(seed).train]
        return int((labels == 1).sum()), int((labels == 0).sum())

    def cells(self, seeds: Iterable[int], parts: Collection[str] = PARTS) -> list[Cell]:
        """Return the Cells of some seeds and parts of the protocol, in the order of running."""
        return [
            cell
            for seed in seeds
            for part in PARTS
            if part in parts
            for cell in self._asked(seed, part)
        ]

    def _asked(self, seed, part):
        """The Cells of one part and seed, as far as there are clips for them."""
        calls, seas = self.available(seed)
        n_sea, size = self.n_sea, PROTOCOL["ratio_size"]
        plain = [arm for arm in arms.ARMS if arm not in arms.WITH_CLASSICAL]
        sizes = [size for size in PROTOCOL["sizes"] if size < min(calls, self.fill)]
        if part == "main":
            return [self.cell(seed, size, arm) for size in sizes for arm in plain]
        make = functools.partial(Cell, seed, part=part)
        if part == "curve":
            every = min(calls, seas)
            sizes = (*(size for size in PROTOCOL["curve"] if size < every), every)
            return [make(size, max(size, n_sea), arms.REAL, 0.0) for size in sizes]
        if part == "ratios":
            each = itertools.product(PROTOCOL["ratios"], PROTOCOL["ratio_arms"])
            return [make(size, n_sea, a, float(r)) for r, a in each if size < calls]
        if part == "ocean":
            headline, controls = PROTOCOL["primary"]["arm"], PROTOCOL["control_sizes"]
            found = [make(0, 0, "ocean_prior", 0.0), make(0, n_sea, headline, 0.0)]
            for size in sizes:
                each = (headline, *(arms.CONTROLS if size in controls else ()))
                found += [replace(self.cell(seed, size, arm), part=part) for arm in each]
            return found
        own = PROTOCOL[part]
        if own["size"] >= calls or own["negatives"] > seas or own["negatives"] == n_sea:
            return []  # with as many seas as the main part has, it is the main part
        return [
            make(own["size"], own["negatives"], arm, _ratio(arm, own["size"], own["fill"]))
            for arm in plain
        ]

    def cell(self, seed: int, size: int, arm: str) -> Cell:
        """Return the Cell of an arm with so many real calls, as the main part has it."""
        return Cell(seed, size, self.n_sea, arm, _ratio(arm, size, self.fill))

    def drawn(self, cell: Cell) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the numbers of a cell's training clips: calls, seas and spare calls.

        Draws of one seed are nested: smaller sizes are parts of larger ones. UserError if the
        training side holds fewer calls.
        """
        train, (calls, _) = self.split(cell.seed).train, self.available(cell.seed)
        if cell.n_positive > calls:
            raise UserError(
                f"{self.name}: the training side of seed {cell.seed} holds {calls} calls, and "
                f"{cell.n_positive} are asked for; add labelled calls."
            )
        drawn = data.draw(self.labels, train, calls, cell.n_negative, seed=cell.seed)
        return drawn[: cell.n_positive], drawn[calls:], drawn[cell.n_positive : calls]

    # Generators

    def synthetic_path(self, cell: Cell, name: str) -> Path:
        """Return where the samples of a generator are kept while its seed is being run."""
        made = f"{self.settings}-{tables.digest(registry.described([name]))}"
        key = f"{made}-{cell.n_positive}-{cell.n_negative}-{cell.seed}-{name}"
        return self.samples / f"{key}.npz"

    @contextlib.contextmanager
    def trained_anew(self) -> Iterator[None]:
        """Within it, no sample is used that was drawn before, and none is left behind."""
        before = self.samples
        with tempfile.TemporaryDirectory() as folder:
            self.samples = Path(folder)
            try:
                yield
            finally:
                self.samples = before

    def build(self, name: str, cell: Cell) -> Generator:
        """Return an unfitted generator for a cell, as the protocol has it."""
        return registry.build(name)

    def generate(self, cell: Cell, name: str) -> Path:
        """Train a generator on a cell's clips, and the one that it borrows from, unless that has
        been done; return the path of its samples."""
        path = self.synthetic_path(cell, name)
        if path.is_file():
            return path
        calls, seas, _ = (self.bench.grid[index] for index in self.drawn(cell))
        split = self.split(cell.seed)
        validation = split.validation[self.labels[split.validation] == 1]
        clips = {"background": seas, "validation": self.bench.grid[validation], "seed": cell.seed}
        if name in REFERENCES:
            start = time.perf_counter()
            generator = REFERENCES[name]().fit(calls, **clips)
            generator.seconds = time.perf_counter() - start
            self._keep(path, generator, cell.seed)
            return path
        generator, given = self.build(name, cell), {}
        if generator.borrows:
            borrowed = self.build(generator.borrows, cell)
            given["autoencoder"] = borrowed.fit(calls, **clips)
            self._keep(
                self.synthetic_path(cell, generator.borrows), given["autoencoder"], cell.seed
            )
        self._keep(path, generator.fit(calls, **clips, **given), cell.seed)
        return path

    def _keep(self, path, generator, seed):
        count = max(PROTOCOL["fill"], round(PROTOCOL["ratio_size"] * max(PROTOCOL["ratios"])))
        with paths.replacing(path) as partial:
            np.savez(partial, clips=generator.sample(count, seed=seed), seconds=generator.seconds)

    def synthetic(self, cell: Cell, name: str) -> tuple[np.ndarray, float]:
        """Return the samples of a generator that was trained on a cell's clips, and its seconds."""
        with np.load(self.generate(cell, name), allow_pickle=False) as stored:
            return stored["clips"], float(stored["seconds"])

    @functools.lru_cache(maxsize=4)  # noqa: B019
    def heard(self, speeds: tuple[int, ...]) -> features.Features:
        """Return the Features of all clips whose table is their embeddings at some speeds."""
        table = embeddings.of_dataset(self.bench.dataset, speeds)
        return replace(self.bench.features, table=table)

    @property
    def embedded(self) -> features.Features:
        """What EMBEDDED learns from."""
        return self.heard(PROTOCOL["classifiers"][EMBEDDED]["speeds"])

    # Runs

    def run(self, cell: Cell, names: Iterable[str]) -> list[dict]:
        """Return the rows of a cell, one a classifier; a failure becomes the row's error."""
        common = {"dataset": self.name, **asdict(cell), "versions": _versions()}
        rows = [
            common | {"classifier": name, "settings": settings_of(self.settings, cell.arm, name)}
            for name in names
        ]
        try:
            training, seconds, digest = self.prepare(cell)
        except Exception as error:  # the other cells go on
            return [row | {"error": _sentence(error)} for row in rows]
        made = {"generator_seconds": seconds, "clips": digest, "n_train": training.n_clips}
        for row in rows:
            row |= made
            try:
                row |= self.judge(cell, training, row["classifier"])[0]
            except Exception as error:
                row["error"] = _sentence(error)
        return rows

    def material(self, cell: Cell, samples: Callable | None = None) -> arms.Material:
        """Return what the arms of a cell's seed and size share; samples: see `arms.Material`."""
        calls, seas, spare = self.drawn(cell)
        grid = self.bench.grid
        known = self.bench.features[np.concatenate([calls, seas])]
        return arms.Material(
            grid[calls], grid[seas], grid[spare], samples, cell.seed,
            known.table, functools.partial(self.bank, cell),
            *simulated.scale(self.bench.dataset, PROTOCOL["shape"]),
        )  # fmt: skip

    def prepare(self, cell: Cell) -> tuple[arms.Training, float, str]:
        """Return a cell's Training, its generators' seconds, and a hash of its real clips."""
        seconds = []

        def samples(name, count):
            if name not in arms.generators(cell.arm):
                raise UserError(
                    f"SAMPLING in utils/augmentation/arms.py does not say that it draws {name}."
                )
            clips, took = self.synthetic(cell, name)
            seconds.append(took)
            return clips[:count]

        index = np.concatenate(self.drawn(cell)[:2])
        known = self.bench.features[index]
        training = arms.prepare(cell.arm, self.material(cell, samples), cell.count, known)
        names = "\n".join(self.bench.dataset.clip_names[index].astype(str))
        return training, sum(seconds), tables.digest(names)

    def bank(self, cell: Cell, kind: str) -> simulated.Bank:
        """Return the `simulated.Bank` of a kind that a cell's seed hears."""
        settings = simulated.check(self.bench.dataset)
        return simulated.bank(kind, cell.seed % simulated.OCEANS, settings, PROTOCOL["shape"])

    def held_out(
        self, cell: Cell, training: arms.Training, known: features.Features
    ) -> tuple[arms.Training, tuple[features.Features, np.ndarray]]:
        """Return what a classifier learns from, and (features, labels) to stop and decide by.

        The validation side of the clips that are `known`; without any real call, a fifth of the
        simulated ones.
        """
        if cell.n_positive:
            side = self.split(cell.seed).validation
            return training, (known[side], self.labels[side])
        order = np.random.default_rng(cell.seed).permutation(len(training.labels))
        learned, held = np.split(order, [len(order) * 4 // 5])
        rest = replace(
            training, features=training.features[learned], labels=training.labels[learned]
        )
        return rest, (training.features[held], training.labels[held])

    def judge(
        self, cell: Cell, training: arms.Training, name: str
    ) -> tuple[dict[str, float], np.ndarray]:
        """Fit one classifier and score it once on the test side; return a dict of SCORES and the
        (n,) probabilities."""
        split, labels, known = self.split(cell.seed), self.labels, self.bench.features
        settings, kind = dict(PROTOCOL["classifiers"][name]), name
        if name == EMBEDDED:
            known, kind = self.embedded, "logistic"
            del settings["speeds"]
            training = replace(training, features=known[np.concatenate(self.drawn(cell)[:2])])
        start = time.perf_counter()
        training, held_out = self.held_out(cell, training, known)
        classifier = classifiers.build(kind, seed=cell.seed, **settings)
        classifier.fit(training.features, training.labels, held_out, training.weights)
        threshold = evaluation.choose_threshold(held_out[1], classifier.predict_proba(held_out[0]))
        probability = classifier.predict_proba(known[split.test])
        found = evaluation.scores(labels[split.test], probability, threshold)
        scores = {score: found[score] for score in SCORES} | {
            "seconds": time.perf_counter() - start
        }
        return scores | self.by_snr(split.test, probability), probability

    def by_snr(self, test: np.ndarray, probability: np.ndarray) -> dict[str, float]:
        """Return ROC AUC of the fainter and of the louder half of the calls against all seas."""
        truth = self.bench.dataset.truth
        if truth is None:
            return {}
        snr, labels = truth["snr_db"].to_numpy()[test], self.labels[test]
        low = snr <= np.median(snr[labels == 1])
        return {
            name: float(roc_auc_score(labels[side], probability[side]))
            for name, side in zip(BY_SNR, ((labels == 0) | low, (labels == 0) | ~low), strict=True)
        }


def _ratio(arm, size, fill):
    """The calls that an arm adds for each real one, so that they fill up to a number."""
    return 0.0 if arm in (arms.REAL, arms.CLASS_WEIGHT) else fill / size - 1


def _sentence(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def _versions():
    names = ("keras", backend(), "scikit-learn")
    return " ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
