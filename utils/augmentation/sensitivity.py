"""Does the study's answer hang on the form in which its generators learn? Arms with another form.

`whales study other-form` fills other_form.csv: the seeds, clips and classifiers of the study's
main part, its generators taught with calls alone instead of calls and sea together. Rows resume.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from utils import paths, tables
from utils.augmentation import study
from utils.baseline import baseline
from utils.errors import CollapseError, UserError
from utils.generative import trials
from utils.models.generators import registry
from utils.statistics import comparison

if TYPE_CHECKING:  # it brings Keras
    from utils.models.generators.base import Generator

FORM = "calls"  # against the study's own, the first of FORMS
SIZES, SEEDS = (50, 100, 200), range(10)
CLASSIFIERS = study.PROTOCOL["width_classifiers"]
GENERATORS = tuple(name for name in registry.REGISTRY if name not in trials.ONE_FORM)
TABLE = "other_form"


def content(settings: str, generators: Iterable[str]) -> str:
    """Return the hash of what a row follows from: a Study's settings, those of the generators that
    it has, and of the classifiers."""
    built = {name: registry.REGISTRY[name](form=FORM).description() for name in generators}
    own = [study.PROTOCOL["classifiers"][name] for name in CLASSIFIERS]
    return tables.digest(settings + json.dumps([built, own], sort_keys=True))


class OtherForm(study.Study):
    """The study with generators of FORM, and all else as it is."""

    def build(self, name: str, cell: study.Cell) -> Generator:
        return registry.build(name, form=FORM)


def run(place: OtherForm) -> pd.DataFrame:
    """Return a row a (seed, size) of an OtherForm, and a column a generator and classifier:
    ROC AUC on the test side, missing where the generator collapsed; running what is missing.
    ValueError if no training side holds more calls and seas than the smallest of SIZES.
    """

    def job(seed, n_positive):
        row = {"seed": seed, "n_positive": n_positive, "form": FORM}
        with place.trained_anew():
            for name in reversed(GENERATORS):  # diffusion first, which trains a VAE along
                cell = place.cell(seed, n_positive, name)
                row |= {f"{name} {classifier}": np.nan for classifier in CLASSIFIERS}
                try:
                    training = place.prepare(cell)[0]
                except CollapseError:
                    continue
                for classifier in CLASSIFIERS:
                    score = place.judge(cell, training, classifier)[0]["roc_auc"]
                    row[f"{name} {classifier}"] = score
        return row

    keys = [
        {"seed": seed, "n_positive": size}
        for seed in SEEDS
        for size in SIZES
        if size < min(place.available(seed)[0], place.fill)
    ]
    if not keys:
        raise UserError(
            f"no training side of {place.name} holds more than {min(SIZES)} calls and as many "
            "clips of sea, which the other form is told by; add labelled clips."
        )
    return baseline.fill(place.bench, TABLE, keys, job, content(place.settings, GENERATORS))


def stored(name: str, settings: str) -> pd.DataFrame | None:
    """Return the finished rows of a data set and of a Study's settings as those of study.csv:
    seed, n_positive, arm, classifier, roc_auc; None if there are none."""
    path = paths.results_dir(name) / f"{TABLE}.csv"
    table = tables.read(path)
    columns = () if table is None else {column.split()[0] for column in table}
    there = [name for name in GENERATORS if name in columns]  # when it was run
    wide = tables.rows(path, content(settings, there), keys=["seed", "n_positive"])
    if wide.empty:
        return None
    names = [f"{name} {classifier}" for name in there for classifier in CLASSIFIERS]
    long = wide.melt(["seed", "n_positive"], names, value_name="roc_auc")
    long[["arm", "classifier"]] = long.pop("variable").str.split(" ", expand=True)
    return long.dropna()


def compared(rows: pd.DataFrame, main: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `comparison.verdicts` of the rows of `stored` against `real`, and what they change of
    the study's arms: ROC AUC, mean of arms and sizes, seeds as rows and classifiers as columns.

    p is adjusted as in the study: over the arms of the main part, these in the place of its own.
    """
    keys = ["seed", "n_positive", "arm", "classifier"]
    both = main.merge(rows, on=keys, suffixes=("_study", ""))
    rest = main[~main["arm"].isin(both["arm"])].merge(
        both[["seed", "n_positive"]].drop_duplicates()
    )
    real = comparison.verdicts(pd.concat([both, rest]))
    real = real[real["arm"].isin(both["arm"]) & real["classifier"].isin(both["classifier"])]
    both["change"] = both["roc_auc"] - both["roc_auc_study"]
    wide = both.pivot_table("change", "seed", ["classifier", "arm", "n_positive"]).dropna()
    return real, wide.T.groupby("classifier").mean().T
