"""Spectrograms in an .npz: what is read, and what is said of those that cannot be."""

import dataclasses
import os

import numpy as np
import pytest
from folders import SETTINGS, npz

from utils import data, paths, tables
from utils.errors import UserError


def test_npz_with_and_without_block_and_matched(tmp_path):
    plain = data.load(npz(tmp_path / "plain.npz"))
    assert plain.matched is None and plain.study_clips() is plain
    np.testing.assert_array_equal(plain.groups, np.arange(60) // 6)
    blocks, matched = np.arange(60) // 4, np.arange(60) < 40
    full = data.load(npz(tmp_path / "full.npz", block=blocks, matched=matched))
    np.testing.assert_array_equal(full.groups, blocks)
    assert len(full.study_clips()) == 40 and full.study_clips().matched.all()
    assert full.spectrograms.dtype == np.float32 and full.unit == "dB, 0..255"
    assert "60 clips, 30 call and 30 none, 15 groups, 50 bands x 101 frames" in full.describe()


def test_what_save_npz_writes_is_read_back(tmp_path):
    before = data.simulated(n_clips=100, seed=0)
    data.save_npz(before, tmp_path / "new" / "copy.npz")
    after = data.load(tmp_path / "new" / "copy.npz")
    for name in ("spectrograms", "labels", "groups", "clip_names", "frequencies", "times", "unit"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    assert after.class_names == before.class_names == ("none", "call")
    own = dataclasses.replace(before, class_names=("ruido", "delfín"))
    data.save_npz(own, tmp_path / "new" / "copy.npz")
    assert data.load(tmp_path / "new" / "copy.npz").class_names == ("ruido", "delfín")
    assert os.listdir(tmp_path / "new") == ["copy.npz"]
    assert "simulated from seed 0" in after.provenance["written"]


def test_what_can_serve_no_npz_is_refused(tmp_path):
    clips = data.simulated(n_clips=100, seed=0)
    for name in ("copy", "copy.txt"):
        with pytest.raises(ValueError, match=f"{name} is no .npz file"):
            data.save_npz(clips, tmp_path / name)
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(ValueError, match="folder.npz is no .npz file"):
        data.save_npz(clips, tmp_path / "folder.npz")
    assert os.listdir(tmp_path) == ["folder.npz"]
    for option in ({"settings": SETTINGS}, {"positive_class": "call"}, {"labels_csv": "a.csv"}):
        with pytest.raises(ValueError, match=f"need no {next(iter(option))}; drop it"):
            data.load(npz(tmp_path / "a.npz"), **option)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_names": np.array(["a"])}, "class_names must be two texts"),
        ({"labels": None}, "lacks labels; it holds spectrograms"),
        ({"spectrograms": None}, "lacks spectrograms"),
        ({"spectrograms": np.zeros((60, 5050))}, r"shape \(60, 5050\)"),
        ({"spectrograms": np.zeros((60, 40, 101))}, "40 cells in frequencies"),
        ({"labels": np.zeros(59)}, r"labels has shape \(59,\); \(60,\) is needed"),
        ({"block": np.zeros(61, dtype=int)}, "block has shape"),
        ({"labels": np.arange(60)}, "labels other than 0 and 1"),
        ({"labels": np.ones(60)}, "only one class is there"),
        ({"labels": np.arange(60) < 19}, "at least 20 clips of each class"),
        ({"labels": np.array([{}] * 60)}, "holds pickled objects"),
        ({"spectrograms": np.full((60, 50, 101), np.nan)}, "60 spectrograms hold NaN"),
        ({"spectrograms": np.ones((60, 50, 101))}, "60 spectrograms hold one value only"),
        ({"frequencies": np.float64(3)}, "50 cells in frequencies, but the axis has 1"),
        ({"matched": np.arange(60) % 2 == 0}, "matched: only one class is there"),
        ({"block": np.where(np.arange(60) < 2, np.nan, 1)}, "2 clips have no group"),
        ({"group": np.array(["", *["a"] * 59])}, "1 clips have no group"),
    ],
)
def test_npz_that_cannot_be_used(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        data.load(npz(tmp_path / "bad.npz", **changes))


def test_npz_that_is_damaged(tmp_path):
    path = npz(tmp_path / "cut.npz")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match="cut.npz cannot be read: it is damaged"):
        data.load(path)


