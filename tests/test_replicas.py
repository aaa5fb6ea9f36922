"""Independent deployments of the simulated hydrophone, and what their scatter says of intervals."""

import functools

import numpy as np
import pandas as pd
import pytest

from utils import paths
from utils.augmentation import details, replicas


def rows(overlap, *, count, seeds=8, seed=0):
    """Rows whose replicas scatter so that their means need a constant; the true mean is 0.02."""
    rng, found = np.random.default_rng(seed), []
    shared = 0.01 * np.sqrt(overlap)
    for replica in range(1, count + 1):
        means = {(a, c): 0.02 + shared * rng.normal() for a in replicas.ARMS[1:] for c in BOTH}
        for number in range(seeds):
            row = {"replica": replica, "seed": number}
            row |= {f"real {c}": 0.8 + 0.05 * rng.normal() for c in BOTH}
            for (arm, c), mean in means.items():
                row[f"{arm} {c}"] = row[f"real {c}"] + mean + 0.01 * rng.normal()
            found.append(row)
    return pd.DataFrame(found)


BOTH = replicas.CLASSIFIERS


def test_the_constant_is_found_that_was_planted():
    for planted in (0.0, 0.3):
        value, low, high = replicas.overlap(rows(planted, count=150), seed=0, n_resamples=200)
        assert value == pytest.approx(planted, abs=0.05) and low < planted + 0.02 < high + 0.04
    assert 0.05 < high - low < 0.15


def test_intervals_hold_the_mean_as_often_as_they_say_with_the_right_constant():
    table = rows(0.3, count=60)
    held, total = replicas.coverage(table, overlap=0.3)
    assert total == 60 * 6 and held / total == pytest.approx(0.95, abs=0.035)
    bare = replicas.coverage(table, overlap=0.0)[0]
    assert bare / total < 0.8
    told = details.replicas(table)["valor"]
    assert told[
        "intervalos del 95 % que contienen la media de los demás, sin ensanchar"
    ].startswith(f"{bare} de {total} (")
    assert told["despliegues independientes"] == "60" and told["semillas de cada uno"] == "8"


def test_replicas_share_no_clip_and_are_measured_once(tmp_path, monkeypatch):
    for name, value in (
        ("PATH", tmp_path / "replicas.csv"), ("SEEDS", (0, 5)), ("CLASSIFIERS", ("logistic",)),
        ("measure", functools.partial(replicas.measure, n_clips=900)), ("REPLICAS", range(1, 3)),
    ):  # fmt: skip
        monkeypatch.setattr(replicas, name, value)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    table = replicas.run("settings", jobs=1)
    assert table[["replica", "seed"]].to_numpy().tolist() == [[1, 0], [1, 5], [2, 0], [2, 5]]
    scores = table[[f"{arm} logistic" for arm in replicas.ARMS]]
    assert scores.stack().between(0.5, 1).all() and not scores.round(4).duplicated().any()
    assert replicas.stored("settings") is None  # two are too few
    monkeypatch.setattr(replicas, "measure", None)  # nothing is left to measure
    pd.testing.assert_frame_equal(replicas.run("settings", jobs=1), table)
    monkeypatch.setattr(replicas.evaluation, "FEWEST", 2)
    assert len(replicas.stored("settings")) == 4 and replicas.stored("others") is None
    assert {path.name for path in tmp_path.iterdir()} == {"replicas.csv", "replicas.lock"}
