"""The study with generators of another form: same seeds and clips, and what its rows say."""

import numpy as np
import planted
import pytest

from utils import data, paths
from utils.augmentation import answer, details, sensitivity
from utils.errors import CollapseError
from utils.models.generators import diffusion, registry

GENERATORS = ("ae", "vae", "aae", "diffusion")


def rows_of(main):
    """Rows of `sensitivity.stored` with the scores of a study's own arms."""
    own = main[main["arm"].isin(GENERATORS)]
    own = own[own["n_positive"].isin(sensitivity.SIZES)]
    return own[["seed", "n_positive", "arm", "classifier", "roc_auc"]]


def rows(effects, seeds=5):
    """Rows of `sensitivity.stored` whose scores differ from the planted study's by an effect."""
    own = rows_of(planted.rows(seeds=seeds, parts=("main",)))
    return own.assign(roc_auc=own["roc_auc"] + own["classifier"].map(effects))


def test_the_other_form_is_compared_with_real_and_with_the_studys_own():
    found = answer.Answer("planted", planted.rows(parts=("main",)))
    effects = {"cnn": -0.05, "random_forest": 0.0}
    real, change = sensitivity.compared(rows(effects), found.main)
    assert len(real) == 4 * 3 * 2 and change.shape == (5, 2)
    np.testing.assert_allclose(change["cnn"], -0.05)
    np.testing.assert_allclose(change["random_forest"], 0, atol=1e-12)
    means = real.set_index(["arm", "n_positive", "classifier"])["mean"]
    assert means["aae", 50, "cnn"] == pytest.approx(0.04 - 0.05, abs=0.002)
    assert means["aae", 50, "random_forest"] == pytest.approx(0.04, abs=0.002)
    told = details.other_form(found, rows(effects))
    assert told["ayuda"].to_list() == ["0", "12"] and told["perjudica"].to_list() == ["12", "0"]
    against = told["frente a la forma del estudio"]
    assert against["CNN"] == "−0,050 (−0,050 a −0,050), perjudica"
    for missing in (None, rows(effects, seeds=2)):
        assert details.other_form(found, missing).empty


def test_the_studys_own_scores_get_the_studys_own_verdicts():
    found = answer.Answer("planted", planted.rows(parts=("main",), noise=0.02))
    real, change = sensitivity.compared(rows_of(found.main), found.main)
    keys = ["n_positive", "classifier", "arm"]
    both = real.merge(found.against_real, on=keys, suffixes=("", "_study"))
    assert len(both) == 4 * 3 * 2 and (change == 0).all(axis=None)
    assert both["p"].to_numpy() == pytest.approx(both["p_study"].to_numpy())  # of 13 arms, not 4
    assert (both["verdict"] == both["verdict_study"]).all()


def test_a_generator_that_collapses_leaves_its_scores_out(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(sensitivity, "SEEDS", range(1))
    place = sensitivity.OtherForm(data.simulated(n_clips=900, seed=3, name="small"))

    def collapses(cell):
        raise CollapseError("it draws one clip over and over")

    monkeypatch.setattr(place, "prepare", collapses)
    monkeypatch.setattr(sensitivity, "SIZES", (50,))
    table = sensitivity.run(place)
    assert len(table) == 1 and table.filter(regex="cnn|forest").isna().all(axis=None)
    assert sensitivity.stored("small", place.settings).empty
    monkeypatch.setattr(sensitivity, "SIZES", (900,))
    with pytest.raises(ValueError, match="no training side of small holds more than 900 calls"):
        sensitivity.run(place)


def test_only_the_form_of_the_generators_is_another(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    for name, value in (
        ("SIZES", (50, 900)), ("SEEDS", range(1)), ("CLASSIFIERS", ("logistic",)),
        ("GENERATORS", ("vae", "diffusion")),
    ):  # fmt: skip
        monkeypatch.setattr(sensitivity, name, value)
    monkeypatch.setattr(diffusion, "FLOW_ROUND_STEPS", 10)
    built, original = [], registry.build

    def build(name, **settings):
        built.append((name, settings["form"]))
        return original(name, steps=20, latent_dim=4, **settings)

    place = sensitivity.OtherForm(data.simulated(n_clips=900, seed=3, name="small"))
    monkeypatch.setattr(registry, "build", build)
    table = sensitivity.run(place)
    assert built == [("diffusion", "calls"), ("vae", "calls")]  # which is lent to the VAE's arm
    assert table["n_positive"].tolist() == [50]  # no training side holds 900 calls
    assert table[["vae logistic", "diffusion logistic"]].notna().all(axis=None)
    found = sensitivity.stored("small", place.settings)
    assert found["arm"].tolist() == ["vae", "diffusion"]
    assert found["roc_auc"].between(0.3, 1).all()
    assert sensitivity.stored("small", "other settings") is None
