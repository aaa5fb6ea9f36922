"""Running the study's cells in processes or on a cluster, and running stored rows anew."""

import contextlib
import functools
import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict

import numpy as np
import pandas as pd

from utils.augmentation import arms
from utils.augmentation.protocol import PARTS, PROTOCOL, Cell, seen_by
from utils.augmentation.stored import (
    CELL,
    add,
    complete,
    current,
    missing,
    offered,
    read,
    select,
)
from utils.augmentation.study import Study
from utils.errors import UserError
from utils.models import classifiers
from utils.models.generators import registry
from utils.progress import progress
from utils.statistics import comparison

EXPECTED_SECONDS = {
    "cnn": 5.0, "mlp": 2.0, "random_forest": 1.5, "gradient_boosting": 1.5, "logistic": 0.1,
    "birdnet": 0.2,
}  # fmt: skip
GENERATOR_SECONDS = 25.0
Waiting = Sequence[tuple[Cell, Sequence[str]]]  # cells, and classifiers that have no row yet


@functools.lru_cache(maxsize=2)
def _opened(source):
    """One Study a process and source: workers read the data once."""
    return Study(source)


def _generate(source, cell, name):
    try:
        _opened(source).generate(cell, name)
    except OSError:  # a full disk is no arm's failure: the cells would all meet it again
        raise
    except Exception:  # the arm meets it again and records it
        return


def _run(source, cell, names):
    return _opened(source).run(cell, names)


def expected_seconds(study: Study, waiting: Waiting) -> float:
    """Return the seconds that cells will take in one process, by the table or by what is usual."""
    stored = read(study.path)
    usual = EXPECTED_SECONDS | stored.groupby("classifier")["seconds"].median().dropna().to_dict()
    trained = {(c.seed, c.n_positive, c.n_negative, g) for c, _ in waiting
               for g in arms.generators(c.arm) if g in registry.REGISTRY}  # fmt: skip
    return len(trained) * GENERATOR_SECONDS + sum(
        usual.get(name, max(usual.values())) for _, names in waiting for name in names
    )


def run(
    study: Study, waiting: Waiting, *, jobs: int = 2, scheduler: str | None = None
) -> list[dict]:
    """Run cells, seed by seed: first their generators, then their rows; return the failed rows."""
    failed = []
    n_rows = sum(len(names) for _, names in waiting)
    with workers(jobs, scheduler) as each, progress(total=n_rows, what=study.name) as bar:
        for seed in dict.fromkeys(cell.seed for cell, _ in waiting):
            own = [(cell, names) for cell, names in waiting if cell.seed == seed]
            trainings = _trainings(cell for cell, _ in own)
            for _ in each(_generate, [(study.source, *task) for task in trainings]):
                pass
            for rows in each(_run, [(study.source, *task) for task in own]):
                add(study.path, rows)
                failed += [row for row in rows if row.get("error")]
                bar.update(len(rows))
            for cell, _ in own:
                drawn = arms.generators(cell.arm)
                for name in {*drawn, *registry.lent(drawn)}:
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
        others = wanted.keys() - registry.lent(wanted)
        tasks += [(cell, name) for name, cell in wanted.items() if name in others]
    return tasks


ENVIRONMENT = {  # of a worker: one run a core beats two cores a run
    **dict.fromkeys(
        ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS",
         "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
         "LOKY_MAX_CPU_COUNT"), "1",  # the last is the number of cores that joblib sees
    ),
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # glibc would give each array of a gradient step back to the system: a quarter of the MLP's time
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TOP_PAD_": str(2**28),
}  # fmt: skip


@contextlib.contextmanager
def workers(jobs: int, scheduler: str | None = None) -> Iterator[Callable]:
    """A function of a task and a list of its arguments that yields results as they come: from this
    process where jobs is 1, else from so many processes, or from a Dask cluster."""
    added = {name: value for name, value in ENVIRONMENT.items() if name not in os.environ}
    os.environ.update(added)
    try:
        if scheduler is None and jobs == 1:
            yield itertools.starmap
            return
        with _executor(jobs, scheduler) as executor:
            yield functools.partial(_each, executor)
    finally:
        for name in added:
            os.environ.pop(name, None)


def _each(executor, function, tasks):
    futures = [executor.submit(function, *task) for task in tasks]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


@contextlib.contextmanager
def _executor(jobs, scheduler):
    if scheduler is None:
        fresh = multiprocessing.get_context("spawn")  # a fork would share TensorFlow's threads
        with ProcessPoolExecutor(jobs, mp_context=fresh, initializer=_follow) as executor:
            yield executor
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise UserError(
            "--scheduler needs Dask; install it with: pip install -e '.[cluster]'"
        ) from error
    with Client(scheduler) as client:
        client.wait_for_workers(1, timeout=60)
        with client.get_executor() as executor:
            yield executor


