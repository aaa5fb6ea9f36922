"""Trials of the generators: the most useful form of each, collapses, and how many clips to draw.

`whales generative forms` fills forms.csv: every form of every generator, by the ROC AUC on
*validation* clips of classifiers that learned from its samples, alone and filling up the real calls
as in the study. `whales generative stability` fills stability.csv: every generator, many
seeds, few calls. `whales generative draws` fills draws.csv: the usefulness of quality.csv with
more samples of the same generators. Rows resume.
"""

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from utils import tables
from utils.baseline import baseline
from utils.errors import CollapseError
from utils.models.generators import registry
from utils.models.generators.base import FORMS
from utils.quality import judging, quality
from utils.sound import features

FORM_SPLITS = {50: 5, 200: 2}  # splits of each number of real calls
FILLED = ("cnn", "random_forest")  # classifiers that learn from real and drawn calls together
STABILITY_CALLS, STABILITY_SEEDS = 100, 20
DRAWS = (1, 2, 4)  # times judging.SAMPLES
ONE_FORM = ("gan",)  # whose discriminator sees calls alone and which takes its texture from seas
KEYS = {
    "forms": ["generator", "form", "split", "n_positive"],
    "stability": ["generator", "seed"],
    "draws": ["generator", "split"],
}
ROUNDS = {"forms": ["n_positive", "split"], "stability": ["seed"], "draws": ["split"]}
REVISION = 1  # raised when the code changes what the rows mean


def stored(bench: baseline.Bench, trial: str) -> pd.DataFrame | None:
    """Return the rows of a trial that belong to a bench and this code, without a split or seed that
    is still being run; None if there are none."""
    rows = tables.rows(bench.results(trial), contents(bench), keys=KEYS[trial], by="generator")
    if rows.empty:
        return None
    size = len(registry.REGISTRY)
    if trial == "forms":
        size = sum(len(_forms(name)) for name in registry.REGISTRY)
    rows = rows[rows.groupby(ROUNDS[trial])["generator"].transform("size") == size]
    return rows if len(rows) else None


def _forms(name):
    return FORMS[:1] if name in ONE_FORM else FORMS


def contents(bench: baseline.Bench) -> dict[str, str]:
    """Return {generator: what its rows follow from}: the clips, this code and its settings."""
    return {
        name: f"{bench.content}-{REVISION}-{tables.digest(registry.described([name]))}"
        for name in registry.REGISTRY
    }


def forms(
    bench: baseline.Bench,
    *,
    names: Sequence[str] = tuple(registry.REGISTRY),
    splits: Mapping[int, int] | None = None,
) -> pd.DataFrame:
    """Return a row a generator, form, number of real calls and split, all on validation clips.

    usefulness: of judging.SAMPLES drawn calls alone, for a CNN. filled_cnn, filled_random_forest:
    of the real calls filled up to judging.SAMPLES with drawn ones, as in the study. real: of the
    real calls alone, for a CNN. splits: {number of real calls: how many}; FORM_SPLITS if None.
    Numbers that a training side does not hold are left out.
    """
    most = judging.sizes(bench)[-1]

    @functools.lru_cache(maxsize=1)
    def judge(size, split):
        """The fold, the measure of usefulness of calls on its validation clips, and that of its own
        calls."""
        found = judging.fold(bench, split, size)
        validation = features.extract(found.validation[0]), found.validation[1]
        sea = features.extract(found.sea)

        def useful(calls, model="cnn"):
            settings = judging.TRAINING if model == "cnn" else {}
            return quality.usefulness(
                calls, sea, validation, validation, seed=split, model=model, **settings
            )

        return found, useful, useful(found.calls)

    def job(**key):
        split = key["split"]
        found, useful, real = judge(key["n_positive"], split)
        row = key | {"usefulness": np.nan, "real": real, "collapsed": 0}
        try:
            built = registry.build(key["generator"], form=key["form"])
            generator = found.fit(built, seed=split)
        except CollapseError:
            return row | {"collapsed": 1}
        clips = generator.sample(judging.SAMPLES, seed=split)
        both = np.concatenate([found.calls, clips])[: judging.SAMPLES]
        row |= {f"filled_{model}": useful(both, model) for model in FILLED}
        return row | {"usefulness": useful(clips), "seconds": generator.seconds}

    keys = [
        {"generator": name, "form": form, "split": split, "n_positive": size}
        for size, count in (FORM_SPLITS if splits is None else splits).items()
        if size <= most
        for split in range(count)
        for name in names
        for form in _forms(name)
    ]
    return baseline.fill(bench, "forms", keys, job, contents(bench), "generator")


