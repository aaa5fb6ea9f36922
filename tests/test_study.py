"""The grid: what is run, that arms are paired and use their own data, that no row is lost."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import planted
import pytest

from utils import cli, data, paths
from utils.augmentation import (
    arms,
    from_pixels,
    joined,
    mechanism,
    pretrained,
    running,
    simulated,
    study,
    transfer,
)
from utils.errors import UserError
from utils.models.generators import registry

CHEAP = ("logistic",)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "small.npz"
    data.save_npz(data.simulated(n_clips=900, seed=3, name="small"), path)
    return path


@pytest.fixture
def place(source, tmp_path, monkeypatch):
    """A Study whose tables and samples go to a folder of this test."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")
    found = opened(source)
    monkeypatch.setattr(found, "path", tmp_path / "study.csv")
    monkeypatch.setattr(found, "samples", tmp_path / "samples")
    monkeypatch.setattr(running, "_opened", lambda _: found)
    return found


_studies = {}


def opened(source):
    if source not in _studies:
        _studies[source] = study.Study(source)
    return _studies[source]


def cell(arm="real", ratio=0.0, **changes):
    return replace(study.Cell(0, 25, 100, arm, ratio), **changes)


def waiting(place, cells, names=CHEAP):
    return study.missing(place, cells, names)


# What is run


def test_the_protocol_names_what_exists():
    protocol = study.PROTOCOL
    assert set(protocol["classifiers"]) == {*running.classifiers.REGISTRY, study.EMBEDDED}
    assert set(protocol["ratio_arms"]) <= set(arms.ARMS)
    assert max(protocol["sizes"]) < protocol["fill"]


def test_cells_fill_up_to_the_protocol_and_stop_at_what_there_is(place):
    calls, seas = place.available(0)
    cells = place.cells([0])
    assert len(set(cells)) == len(cells)
    every = range(study.PROTOCOL["most_seeds"])
    assert place.n_sea == min(800, *(place.available(seed)[1] for seed in every))
    main = place.cells([0], ("main",))
    assert place.fill == min(study.PROTOCOL["fill"], place.n_sea)
    sizes = {n for n in study.PROTOCOL["sizes"] if n < min(calls, place.fill)}
    assert {c.n_positive for c in main} == sizes
    filled = {c.n_positive + c.count for c in main if c.ratio}
    assert filled == {place.fill}  # so that the classes balance, however few seas there are
    assert {c.n_negative for c in place.cells(range(3), ("main",))} == {place.n_sea}
    assert max(c.n_positive for c in cells if c.arm == "real") == min(calls, seas)
    ratios = [c for c in place.cells([0], ("ratios",)) if c.arm == "vae"]
    assert [c.count for c in ratios] == [25, 50, 100, 200, 400, 800]


def test_no_cell_asks_for_more_than_there_is(place, monkeypatch):
    for calls, seas, parts in (
        (45, 400, {"main", "curve", "ocean"}),
        (80, 250, {"main", "curve", "ocean", "ratios"}),
        (150, 250, {"main", "curve", "ocean", "ratios", "balanced"}),
        (150, 400, set(study.PARTS)),
    ):
        monkeypatch.setattr(place, "available", lambda _, n=(calls, seas): n)
        monkeypatch.setattr(place, "n_sea", min(800, seas))
        found = {part: place.cells([0], (part,)) for part in study.PARTS}
        assert {part for part, cells in found.items() if cells} == parts
        for one in place.cells([0]):
            assert one.n_positive <= calls and one.n_negative <= seas
        assert set(running.status(place)["part"]) == parts


def test_a_cell_is_of_the_part_that_asks_first_and_the_same_to_all(place, monkeypatch):
    monkeypatch.setattr(place, "available", lambda _: (150, 400))
    monkeypatch.setattr(place, "n_sea", 400)
    parts = [one.part for one in place.cells([0])]
    assert list(dict.fromkeys(parts)) == list(study.PARTS)
    assert replace(cell(), part="curve") == cell() and len({cell(), replace(cell(), part="x")}) == 1
    monkeypatch.setattr(place, "n_sea", 300)  # main is the challenge then
    assert not place.cells([0], ("challenge",)) and place.cells([0], ("balanced",))


