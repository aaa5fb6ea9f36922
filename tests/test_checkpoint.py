"""The rule of Checkpoint 3 and the tables it reads."""

import numpy as np
import pandas as pd
import pytest

from utils import data, paths
from utils.baseline import baseline
from utils.quality import checkpoint

GOOD = {"copying_p_alone": 0.5, "coverage_pca": 0.6, "usefulness": 0.9}
TABLE = {
    "real": {"copying_p_alone": 0.5, "coverage_pca": 0.8, "usefulness": 0.95},
    "noise": {"copying_p_alone": 0.0, "coverage_pca": 0.1, "usefulness": 0.5},
    "pca_gaussian": {"copying_p_alone": 1.0, "coverage_pca": 0.5, "usefulness": 0.85},
    "copies": GOOD | {"copying_p_alone": 0.0},
    "ae": GOOD,
    "vae": GOOD | {"copying_p_alone": 0.001},
    "aae": GOOD | {"coverage_pca": 0.3},
    "gan": GOOD | {"usefulness": 0.84},
    "diffusion": GOOD,
}


def table(splits=3):
    rows = [
        {"generator": name, "n_positive": 800, "seed": seed, "metric": metric, "value": value}
        for name, metrics in TABLE.items()
        for metric, value in metrics.items()
        for seed in range(splits)
    ]
    return pd.DataFrame(rows)


def test_each_part_of_the_rule_stops_who_breaks_it():
    found = checkpoint.decide(table(), 800)
    assert found.index[found["goes_on"]].tolist() == ["ae", "diffusion"]
    assert not found.loc["vae", "no_copies"] and not found.loc["copies", "no_copies"]
    assert not found.loc["aae", "covers"] and found.loc["aae", "useful"]
    assert not found.loc["gan", "useful"] and found.loc["gan", "floor"] == 0.85


def test_summaries_hold_the_mean_and_shares_are_taken_split_by_split():
    rows = table()
    rows.loc[rows["metric"] == "usefulness", "value"] += 0.01 * rows["seed"]
    found = checkpoint.summary(rows, "usefulness", 800)
    assert found.index.tolist() == list(TABLE)
    assert found.loc["ae", "low"] < found.loc["ae", "mean"] < found.loc["ae", "high"]
    assert found.loc["ae", "mean"] == pytest.approx(0.91)
    share = checkpoint.ratios(rows, "usefulness", 800)
    assert share.loc["real"].tolist() == [1, 1, 1]
    expected = np.mean([0.90 / 0.95, 0.91 / 0.96, 0.92 / 0.97])
    assert share.loc["ae", "mean"] == pytest.approx(expected)


def test_differences_are_paired_by_split():
    rows = table()
    rows.loc[rows["metric"] == "usefulness", "value"] += 0.01 * rows["seed"]
    assert checkpoint.best_floor(rows, 800) == "pca_gaussian"
    ahead = checkpoint.margins(rows, 800, "pca_gaussian")
    assert ahead.loc["ae"].tolist() == pytest.approx([0.05] * 3)  # what splits share cancels
    both = checkpoint.margins(rows, 800, "real", metric="coverage_pca", beside="usefulness")
    assert both.loc["ae", "mean"] == pytest.approx(0.6 - 0.96)


def test_an_unfinished_table_names_the_command(tmp_path, monkeypatch):
    bench = baseline.prepare(data.simulated(n_clips=900, seed=3, name="small"), (16, 32))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    with pytest.raises(ValueError, match="whales quality"):
        checkpoint.stored(bench)