@pytest.mark.parametrize("key", ["block", "group", "groups", "recording"])
def test_npz_groups_of_any_usual_name_and_type(tmp_path, key):
    whole = np.arange(60) // 5
    for groups in (whole, whole / 4, np.array([f"rec{k}" for k in whole])):
        dataset = data.load(npz(tmp_path / "a.npz", **{key: groups}))
        assert len(np.unique(dataset.groups)) == 12 and f"groups from {key}" in dataset.describe()
        assert (np.diff(dataset.groups) != 0).tolist() == (np.diff(whole) != 0).tolist()


def test_an_array_without_names_and_a_suffix_in_capitals(tmp_path):
    np.save(tmp_path / "named.npy", np.zeros((40, 50, 101), np.float32))
    (tmp_path / "named.npy").rename(tmp_path / "named.npz")
    with pytest.raises(UserError, match="named.npz holds a single array and not several"):
        data.load(tmp_path / "named.npz")
    upper = npz(tmp_path / "a.npz").rename(tmp_path / "UPPER.NPZ")
    assert len(data.load(upper)) == 60


def test_the_band_order_and_length_of_clips_are_kept(tmp_path):
    assert data.load(npz(tmp_path / "plain.npz")).band == (50, 350)  # axes of the challenge
    own = {"frequencies": np.arange(50.0), "times": np.arange(101.0)}
    other = data.load(npz(tmp_path / "other.npz", **own))
    assert other.band is None and other.call_band == (0, 49) and other.ordered
    changed = dataclasses.replace(other, band=(10.0, 30.0), ordered=False, seconds=np.ones(60))
    data.save_npz(changed, tmp_path / "copy.npz")
    copy = data.load(tmp_path / "copy.npz")
    assert copy.band == (10, 30) and not copy.ordered and copy.seconds.tolist() == [1.0] * 60
    assert not data.load(npz(tmp_path / "by_class.npz", labels=np.repeat([0, 1], 30))).ordered
    with pytest.raises(UserError, match="band must be two frequencies"):
        data.load(npz(tmp_path / "odd.npz", band=np.array([300, 50])))


def test_no_name_takes_published_results(tmp_path, monkeypatch):
    for name in ("simulated_calibration", "right_whale_upcalls", "simulated"):
        whole = npz(tmp_path / f"{name}.npz")
        with pytest.raises(UserError, match="name of published clips.*--name NAME"):
            data.load(whole)
    for name, sentence in (("right_whale_upcalls", "published"), ("../up", "without slashes")):
        monkeypatch.setenv("DATASET_NAME", name)
        with pytest.raises(UserError, match=sentence):
            data.load(whole)
    monkeypatch.setenv("DATASET_NAME", "mine")
    assert data.load(whole).name == "mine"


@pytest.mark.parametrize("place", ["data/results/clips", "figures/clips", "reports/clips"])
def test_results_belong_to_the_folder_that_made_them(tmp_path, monkeypatch, place):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    files = [tmp_path / folder / "clips.npz" for folder in ("one", "two")]
    for path in files:
        path.parent.mkdir()
        npz(path)
    for path in (*files, files[0]):  # there is nothing to replace yet
        data.load(path)
    (tmp_path / place).mkdir(parents=True)
    data.load(files[0])
    with pytest.raises(UserError, match="also the name of .*one.clips.npz.*--name NAME"):
        data.load(files[1])
    monkeypatch.setenv("DATASET_NAME", "others")
    assert data.load(files[1]).name == "others"
    monkeypatch.delenv("DATASET_NAME")
    files[0].unlink()  # moved elsewhere
    data.load(files[1])


def test_one_cell_of_one_clip_is_another_fingerprint(tmp_path):
    values = np.random.default_rng(0).uniform(-80, 0, (60, 50, 101)).astype(np.float32)
    before = data.load(npz(tmp_path / "mine.npz", spectrograms=values))
    assert tables.fingerprint(before) == tables.fingerprint(before.take(np.arange(60)))
    values[7, 20, 30] += 0.001
    after = data.load(npz(tmp_path / "mine.npz", spectrograms=values))
    assert tables.fingerprint(after) != tables.fingerprint(before)
