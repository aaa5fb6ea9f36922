"""The study's grid of paired runs: arms, sizes, seeds and classifiers, one row each.

A seed draws the split by group, the training clips and the initialisation of generator and
classifier together (Bouthillier et al. 2021): all arms of a seed share their clips and their test
side. Rows go to data/results/<dataset>/study.csv as they are finished. Each carries a hash of what
it follows from: the data, the settings that all rows share, those of its classifier and of its
generators. Finished rows are never run again, other settings make other rows, and a further size,
arm, generator or classifier leaves the rows of the others as they are.
"""

import contextlib
import functools
import importlib.metadata
import itertools
import json
import os
import tempfile
import time
from dataclasses import asdict, astuple, dataclass, field, replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from joblib.externals.loky import process_executor
from sklearn.metrics import roc_auc_score

from utils import data, paths, tables
from utils.augmentation import arms, simulated
from utils.baseline import baseline
from utils.errors import UserError
from utils.models import classifiers
from utils.models.generators import registry
from utils.models.generators.references import REFERENCES
from utils.progress import progress
from utils.statistics import comparison, evaluation

PROTOCOL = {
    "sizes": (25, 50, 100, 200, 400),  # real calls
    "negatives": 800,  # real clips of sea beside them
    "control_sizes": (25, 50),  # of arms.CONTROL
    "fill": 800,  # calls, real and added, that every arm that adds fills up to
    "curve": (600, 800),  # further sizes of `real` alone; the whole training side comes last
    "balanced": {"size": 100, "negatives": 100, "fill": 200},
    "challenge": {"size": 100, "negatives": 300, "fill": 300},
    "ratio_size": 50,
    "ratios": (0.5, 1, 2, 4, 8, 16),  # added calls a real one
    "ratio_arms": ("classical", *registry.REGISTRY, "hybrid"),
    "classifiers": {
        "cnn": {"steps": 240, "batch_size": 32},
        "mlp": {"steps": 120},
        "random_forest": {"n_estimators": 100, "n_jobs": 1},
        "gradient_boosting": {"max_iter": 100, "learning_rate": 0.12},
        "logistic": {},
    },
    "primary": {  # comparison of the simulated hydrophone, written before its rows were run
        "arm": "ocean",
        "against": ("class_weight", "oversample", "classical", "mixup", "call_on_background"),
        "classifiers": ("cnn", "random_forest"),
        "sizes": (25, 50, 100),
        "unseen": range(14, 40),  # seeds at which nobody had looked when it was written
    },
    "smallest_effect": comparison.SMALLEST_EFFECT,  # of ROC AUC; less counts as none
    "batch": 10,  # seeds
    "most_seeds": 40,
    "width": 0.006,  # of the interval to either side, at which no further seeds are run
    "width_classifiers": ("cnn", "random_forest"),
    "n_splits": 5,
    "split_seed": 1000,  # other splits than those that generators were developed on
    "shape": baseline.PROTOCOL["shape"],
    "revision": 1,  # raised when the code changes what the rows mean
}
SHARED = (  # of PROTOCOL, what all rows follow from; doses, since they size a generator's draw
    "fill", "ratio_size", "ratios", "n_splits", "split_seed", "shape", "revision",
)  # fmt: skip
PARTS = ("main", "curve", "ratios", "ocean", "balanced", "challenge")
SCORES = ("roc_auc", "average_precision", "f1", "accuracy", "brier")
BY_SNR = ("roc_auc_low_snr", "roc_auc_high_snr")  # where the truth is known, else empty
KEY = ("n_positive", "n_negative", "seed", "arm", "ratio", "classifier", "settings")
COLUMNS = (
    "dataset", "part", "n_positive", "n_negative", "seed", "arm", "ratio", "classifier", "n_train",
    *SCORES, *BY_SNR, "generator_seconds", "seconds", "clips", "settings", "versions", "error",
)  # fmt: skip
EXPECTED_SECONDS = {
    "cnn": 5.0, "mlp": 2.0, "random_forest": 1.5, "gradient_boosting": 1.5, "logistic": 0.1,
}  # fmt: skip
GENERATOR_SECONDS = 25.0


@dataclass(frozen=True, order=True)
class Cell:
    """One training set: all classifiers learn from it."""

    seed: int
    n_positive: int
    n_negative: int
    arm: str
    ratio: float  # calls asked for a real one
    part: str = field(default="main", compare=False)  # of PARTS: the first that asks for it

    @property
    def count(self):
        """Calls that the arm is asked to add."""
        return round(self.ratio * self.n_positive)


