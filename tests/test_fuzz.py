"""Readers give a Dataset or a UserError, whatever stands in a file."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from folders import boxes
from hypothesis import example, given, settings
from hypothesis import strategies as st

from utils import data, paths
from utils.data import annotations, sheets
from utils.errors import UserError
from utils.sound.spectrograms import SpectrogramSettings

SETTINGS = SpectrogramSettings(clip_seconds=0.25, mel_bands=20)
RATE = 2000


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory):
    before, paths.CACHE = paths.CACHE, tmp_path_factory.mktemp("cache")
    yield
    paths.CACHE = before


def noise(n=500, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(n)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Bytes of a clip in each format."""
    place, found = tmp_path_factory.mktemp("originals"), {}
    for suffix in (".wav", ".aiff", ".flac", ".ogg", ".mp3", ".w64", ".caf", ".au"):
        path = place / f"a{suffix}"
        soundfile.write(path, noise(2000), 8000 if suffix == ".mp3" else RATE)
        found[suffix] = path.read_bytes()
    return found


def answered(load):
    """Call it: a Dataset or a UserError, in one line."""
    try:
        found = load()
    except UserError as error:
        assert str(error) and "\n" not in str(error)
        return None
    return found


def mutated(draw, raw):
    """Bytes that were cut, changed, or grown somewhere, most often in the header."""
    raw = bytearray(raw)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, min(len(raw), draw(st.sampled_from([60, 10**6]))) or 1))
        kind = draw(st.sampled_from(["cut", "change", "grow"]))
        if kind == "cut":
            del raw[place : place + draw(st.integers(1, 400))]
        elif kind == "change":
            new = draw(st.binary(min_size=1, max_size=8))
            raw[place : place + len(new)] = new
        else:
            raw[place:place] = draw(st.binary(max_size=50))
    return bytes(raw)


@settings(max_examples=150)
@given(case=st.data(), suffix=st.sampled_from([".wav", ".aiff", ".flac", ".ogg", ".mp3", ".w64",
                                               ".caf", ".au"]))  # fmt: skip
def test_damaged_audio(originals, case, suffix):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, level in (("call", 1), ("noise", 2)):
            (folder / name).mkdir()
            for i in range(21):
                soundfile.write(folder / name / f"{i}.wav", level * noise(seed=i), RATE)
        (folder / "call" / f"odd{suffix}").write_bytes(mutated(case.draw, originals[suffix]))
        whole = answered(lambda: data.load(folder, settings=SETTINGS))
        rest = answered(lambda: data.load(folder, settings=SETTINGS, skip_bad=True))
        assert rest is not None and len(rest) in (42, 43)
        assert whole is None or len(whole) == 43
        assert np.isfinite(rest.spectrograms).all() and np.isfinite(rest.audio).all()


@settings(max_examples=60)
@given(case=st.data(), suffix=st.sampled_from([".wav", ".aiff", ".flac", ".ogg"]))
def test_damaged_recordings(recordings, case, suffix):
    """Nine whole recordings with three calls each, and one that is damaged."""
    folder, raw = recordings
    odd = folder / f"odd{suffix}"
    odd.write_bytes(mutated(case.draw, raw[suffix]))
    try:
        whole = answered(lambda: data.load(folder))
        rest = answered(lambda: data.load(folder, skip_bad=True))
    finally:
        odd.unlink()
    assert whole is None or np.isfinite(whole.audio).all()
    assert rest is None or rest.labels.sum() in range(27, 31)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """A folder of recordings and boxes, and bytes of one more in several formats."""
    folder, place, raw = tmp_path_factory.mktemp("sea"), tmp_path_factory.mktemp("more"), {}
    lines = ["file,start,end,low,high,label"]
    for name in [*(f"rec{k}.wav" for k in range(9)), "odd"]:
        lines += [f"{name},{start},{start + 1},50,200,call" for start in (5, 12, 19)]
    (folder / "boxes.csv").write_text("\n".join(lines))
    for k in range(9):
        soundfile.write(folder / f"rec{k}.wav", noise(30 * 1000, k), 1000)
    for suffix in (".wav", ".aiff", ".flac", ".ogg"):
        soundfile.write(place / f"odd{suffix}", noise(30 * 1000), 1000)
        raw[suffix] = (place / f"odd{suffix}").read_bytes()
    return folder, raw


