"""Fewer and more simulated clips to draw from, on other splits than the study's."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from utils import data, paths
from utils.augmentation import amounts, details, simulated, study


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A small study that draws from few clips."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(amounts, "SIZES", (0, 50))
    monkeypatch.setattr(amounts, "SEEDS", range(1))
    monkeypatch.setattr(amounts, "TIMES", (1, 2))
    monkeypatch.setitem(study.PROTOCOL["primary"], "classifiers", ("random_forest",))
    for name, size in {"calls": 400, "clips": 1200}.items():
        monkeypatch.setitem(simulated.SIZES, name, size)
    return amounts.Development(data.simulated(n_clips=900, seed=3, name="small"))


def test_each_number_of_clips_has_its_rows_on_other_splits(place):
    rows = amounts.run(place)
    assert rows["clips"].tolist() == [1200, 1200, 2400, 2400]
    assert rows["n_positive"].tolist() == [0, 50, 0, 50]
    assert rows["roc_auc"].between(0.5, 1).all() and (rows["seconds"] > 0).all()
    assert rows["roc_auc"].nunique() == 4
    studied = study.Study(place.bench.dataset).split(0)
    assert set(place.split(0).test) != set(studied.test)
    pd.testing.assert_frame_equal(study.latest("small", "amounts").reset_index(drop=True), rows)


def test_what_another_number_changes_is_paired_by_seed():
    rng = np.random.default_rng(0)
    rows = [
        {
            "seed": seed,
            "n_positive": 25,
            "classifier": "cnn",
            "clips": clips,
            "roc_auc": level + gain,
        }
        for seed, level in enumerate(rng.normal(0.8, 0.05, 10))
        for clips, gain in ((2000, -0.02), (6000, 0.0), (18000, rng.normal(0.01, 0.001)))
    ]
    found = amounts.against_chosen(pd.DataFrame(rows), "cnn")[25]
    assert found.loc[2000] == pytest.approx((-0.02, -0.02, -0.02))
    mean, low, high = found.loc[18000]
    assert mean == pytest.approx(0.01, abs=0.001) and low < mean < high < 0.02
    told = SimpleNamespace(found=SimpleNamespace(name="simulated"))
    both = pd.concat([pd.DataFrame(rows).assign(classifier=n) for n in ("cnn", "random_forest")])
    table = details.amounts(told, both)
    assert table.loc["CNN, 25", "con 2000, cambio"].startswith("−0,020 (")
    assert table.loc["CNN, 25", "6000 clips, ROC AUC"].startswith("0,")
    assert details.amounts(told, pd.DataFrame()).empty
