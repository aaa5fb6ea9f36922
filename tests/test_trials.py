"""The trials of generators record what happened, collapses included, and resume."""

import pytest

from utils import baseline, data, judging, trials
from utils.generators import registry


@pytest.fixture
def bench(tmp_path, monkeypatch):
    found = baseline.prepare(data.simulated(n_clips=900, seed=3, name="small"), (16, 32))
    monkeypatch.setattr(data, "ROOT", tmp_path)
    monkeypatch.setattr(trials, "FORM_CALLS", 60)
    monkeypatch.setattr(trials, "STABILITY_CALLS", 60)
    build = registry.build

    def fast(name, **settings):
        return build(name, steps=20, latent_dim=4, **settings)

    monkeypatch.setattr(registry, "build", fast)
    return found


def test_forms_are_compared_on_validation_clips(bench, monkeypatch):
    sides = []
    measure = judging.quality.usefulness

    def usefulness(calls, sea, validation, test, **settings):
        sides.append(validation is test)
        return measure(calls, sea, validation, test, seed=0, steps=24)

    monkeypatch.setattr(trials.quality, "usefulness", usefulness)
    table = trials.forms(bench, names=("ae", "gan"), splits=[0])
    assert table[["generator", "form"]].to_numpy().tolist() == [
        ["ae", "shared"],
        ["ae", "conditional"],
        ["ae", "calls"],
        ["gan", "shared"],
    ]
    assert all(sides) and len(sides) == 8
    assert table["usefulness"].between(0, 1).all() and table["real"].nunique() == 1
    monkeypatch.setattr(judging.Fold, "fit", lambda *_, **__: pytest.fail("trained again"))
    assert len(trials.forms(bench, names=("ae", "gan"), splits=[0])) == 4


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