CELLS = st.one_of(
    st.sampled_from(
        ["", " ", "0", "1", "0.0", "1,0", "2.5", "-3", "1e9", "nan", "inf", "call", "noise"]
        + ["a.wav", "b.wav", "../a.wav", "/a.wav", "C:\\a.wav", "file", "label", "start", "end"]
        + ["Begin Time (s)", "End Time (s)", "Selection", "View", "Low Freq (Hz)", "Begin File"]
        + ["group", "00:01", "1:2:3:4", '"', "\x00", "sep=;", "é"]
    ),
    st.text(max_size=8),
)


@st.composite
def tables(draw):
    """Text that is nearly a table."""
    separator = draw(st.sampled_from([",", ";", "\t"]))
    heads = draw(
        st.sampled_from(
            [["file", "start", "end", "label"], ["clip_name", "label", "group"], ["a", "a", "a"],
             ["Selection", "View", "Begin Time (s)", "End Time (s)", "Annotation"], []]
        )
    )  # fmt: skip
    rows = draw(st.lists(st.lists(CELLS, min_size=0, max_size=6), max_size=6))
    lines = [separator.join(row) for row in [heads, *rows]]
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines)
    encoding = draw(st.sampled_from(["utf-8", "utf-16", "cp1252", "utf-8-sig"]))
    return text.encode(encoding, "replace") + draw(st.sampled_from([b"", b"\xff", b"\x00"]))


@settings(max_examples=200)
@example(content=b"\nstart,end\n0.1,0.2\n", name="a.csv")
@given(content=st.one_of(tables(), st.binary(max_size=200)),
       name=st.sampled_from(["a.txt", "a.csv", "x.tsv", "a.Table.1.selections.txt"]))  # fmt: skip
def test_odd_tables(content, name):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for audio in ("a.wav", "b.wav"):
            soundfile.write(folder / audio, noise(20_000), RATE)
        (folder / name).write_bytes(content)
        for path in (folder, folder / name):
            found = answered(lambda path=path: boxes(path))
            assert found is None or list(found) == list(annotations.COLUMNS)
        answered(lambda: data.load(folder))
        answered(lambda: data.load(folder, labels_csv=folder / name))


ODD_ARRAYS = [
    np.array("x"), np.array([]), np.arange(60), np.zeros((60, 2)), np.full(60, np.nan),
    np.array(["a", "b"]), np.array([1j] * 60), np.array(["2020-01-01"] * 60, "datetime64[D]"),
    np.float64(3),
]  # fmt: skip


@settings(max_examples=100)
@given(case=st.data(), compressed=st.booleans())
def test_damaged_arrays(case, compressed):
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a.npz"
        arrays = {
            "spectrograms": np.random.default_rng(0).random((60, 8, 9), np.float32),
            "labels": np.arange(60) % 2, "frequencies": np.arange(8.0), "times": np.arange(9.0),
        }  # fmt: skip
        keys = [*arrays, "block", "band", "seconds", "unit", "class_names", "matched", "ordered"]
        if changed := case.draw(st.sampled_from([None, *keys])):
            arrays[changed] = case.draw(st.sampled_from(ODD_ARRAYS))
        (np.savez_compressed if compressed else np.savez)(path, **arrays)
        if case.draw(st.booleans()):
            path.write_bytes(mutated(case.draw, path.read_bytes()))
        answered(lambda: data.load(path))


@given(text=st.text(max_size=200), name=st.just("x.csv"))
def test_any_text_is_a_table_or_none(text, name):
    found = answered(lambda: sheets.parse(text, name))
    assert found is None or len(set(found.columns)) == len(found.columns)
