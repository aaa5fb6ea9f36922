"""Are the study's intervals as wide as they should be? Data sets that share no clip, one a replica.

All seeds of a data set share its clips, so its intervals are widened by a constant that is a
convention (`evaluation.OVERLAP`, Nadeau and Bengio 2003). The simulated hydrophone can be deployed
anew as often as one likes: how far the means of its deployments scatter says how large that
constant should be, for arms that train no generator. `whales study replicas` fills replicas.csv
of the simulated clips, a replica at a time, and resumes.
"""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

from utils import data, paths, tables
from utils.augmentation import arms, running, study
from utils.progress import progress
from utils.statistics import comparison, evaluation

REPLICAS = range(1, 25)  # seeds of `data.simulated`, whose 0 is the study's own data set
SEEDS = range(0, study.PROTOCOL["most_seeds"], study.PROTOCOL["n_splits"])  # other splits each
SIZE = study.PROTOCOL["ratio_size"]  # real calls
ARMS = (arms.REAL, "oversample", "classical", arms.ORACLE)
CLASSIFIERS = study.PROTOCOL["width_classifiers"]
KEYS = ("replica", "seed")
PATH = paths.results_dir(data.SIMULATED) / "replicas.csv"


def content(settings: str) -> str:
    """Return the hash of what a row follows from; settings: of the Study of the simulated clips."""
    own = [study.PROTOCOL["classifiers"][name] for name in CLASSIFIERS]
    return tables.digest(settings + json.dumps([SIZE, own], sort_keys=True))


def measure(replica: int, n_clips: int = 4000) -> list[dict]:
    """Return the rows of one replica: ROC AUC of each arm and classifier, a row a seed."""
    name = f"{data.SIMULATED}_{replica}"
    place, rows = study.Study(data.simulated(seed=replica, n_clips=n_clips, name=name)), []
    for seed in SEEDS:
        cells = {arm: place.cell(seed, SIZE, arm) for arm in ARMS}
        scored = running.rerun(place, cells, CLASSIFIERS)[0]
        scores = {f"{row['arm']} {row['classifier']}": row["roc_auc"] for row in scored}
        rows.append({"replica": replica, "seed": seed} | scores)
    return rows


def run(settings: str, *, jobs: int) -> pd.DataFrame:
    """Measure the replicas that have no rows yet, in some processes; return all rows."""
    made = content(settings)
    table = tables.rows(PATH, made, keys=KEYS)
    waiting = [n for n in REPLICAS if table.empty or n not in set(table["replica"])]
    with running.workers(jobs) as each, progress(total=len(waiting), what="replicas") as bar:
        for rows in each(measure, [(replica,) for replica in waiting]):
            new = pd.DataFrame(rows).round(6)
            tables.append(new.assign(content=made), PATH)
            bar.update()
    return tables.rows(PATH, made, keys=KEYS)


def stored(settings: str) -> pd.DataFrame | None:
    """Return the finished rows of the simulated clips' settings; None if fewer than FEWEST replicas
    are there."""
    rows = tables.rows(PATH, content(settings), keys=KEYS)
    return rows if len(rows) and rows["replica"].nunique() >= evaluation.FEWEST else None


def differences(rows: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    """Return {(arm, classifier): table of differences to `real`, replicas as rows, seeds as
    columns}."""
    wide = rows.pivot(index="replica", columns="seed")
    return {
        (arm, classifier): wide[f"{arm} {classifier}"] - wide[f"{arms.REAL} {classifier}"]
        for classifier in CLASSIFIERS
        for arm in ARMS[1:]
    }


def overlap(
    rows: pd.DataFrame,
    *,
    seed: int,
    classifiers: Sequence[str] = CLASSIFIERS,
    n_resamples: int = 2000,
) -> tuple[float, float, float]:
    """Return (value, low, high): the constant with which the variance of a mean of seeds is what
    the replicas' means show, mean of arms and classifiers, with a 95 % bootstrap over replicas.

    The variance between the means of replicas over that between seeds of one, less 1 / seeds.
    """
    found = differences(rows)
    tables = [table.to_numpy() for (_, name), table in found.items() if name in classifiers]

    def needed(drawn):
        own = [table[drawn] for table in tables]
        ratios = [one.mean(1).var(ddof=1) / one.var(1, ddof=1).mean() for one in own]
        return np.mean(ratios) - 1 / own[0].shape[1]

    count, rng = len(tables[0]), np.random.default_rng(seed)
    drawn = [needed(rng.integers(0, count, count)) for _ in range(n_resamples)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(needed(np.arange(count))), float(low), float(high)


def coverage(rows: pd.DataFrame, *, overlap: float = evaluation.OVERLAP) -> tuple[int, int]:
    """Return (held, intervals): how many replicas' 95 % intervals hold the mean of all the other
    replicas, over arms and classifiers."""
    held = total = 0
    for table in differences(rows).values():
        means = table.mean(axis=1)
        for replica, values in table.iterrows():
            low, high = comparison.interval(values.to_numpy(), overlap=overlap)[1:]
            held += low <= means.drop(replica).mean() <= high
            total += 1
    return int(held), total
