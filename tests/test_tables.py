"""A stored table stays as it is while new numbers agree with it, and says where they do not."""

import functools
import multiprocessing
import types

import numpy as np
import pandas as pd
import pytest

from utils import tables


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "model": ["cnn", "mlp"],
            "seed": [0, 1],
            "roc_auc": [0.91, 0.1 + 0.2],
            "note": ["good", None],
            "low": [np.nan, 0.5],
            "passed": [True, False],
        }
    )


KEYS = ["model", "seed"]


def test_first_run_writes_and_returns_what_a_later_run_returns(table, tmp_path):
    path = tmp_path / "sub" / "t.csv"
    first = tables.record(table, path, keys=KEYS)
    before = path.read_bytes()
    again = tables.record(table, path, keys=KEYS)
    pd.testing.assert_frame_equal(first, again)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["t.csv"]
    np.testing.assert_array_equal(again["roc_auc"], table["roc_auc"])


def test_agreeing_numbers_leave_the_stored_ones(table, tmp_path):
    path = tmp_path / "t.csv"
    tables.record(table, path, keys=KEYS)
    before = path.stat().st_mtime_ns, path.read_bytes()
    near = table.assign(roc_auc=table["roc_auc"] + 0.009)[::-1]
    stored = tables.record(near, path, keys=KEYS, tolerance=0.01)
    np.testing.assert_array_equal(stored["roc_auc"], table["roc_auc"])
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_a_difference_names_row_column_and_size(table, tmp_path):
    path = tmp_path / "t.csv"
    tables.record(table, path, keys=KEYS)
    before = path.read_bytes()
    far = table.assign(roc_auc=[0.91, 0.32])
    with pytest.raises(ValueError, match=r"'mlp', .*1.*roc_auc.*0.30.*0.32.*0.02.*delete"):
        tables.record(far, path, keys=KEYS, tolerance=0.01)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"note": ["bad", None]}, "'cnn'.*note.*good.*bad"),
        ({"note": ["good", "new"]}, "'mlp'.*note"),
        ({"low": [0.1, 0.5]}, "'cnn'.*low"),
        ({"low": [np.nan, np.nan]}, "'mlp'.*low"),
        ({"passed": [True, True]}, "'mlp'.*passed"),
        ({"seed": [0, 2]}, "differ in the row"),
        ({"more": [1, 2]}, r"other columns.*\(more\)"),
    ],
)
def test_other_differences_are_errors(table, tmp_path, change, message):
    path = tmp_path / "t.csv"
    tables.record(table, path, keys=KEYS)
    with pytest.raises(ValueError, match=message):
        tables.record(table.assign(**change), path, keys=KEYS, tolerance=0.01)


def test_a_changed_content_is_recorded_anew(table, tmp_path):
    path = tmp_path / "t.csv"
    tables.record(table, path, keys=KEYS, content="1e5")
    with pytest.raises(ValueError, match="roc_auc"):
        tables.record(table.assign(roc_auc=0.5), path, keys=KEYS, content="1e5")
    changed = tables.record(table.assign(roc_auc=0.5), path, keys=KEYS, content="b2")
    assert changed["roc_auc"].tolist() == [0.5, 0.5]
    assert set(pd.read_csv(path)["content"]) == {"b2"}


def test_wrong_keys(table, tmp_path):
    with pytest.raises(ValueError, match="no column split"):
        tables.record(table, tmp_path / "t.csv", keys=["split"])
    with pytest.raises(ValueError, match="do not identify a row"):
        tables.record(table.assign(seed=0, model="cnn"), tmp_path / "t.csv", keys=KEYS)
    assert not list(tmp_path.iterdir())