def test_controls_are_run_where_they_are_compared(place, monkeypatch):
    monkeypatch.setattr(place, "available", lambda _: (450, 800))
    monkeypatch.setattr(place, "n_sea", 800)
    cells = place.cells([0], ("ocean",))
    asked = {
        one: running.seen_by(one.arm, one.n_positive, running.classifiers.REGISTRY) for one in cells
    }
    sizes = {}
    for one in asked:
        sizes.setdefault(one.arm, []).append(one.n_positive)
    assert sizes.pop("ocean") == [0, *study.PROTOCOL["sizes"]] and sizes.pop("ocean_prior") == [0]
    assert set(sizes) == set(arms.CONTROLS) and all(n == [25, 50] for n in sizes.values())
    for one, names in asked.items():
        control = one.arm in arms.CONTROLS or (one.arm == "ocean" and not one.n_positive)
        wanted = (
            study.PROTOCOL["primary"]["classifiers"] if control else running.classifiers.REGISTRY
        )
        assert set(names) == set(wanted)


def test_seeds_change_splits_and_no_side_shares_a_group(place):
    tests = [set(place.split(seed).test.tolist()) for seed in range(6)]
    assert not set.intersection(*tests[:2]) and tests[0] != tests[5]
    groups = place.bench.dataset.groups
    sides = [set(groups[side]) for side in (place.split(7).train, place.split(7).test)]
    assert not sides[0] & sides[1]


def test_draws_are_nested_and_share_nothing_with_the_spare(place):
    small, large = place.drawn(cell()), place.drawn(cell(n_positive=60))
    assert set(small[0]) < set(large[0]) and set(small[1]) == set(large[1])
    assert not set(small[0]) & set(small[2])
    assert len(small[0]) + len(small[2]) == place.available(0)[0]
    assert np.isin(np.concatenate(small), place.split(0).train).all()
    with pytest.raises(UserError, match="holds 144 calls, and 200 are asked for"):
        place.drawn(cell(n_positive=200))


def test_too_large_a_cell_is_refused_with_a_row(place):
    (row,) = place.run(cell(n_negative=10_000), CHEAP)
    assert "asked for" in row["error"] and "roc_auc" not in row


# Arms


def fake(place, monkeypatch, values=None):
    """Samples that no generator had to be trained for."""

    def synthetic(_, name):
        rng = np.random.default_rng(len(name))
        clips = place.bench.grid[:400] + rng.normal(size=(400, *place.bench.grid.shape[1:]))
        return (clips if values is None else values).astype(np.float32), 2.5

    monkeypatch.setattr(place, "synthetic", synthetic)
    monkeypatch.setattr(place, "generate", place.synthetic_path)


@pytest.mark.parametrize("arm", [arm for arm in arms.ARMS if arm not in arms.WITH_CLASSICAL])
def test_every_arm_trains_on_what_it_adds(place, monkeypatch, arm):
    fake(place, monkeypatch)
    training, seconds, digest = place.prepare(cell(arm, 2.0))
    adds = arm not in ("real", "class_weight")
    assert training.n_clips == 125 + 50 * adds
    assert (training.labels == 1).sum() == 25 + 50 * adds
    assert len(training.features) == len(training.labels)
    assert seconds == (2.5 if arms.generators(arm) else 0)
    assert digest == place.prepare(cell())[2]  # the same real clips in every arm
    if arm == "class_weight":
        weights = training.weights
        assert weights[training.labels == 1].sum() == weights[training.labels == 0].sum()
    if arm == "mixup":
        assert training.weights.sum() == pytest.approx(175) and len(training.labels) > 175


def test_mixup_never_blends_a_call_with_itself():
    calls, sea = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    for seed in range(5):
        added = arms.ARMS["mixup"](arms.Material(calls, sea, calls[:0], None, seed), 60)
        gaps = np.linalg.norm((added.clips[:, None] - calls).reshape(60, 3, -1), axis=2).min(1)
        assert gaps.min() > 0.05  # a share of 0.98 and random images leave 0.2
        assert 10 < (added.share == 1).sum() < 50


