"""A cut in time: what comes before, what after, and nothing on both sides."""

from dataclasses import replace

import numpy as np
import pytest

from utils import data
from utils.augmentation import later, operating, study
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
    assert ran == [(place, "later", later.scores)]


def test_scores_are_the_area_and_the_recall():
    labels = np.repeat([0, 1], 100)
    found = later.scores(labels, labels.astype(float))
    assert found == {"roc_auc": 1.0} | operating.recall(labels, labels.astype(float))
