"""The trials of generators record what happened, collapses included, and resume."""

import numpy as np
import pytest

from utils import data, paths
from utils.baseline import baseline
from utils.generative import trials
from utils.models.generators import registry
from utils.models.generators.gan import GAN
from utils.quality import judging


@pytest.fixture
def bench(tmp_path, monkeypatch):
    found = baseline.prepare(data.simulated(n_clips=900, seed=3, name="small"), (16, 32))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(trials, "STABILITY_CALLS", 60)
    build = registry.build

    def fast(name, **settings):
        return build(name, steps=20, latent_dim=4, **settings)

    monkeypatch.setattr(registry, "build", fast)
    return found


def test_forms_are_compared_on_validation_clips(bench, monkeypatch):
    sides, learned = [], []
    measure = judging.quality.usefulness
    real = judging.fold(bench, 0, 60).calls

    def usefulness(calls, sea, validation, test, *, seed, model, **settings):
        sides.append(validation is test)
        own = len(calls) >= 60 and np.array_equal(calls[:60], real)
        learned.append((model, len(calls), own))
        return measure(calls, sea, validation, test, seed=seed, model="logistic")

    monkeypatch.setattr(judging, "SAMPLES", 150)
    monkeypatch.setattr(trials.quality, "usefulness", usefulness)
    table = trials.forms(bench, names=("ae", "gan"), splits={60: 1})
    assert table[["generator", "form"]].to_numpy().tolist() == [
        ["ae", "shared"],
        ["ae", "conditional"],
        ["ae", "calls"],
        ["gan", "shared"],
    ]
    assert all(sides) and len(sides) == 13
    filled = [("cnn", 150, True), ("random_forest", 150, True)]
    assert learned == [("cnn", 60, True), *(4 * [*filled, ("cnn", 150, False)])]
    scores = table[["usefulness", "filled_cnn", "filled_random_forest", "real"]].to_numpy()
    assert ((scores > 0) & (scores <= 1)).all() and table["real"].nunique() == 1
    monkeypatch.setattr(judging.Fold, "fit", lambda *_, **__: pytest.fail("trained again"))
    assert len(trials.forms(bench, names=("ae", "gan"), splits={60: 1})) == 4
    monkeypatch.setattr(GAN, "description", lambda gan: {"penalty": "another"})
    assert len(trials.forms(bench, names=("ae",), splits={60: 1})) == 3
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        trials.forms(bench, names=("ae", "gan"), splits={60: 1})


def test_a_collapse_is_counted(bench, monkeypatch):
    original = judging.Fold.fit

    def fit(found, generator, *, seed):
        if seed == 1:
            raise judging.CollapseError("samples no longer differ")
        return original(found, generator, seed=seed)

    monkeypatch.setattr(judging.Fold, "fit", fit)
    table = trials.stability(bench, names=("vae",), seeds=range(2))
    assert table["collapsed"].tolist() == [0, 1]
    assert table.loc[0, "variation"] > 0.2 and table.loc[0, "finite"]
    assert table.loc[1, "reason"] == "samples no longer differ"


def test_more_draws_are_judged_beside_as_much_sea(bench, monkeypatch):
    seen = []

    def usefulness(calls, sea, validation, test, **settings):
        seen.append((len(calls), len(sea), np.unique(calls.table, axis=0).shape[0]))
        return 0.8 + 0.01 * len(seen)

    monkeypatch.setattr(judging, "SAMPLES", 30)
    monkeypatch.setattr(judging, "SIZES", (60,))
    monkeypatch.setattr(judging, "BACKGROUND", 100)
    monkeypatch.setattr(judging, "TRAINING", {"steps": 24, "batch_size": 32})
    monkeypatch.setattr(judging.quality, "usefulness", usefulness)
    monkeypatch.setattr(judging.Judge, "useful", lambda judge, calls: float(len(calls)))
    table = trials.draws(bench, names=("ae",), splits=[1])
    assert seen == [(30, 100, 30), (60, 200, 60), (120, 400, 120)]
    row = table.iloc[0]
    assert [row["times_1"], row["times_2"], row["times_4"]] == pytest.approx([0.81, 0.82, 0.83])
    assert row["real"] == 60 and row["collapsed"] == 0
    assert len(trials.draws(bench, names=("ae",), splits=[1])) == 1 and len(seen) == 3