@pytest.mark.parametrize(
    ("arm", "clips", "words"),
    [
        ("vae", lambda place: place.bench.grid[place.drawn(cell())[0]][[0] * 50], "claims"),
        ("vae", lambda place: np.zeros((10, *place.bench.grid.shape[1:])), "10 clips instead"),
        ("vae", lambda place: np.zeros((50, *place.bench.grid.shape[1:])), "49 clips twice"),
        ("vae", lambda place: np.full((50, *place.bench.grid.shape[1:]), np.nan), "NaN"),
    ],
)
def test_an_arm_without_its_own_data_is_not_recorded(place, monkeypatch, arm, clips, words):
    fake(place, monkeypatch, clips(place))
    rows = place.run(cell(arm, 2.0), CHEAP)
    assert all(words in row["error"] and "roc_auc" not in row for row in rows)


def test_an_oracle_adds_what_is_left(place):
    calls = place.available(0)[0]
    training, *_ = place.prepare(cell("oracle", 31.0))
    assert training.n_clips == calls + 100


# The table


def test_rows_are_run_once_and_failures_again_when_asked(place, monkeypatch):
    cells = [cell(), cell("oversample", 3.0)]
    assert running.run(place, waiting(place, cells), jobs=1) == []
    table = study.read(place.path)
    assert list(table) == list(study.COLUMNS) and len(table) == 2
    assert table["n_train"].tolist() == [125, 200] and table["clips"].nunique() == 1
    assert table["roc_auc"].between(0.5, 1).all() and table["roc_auc_high_snr"].isna().all()
    assert waiting(place, cells) == []
    broken = cell("vae", 2.0)
    fake(place, monkeypatch, np.zeros((1, 2)))
    failed = running.run(place, waiting(place, [broken]), jobs=1)
    assert len(failed) == 1 and waiting(place, [broken]) == []
    fake(place, monkeypatch)
    again = study.missing(place, [broken], CHEAP, failed=True)
    assert running.run(place, again, jobs=1) == []
    table = study.read(place.path)
    assert len(table) == 3 and table["error"].isna().all()


def test_known_truth_splits_the_calls_by_their_loudness(place, monkeypatch):
    labels, test = place.labels, place.split(0).test
    snr = np.where(labels == 1, np.arange(len(labels)), np.nan)
    dataset = replace(place.bench.dataset, truth=pd.DataFrame({"snr_db": snr}))
    monkeypatch.setattr(place, "bench", replace(place.bench, dataset=dataset))
    middle = np.median(snr[test][labels[test] == 1])
    found = place.by_snr(test, (snr[test] > middle).astype(float))  # finds the loud half alone
    assert found == {"roc_auc_low_snr": 0.5, "roc_auc_high_snr": 1.0}


def test_other_settings_make_other_rows(place, monkeypatch):
    running.run(place, waiting(place, [cell()]), jobs=1)
    monkeypatch.setattr(place, "settings", "0" * 12)
    assert len(waiting(place, [cell()])) == 1
    running.run(place, waiting(place, [cell()]), jobs=1)
    table = study.read(place.path)
    assert len(table) == 2 and table["settings"].nunique() == 2
    assert len(study.complete(place)) == 1


