"""The numbers of both READMEs are those of the stored tables."""

import re

import pandas as pd
import pytest

from utils import data, evaluation, plotting, plotting_generators, study

ROOT = data.ROOT
DATASETS = ("simulated", "right_whale_upcalls")
ENGLISH = {"Logistic regression": "Regresión logística"}


def stored(dataset, table):
    return pd.read_csv(ROOT / "data" / "results" / dataset / f"{table}.csv")


def rows(page, table):
    """The cells of the table between the page's two marks, by row name."""
    text = (ROOT / page).read_text(encoding="utf-8")
    block = re.search(rf"<!-- (?:tabla|table): {table} -->\n(.*?)\n<!-- /", text, re.S).group(1)
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
    return {ENGLISH.get(name, name): values for name, *values in cells[2:]}


def numbers(cell):
    return [float(n.replace(",", ".")) for n in re.findall(r"\d[.,]\d+", cell)]


@pytest.mark.parametrize("page", ["README.md", "README.en.md"])
def test_the_table_is_that_of_the_results(page):
    found = rows(page, "baseline")
    assert len(found) == len(study.MODELS) + 1
    floor = found.popitem()[1]
    for position, dataset in enumerate(DATASETS):
        baseline, curve = stored(dataset, "baseline"), stored(dataset, "learning_curve")
        for model in study.MODELS:
            few, every = found[plotting.model_title(model)][2 * position : 2 * position + 2]
            at_50 = curve[(curve["model"] == model) & (curve["size"] == 50)]["roc_auc"].mean()
            points = baseline[baseline["model"] == model]["roc_auc"]
            expected = evaluation.mean_interval(points, seed=study.PROTOCOL["seed"])
            assert numbers(few) == [pytest.approx(at_50, abs=6e-4)]
            assert numbers(every) == pytest.approx(expected, abs=6e-4)
        strongest = stored(dataset, "cues").groupby("cue")["roc_auc"].mean().max()
        assert numbers(floor[2 * position + 1]) == [pytest.approx(strongest, abs=6e-4)]


@pytest.mark.parametrize("dataset", DATASETS)
def test_checkpoint_1_is_complete(dataset):
    table = stored(dataset, "baseline")
    assert len(table) == len(study.MODELS) * study.PROTOCOL["n_splits"]
    assert set(table["model"]) == set(study.MODELS) and set(table["dataset"]) == {dataset}
    for score in ("roc_auc", "average_precision", "f1", "accuracy", "balanced_accuracy", "brier"):
        assert (table[f"{score}_low"] <= table[score]).all()
        assert (table[score] <= table[f"{score}_high"]).all()


def test_the_table_of_generators_is_that_of_the_results():
    found = rows("README.md", "generative")
    for position, dataset in enumerate(DATASETS):
        table = stored(dataset, "generative").set_index(["measure", "generator"])["value"]
        apart = table["two-sample AUC"]
        assert {plotting_generators.title(name) for name in apart.index} == set(found)
        for name, value in apart.items():
            cell = found[plotting_generators.title(name)][position]
            assert numbers(cell) == [pytest.approx(value, abs=6e-3)]
