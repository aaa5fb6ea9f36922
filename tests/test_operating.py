"""Recall at few false alarms: known answers, and rows that are run once; and a cut in time: what
comes before, what after, and nothing on both sides."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from utils import data, paths
from utils.augmentation import arms, details, operating, study, summary
from utils.errors import UserError


def test_recall_is_counted_above_the_share_of_false_alarms():
    sea, calls = np.linspace(0, 1, 1000, endpoint=False), np.linspace(0, 1, 200, endpoint=False)
    labels = np.repeat([0, 1], [1000, 200])
    found = operating.scores(labels, np.concatenate([sea, calls]))
    assert found["roc_auc"] == pytest.approx(0.5, abs=0.005)
    assert found["recall_at_5_percent"] == pytest.approx(0.05, abs=0.005)  # no better than guessing
    found = operating.scores(labels, np.concatenate([sea, calls + 0.5]))
    assert found["recall_at_5_percent"] == pytest.approx(0.55, abs=0.005)
    assert found["recall_at_1_percent"] == pytest.approx(0.51, abs=0.005)
    assert operating.scores(labels, labels.astype(float)) == dict.fromkeys(found, 1.0)


class Place:
    """A study of three clips that learns nothing."""

    name, settings, n_sea, fill, labels = "mine", "s", 800, 800, np.array([0, 1, 1])
    cell = study.Study.cell

    def __init__(self, folder):
        self.bench = SimpleNamespace(results=lambda name: folder / f"{name}.csv")
        self.ran, self.calls = [], 800

    def available(self, seed):
        return self.calls, 800

    def split(self, seed):
        return SimpleNamespace(test=np.arange(3))

    def prepare(self, cell):
        return (None,)

    def judge(self, cell, training, classifier):
        self.ran.append((cell.seed, cell.n_positive, cell.arm, classifier))
        return {}, np.array([0.1, 0.2, 0.05])


def test_rows_are_run_once_and_what_lacks_its_extra_is_run_when_that_is_there(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setitem(study.PROTOCOL, "most_seeds", 2)
    monkeypatch.setattr(study, "offered", lambda: ["random_forest"])
    place = Place(tmp_path)
    first = operating.run(place)
    assert len(first) == len(place.ran) == 2 * (1 + 3 * 3 + 2)
    assert set(first["recall_at_5_percent"]) == {0.5}
    place.ran.clear()
    pd.testing.assert_frame_equal(operating.run(place), first)
    assert place.ran == []
    monkeypatch.setattr(study, "offered", lambda: ["random_forest", "birdnet"])
    both = operating.run(place)
    assert {row[2:] for row in place.ran} == {(arms.REAL, "birdnet")}
    assert len(both) == len(first) + 2 * len(study.PROTOCOL["sizes"])


def test_no_more_calls_are_asked_for_than_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setitem(study.PROTOCOL, "most_seeds", 1)
    monkeypatch.setattr(study, "offered", lambda: ["random_forest"])
    place = Place(tmp_path)
    place.calls = 60
    assert set(operating.run(place)["n_positive"]) == {0, 25, 50}


def test_what_is_told_is_the_mean_of_whole_seeds(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "results_dir", lambda name: tmp_path)
    assert operating.stored("mine").empty and summary.strict("mine") == []
    kinds = {("real", "random_forest"): 0.4, ("classical", "random_forest"): 0.5}
    kinds |= {("ocean", "random_forest"): 0.55, ("real", "birdnet"): 0.6}
    rows = [
        {"seed": seed, "n_positive": 25, "arm": arm, "classifier": classifier}
        | {"recall_at_5_percent": share + 0.01 * seed, "recall_at_1_percent": share / 2}
        for seed in range(4)
        for (arm, classifier), share in kinds.items()
    ]
    zero = [
        {"seed": seed, "n_positive": 0, "arm": "ocean_prior", "classifier": "random_forest"}
        | {"recall_at_5_percent": 0.2, "recall_at_1_percent": 0.1}
        for seed in range(3)  # the last seed is still being run
    ]
    pd.DataFrame(rows + zero).assign(content="c").to_csv(tmp_path / "operating.csv", index=False)
    five, one = summary.strict("mine")
    assert five.columns.name == "llamadas (mine, 3 semillas, 5 % de falsas)"
    assert five.loc[25, "solo reales"] == "41" and one.loc[25, "BirdNET"] == "30"
    assert five.loc[0, "clásico + hidrófono"] == "20" and five.loc[0, "BirdNET"] == "–"
    assert (
        five.loc[25, "BirdNET menos clásico"] == "+10 (+10\N{NO-BREAK SPACE}a\N{NO-BREAK SPACE}+10)"
    )


# After a cut in time


def test_early_groups_train_and_validate_and_late_ones_test():
    groups = np.repeat([f"g{i}" for i in range(20)][::-1], 10)  # in time, not in order of name
    labels = np.tile([0, 1], 100)
    early, late = operating.before_and_after(groups)
    split = operating.sides(labels, groups, early, late[1:])
    assert split.train.max() < 120 and split.validation.max() < 120  # 60 % of 200 clips
    assert split.test.tolist() == list(range(130, 200))  # a group is left out between them
    sides = [{*groups[side]} for side in (split.train, split.validation, split.test)]
    assert sides[1] == {"g15"} and len(sides[0] - sides[1]) == 11 and len(sides[2]) == 7


def test_a_side_without_a_class_is_one_sentence():
    groups = np.repeat(np.arange(10), 10)
    with pytest.raises(UserError, match="leaves a side without calls"):
        operating.sides(np.repeat([1, 0], 50), groups, *operating.before_and_after(groups))


@pytest.fixture(scope="module")
def clips():
    return data.simulated(n_clips=900, seed=3, name="small")


def test_clips_in_no_order_of_time_have_no_later_side(clips):
    with pytest.raises(UserError, match="in no order of time"):
        operating.Later(replace(clips, ordered=False))


def test_all_seeds_share_the_cut_and_rows_lie_apart(clips, monkeypatch):
    place, asked = operating.Later(clips), []
    assert place.split(0) is place.split(7)
    assert place.settings != study.Study(clips).settings
    monkeypatch.setitem(study.PROTOCOL, "most_seeds", 0)  # nothing is run
    monkeypatch.setattr(
        operating.tables, "rows", lambda path, *_, **__: asked.append(path.name) or pd.DataFrame()
    )
    assert operating.run(place).empty and {*asked} == {"later.csv"}


def test_simulated_clips_are_tested_on_other_deployments(clips):
    place = operating.later(replace(clips, name=data.SIMULATED))
    dataset, splits = place.bench.dataset, [place.split(seed) for seed in range(5)]
    assert isinstance(place, operating.Elsewhere) and not isinstance(
        operating.later(clips), type(place)
    )
    early = splits[0].train
    np.testing.assert_array_equal(dataset.audio[early], clips.audio[early])
    np.testing.assert_array_equal(dataset.spectrograms[early], clips.spectrograms[early])
    assert all(np.array_equal(split.train, early) for split in splits)
    assert splits[4].test.tolist() == splits[0].test.tolist()
    tests = [split.test for split in splits[:4]]
    assert len(np.unique(np.concatenate(tests))) == 4 * operating.ELSEWHERE_CLIPS
    assert not {*dataset.groups[early]} & {*dataset.groups[np.concatenate(tests)]}
    truth = [dataset.truth.iloc[index] for index in (early, *tests)]
    here, flat, busy, low, humpbacks = truth
    assert flat["snr_db"].mean() < here["snr_db"].mean() - 2
    assert busy["ship"].mean() > 0.6 > here["ship"].mean()
    assert low["duration_seconds"].mean() > here["duration_seconds"].mean() + 0.2
    calls = humpbacks["snr_db"].notna()
    assert humpbacks["humpback"][calls].mean() > 0.7 > here["humpback"].mean()
    for index, part in zip(tests, truth[1:], strict=True):
        assert (dataset.labels[index] == part["snr_db"].notna()).all()


def test_the_table_tells_means_and_in_how_many_draws_there_is_a_gain(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "results_dir", lambda name: tmp_path)
    assert details.after_the_cut("mine").empty
    areas = {("real", "random_forest"): 0.8, ("classical", "random_forest"): 0.85}
    areas |= {("ocean", "random_forest"): 0.86, ("real", "birdnet"): 0.9}
    rows = [
        {"seed": seed, "n_positive": 25, "arm": arm, "classifier": classifier}
        | {"roc_auc": area - 0.02 * (seed == 3 and arm == "ocean"), "content": "c"}
        for seed in range(4)
        for (arm, classifier), area in areas.items()
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "later.csv", index=False)
    told = details.after_the_cut("mine").loc[25]
    assert told["solo reales"] == "0,800" and told["BirdNET"] == "0,900"
    assert told["clásico + hidrófono menos clásico"] == "+0,005; sube en 3 de 4"
    assert told["BirdNET menos clásico"] == "+0,050; sube en 4 de 4"
    assert details.elsewhere("mine", 25).empty


def test_each_deployment_has_its_row(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "results_dir", lambda name: tmp_path)
    assert details.elsewhere(data.SIMULATED, 25).empty
    rows = [
        {"seed": seed, "n_positive": size, "arm": arm, "classifier": "random_forest"}
        | {"roc_auc": 0.8 + 0.01 * (seed % 4) + gain, "content": "c"}
        for seed in range(8)
        for size, arm, gain in (
            (0, "ocean_prior", -0.1), (25, "classical", 0.0), (25, "ocean", 0.02),
        )
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "later.csv", index=False)
    table = details.elsewhere(data.SIMULATED, 25)
    assert list(table.index) == list(details.DEPLOYMENTS)
    assert len(details.DEPLOYMENTS) == len(operating.ELSEWHERE)
    assert table.iloc[3].tolist() == ["0,730", "0,830", "0,850", "+0,020; sube en 2 de 2"]
    assert details.after_the_cut(data.SIMULATED).loc[25, "aumento clásico"] == "0,815"