def test_another_backend_makes_other_rows(place, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    usual = study.settings_of(place.settings, "real", "cnn")
    for name, same in (("tensorflow", True), ("jax", False)):
        monkeypatch.setenv("KERAS_BACKEND", name)
        assert (study.settings_of(place.settings, "real", "cnn") == usual) == same


def test_what_is_added_leaves_other_rows_and_what_is_changed_takes_its_own(place, monkeypatch):
    every = [cell(arm, 1.0) for arm in ("real", "aae", "vae", "diffusion", "hybrid")]

    def left():
        return {(c.arm, name) for c, names in waiting(place, every, classifiers) for name in names}

    classifiers = ["logistic", "cnn"]
    made = [
        {**vars(c), "classifier": name, "settings": study.settings_of(place.settings, c.arm, name)}
        for c in every
        for name in classifiers
    ]
    study.add(place.path, made)
    assert not left()
    monkeypatch.setitem(registry.REGISTRY, "new", registry.REGISTRY["gan"])
    monkeypatch.setitem(study.PROTOCOL, "sizes", (10, *study.PROTOCOL["sizes"]))
    monkeypatch.setitem(study.PROTOCOL["classifiers"], "new", {})
    assert not left()
    monkeypatch.setitem(study.PROTOCOL["classifiers"], "cnn", {"steps": 120})
    assert left() == {(c.arm, "cnn") for c in every}

    class Slower(registry.REGISTRY["vae"]):
        def description(self):
            return super().description() | {"steps": 9999}

    monkeypatch.setitem(registry.REGISTRY, "vae", Slower)
    changed = {arm for arm, name in left() if name == "logistic"}
    assert changed == {"vae", "diffusion"}  # which learns from the codes of a VAE
    monkeypatch.setattr(study.arms, "SAMPLING", {"hybrid": ("vae",)})
    assert {arm for arm, name in left() if name == "logistic"} == {"vae", "diffusion", "hybrid"}
    monkeypatch.setitem(study.PROTOCOL, "revision", 2)
    assert study.Study(place.source).settings != place.settings


def test_an_interruption_keeps_the_finished_rows(place, monkeypatch):
    cells, original = [cell(seed=seed) for seed in range(4)], place.run

    def run(one, names):
        if one.seed == 2:
            raise KeyboardInterrupt
        return original(one, names)

    monkeypatch.setattr(place, "run", run)
    with pytest.raises(KeyboardInterrupt):
        running.run(place, waiting(place, cells), jobs=1)
    assert study.read(place.path)["seed"].tolist() == [0, 1]
    monkeypatch.setattr(place, "run", original)
    running.run(place, waiting(place, cells), jobs=1)
    assert study.read(place.path)["seed"].tolist() == [0, 1, 2, 3]
    assert not list(place.path.parent.glob(".study*"))


def test_two_processes_on_one_table_lose_no_row(tmp_path):
    script = (
        "import sys; from pathlib import Path; from utils.augmentation import running, study\n"
        "for i in range(40): study.add(Path(sys.argv[1]), [dict(n_positive=i, n_negative=1,"
        " seed=int(sys.argv[2]), arm='real', ratio=0.0, classifier='c', settings='s')])"
    )
    path = tmp_path / "study.csv"
    both = [subprocess.Popen([sys.executable, "-c", script, str(path), str(k)]) for k in (0, 1)]
    assert [process.wait(timeout=200) for process in both] == [0, 0]
    table = study.read(path)
    assert len(table) == 80 and not table.duplicated(list(study.KEY)).any()


def test_an_arm_says_which_generators_it_draws_from(place, monkeypatch):
    def undeclared(material, count):
        return arms.Added(material.synthetic("noise", count))

    monkeypatch.setitem(arms.ARMS, "undeclared", undeclared)
    (row,) = place.run(cell("undeclared", 1.0), CHEAP)
    assert "SAMPLING in utils/augmentation/arms.py does not say that it draws noise" in row["error"]
    monkeypatch.setitem(arms.SAMPLING, "undeclared", ("noise",))
    (row,) = place.run(cell("undeclared", 1.0), CHEAP)
    assert "error" not in row and row["n_train"] == 25 + 100 + 25


def test_failed_rows_change_no_other_row_and_are_told_again(place, monkeypatch, capsys):
    monkeypatch.setattr(study, "Study", lambda _: place)
    monkeypatch.setitem(arms.ARMS, "broken", lambda *_: 1 / 0)
    command = ["run", "--parts", "main", "--sizes", "25", "--seeds", "0", "--jobs", "1"]
    command += ["--arms", "real", "--arms", "broken"]
    command += ["--classifiers", "logistic", "--classifiers", "logistic"]
    assert cli.main(["study", *command]) == 1
    assert "2 rows to run, about 1 min" in capsys.readouterr().out
    stored = place.path.read_text()
    assert f",logistic,{25 + place.n_sea},0." in stored  # whole, though the failed row has none
    assert cli.main(["study", *command]) == 0
    told = capsys.readouterr().out
    assert "0 rows run, 0 failed" in told and "1 rows failed before; --retry" in told
    assert place.path.read_text() == stored


def test_generators_are_trained_once_and_their_samples_removed(place, monkeypatch):
    trained = []

    class Stub:
        borrows, seconds = None, 1.5

        def __init__(self, name):
            self.name = name

        def fit(self, calls, *, background, validation, seed, **given):
            trained.append((self.name, len(calls), len(background), seed, *given))
            return self

        def sample(self, n, seed):
            rng = np.random.default_rng(len(self.name))
            return rng.normal(size=(n, *place.bench.grid.shape[1:])).astype(np.float32)

    def build(name):
        stub = Stub(name)
        stub.borrows = "vae" if name == "diffusion" else None
        return stub

    monkeypatch.setattr(study.registry, "build", build)
    cells = [cell(arm, ratio) for arm in ("vae", "diffusion", "hybrid") for ratio in (1.0, 2.0)]
    assert running.run(place, waiting(place, cells), jobs=1) == []
    assert sorted(trained) == [
        (arms.IN_HYBRID, 25, 100, 0),
        ("diffusion", 25, 100, 0, "autoencoder"),
        ("vae", 25, 100, 0),
    ]
    assert (study.read(place.path)["generator_seconds"] == 1.5).all()
    assert not list(place.samples.glob("*.npz"))
    running.run(place, waiting(place, [cell("diffusion", 4.0)]), jobs=1)
    assert not list(place.samples.glob("*.npz"))  # nor those of the VAE that it borrows
    stale = place.generate(cell("vae", 1.0), "vae")
    trained.clear()
    running.rerun(place, {"vae": cell("vae", 1.0)}, CHEAP)
    running.reproduce(place, 7, seed=0)  # 2 rows of the VAE, 3 of diffusion with its VAE, 2 of AAE
    assert len(trained) == 1 + (2 + 3 * 2 + 2) and stale.is_file()


def test_a_full_disk_stops_the_study_and_leaves_nothing_half_written(place, monkeypatch):
    class Full:
        borrows, seconds = None, 0.0

        def fit(self, *_, **__):
            return self

        def sample(self, n, seed):
            return np.zeros((n, 2, 2))

    def full(path, **_):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(study.registry, "build", lambda _: Full())
    monkeypatch.setattr(study.np, "savez", full)
    monkeypatch.setattr(running, "_opened", lambda _: place)
    with pytest.raises(OSError, match="No space left"):
        running._generate(None, cell("vae", 1.0), "vae")
    assert not list(place.samples.glob("*")) and not list(place.samples.glob(".*"))


def test_the_rule_asks_for_more_seeds_by_the_width_of_stored_intervals(place, monkeypatch):
    monkeypatch.setattr(running, "missing", lambda *_: [])
    for noise, expected in ((0.0005, 10), (0.05, 40)):
        table = planted.rows(seeds=40, noise=noise, parts=("main", "balanced"))
        table["settings"] = table["settings"].str.replace("planted", place.settings)
        study.tables.write(table, place.path)
        assert running.chosen_seeds(place, None) == list(range(expected))
    monkeypatch.setattr(running, "missing", lambda *_: [1])  # a batch that is still to be run
    assert running.chosen_seeds(place, None) == list(range(10))
    assert running.chosen_seeds(place, [3]) == [3]


def test_rows_are_reproduced_and_false_ones_found(place):
    running.run(place, waiting(place, [cell(seed=s) for s in range(3)]), jobs=1)
    table = running.reproduce(place, 2, seed=0)
    assert len(table) == 2 and table["agrees"].all() and (table["allowed"] <= 0.001).all()
    assert table["again"].to_numpy() == pytest.approx(table["stored"].to_numpy(), abs=1e-6)
    stored = study.read(place.path)
    stored["roc_auc"] += 0.0011
    study.tables.write(stored, place.path)
    assert not running.reproduce(place, 3, seed=0)["agrees"].any()


def test_the_spread_is_between_seeds_of_rows_like_one():
    table = planted.rows(seeds=30, noise=0.003, parts=("main", "curve", "balanced"))
    at = (table["arm"] == "vae") & (table["n_positive"] == 100) & (table["n_negative"] == 800)
    found = running.spread(table, table[at].iloc[0])
    assert found == pytest.approx(0.003, rel=0.3)  # not the 0.01 that the arms of a seed share
    table.loc[table["n_negative"] == 100, "roc_auc"] *= 0.5
    assert running.spread(table, table[at].iloc[0]) == found
    alone = table[table["n_positive"] == 600].iloc[0]  # `real` and nothing to compare it with
    assert running.spread(table, alone) == pytest.approx(0.01, rel=0.3)
    assert np.isnan(running.spread(table[table["seed"] < 2], alone))


def test_rows_run_anew_are_those_of_the_table(place):
    cells = {"real": cell(), "oversample": cell("oversample", 3.0)}
    running.run(place, waiting(place, cells.values()), jobs=1)
    rows, probabilities = running.rerun(place, cells, CHEAP)
    stored = study.read(place.path).set_index("arm")["roc_auc"]
    assert [row["roc_auc"] for row in rows] == pytest.approx(stored[list(cells)], abs=1e-6)
    assert set(probabilities) == {(name, "logistic") for name in cells}
    assert len(probabilities["real", "logistic"]) == len(place.split(0).test)


def test_status_counts_done_and_failed_rows(place, monkeypatch, capsys):
    running.run(place, waiting(place, [cell(n_negative=place.n_sea)]), jobs=1)
    found = running.status(place)
    assert found["done"].sum() == 1 and found["failed"].sum() == 0
    assert found["rows"].sum() > 1000
    assert found.groupby("part")["n_positive"].apply(list)["curve"] == ["all"]
    monkeypatch.setattr(study, "Study", lambda _: place)
    assert cli.main(["study", "status"]) == 0 and "other" not in capsys.readouterr().out
    study.add(place.path, study.read(place.path).assign(settings="other").to_dict("records"))
    assert cli.main(["study", "status"]) == 0
    assert "1 rows in study.csv belong to other clips or settings" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--dataset", "nowhere.npz"], "nowhere.npz"),
        (["run", "--seeds", "-1"], "--seeds -1 is not one of"),
        (["run", "--seeds", "1", "--seeds", "40"], "--seeds 40 is not one of"),
        (["reproduce", "--rows", "0"], "--rows is 0"),
        (["run", "--jobs", "0"], "x>=1"),
        (["replicas", "--jobs", "0"], "x>=1"),
        (["mechanism", "--dataset", "nowhere.npz"], "nowhere.npz"),
        (["run", "--sizes", "7"], "--sizes 7 is not one of"),
    ],
)
def test_bad_commands_get_a_sentence(source, capsys, monkeypatch, arguments, words):
    if "--dataset" not in arguments:
        place = opened(source)  # before its class is replaced
        monkeypatch.setattr(study, "Study", lambda _: place)
    assert cli.main(["study", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_status_waits_for_keras_once_and_tells_the_same(source, tmp_path):
    script = (
        "import sys; from pathlib import Path\n"
        "from utils import cli, paths\n"
        "paths.ROOT, paths.CACHE = Path(sys.argv[2]), Path(sys.argv[2])\n"
        "assert cli.main(['study', 'status', '--dataset', sys.argv[1]]) == 0\n"
        "print('keras' in sys.modules)"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", script, str(source), str(tmp_path)],
            check=True, capture_output=True, text=True,
        ).stdout.rpartition("\n")[0].rpartition("\n")
        for _ in range(2)
    ]  # fmt: skip
    assert told[0][0] == told[1][0] and "main" in told[0][0]
    assert told[1][2] == "False"


def test_a_table_beside_the_study_is_filled_once_a_seed(place, monkeypatch):
    ran = []

    def scored(given, seed):
        assert given is place
        ran.append(seed)
        yield {"seed": seed, "arm": "real", "roc_auc": 0.9}

    monkeypatch.setitem(study.PROTOCOL, "most_seeds", 4)
    study.by_seed(place, "beside", "text", scored, keys=("seed", "arm"), seeds=range(2))
    rows = study.by_seed(place, "beside", "text", scored, keys=("seed", "arm"))
    assert ran == rows["seed"].tolist() == [0, 1, 2, 3]
    pd.testing.assert_frame_equal(study.latest("small", "beside"), rows)
    study.by_seed(place, "beside", "other", scored, keys=("seed", "arm"), seeds=range(1))
    assert ran[4:] == [0] and len(study.latest("small", "beside")) == 1


def test_the_tables_beside_the_study_follow_from_its_present_settings(monkeypatch):
    asked, name = {}, "right_whale_upcalls"

    def by_seed(place, table, content, *_, **__):
        asked[table] = study.tables.digest(content)

    monkeypatch.setattr(study, "by_seed", by_seed)
    for module in (joined.embeddings, joined.simulated):
        monkeypatch.setattr(module, "check", lambda *_: None)
    rows = study.read(paths.results_dir(name) / "study.csv")
    place = SimpleNamespace(
        settings=study.common_settings(rows).mode()[0], trained_anew=contextlib.nullcontext,
        bench=SimpleNamespace(dataset=None),
    )  # fmt: skip
    for run in (from_pixels.run, joined.run, mechanism.run, pretrained.recipes, transfer.run):
        run(place)
    assert asked == {table: study.latest(name, table)["content"].iloc[0] for table in asked}
    assert len(asked) == 5


def test_each_table_beside_the_study_has_a_command():
    told = (paths.ROOT / "data" / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"`whales study ([a-z-]+)", told))
    assert commands == {*cli.study.commands} - {"status", "reproduce"}
    written = {path.stem for path in (paths.ROOT / "data" / "results").glob("*/*.csv")}
    assert written <= set(re.findall(r"^\| `(?:simulated/)?(\w+)\.csv`", told, re.M))


