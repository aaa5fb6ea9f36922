"""A cut in time: what comes before, what after, and nothing on both sides."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from utils import data, paths
from utils.augmentation import details, later, operating, study
from utils.errors import UserError


def test_early_groups_train_and_validate_and_late_ones_test():
    groups = np.repeat([f"g{i}" for i in range(20)][::-1], 10)  # in time, not in order of name
    labels = np.tile([0, 1], 100)
    split = later.cut(labels, groups)
    assert split.train.max() < 120 and split.validation.max() < 120  # 60 % of 200 clips
    assert split.test.tolist() == list(range(130, 200))  # a group is left out between them
    sides = [{*groups[side]} for side in (split.train, split.validation, split.test)]
    assert sides[1] == {"g15"} and len(sides[0] - sides[1]) == 11 and len(sides[2]) == 7


def test_a_side_without_a_class_is_one_sentence():
    groups = np.repeat(np.arange(10), 10)
    with pytest.raises(UserError, match="leaves a side without calls"):
        later.cut(np.repeat([1, 0], 50), groups)


@pytest.fixture(scope="module")
def clips():
    return data.simulated(n_clips=900, seed=3, name="small")


def test_clips_in_no_order_of_time_have_no_later_side(clips):
    with pytest.raises(UserError, match="in no order of time"):
        later.Later(replace(clips, ordered=False))


def test_all_seeds_share_the_cut_and_rows_lie_apart(clips, monkeypatch):
    place = later.Later(clips)
    assert place.split(0) is place.split(7)
    assert place.settings != study.Study(clips).settings
    ran = []
    monkeypatch.setattr(operating, "run", lambda *given: ran.append(given))
    later.run(place)
    assert ran == [(place, "later")]


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