def _follow():
    """Let this worker end with the process that started it, and at Ctrl-C without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    def end():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def chosen_seeds(study: Study, seeds: Sequence[int] | None) -> Sequence[int]:
    """Return the seeds to run now: those asked for, or the batches that the protocol's rule asks.

    The rule looks at how wide the intervals of complete batches are, and at nothing else.
    """
    if seeds:
        return seeds
    names, batch = PROTOCOL["width_classifiers"], PROTOCOL["batch"]
    rows = select(complete(study), "main")
    rows = rows[rows["classifier"].isin(names)]
    count = batch
    while count < PROTOCOL["most_seeds"]:
        if missing(study, study.cells(range(count - batch, count), ("main",)), names):
            break
        if comparison.widest(rows, count, names) <= PROTOCOL["width"]:
            break
        count += batch
    return list(range(count))


def reproduce(study: Study, n_rows: int, seed: int) -> pd.DataFrame:
    """Run rows anew that are drawn at random; return a table of stored and new ROC AUC.

    Generators are trained anew. allowed: ROUNDING where nothing but scikit-learn was involved (the
    processor that wrote a row repeats it to 1e-6), else twice `spread`, or 0.05 with too few seeds
    for it. ValueError if there is no row, or n_rows is not positive.
    """
    if n_rows < 1:
        raise UserError(f"--rows is {n_rows}; give at least 1.")
    stored = complete(study)
    stored = stored[stored["classifier"].isin(offered())]
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
            {name: getattr(row, name) for name in (*CELL, "classifier")}
            | {"stored": row.roc_auc, "again": again.get("roc_auc", np.nan)}
            | {"allowed": allowed if network else ROUNDING}
        )
    table = pd.DataFrame(found)
    table["agrees"] = (table["stored"] - table["again"]).abs() <= table["allowed"]
    return table


ROUNDING = 0.001  # of ROC AUC, where another processor's last digits turn a branch of a tree


def spread(stored: pd.DataFrame, row: pd.Series | tuple) -> float:
    """Return the standard deviation between seeds of rows like one: same arm, ratio, classifier and
    numbers of clips. What the arms of a seed share is taken off where there are several. NaN for
    fewer than three seeds.
    """
    place = comparison.where(stored, **{name: getattr(row, name) for name in comparison.PLACE})
    own = place["roc_auc"]
    if place["arm"].nunique() > 1:
        own = own - place.groupby("seed")["roc_auc"].transform("mean")
    same = own[(place["arm"] == row.arm) & (place["ratio"] == row.ratio)]
    return same.std() if len(same) > 2 else np.nan


def rerun(
    study: Study, cells: Mapping[str, Cell], names: Sequence[str]
) -> tuple[list[dict], dict[tuple[str, str], np.ndarray]]:
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


def status(study: Study) -> pd.DataFrame:
    """Return how many rows each part and size has, are done and failed, for the seeds of the rule.

    "all" is the whole of a training side, which differs from seed to seed.
    """
    seeds, stored = chosen_seeds(study, None), current(read(study.path), study.settings)
    names = offered(stored)
    rows = []
    for part in PARTS:
        asked = study.cells(seeds, (part,))
        if not asked:  # too few clips for it
            continue
        cells = pd.DataFrame([vars(cell) for cell in asked])
        cells["ratio"] = cells["ratio"].round(4)
        named = cells["n_positive"].isin(PROTOCOL["curve"]) | (part != "curve")
        for size, own in cells.groupby(cells["n_positive"].where(named, "all"), sort=False):
            found = own.merge(stored, on=list(CELL))
            rows.append(
                {"part": part, "n_positive": size}
                | {"rows": sum(len(seen_by(arm, size, names)) for arm in own["arm"])}
                | {"done": int(found["error"].isna().sum())}
                | {"failed": int(found["error"].notna().sum())}
            )
    return pd.DataFrame(rows)


def run_missing(
    study: Study,
    *,
    parts: Sequence[str],
    sizes: Sequence[int],
    seeds: Sequence[int],
    arm_names: Sequence[str],
    classifier_names: Sequence[str],
    jobs: int,
    scheduler: str | None,
    retry: bool,
) -> list[dict]:
    """Run the rows that are missing, saying how long it takes; return those that failed.

    sizes, seeds: empty for all of the protocol's, as its rule asks for them. retry: run rows that
    failed once more. UserError if the protocol has no such cells for this data set.
    """
    failed, n_rows = [], 0
    while True:
        cells = study.cells(chosen_seeds(study, seeds), parts)
        cells = [c for c in cells if c.arm in arm_names and (not sizes or c.n_positive in sizes)]
        waiting = missing(study, cells, classifier_names, failed=retry and not n_rows)
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