# Processes


def test_kill_9_loses_nothing_that_was_finished(source, tmp_path):
    script = (
        "import sys; from pathlib import Path\n"
        "from utils import paths; from utils.augmentation import running, study\n"
        "paths.ROOT = Path(sys.argv[2])\n"
        "found = study.Study(sys.argv[1])\n"
        "cells = [study.Cell(s, 25, 100, 'real', 0.0) for s in range(int(sys.argv[3]))]\n"
        "running.run(found, study.missing(found, cells, ('logistic',)), jobs=2)"
    )
    command = [sys.executable, "-c", script, str(source), str(tmp_path)]
    path = tmp_path / "data" / "results" / "small" / "study.csv"
    process = subprocess.Popen([*command, "200"], start_new_session=True)
    deadline = time.monotonic() + 240
    while not path.is_file() or len(study.read(path)) < 4:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.2)
    process.kill()
    process.wait()
    while True:  # its workers end by themselves
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        assert time.monotonic() < deadline
        time.sleep(0.2)
    before = study.read(path)
    assert len(before) >= 4 and before["roc_auc"].notna().all()
    count = int(before["seed"].max()) + 3
    subprocess.run([*command, str(count)], check=True, timeout=400)
    after = study.read(path)
    assert sorted(after["seed"]) == list(range(max(count, len(before))))
    pd.testing.assert_frame_equal(after.iloc[: len(before)], before)


