"""Rows are what they claim, are run once, survive an interruption and never mix with other data."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from utils import cli, data, paths
from utils.baseline import baseline, labelling

N, PER_GROUP = 240, 12


@pytest.fixture(autouse=True)
def own_results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "results_dir", lambda name: tmp_path / name)
    return tmp_path


def make(seed=0, name="toy"):
    """Clips of noise, those of class 1 with a faint rising line."""
    rng = np.random.default_rng(seed)
    clips = rng.normal(0, 1, (N, 16, 24)).astype(np.float32)
    labels = rng.permutation(np.arange(N) % 2).astype(np.int8)
    for clip in clips[labels == 1]:
        start = rng.integers(0, 8)
        clip[4 + np.arange(8), start + np.arange(8)] += 1.5
    return data.Dataset(
        name=name,
        spectrograms=clips,
        labels=labels,
        groups=np.arange(N) // PER_GROUP,
        clip_names=np.array([f"clip{i}" for i in range(N)]),
        frequencies=np.linspace(10, 500, 16),
        times=np.linspace(0, 2, 24),
        unit="dB",
    )


@pytest.fixture(scope="module")
def bench():
    return baseline.prepare(make(), shape=(16, 24))


def test_a_row_has_the_columns_of_checkpoint_1(bench):
    found = baseline.run(bench, 1, "logistic")
    row, split = found.row, bench.splits[1]
    names = ["roc_auc", "average_precision", "f1", "accuracy", "balanced_accuracy", "brier"]
    assert {"dataset", "split", "model", "seed", "n_train", "n_test", "seconds", *names} <= set(row)
    assert (row["dataset"], row["split"], row["model"]) == ("toy", 1, "logistic")
    assert (row["n_train"], row["n_test"]) == (len(split.train), len(split.test))
    for name in names:
        assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
    assert found.probability.shape == (len(split.test),)
    calls = found.probability >= found.threshold
    assert row["accuracy"] == pytest.approx((calls == bench.dataset.labels[split.test]).mean())


def test_labels_of_the_test_side_do_not_reach_the_model(bench):
    split = bench.splits[0]
    labels = bench.dataset.labels.copy()
    labels[split.test] = 1 - labels[split.test]
    other = make()
    object.__setattr__(other, "labels", labels)
    turned = baseline.Bench(other, bench.shape, bench.splits)
    before, after = baseline.run(bench, 0, "logistic"), baseline.run(turned, 0, "logistic")
    np.testing.assert_array_equal(before.probability, after.probability)
    assert before.threshold == after.threshold
    assert after.row["roc_auc"] == pytest.approx(1 - before.row["roc_auc"])


def test_training_clips_must_come_from_the_training_side(bench):
    with pytest.raises(ValueError, match="not on the training side"):
        baseline.run(bench, 0, "logistic", train=bench.splits[0].test)


def counted(patch, stop_after=None):
    """Count calls of baseline.run, and interrupt after some."""
    calls, original = [], baseline.run

    def run(bench, fold, model, **options):
        if stop_after is not None and len(calls) == stop_after:
            raise KeyboardInterrupt
        calls.append((fold, model))
        return original(bench, fold, model, **options)

    patch.setattr(baseline, "run", run)
    return calls


def test_an_interrupted_table_goes_on_where_it_stopped(bench, monkeypatch):
    with monkeypatch.context() as patch:
        counted(patch, stop_after=2)
        with pytest.raises(KeyboardInterrupt):
            baseline.table(bench, models=["logistic"])
    first = pd.read_csv(bench.results("baseline"))
    assert len(first) == 2
    calls = counted(monkeypatch)
    table = baseline.table(bench, models=["logistic"])
    assert calls == [(2, "logistic"), (3, "logistic"), (4, "logistic")]
    assert table["split"].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(table["roc_auc"].head(2), first["roc_auc"])
    assert baseline.table(bench, models=["logistic"]).equals(table)
    assert len(calls) == 3


def test_rows_of_other_data_stay_beside_these(bench, monkeypatch):
    baseline.table(bench, models=["logistic"])
    other = baseline.prepare(make(seed=1), shape=(16, 24))
    assert other.content != bench.content
    calls = counted(monkeypatch)
    table = baseline.table(other, models=["logistic"])
    assert len(calls) == 5
    assert set(table["content"]) == {other.content}
    assert len(pd.read_csv(bench.results("baseline"))) == 10
    assert set(baseline.table(bench, models=["logistic"])["content"]) == {bench.content}
    assert len(calls) == 5


def test_another_protocol_is_another_content(bench, monkeypatch):
    before = bench.content
    monkeypatch.setitem(baseline.PROTOCOL, "steps", 1)
    assert bench.content != before


def test_learning_curve_takes_nested_balanced_draws(bench, monkeypatch):
    drawn, original = {}, baseline.run

    def run(bench, fold, model, *, train):
        drawn[fold, len(train)] = train
        return original(bench, fold, model, train=train)

    monkeypatch.setattr(baseline, "run", run)
    curve = baseline.learning_curve(bench, models=["logistic"], sizes=[10, 20])
    assert curve["n_train"].tolist() == [20] * 5 + [40] * 5
    for (fold, n), train in drawn.items():
        assert bench.dataset.labels[train].sum() == n / 2 == len(set(train)) / 2
        assert set(train) <= set(bench.splits[fold].train)
    assert all(set(drawn[fold, 20]) < set(drawn[fold, 40]) for fold in range(5))
    summary = baseline.curve_summary(curve)
    assert summary["mean"].tolist() == pytest.approx(
        [part["roc_auc"].mean() for _, part in curve.groupby("size")]
    )


def test_curve_sizes_stop_where_the_smallest_training_side_does(bench):
    smallest = min(min(np.bincount(bench.dataset.labels[split.train])) for split in bench.splits)
    assert baseline.curve_sizes(bench) == [n for n in baseline.PROTOCOL["sizes"] if n <= smallest]
    assert baseline.curve_sizes(bench)


def test_the_leak_shares_groups_and_nothing_else_changes(bench, monkeypatch):
    seen, original = [], baseline.run

    def run(bench, fold, model):
        seen.append(bench.splits[fold])
        return original(bench, fold, model)

    monkeypatch.setattr(baseline, "run", run)
    table = baseline.leak(bench)
    assert table["n_test"].tolist() == [len(split.test) for split in bench.splits]
    groups = bench.dataset.groups
    for leaking, honest in zip(seen, bench.splits, strict=True):
        assert not set(leaking.train) & set(leaking.test)
        assert set(groups[leaking.train]) & set(groups[leaking.test])
        assert not set(groups[honest.train]) & set(groups[honest.test])


def test_the_floor_is_recorded_once(bench, monkeypatch):
    table = baseline.cue_floor(bench)
    assert set(table["split"]) == set(range(5)) and table["roc_auc"].between(0, 1).all()
    monkeypatch.setattr(baseline.cues, "trivial_cues", lambda *_: pytest.fail("computed again"))
    np.testing.assert_allclose(baseline.cue_floor(bench)["roc_auc"], table["roc_auc"])


def test_shapes_compare_one_classifier_on_one_draw(bench, monkeypatch):
    monkeypatch.setitem(baseline.PROTOCOL, "shapes", ((16, 24), (8, 16)))
    used = []

    def run(bench, fold, model, *, train):
        used.append((bench.features.pixels.shape[1:], model, tuple(train)))
        fitted = type("Fitted", (), {"seconds": 1.0, "steps": 10})
        return baseline.Run(fitted, np.zeros(1), 0.5, {"roc_auc": 0.5})

    monkeypatch.setattr(baseline, "run", run)
    table = baseline.shapes(bench)
    assert table["milliseconds_a_step"].tolist() == [100.0] * 10
    assert [shape for shape, _, _ in used] == [(16, 24)] * 5 + [(8, 16)] * 5
    assert {model for _, model, _ in used} == {"cnn"}
    assert [draw for _, _, draw in used[:5]] == [draw for _, _, draw in used[5:]]


def test_calibration_subtracts_the_reference(bench, monkeypatch):
    monkeypatch.setattr(baseline, "CALIBRATION_SIZES", (10,))
    monkeypatch.setattr(baseline, "CALIBRATION_MODELS", ("logistic",))
    monkeypatch.setattr(data, "simulated", lambda **_: make(seed=1, name="sim"))
    monkeypatch.setitem(baseline.PROTOCOL, "shape", (16, 24))
    table = baseline.calibration(baseline.prepare(make()))
    measures = ["logistic, 10 clips a class", "edges", "loudness"]
    assert table["measure"].tolist() == measures
    np.testing.assert_allclose(table["difference"], table["simulated"] - table["reference"])
    stored = pd.read_csv(paths.results_dir("simulated") / "calibration.csv")
    np.testing.assert_allclose(stored["difference"], table["difference"], atol=1e-4)


def test_agreement_has_a_limit(bench):
    table = baseline.table(bench, models=["logistic"])
    row = baseline.run(bench, 3, "logistic").row
    assert baseline.agree(row, table, tolerance={"logistic": 1e-4})["split"] == 3
    moved = row | {"roc_auc": row["roc_auc"] - 0.05}
    with pytest.raises(ValueError, match="raise PROTOCOL"):
        baseline.agree(moved, table, tolerance={"logistic": 0.01})


def test_histories_of_networks_only(bench, monkeypatch):
    history = {name: np.arange(3.0) for name in ("loss", "val_loss", "roc_auc", "val_roc_auc")}
    network = baseline.Run(type("Fitted", (), {"history": history}), None, 0.5, {})
    table = baseline.histories({"logistic": baseline.run(bench, 0, "logistic"), "cnn": network})
    assert table["epoch"].tolist() == [1, 2, 3]
    assert {"loss", "val_loss", "auc", "val_auc", "model"} <= set(table)


def test_the_command_line_says_what_is_wrong(tmp_path, capsys):
    assert cli.main(["baseline", "table", "--dataset", "nowhere.npz"]) == 2
    assert "nowhere.npz" in capsys.readouterr().err
    assert cli.main(["baseline", "calibration"]) == 2
    assert "needs real clips" in capsys.readouterr().err
    data.save_npz(data.simulated(n_clips=150, seed=1), tmp_path / "few.npz")
    assert cli.main(["baseline", "--dataset", str(tmp_path / "few.npz")]) == 2
    assert "add clips" in capsys.readouterr().err


def test_lost_labels_lower_a_score_as_they_lower_the_ceiling():
    labels = np.repeat([0, 1], [4000, 3000])
    rng = np.random.default_rng(0)
    probability = np.where(labels == 1, 0.6, 0.4) + 0.1 * rng.normal(size=len(labels))
    whole = labelling.mislabelled_auc(labels, probability, 0, seed=0)
    lost = labelling.mislabelled_auc(labels, probability, 0.2, seed=0)
    assert whole == roc_auc_score(labels, probability)
    assert lost == pytest.approx(0.8 * whole + 0.2 * 0.5, abs=0.01)
    perfect = labelling.mislabelled_auc(labels, labels + rng.random(len(labels)), 0.2, seed=0)
    assert perfect == pytest.approx(labelling.ceiling(0.2), abs=0.01)