class Study:
    """A data set, made ready, with the study's splits and settings; source: of `data.load`, or a
    Dataset."""

    def __init__(self, source):
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
        return data.split_by_group(
            self.labels,
            self.bench.dataset.groups,
            seed=PROTOCOL["split_seed"] + number,
            n_splits=PROTOCOL["n_splits"],
        )

    def split(self, seed):
        """Return a seed's split: five seeds in a row have test sides without a common clip."""
        return self._splits(seed // PROTOCOL["n_splits"])[seed % PROTOCOL["n_splits"]]

    @functools.cached_property
    def n_sea(self):
        """Seas in every training set of the main part: as many as all splits have."""
        fewest = min(self.available(seed)[1] for seed in range(PROTOCOL["most_seeds"]))
        return min(PROTOCOL["negatives"], fewest)

    @property
    def fill(self):
        """Calls, real and added, that arms of the main part fill up to: never more than seas."""
        return min(PROTOCOL["fill"], self.n_sea)

    def available(self, seed):
        """Return the numbers of calls and of seas on a seed's training side."""
        labels = self.labels[self.split(seed).train]
        return int((labels == 1).sum()), int((labels == 0).sum())

    def cells(self, seeds, parts=PARTS):
        """Return the Cells of some seeds and parts of the protocol, in the order of running."""
        return [
            replace(cell, part=part)
            for seed in seeds
            for part in PARTS
            if part in parts
            for cell in self._asked(seed, part)
        ]

    def _asked(self, seed, part):
        """The Cells of one part and seed, as far as there are clips for them."""
        calls, seas = self.available(seed)
        n_sea, size = self.n_sea, PROTOCOL["ratio_size"]
        sizes = [size for size in PROTOCOL["sizes"] if size < min(calls, self.fill)]
        if part == "main":
            return [cell for size in sizes for cell in self._filled(seed, size, n_sea, self.fill)]
        if part == "curve":
            every = min(calls, seas)
            sizes = (*(size for size in PROTOCOL["curve"] if size < every), every)
            return [Cell(seed, size, max(size, n_sea), arms.REAL, 0.0) for size in sizes]
        if part == "ratios":
            each = itertools.product(PROTOCOL["ratios"], PROTOCOL["ratio_arms"])
            return [Cell(seed, size, n_sea, a, float(r)) for r, a in each if size < calls]
        if part == "ocean":
            found = [Cell(seed, 0, 0, arm, 0.0) for arm in arms.WITHOUT_CLIPS]
            found += [Cell(seed, 0, n_sea, arm, 0.0) for arm in arms.WITHOUT_CALLS]
            return found + [
                Cell(seed, size, n_sea, arm, self.fill / size - 1)
                for size in sizes
                for arm in arms.OCEANS
                if arm != arms.CONTROL or size in PROTOCOL["control_sizes"]
            ]
        own = PROTOCOL[part]
        if own["size"] >= calls or own["negatives"] > seas or own["negatives"] == n_sea:
            return []  # with as many seas as the main part has, it is the main part
        return self._filled(seed, own["size"], own["negatives"], own["fill"])

    def _filled(self, seed, size, n_negative, fill):
        still = (arms.REAL, arms.CLASS_WEIGHT)
        return [
            Cell(seed, size, n_negative, arm, 0.0 if arm in still else fill / size - 1)
            for arm in arms.ARMS
            if arm not in arms.OCEANS
        ]

    def drawn(self, cell):
        """Return the numbers of a cell's training clips: calls, seas and spare calls.

        Draws of one seed are nested: smaller sizes are parts of larger ones.
        """
        train, (calls, _) = self.split(cell.seed).train, self.available(cell.seed)
        drawn = data.draw(self.labels, train, calls, cell.n_negative, seed=cell.seed)
        return drawn[: cell.n_positive], drawn[calls:], drawn[cell.n_positive : calls]

    # Generators

    def synthetic_path(self, cell, name):
        """Return where the samples of a generator are kept while its seed is being run."""
        made = f"{self.settings}-{tables.digest(_described([name]))}"
        key = f"{made}-{cell.n_positive}-{cell.n_negative}-{cell.seed}-{name}"
        return self.samples / f"{key}.npz"

    @contextlib.contextmanager
    def trained_anew(self):
        """Within it, no sample is used that was drawn before, and none is left behind."""
        before = self.samples
        with tempfile.TemporaryDirectory() as folder:
            self.samples = Path(folder)
            try:
                yield
            finally:
                self.samples = before

    def build(self, name):
        """Return an unfitted generator, as the protocol has it."""
        return registry.build(name)

    def generate(self, cell, name):
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
        generator, given = self.build(name), {}
        if generator.borrows:
            given["autoencoder"] = self.build(generator.borrows).fit(calls, **clips)
            self._keep(
                self.synthetic_path(cell, generator.borrows), given["autoencoder"], cell.seed
            )
        self._keep(path, generator.fit(calls, **clips, **given), cell.seed)
        return path

    def _keep(self, path, generator, seed):
        count = max(PROTOCOL["fill"], round(PROTOCOL["ratio_size"] * max(PROTOCOL["ratios"])))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{os.getpid()}-{path.name}")
        try:
            np.savez(partial, clips=generator.sample(count, seed=seed), seconds=generator.seconds)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    def synthetic(self, cell, name):
        """Return the samples of a generator that was trained on a cell's clips, and its seconds."""
        with np.load(self.generate(cell, name), allow_pickle=False) as stored:
            return stored["clips"], float(stored["seconds"])

    # Runs

    def run(self, cell, names):
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
                row |= self.score(cell, training, row["classifier"])
            except Exception as error:
                row["error"] = _sentence(error)
        return rows

    def prepare(self, cell):
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

        calls, seas, spare = self.drawn(cell)
        index = np.concatenate([calls, seas])
        grid = self.bench.grid
        known = self.bench.features[index]
        material = arms.Material(
            grid[calls], grid[seas], grid[spare], samples, cell.seed,
            known.table, functools.partial(self.bank, cell),
            *simulated.scale(self.bench.dataset, PROTOCOL["shape"]),
        )  # fmt: skip
        training = arms.prepare(cell.arm, material, cell.count, known)
        names = "\n".join(self.bench.dataset.clip_names[index].astype(str))
        return training, sum(seconds), tables.digest(names)

    def bank(self, cell, kind):
        """Return the `simulated.Bank` of a kind that a cell's seed hears."""
        settings = simulated.check(self.bench.dataset)
        return simulated.bank(kind, cell.seed % simulated.OCEANS, settings, PROTOCOL["shape"])

    def held_out(self, cell, training):
        """Return what a classifier learns from, and (features, labels) to stop and decide by.

        The validation side; without any real call, a fifth of the simulated clips.
        """
        if cell.n_positive:
            side = self.split(cell.seed).validation
            return training, (self.bench.features[side], self.labels[side])
        order = np.random.default_rng(cell.seed).permutation(len(training.labels))
        learned, held = np.split(order, [len(order) * 4 // 5])
        rest = replace(
            training, features=training.features[learned], labels=training.labels[learned]
        )
        return rest, (training.features[held], training.labels[held])

    def fit(self, cell, training, name):
        """Return a classifier of the protocol that learned from a cell's Training."""
        training, held_out = self.held_out(cell, training)
        classifier = classifiers.build(name, seed=cell.seed, **PROTOCOL["classifiers"][name])
        return classifier.fit(training.features, training.labels, held_out, training.weights)

    def score(self, cell, training, name):
        """Fit one classifier and score it once on the test side; return a dict of SCORES."""
        return self.judge(cell, training, name)[0]

    def judge(self, cell, training, name):
        """Return the dict of `score`, and the (n,) probabilities of the test side."""
        split, labels, start = self.split(cell.seed), self.labels, time.perf_counter()
        classifier = self.fit(cell, training, name)
        known, truth = self.held_out(cell, training)[1]
        threshold = evaluation.choose_threshold(truth, classifier.predict_proba(known))
        probability = classifier.predict_proba(self.bench.features[split.test])
        found = evaluation.scores(labels[split.test], probability, threshold)
        scores = {score: found[score] for score in SCORES} | {
            "seconds": time.perf_counter() - start
        }
        return scores | self.by_snr(split.test, probability), probability

    def by_snr(self, test, probability):
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


def _sentence(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def _versions():
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    names = ("keras", backend, "scikit-learn")
    return " ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def _lent(names):
    """The generators that others of them borrow and train along."""
    return {registry.REGISTRY[n].borrows for n in names if n in registry.REGISTRY} - {None}


def _described(names):
    """The settings of generators, and of those that they borrow, as text."""
    trained = sorted({*names, *_lent(names)} & {*registry.REGISTRY})
    built = {name: registry.REGISTRY[name]().description() for name in trained}
    return json.dumps(built, sort_keys=True)


# The table


def _ocean_settings(arm):
    """What rows of an arm of the simulated hydrophone follow from besides, as text."""
    if arm not in arms.OCEANS:
        return ""
    return json.dumps([arms.OCEANS[arm], arms.SIMULATED, arms.WHOLE, simulated.SETTINGS])


def settings_of(common, arm, classifier):
    """Return what the column `settings` of rows of an arm and a classifier holds now; common: the
    settings of their Study."""
    own = json.dumps(PROTOCOL["classifiers"].get(classifier), sort_keys=True)
    return (
        f"{common}-{tables.digest(own + _described(arms.generators(arm)) + _ocean_settings(arm))}"
    )


def current(table, common):
    """Return the rows of a table that follow from the settings of a Study, and from the present
    ones of their classifiers and generators."""
    pairs = list(zip(table["arm"], table["classifier"], strict=True))
    made = {pair: settings_of(common, *pair) for pair in set(pairs)}
    return table[table["settings"] == [made[pair] for pair in pairs]]


def common_settings(table):
    """Return the part of the column `settings` that all rows of a Study have in common."""
    return table["settings"].str.partition("-")[0]


def read(path):
    """Return the stored rows, each once (see `tables.grown`), or an empty table with COLUMNS."""
    stored = tables.grown(path, KEY, settings=str, clips=str, error=str)
    return stored if len(stored) else pd.DataFrame(columns=COLUMNS)


def add(path, rows):
    """Add finished rows to the table of a path; processes that share it lose nothing."""
    tables.append([{name: _rounded(row, name) for name in COLUMNS} for row in rows], path)


def _rounded(row, name):
    value = row.get(name)
    return round(float(value), _DIGITS[name]) if name in _DIGITS and value is not None else value


_DIGITS = dict.fromkeys(SCORES + BY_SNR, 6) | {"ratio": 4, "generator_seconds": 2, "seconds": 2}


def missing(study, cells, names, *, failed=False):
    """Return [(cell, classifiers that have no row yet)]; failed: rows with an error count as none.

    The order is that of the cells.
    """
    stored = current(read(study.path), study.settings)
    if failed:
        stored = stored[stored["error"].isna()]
    done = set(stored[[*_CELL, "classifier"]].itertuples(index=False, name=None))
    found = []
    for cell in dict.fromkeys(cells):
        key = (*astuple(cell)[:4], round(cell.ratio, 4))
        left = [name for name in names if (*key, name) not in done]
        if left:
            found.append((cell, left))
    return found


_CELL = ("seed", "n_positive", "n_negative", "arm", "ratio")


# Running


@functools.lru_cache(maxsize=2)
def _opened(source):
    """One Study a process and source: workers read the data once."""
    return Study(source)


def _stay():
    """Let this worker live: loky ends workers that grow by 0.3 GB, as those that keep compiled
    networks do, and a new one has to read the data and compile once more."""
    process_executor._MAX_MEMORY_LEAK_SIZE = 4e9


def _generate(source, cell, name):
    _stay()
    try:
        _opened(source).generate(cell, name)
    except OSError:  # a full disk is no arm's failure: the cells would all meet it again
        raise
    except Exception:  # the arm meets it again and records it
        return


def _run(source, cell, names):
    _stay()
    return _opened(source).run(cell, names)


def expected_seconds(study, waiting):
    """Return the seconds that cells will take in one process, by the table or by what is usual."""
    stored = read(study.path)
    usual = EXPECTED_SECONDS | stored.groupby("classifier")["seconds"].median().dropna().to_dict()
    trained = {(c.seed, c.n_positive, c.n_negative, g) for c, _ in waiting
               for g in arms.generators(c.arm) if g in registry.REGISTRY}  # fmt: skip
    return len(trained) * GENERATOR_SECONDS + sum(
        usual.get(name, max(usual.values())) for _, names in waiting for name in names
    )


def run(study, waiting, *, jobs=2, scheduler=None):
    """Run cells, seed by seed: first their generators, then their rows; return the failed rows."""
    failed = []
    n_rows = sum(len(names) for _, names in waiting)
    with workers(jobs, scheduler) as parallel, progress(total=n_rows, what=study.name) as bar:
        for seed in dict.fromkeys(cell.seed for cell, _ in waiting):
            own = [(cell, names) for cell, names in waiting if cell.seed == seed]
            tasks = _trainings(cell for cell, _ in own)
            for _ in parallel(joblib.delayed(_generate)(study.source, *task) for task in tasks):
                pass
            for rows in parallel(joblib.delayed(_run)(study.source, *task) for task in own):
                add(study.path, rows)
                failed += [row for row in rows if row.get("error")]
                bar.update(len(rows))
            for cell, _ in own:
                drawn = arms.generators(cell.arm)
                for name in {*drawn, *_lent(drawn)}:
                    study.synthetic_path(cell, name).unlink(missing_ok=True)
    return failed


def _trainings(cells):
    """Return [(cell, generator)], each training once; one that others borrow comes with them."""
    found = {}
    for cell in cells:
        for name in arms.generators(cell.arm):
            found.setdefault((cell.n_positive, cell.n_negative), {})[name] = cell
    tasks = []
    for wanted in found.values():
        lent = _lent(wanted)
        tasks += [(cell, name) for name, cell in wanted.items() if name not in lent]
    return tasks


@contextlib.contextmanager
def workers(jobs, scheduler=None):
    """A joblib.Parallel that yields results as they come: processes here, or a Dask cluster."""
    for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, "1")  # one run a core beats two cores a run
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # glibc would give each array of a gradient step back to the system: a quarter of the MLP's time
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(2**25))
    os.environ.setdefault("MALLOC_TOP_PAD_", str(2**28))
    unordered = {"return_as": "generator_unordered"}
    if scheduler is None:
        with joblib.Parallel(jobs, **unordered) as parallel:
            yield parallel
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise UserError(
            "--scheduler needs Dask; install it with: pip install -e '.[cluster]'"
        ) from error
    with (
        Client(scheduler),
        joblib.parallel_config("dask", wait_for_workers_timeout=60),
        joblib.Parallel(**unordered) as parallel,
    ):
        yield parallel


# Commands


def chosen_seeds(study, seeds):
    """Return the seeds to run now: those asked for, or the batches that the protocol's rule asks.

    The rule looks at how wide the intervals of complete batches are, and at nothing else.
    """
    if seeds:
        return seeds
    count = PROTOCOL["batch"]
    while count < PROTOCOL["most_seeds"]:
        cells = study.cells(range(count), ("main",))
        if missing(study, cells, PROTOCOL["width_classifiers"]):
            break
        rows = select(complete(study), "main")
        if comparison.widest(rows, count, PROTOCOL["width_classifiers"]) <= PROTOCOL["width"]:
            break
        count += PROTOCOL["batch"]
    return list(range(count))


def whole_batches(seeds):
    """Return the set of those seeds whose batch of PROTOCOL is there as a whole."""
    size, seeds = PROTOCOL["batch"], set(map(int, seeds))
    return {s for s in seeds if seeds.issuperset(range(s - s % size, s - s % size + size))}


def complete(study):
    """Return the rows of the present settings that did not fail, without doubles."""
    stored = current(read(study.path), study.settings)
    return stored[stored["error"].isna()]


def select(table, part):
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


def reproduce(study, n_rows, seed):
    """Run rows anew that are drawn at random; return a table of stored and new ROC AUC.

    Generators are trained anew. allowed: ROUNDING where nothing but scikit-learn was involved (the
    processor that wrote a row repeats it to 1e-6), else twice `spread`, or 0.05 with too few seeds
    for it. ValueError if there is no row, or n_rows is not positive.
    """
    if n_rows < 1:
        raise UserError(f"--rows is {n_rows}; give at least 1.")
    stored = complete(study)
    if stored.empty:
        raise UserError(f"{study.path.name} holds no rows of these settings; run the study first.")
    drawn = stored.sample(min(n_rows, len(stored)), random_state=seed)
    found = []
    for row in drawn.itertuples():
        cell = Cell(row.seed, row.n_positive, row.n_negative, row.arm, row.ratio, row.part)
        with study.trained_anew():
            (again,) = study.run(cell, [row.classifier])
        between = spread(stored, row)
        trained = set(arms.generators(row.arm)) & {*registry.REGISTRY}
        network = row.classifier in classifiers.NETWORKS or trained
        allowed = 2 * between if np.isfinite(between) else 0.05
        found.append(
            {name: getattr(row, name) for name in (*_CELL, "classifier")}
            | {"stored": row.roc_auc, "again": again.get("roc_auc", np.nan)}
            | {"allowed": allowed if network else ROUNDING}
        )
    table = pd.DataFrame(found)
    table["agrees"] = (table["stored"] - table["again"]).abs() <= table["allowed"]
    return table


ROUNDING = 0.001  # of ROC AUC, where another processor's last digits turn a branch of a tree


def spread(stored, row):
    """Return the standard deviation between seeds of rows like one: same arm, ratio, classifier and
    numbers of clips. What the arms of a seed share is taken off where there are several. NaN for
    fewer than three seeds.
    """
    place = stored[stored["classifier"] == row.classifier]
    for name in ("n_positive", "n_negative"):
        place = place[place[name] == getattr(row, name)]
    own = place["roc_auc"]
    if place["arm"].nunique() > 1:
        own = own - place.groupby("seed")["roc_auc"].transform("mean")
    same = own[(place["arm"] == row.arm) & (place["ratio"] == row.ratio)]
    return same.std() if len(same) > 2 else np.nan


def rerun(study, cells, names):
    """Run named Cells anew, generators included, without the table; return their rows, and
    {(name of the cell, classifier): (n,) probabilities of the test side}."""
    rows, probabilities = [], {}
    with study.trained_anew():
        for name, cell in cells.items():
            training = study.prepare(cell)[0]
            for classifier in names:
                scores, probabilities[name, classifier] = study.judge(cell, training, classifier)
                rows.append(asdict(cell) | {"classifier": classifier} | scores)
    return rows, probabilities


def status(study):
    """Return how many rows each part and size has, are done and failed, for the seeds of the rule.

    "all" is the whole of a training side, which differs from seed to seed.
    """
    names = tuple(PROTOCOL["classifiers"])
    seeds, stored = chosen_seeds(study, None), current(read(study.path), study.settings)
    rows = []
    for part in PARTS:
        asked = study.cells(seeds, (part,))
        if not asked:  # too few clips for it
            continue
        cells = pd.DataFrame([asdict(cell) for cell in asked])
        cells["ratio"] = cells["ratio"].round(4)
        named = cells["n_positive"].isin(PROTOCOL["curve"]) | (part != "curve")
        for size, own in cells.groupby(cells["n_positive"].where(named, "all"), sort=False):
            found = own.merge(stored, on=list(_CELL))
            rows.append(
                {"part": part, "n_positive": size, "rows": len(own) * len(names)}
                | {"done": int(found["error"].isna().sum())}
                | {"failed": int(found["error"].notna().sum())}
            )
    return pd.DataFrame(rows)


def run_missing(study, *, parts=PARTS, sizes=(), seeds=(), arm_names=tuple(arms.ARMS),
                classifier_names=tuple(PROTOCOL["classifiers"]), jobs=1, scheduler=None,
                retry=False):  # fmt: skip
    """Run the rows that are missing, saying how long it takes; return those that failed.

    sizes, seeds: empty for all of the protocol's, as its rule asks for them. retry: run rows that
    failed once more. UserError if the protocol has no such cells for this data set.
    """
    names, failed, n_rows = list(classifier_names), [], 0
    while True:
        cells = study.cells(chosen_seeds(study, seeds), parts)
        cells = [c for c in cells if c.arm in arm_names]
        cells = [c for c in cells if not sizes or c.n_positive in sizes]
        waiting = missing(study, cells, names, failed=retry and not n_rows)
        if not cells:
            raise UserError(f"the protocol has no such cells for {study.name}; see `status`.")
        if not waiting:
            break
        count = sum(len(names) for _, names in waiting)
        minutes = expected_seconds(study, waiting) / 60 / jobs
        time_ = f"{minutes / 60:.1f} h" if minutes > 90 else f"{np.ceil(minutes):.0f} min"
        print(f"{study.name}: {count} rows to run, about {time_} in {jobs} processes")
        failed += run(study, waiting, jobs=jobs, scheduler=scheduler)
        n_rows += count
    print(f"{study.name}: {n_rows} rows run, {len(failed)} failed; they are in {study.path.name}")
    earlier = current(read(study.path), study.settings)["error"].notna().sum()
    if earlier > len(failed):
        print(f"{earlier - len(failed)} rows failed before; --retry runs them again.")
    for row in failed[:5]:
        print(f"  {row['arm']}, {row['n_positive']} calls, seed {row['seed']}: {row['error']}")
    return failed
