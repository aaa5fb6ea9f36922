"""What splits by group guarantee."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils import data, paths
from utils.errors import UserError


@st.composite
def labelled_groups(draw):
    sizes = draw(st.lists(st.integers(4, 12), min_size=10, max_size=25))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    return (np.arange(len(groups)) + rng.integers(2)) % 2, groups


@given(labelled_groups(), st.integers(0, 99))
def test_splits_share_no_group_and_partition_the_clips(problem, seed):
    labels, groups = problem
    splits = data.split_by_group(labels, groups, seed=seed)
    tests = np.concatenate([split.test for split in splits])
    assert sorted(tests) == list(range(len(labels)))
    for split in splits:
        sides = (split.train, split.validation, split.test)
        assert sorted(np.concatenate(sides)) == list(range(len(labels)))
        of_sides = [set(groups[side]) for side in sides]
        assert sum(map(len, of_sides)) == len(set().union(*of_sides))
        assert all(set(labels[side]) == {0, 1} for side in sides)


def test_splits_are_seeded_and_stratified():
    rng = np.random.default_rng(0)
    groups = np.arange(3000) // 20
    labels = (rng.random(3000) < 0.25).astype(int)
    first, again, other = (data.split_by_group(labels, groups, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first[0].train, again[0].train)
    assert set(first[0].test) != set(other[0].test)
    for split in first:
        assert labels[split.test].mean() == pytest.approx(labels.mean(), abs=0.03)
        assert len(split.validation) == pytest.approx(0.1 * 3000, rel=0.3)


def test_kept_splits_are_the_same_and_those_of_other_clips_are_others(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CACHE", tmp_path)
    rng = np.random.default_rng(0)
    groups, labels = np.arange(600) // 20, (rng.random(600) < 0.4).astype(int)
    for clips in ((labels, groups), (1 - labels, groups), (labels, groups[::-1])):
        made = data.split_by_group(*clips, seed=1)
        for _ in range(2):
            for one, other in zip(made, data.kept_splits(*clips, seed=1), strict=True):
                for field in dataclasses.fields(data.Split):
                    pair = (getattr(each, field.name) for each in (one, other))
                    np.testing.assert_array_equal(*pair)
    assert len(list((tmp_path / "clips").iterdir())) == 3


def test_splits_that_cannot_be_made_say_so():
    labels = np.array([1] * 10 + [0] * 90)
    with pytest.raises(ValueError, match="class 1 occurs in 1 groups only; 5 splits .* at least 7"):
        data.split_by_group(labels, np.arange(100) // 10, seed=0)


def test_a_leaking_split_is_refused():
    labels, groups = np.arange(12) % 2, np.arange(12) // 2
    whole = data.Split(np.arange(4), np.arange(4, 8), np.arange(8, 12), seed=0)
    data.splits.check_split(whole, labels, groups)
    shared = dataclasses.replace(whole, test=np.arange(7, 12))
    with pytest.raises(ValueError, match="group 3 stands on the validation and the test side"):
        data.splits.check_split(shared, labels, groups)
    lone = dataclasses.replace(whole, test=np.array([8, 10]))
    with pytest.raises(ValueError, match="the test side holds a single class"):
        data.splits.check_split(lone, labels, groups)


def test_draws_are_nested_seeded_and_within_the_side():
    labels, side = np.arange(100) % 2, np.arange(40, 100)
    small, large = (data.draw(labels, side, n, 2 * n, seed=5) for n in (5, 10))
    assert set(small) < set(large) <= set(side)
    assert labels[small].sum() == 5 and len(small) == 15
    assert set(data.draw(labels, side, 5, 10, seed=6)) != set(small)
    with pytest.raises(ValueError, match="31 clips of class 1 .* this side has 30"):
        data.draw(labels, side, 31, 1, seed=0)


@given(seed=st.integers(0, 200), calls=st.sampled_from([7, 8, 30]))
def test_seven_groups_of_each_class_can_be_split(seed, calls):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(5, 40, 7 + calls)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = (groups < calls).astype(int)  # recordings of one class each
    assert len(data.split_by_group(labels, groups, seed=seed)) == 5


@pytest.mark.parametrize("n", [30, 100, 1000])
def test_names_that_sort_one_class_behind_the_other_can_be_split(n):
    labels = np.repeat([0, 1], n)
    groups, what = data.groups.neighbour_blocks(labels)
    assert what.endswith("of one class")
    assert not set(groups[labels == 0]) & set(groups[labels == 1])
    for value in (0, 1):
        assert np.bincount(groups[labels == value]).max() <= max(3, n // 10)
    assert len(data.split_by_group(labels, groups, seed=0)) == 5


def test_blocks_are_250_neighbours_in_name_order():
    mixed = np.arange(6000) % 2
    np.testing.assert_array_equal(data.groups.neighbour_blocks(mixed)[0], np.arange(6000) // 250)
    assert len(np.unique(data.groups.neighbour_blocks(mixed[:400])[0])) == 10
    assert sorted(["c10.wav", "c9.wav", "c1.wav"], key=data.files.natural) == [
        "c1.wav", "c9.wav", "c10.wav",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("n_groups", "n_splits"), [(3, 3), (5, 5), (6, 3), (8, 4), (9, 4), (10, 5)]
)
def test_few_recordings_are_left_out_one_by_one(n_groups, n_splits):
    groups = np.repeat(np.arange(n_groups), 30)
    labels = np.tile([0, 0, 1], 10 * n_groups)
    splits = data.split_by_group(labels, groups, seed=0, fewer=True)
    assert len(splits) == n_splits
    assert sorted(np.concatenate([split.test for split in splits])) == list(range(len(labels)))
    for split in splits:
        data.splits.check_split(split, labels, groups)
        assert len(np.unique(groups[split.test])) >= (1 if n_groups < 6 else 2)


def test_what_too_few_recordings_need_is_said():
    labels = np.tile([0, 1], 60)
    for groups in (np.zeros(120, int), np.repeat([0, 1], 60)):
        with pytest.raises(UserError, match="training, validation and test need at least 3"):
            data.split_by_group(labels, groups, seed=0, fewer=True)
    with pytest.raises(UserError, match="5 splits by group need at least 7"):
        data.split_by_group(labels, np.arange(120) // 20, seed=0)