def test_a_cluster_whose_worker_dies_loses_no_row(source, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    found = study.Study(source)
    cells = [study.Cell(seed, 25, 100, "real", 0.0) for seed in range(40)]
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
    ) as cluster:
        victim = cluster.workers[0].pid

        def add(path, rows, original=study.add):
            original(path, rows)
            if len(study.read(path)) == 3:
                os.kill(victim, signal.SIGKILL)

        monkeypatch.setattr(running, "add", add)
        failed = running.run(
            found,
            study.missing(found, cells, CHEAP),
            scheduler=cluster.scheduler_address,
        )
    assert failed == []
    assert sorted(study.read(found.path)["seed"]) == list(range(40))


def test_the_parameters_of_the_calls_that_a_row_draws(place, monkeypatch):
    monkeypatch.setattr(simulated, "SIZES", {"calls": 60, "clips": 40})
    monkeypatch.setattr(arms, "SIMULATED", 20)
    simulated.bank.cache_clear()
    found = mechanism.call_parameters(place, 25, seed=0)
    assert {kind: len(table) for kind, table in found.items()} == {
        "real": place.available(0)[0] - 25, "simulated": 60, "drawn": 20,
    }  # fmt: skip
    assert set(found["drawn"]["start_hz"]) <= set(found["simulated"]["start_hz"])
    assert mechanism.call_parameters(place, 100, seed=0) == {}  # too few others

    def refused(_):
        raise UserError("no clips of 2 s")

    monkeypatch.setattr(simulated, "check", refused)
    assert mechanism.call_parameters(place, 25, seed=0) == {}
    simulated.bank.cache_clear()