def stability(
    bench: baseline.Bench,
    *,
    names: Sequence[str] = tuple(registry.REGISTRY),
    seeds: Sequence[int] = range(STABILITY_SEEDS),
) -> pd.DataFrame:
    """Return a row a generator and seed: whether it collapsed, and how samples differ.

    A seed draws the training calls, from the splits in turn, and the generator. variation: mean
    standard deviation of a cell over samples, as a share of that over the training calls.
    """
    size = min(STABILITY_CALLS, judging.sizes(bench)[-1])

    def job(generator, seed):
        split = seed % len(bench.splits)
        found = judging.fold(bench, split, size, seed=seed)
        row = {"generator": generator, "seed": seed, "n_positive": size, "collapsed": 0}
        try:
            fitted = found.fit(registry.build(generator), seed=seed)
        except CollapseError as error:
            return row | {"collapsed": 1, "reason": str(error)}
        clips = fitted.sample(size, seed=seed)
        return row | {
            "reason": "",
            "finite": bool(np.isfinite(clips).all()),
            "variation": clips.std(0).mean() / found.calls.std(0).mean(),
            "seconds": fitted.seconds,
        }

    keys = [{"generator": name, "seed": seed} for seed in seeds for name in names]
    return baseline.fill(bench, "stability", keys, job, contents(bench), "generator")


def draws(
    bench: baseline.Bench,
    *,
    names: Sequence[str] = tuple(registry.REGISTRY),
    splits: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Return a row a generator and split: usefulness on test clips of 1, 2 and 4 times
    judging.SAMPLES drawn calls, and that of the real calls that the generator learned from.

    The real sea is repeated as often as the calls are multiplied, so that the classes stay as they
    are; the CNN takes the same steps. `times_1` is the usefulness of quality.csv.
    """
    size = judging.sizes(bench)[-1]

    @functools.lru_cache(maxsize=1)
    def judge(split):
        """The judge of a split, and the usefulness of its own calls."""
        judged = judging.Judge(bench, judging.fold(bench, split, size), split)
        return judged, judged.useful(judged.fold.calls)

    def job(generator, split):
        judged, real = judge(split)
        row = {"generator": generator, "split": split, "n_positive": size, "real": real}
        try:
            fitted = judging.trained(generator, judged)
        except CollapseError:
            return row | {"collapsed": 1}
        seeds = [split + 1000 * part for part in range(max(DRAWS))]
        drawn = [fitted.sample(judging.SAMPLES, seed=seed) for seed in seeds]
        drawn = features.extract(np.concatenate(drawn))
        for times in DRAWS:
            calls = drawn[: times * judging.SAMPLES]
            sea = judged.sea[np.tile(np.arange(len(judged.sea)), times)]
            row[f"times_{times}"] = quality.usefulness(
                calls, sea, judged.validation, judged.test, seed=split, **judging.TRAINING
            )
        return row | {"collapsed": 0, "seconds": fitted.seconds}

    splits = range(len(bench.splits)) if splits is None else splits
    keys = [{"generator": name, "split": split} for split in splits for name in names]
    return baseline.fill(bench, "draws", keys, job, contents(bench), "generator")