def test_an_interrupted_write_leaves_the_stored_table(table, tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    tables.record(table, path, keys=KEYS, content="a")
    before = path.read_bytes()
    monkeypatch.setattr(tables.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        tables.record(table, path, keys=KEYS, content="b")
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_read_gives_what_is_stored_for_this_content(table, tmp_path):
    path = tmp_path / "t.csv"
    assert tables.read(path) is None
    stored = tables.record(table, path, keys=KEYS, content="a")
    pd.testing.assert_frame_equal(tables.read(path), stored)
    pd.testing.assert_frame_equal(tables.read(path, content="a"), stored)
    assert tables.read(path, content="b") is None


def test_rows_gives_those_of_one_content(table, tmp_path):
    path = tmp_path / "t.csv"
    assert tables.rows(path, "a", keys=KEYS).empty
    tables.write(table, path)
    assert tables.rows(path, "a", keys=KEYS).empty  # a table that names no content
    both = pd.concat([table.assign(content="a"), table[:1].assign(content="0012")])
    tables.write(both, path)
    pd.testing.assert_frame_equal(
        tables.rows(path, "a", keys=KEYS).drop(columns="content"), table, check_dtype=False
    )
    assert len(tables.rows(path, "0012", keys=KEYS)) == 1


def test_a_fingerprint_survives_another_processor_and_nothing_else():
    rng = np.random.default_rng(0)
    base = {
        "spectrograms": rng.uniform(-80, 0, (30, 5, 6)).astype(np.float32),
        "labels": rng.integers(0, 2, 30),
        "groups": np.arange(30) // 3,
        "clip_names": np.arange(30).astype(str),
        "source": None,
        "settings": None,
    }

    def of(**changes):
        return tables.fingerprint(types.SimpleNamespace(**base | changes))

    bits = base["spectrograms"] * (1 + 1e-6 * rng.standard_normal((30, 5, 6)))
    assert of() == of(spectrograms=bits.astype(np.float32))
    assert of() == of(labels=base["labels"].astype(np.int8))
    others = [
        of(spectrograms=base["spectrograms"] + 1),
        of(spectrograms=base["spectrograms"][:, :, :-1]),
        of(spectrograms=base["spectrograms"][:, ::-1]),
        of(spectrograms=base["spectrograms"][::-1]),  # against the labels
        of(clip_names=np.arange(1, 31).astype(str)),
        of(labels=1 - base["labels"]),
        of(groups=np.arange(30) // 4),
        of(source="0a"),
        of(source="0b"),
    ]
    assert len({of(), *others}) == 10


def test_a_fingerprint_of_whole_numbers_counts_every_cell():
    images = np.random.default_rng(0).integers(0, 256, (30, 5, 6)).astype(np.float32)
    base = {"labels": np.arange(30) % 2, "groups": np.arange(30), "clip_names": np.arange(30)}
    swapped, touched = images.copy(), images.copy()
    swapped[[0, 2]] = images[[2, 0]]  # two clips of one class
    touched[3, 2, 2] += 1
    found = {
        tables.fingerprint(types.SimpleNamespace(spectrograms=values, **base))
        for values in (images, swapped, touched)
    }
    assert len(found) == 3


def _row(split, value, content="now", error=None):
    values = {"split": split, "roc_auc": value, "error": error, "content": content}
    return pd.DataFrame([values])


def test_appended_rows_leave_those_of_other_contents_and_of_other_processes(tmp_path):
    path = tmp_path / "new" / "table.csv"
    for row in (_row(0, 0.5, "old"), _row(0, 0.6), _row(0, 0.9)):  # the last has been run twice
        tables.append(row, path)
    read = functools.partial(tables.rows, path, keys=["split"])
    assert read("now")["roc_auc"].tolist() == [0.6] and read("old")["roc_auc"].tolist() == [0.5]
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.starmap(tables.append, [(_row(k, 0.1), path) for k in range(1, 41)])
    assert sorted(read("now")["split"]) == list(range(41))
    before = path.read_bytes()
    tables.append(_row(99, 0.1)[["content", "error", "roc_auc", "split"]], path)
    assert path.read_bytes() == before + b"99,0.1,,now\n"  # nothing else is written again
    tables.append(_row(100, 0.1).assign(more=1), path)
    found = read("now").set_index("split")["more"]
    assert np.isnan(found[99]) and found[100] == 1 and len(found) == 43


def test_a_torn_line_is_not_read_and_mended_by_the_next_row(tmp_path):
    path, read = tmp_path / "t.csv", functools.partial(tables.grown, keys=["split"])
    tables.append(pd.concat([_row(k, 0.5) for k in range(3)]), path)
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:cut])
        kept = max(whole[:cut].count(b"\n") - 1, 0)
        assert read(path).shape[0] == kept
        tables.append(_row(7, 0.5), path)
        assert read(path)["split"].tolist() == [*range(kept), 7]
    path.write_bytes(whole + b"9" * 10_000)  # longer than what is read at once
    tables.append(_row(7, 0.5), path)
    assert path.read_bytes() == whole + b"7,0.5,,now\n"


def test_a_good_row_counts_for_a_failed_one_and_the_first_of_doubles(tmp_path):
    path = tmp_path / "t.csv"
    for row in (_row(0, None, error="no"), _row(1, None, error="no"), _row(1, 0.7), _row(1, 0.8),
                _row(2, 0.6), _row(2, None, error="no")):  # fmt: skip
        tables.append(row, path)
    found = tables.grown(path, ["split"]).set_index("split")
    assert found["error"].notna().to_dict() == {0: True, 1: False, 2: False}
    assert found["roc_auc"].dropna().to_dict() == {1: 0.7, 2: 0.6}


def test_the_latest_rows_are_those_of_the_last_content(tmp_path):
    path = tmp_path / "grown.csv"
    for content, value in (("old", 1), ("new", 2), ("new", 3)):
        tables.append(pd.DataFrame({"value": [value], "content": [content]}), path)
    assert tables.latest(path)["value"].tolist() == [2, 3]
