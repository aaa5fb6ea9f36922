"""A detector over recordings: windows, tables, and runs that are killed, starved or repeated."""

import builtins
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr
from filelock import FileLock
from folders import boxes

from utils import cli, tables
from utils.detect import evaluating, listening, running, selections, store
from utils.errors import UserError
from utils.sound.spectrograms import SpectrogramSettings

RATE = 2000
SETTINGS = SpectrogramSettings()
CALLS = (10.0, 31.3, 47.75)  # s


class Ear(store.Detector):
    """Hears loudness alone, so that what it must report is known."""

    def score_audio(self, audio):
        return np.clip(np.abs(audio).max(1), 0, 1).astype(float)


def ear(threshold=0.5, digest="a"):
    return Ear(
        call="upcall", settings=SETTINGS, shape=(48, 96), band=(50.0, 350.0), threshold=threshold,
        recipe="forest", trained_on={}, classifier=None, digest=digest,
    )  # fmt: skip


def recording(path, seconds=60.0, calls=CALLS, rate=RATE):
    """Quiet noise with a loud tone of half a second at each of the given times."""
    sound = 0.01 * np.random.default_rng(0).standard_normal(round(seconds * rate))
    for begin in calls:
        first = round(begin * rate)
        length = min(rate // 2, len(sound) - first)
        sound[first : first + length] += 0.9 * np.sin(2 * np.pi * 150 * np.arange(length) / rate)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate)
    return path


@pytest.fixture
def folder(tmp_path):
    for name in ("a_20200103_120000.wav", "b/c.flac", "d.wav"):
        recording(tmp_path / "recordings" / name)
    return tmp_path / "recordings"


def contents(out):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != running.LOCK
    }


@pytest.mark.parametrize("rate", [1000, 2000, 2500, 44_100])
@pytest.mark.parametrize("seconds", [7.3, 6.0, 3.0])
def test_windows_are_those_of_the_whole_recording(tmp_path, monkeypatch, rate, seconds):
    """Read in pieces of odd sizes, resampled, and the last one ends with the recording."""
    monkeypatch.setattr(listening, "BATCH", 2)
    settings = SpectrogramSettings(sample_rate=1000, clip_seconds=2.0, fmax=400)
    sound = np.random.default_rng(0).standard_normal(round(rate * seconds)).astype(np.float32)
    soundfile.write(tmp_path / "x.wav", sound, rate, subtype="FLOAT")
    whole = soxr.resample(sound, rate, 1000) if rate != 1000 else sound
    expected = list(range(0, len(whole) - 1999, 1000))
    if expected[-1] + 2000 < len(whole):
        expected.append(len(whole) - 2000)
    for block in (777, 5000, listening.BLOCK_FRAMES):
        monkeypatch.setattr(listening, "BLOCK_FRAMES", block)
        with soundfile.SoundFile(tmp_path / "x.wav") as file:
            found = [(first.copy(), window.copy()) for first, window in
                     listening.windows(file, settings)]  # fmt: skip
        places = np.concatenate([first for first, _ in found])
        assert places.tolist() == expected
        for first, window in zip(places, np.concatenate([w for _, w in found]), strict=True):
            np.testing.assert_allclose(window, whole[first : first + 2000], atol=1e-3)


@pytest.mark.parametrize("rate", [1000, 8000, 44_100])
def test_another_rate_keeps_its_times(tmp_path, rate):
    path = recording(tmp_path / "a.wav", 60, rate=rate)
    begins, scores, silent = listening.listen(path, ear(), lambda _: None, tmp_path / "scores")
    assert not silent
    heard = begins[scores >= 0.5]
    assert len(begins) in (59, 60)
    for call in CALLS:
        assert any(begin <= call + 0.01 and call + 0.5 <= begin + 2.01 for begin in heard)
    assert all(any(b < c + 0.51 and c < b + 2.01 for c in CALLS) for b in heard)


def test_tables_are_ravens_and_audacitys(folder, tmp_path):
    out = tmp_path / "out"
    done = running.run(ear(), folder, out, windows=True)
    assert (done.recordings, done.events, done.bad) == (3, 9, {})
    assert done.hours == pytest.approx(180 / 3600)
    text = (out / "a_20200103_120000.Table.1.selections.txt").read_bytes().decode()
    head, *rows = text.removesuffix("\n").split("\n")
    assert head == "\t".join((*selections.RAVEN, "Score", "Annotation")) and "\r" not in text
    assert head.startswith("Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)")
    assert len(rows) == 3
    for number, (row, call) in enumerate(zip(rows, CALLS, strict=True), 1):
        own = row.split("\t")
        assert own[:3] == [str(number), "Spectrogram 1", "1"] and own[5:7] == ["50.0", "350.0"]
        assert float(own[3]) < call + 0.5 and call < float(own[4])
        assert len(own[3].split(".")[1]) == 3
    raven = boxes(out / "b" / "c.Table.1.selections.txt")
    track = boxes(out / "b" / "c.audacity.txt")
    assert raven["begin"].tolist() == [float(row.split("\t")[3]) for row in rows]
    assert (raven["end"] - raven["begin"]).round(3).eq(2).all()
    assert track["begin"].tolist() == raven["begin"].tolist()
    assert set(track["label"]) == {"upcall"}
    lines = (out / "b" / "c.audacity.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[\d.]+\t[\d.]+\tupcall [01]\.\d\d", line) for line in lines)
    windows = pd.read_csv(out / "a_20200103_120000.windows.csv")
    assert windows["begin_s"].tolist() == list(range(59)) and windows["end_s"].iloc[-1] == 60
    assert (windows["score"] >= 0.5).sum() >= 3 and windows["score"].between(0, 1).all()
    assert windows["time"].iloc[1] == "2020-01-03 12:00:01.000"
    listed = pd.read_csv(out / running.EVENTS, keep_default_na=False)
    dated = listed["file"].str.startswith("a_")
    since = pd.to_datetime(listed.loc[dated, "time"]) - pd.Timestamp("2020-01-03 12:00:00")
    np.testing.assert_allclose(since.dt.total_seconds(), listed.loc[dated, "begin_s"], atol=1e-9)
    assert (listed.loc[~dated, "time"] == "").all() and len(listed) == 9


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("site_20200103_120000.wav", "2020-01-03 12:00:01.250"),
        ("x/2020-01-03T23-59-59.5.flac", "2020-01-04 00:00:00.750"),
        ("20200103T235959.250.flac", "2020-01-04 00:00:00.500"),
        ("H1_2020-01-03_12-30-15.wav", "2020-01-03 12:30:16.250"),
        ("1207_20200103120000.wav", "2020-01-03 12:00:01.250"),
        ("5678_20200230_120000_20200103_120000.wav", "2020-01-03 12:00:01.250"),
        ("20201399_120000.wav", ""),
        ("1202001031200001.wav", ""),
        ("rec07.wav", ""),
    ],
)
def test_dates_in_names(name, expected):
    assert selections.clock(name, [1.25]) == [expected]


def test_times_across_file_starts_do_not_drift():
    first = selections.clock("a_20200103_120000.wav", [3599.9995, 3600.0])
    following = selections.clock("a_20200103_130000.wav", [0.0])
    assert first[1] == following[0] == "2020-01-03 13:00:00.000"
    assert selections.clock("a_20191231_235959.wav", [1.0005])[0].startswith("2020-01-01")


@pytest.fixture
def heard(monkeypatch):
    """The names of the recordings that are listened to."""
    names, whole = [], listening.listen
    monkeypatch.setattr(
        listening, "listen", lambda path, *a: names.append(path.name) or whole(path, *a)
    )
    return names


def test_what_is_finished_is_not_searched_again(folder, tmp_path, heard):
    out = tmp_path / "out"
    running.run(ear(), folder, out)
    before = contents(out)
    running.run(ear(), folder, out)
    assert sorted(heard) == ["a_20200103_120000.wav", "c.flac", "d.wav"]
    assert contents(out) == before
    recording(folder / "d.wav", calls=CALLS[:1])  # another sound under an old name
    recording(folder / "e.wav", calls=CALLS[:2])
    assert running.run(ear(), folder, out).events == 9 and heard[3:] == ["d.wav", "e.wav"]
    after = contents(out)
    assert all(after[name] == content for name, content in before.items() if name[0] in "ab/")
    (out / f"d{running.TABLE}").unlink()  # as if it were moved to where Raven keeps its own
    assert running.run(ear(), folder, out).events == 9 and heard[5:] == ["d.wav"]
    assert (out / f"d{running.TABLE}").read_bytes() == after[f"d{running.TABLE}"]


def test_a_higher_threshold_finds_fewer(folder, tmp_path):
    counts = [
        running.run(ear(), folder, tmp_path / str(threshold), threshold=threshold).events
        for threshold in (1.0, 0.5, 0.02)
    ]
    assert counts[0] == 0 and counts[1] == 9 < counts[2]


def test_another_detector_does_not_write_into_a_runs_tables(folder, tmp_path):
    running.run(ear(), folder, tmp_path / "out")
    before = contents(tmp_path / "out")
    for other in (ear(digest="b"), ear(threshold=0.7)):
        with pytest.raises(UserError, match="another detector, threshold or choice of --windows"):
            running.run(other, folder, tmp_path / "out")
    assert contents(tmp_path / "out") == before


@pytest.fixture
def heard_by_ear(monkeypatch):
    """The command line, whose detector is `ear`."""
    monkeypatch.setattr(store, "load", lambda _: ear())
    return lambda *arguments: cli.main(["detect", "run", "my", *map(str, arguments)])


def test_bad_files_are_named_and_the_others_searched(folder, tmp_path, heard_by_ear, capsys):
    (folder / "cut.wav").write_bytes((folder / "d.wav").read_bytes()[:5000])
    (folder / "notes.wav").write_text("no audio")
    (folder / "none.wav").write_bytes(b"")
    soundfile.write(folder / "short.wav", np.full(1000, 0.1), RATE)
    sound = np.zeros(18_000, np.float32)
    sound[::2], sound[5000] = 0.1, np.nan
    soundfile.write(folder / "nan.wav", sound, RATE, subtype="FLOAT")
    out = tmp_path / "out"
    assert heard_by_ear(folder, "--out", out) == 1
    told = capsys.readouterr()
    assert "in 3 recordings" in told.out
    for each in (
        "Not usable, 5 files", "cut.wav: truncated", "notes.wav: not audio",
        "none.wav: empty file", "short.wav: shorter than a window of 2 s", "nan.wav: holds NaN",
    ):  # fmt: skip
        assert each in told.err
    assert not any(name.startswith(("short", "nan", "cut")) for name in contents(out))
    assert sorted(pd.read_csv(out / running.DONE)["file"]) == [
        "a_20200103_120000.wav", "b/c.flac", "d.wav"
    ]  # fmt: skip


def test_a_silent_recording_holds_no_call(tmp_path):
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "silent.wav", np.zeros(20_000), RATE)
    done = running.run(ear(), tmp_path / "in", tmp_path / "out")
    assert done == running.Done(1, 0, 10 / 3600, {}, silent=1)
    assert pd.read_csv(tmp_path / "out" / running.DONE)["silent"].all()
    assert boxes(tmp_path / "out" / "silent.Table.1.selections.txt").empty
    assert pd.read_csv(tmp_path / "out" / running.EVENTS).empty


_KILLED = """
import sys, time
sys.path[:0] = [sys.argv[3]]
from test_running import ear
from utils.detect import listening, running
whole = listening.listen
def slow(path, *rest):
    if path.name == "d.wav":
        print("third", flush=True)
        time.sleep(60)
    return whole(path, *rest)
listening.listen = slow
running.run(ear(), sys.argv[1], sys.argv[2])
"""


def test_a_killed_run_goes_on_and_ends_the_same(folder, tmp_path, heard):
    out = tmp_path / "out"
    here = str(Path(__file__).parent)
    work = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(folder), str(out), here],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=os.environ | {"PYTHONPATH": str(Path(here).parent)},
    )  # fmt: skip
    assert work.stdout.readline().strip() == "third"
    work.send_signal(signal.SIGKILL)
    work.wait(30)
    assert len(pd.read_csv(out / running.DONE)) == 2 and not (out / running.EVENTS).exists()
    (out / f".{running.DONE}.half").write_text("fi")  # what a kill during a write leaves
    running.run(ear(), folder, out)
    assert heard == ["d.wav"]
    running.run(ear(), folder, tmp_path / "straight")
    assert contents(out) == contents(tmp_path / "straight")


@pytest.mark.parametrize("torn", [False, True])
def test_an_interrupted_recording_is_gone_on_with(tmp_path, torn):
    """What was scored is not scored again, also if the last write was torn."""
    source = recording(tmp_path / "recordings" / "long.wav", seconds=300)

    before, heard = [], []  # windows of each batch

    class Interrupted(Ear):
        def score_audio(self, audio):
            if len(before) == 4:
                raise KeyboardInterrupt
            before.append(len(audio))
            return super().score_audio(audio)

    with pytest.raises(KeyboardInterrupt):
        running.run(Interrupted(**vars(ear())), source, tmp_path / "out")
    (kept,) = tmp_path.glob(f"out/.long.wav.*{running.SCORES}")
    assert kept.stat().st_size == 8 * sum(before)
    if torn:
        kept.write_bytes(kept.read_bytes()[:-5])
        before.pop()
    stale = kept.with_name(f".long.wav.before{running.SCORES}")
    stale.write_bytes(b"")

    class Counting(Ear):
        def score_audio(self, audio):
            heard.append(len(audio))
            return super().score_audio(audio)

    running.run(Counting(**vars(ear())), source, tmp_path / "out")
    assert sum(heard) == 299 - sum(before)
    running.run(ear(), source, tmp_path / "straight")
    assert contents(tmp_path / "out") == contents(tmp_path / "straight")


@pytest.mark.parametrize("room", [0, 1, 2, 3, 5, 7, 8])  # files that a run of two writes: 8
def test_a_full_disk_leaves_whole_tables(folder, tmp_path, monkeypatch, heard_by_ear, capsys, room):
    """The disk takes some files, and half of the next one."""
    (folder / "d.wav").unlink()
    out = tmp_path / "out"
    running.run(ear(), folder, tmp_path / "whole")
    whole, left, real = contents(tmp_path / "whole"), [room], builtins.open

    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, text):
            self.file.write(text[: len(text) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def __getattr__(self, name):
            return getattr(self.file, name)

    def limited(path, mode="r", *rest, **options):
        file = real(path, mode, *rest, **options)
        if not (str(path).startswith(f"{out}/") and "w" in mode):
            return file
        left[0] -= 1
        return file if left[0] >= 0 else Full(file)

    with monkeypatch.context() as patched:
        patched.setattr(builtins, "open", limited)
        assert heard_by_ear(folder, "--out", out) == (2 if room < 8 else 0)
    if room < 8:
        assert capsys.readouterr().err.strip().endswith("No space left on device")
    for file, content in contents(out).items():
        assert file.endswith(running.SCORES) or file == running.DONE or content == whole[file]
    assert heard_by_ear(folder, "--out", out) == 0 and contents(out) == whole


def test_a_folder_that_may_not_be_written_is_no_other_run(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(tables.os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match=f"Permission denied: '{tmp_path}/out'"):
        running.run(ear(), folder, tmp_path / "out")


def test_two_runs_do_not_share_an_output(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with FileLock(out / running.LOCK), pytest.raises(UserError, match="another run is writing to"):
        running.run(ear(), folder, out)
    assert contents(out) == {}
    assert running.run(ear(), folder, out).recordings == 3


def test_inputs_that_cannot_be_searched(folder, tmp_path):
    with pytest.raises(UserError, match="lies in the folder of the recordings"):
        running.run(ear(), folder, folder / "out")
    with pytest.raises(FileNotFoundError, match="no folder or recording is called"):
        running.run(ear(), tmp_path / "nothing", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no audio file"):
        running.run(ear(), tmp_path / "empty", tmp_path / "out")
    recording(folder / "d.flac")
    with pytest.raises(UserError, match="differ in their endings only"):
        running.run(ear(), folder, tmp_path / "out")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="file is a file; name a folder with --out"):
        running.run(ear(), folder, tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "words"),
    [(name, f"another {name}") for name in (running.DONE, running.EVENTS, store.SETTINGS)]
    + [("mine.Table.1.selections.txt", "other selection tables")],
)
def test_what_another_program_wrote_is_not_replaced(folder, tmp_path, name, words):
    (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match=f"holds {words}; name another --out"):
        running.run(ear(), folder / "d.wav", tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_recordings_that_were_learned_from_or_have_several_channels_are_told(folder, tmp_path):
    sound, rate = soundfile.read(folder / "d.wav")
    soundfile.write(tmp_path / "d.wav", np.column_stack([sound, sound]), rate)
    done = running.run(
        replace(ear(), recordings=frozenset(["d.wav"])), tmp_path / "d.wav", tmp_path / "out"
    )
    assert (done.learned, done.mixed) == (1, 1)
    told = evaluated(tmp_path / "out", _marked(tmp_path, "d", "10\t11\tcall\n"))[1]
    assert told == [
        "1 recordings have the names of some that the detector learned from, and say nothing of "
        "new ones: d.wav."
    ]


def evaluated(out, known, **options):
    """Hits, false alarms and misses in all, and what is told."""
    table, told = evaluating.evaluate(out, known, **options)
    return table.iloc[-1][["hits", "false_alarms", "misses"]].tolist(), told


def _marked(place, stem, text):
    known = place / "known"
    known.mkdir(exist_ok=True)
    (known / f"{stem}.txt").write_text(text)
    return known


def raven(path, *boxes):
    """A selection table, whose boxes have no labels."""
    rows = [f"{i}\tSpectrogram 1\t1\t{b}\t{e}\t50\t350" for i, (b, e) in enumerate(boxes, 1)]
    path.write_text("\n".join(["\t".join(selections.RAVEN), *rows]) + "\n")


def test_what_counts_of_the_boxes_is_told(folder, tmp_path):
    """Events lie at 10 and 31 s of d, and on a third place; the box there has no label."""
    running.run(ear(), folder / "d.wav", tmp_path / "out")
    found = boxes(tmp_path / "out" / "d.Table.1.selections.txt")
    begins = found["begin"].tolist()
    text = "".join(f"{b}\t{b + 1}\t{label}\n" for b, label in zip(begins, ["up", ""], strict=False))
    known = _marked(tmp_path, "d", text + "55\t56\tship\n")
    counts, told = evaluated(tmp_path / "out", known, label="up")
    assert counts == [1, len(begins) - 2, 0]
    assert "1 boxes have no label, in d" in told[0]
    assert "1 boxes of other labels count as no call (ship)" in told[1]
    (known / "d.txt").write_text("")
    (known / "e.txt").write_text("1\t2\tup\n")
    told = evaluated(tmp_path / "out", known)[1]
    assert "1 recordings have a table without a call" in told[0] and "d.wav" in told[0]


def test_a_run_against_annotations_counted_by_hand(folder, tmp_path):
    """Of three boxes in d two are found, and one of the three events there is none."""
    out, known = tmp_path / "out", tmp_path / "known"
    known.mkdir()
    running.run(ear(), folder, out)
    raven(known / f"d{running.TABLE}", (10.0, 10.5), (31.3, 31.8), (55.0, 56.0))
    raven(known / f"e{running.TABLE}", (10.0, 10.5))  # nobody searched it
    table, told = evaluating.evaluate(out, known)
    assert told == [
        "2 of the searched recordings have no table and are not counted (an empty table says that "
        "a recording holds no call): a_20200103_120000.wav, b/c.flac.",
        "1 annotated recordings were not searched, and their calls are not counted as missed: e.",
    ]
    assert table["file"].tolist() == ["d.wav", "all"]
    assert table.iloc[-1][["hits", "false_alarms", "misses"]].tolist() == [2, 1, 1]
    assert table["false_alarms_an_hour"].iloc[-1] == pytest.approx(60)


def test_calls_that_share_an_event_are_told(folder, tmp_path):
    running.run(ear(), folder / "d.wav", tmp_path / "out")
    known = _marked(tmp_path, "d", "10\t10.5\tup\n10.6\t11\tup\n31.3\t31.8\tup\n55\t56\tup\n")
    counts, told = evaluated(tmp_path / "out", known)
    assert counts[2] == 2
    assert told[-1].startswith("1 of the missed calls lie under an event that counts for")


def test_recordings_of_one_name_keep_their_own_annotations(folder, tmp_path):
    out, known = tmp_path / "out", tmp_path / "known"
    twins = tmp_path / "twins"
    for place in ("a", "b"):
        (twins / place).mkdir(parents=True)
        shutil.copy(folder / "d.wav", twins / place / "rec.wav")
    running.run(ear(), twins, out)
    events = running.searched(out)["events"].tolist()
    raven(twins / "a" / f"rec{running.TABLE}", (10.0, 10.5))
    counts, told = evaluated(out, twins)
    assert "b/rec.wav" in told[0] and counts == [1, events[0] - 1, 0]
    raven(twins / "b" / f"rec{running.TABLE}")
    assert evaluated(out, twins)[0] == [1, sum(events) - 1, 0]
    known.mkdir()  # without the sound, a table's folder says nothing
    raven(known / f"rec{running.TABLE}", (10.0, 10.5))
    with pytest.raises(UserError, match="several recordings are called rec .a/rec.wav, b/rec.wav."):
        evaluating.evaluate(out, known)


def test_a_corrected_copy_of_a_run_is_annotations(folder, tmp_path):
    """What a person struck out of the selection table is a false alarm, whatever other files of
    the run still say; the Audacity tracks alone say as much."""
    out, known = tmp_path / "out", tmp_path / "known"
    running.run(ear(), folder, out, windows=True)
    shutil.copytree(out, known)
    path = known / f"d{running.TABLE}"
    head, first, *rest = path.read_text().splitlines(keepends=True)
    path.write_text("".join([head, *rest]))
    assert evaluated(out, known) == ([8, 1, 0], [])
    for table in known.rglob(f"*{running.TABLE}"):
        table.unlink()
    for name in (running.EVENTS, running.DONE, "a_20200103_120000.windows.csv"):
        (known / name).unlink()
    shutil.rmtree(known / "b")
    (known / "d.windows.csv").unlink()
    assert evaluated(out, known)[0][0] == 6


def test_tables_that_are_gone_or_cannot_be_read_are_told(folder, tmp_path):
    out, known = tmp_path / "out", tmp_path / "known"
    running.run(ear(), folder, out)
    known.mkdir()
    (known / "a_20200103_120000.txt").write_text("10\t11\tupcall\n")
    (known / "d.txt").write_text("garbage\n")
    told = evaluated(out, known)[1]
    assert told[0] == "1 files hold no boxes that can be read: d.txt."
    (out / f"a_20200103_120000{running.TABLE}").unlink()
    with pytest.raises(UserError, match="a_20200103_120000.wav is gone from out/; run .* again"):
        evaluating.evaluate(out, known)


def test_files_that_could_not_be_searched_are_listed_until_they_can(folder, tmp_path):
    (folder / "none.wav").write_bytes(b"")
    out = tmp_path / "out"
    assert len(running.run(ear(), folder, out).bad) == 1
    listed = pd.read_csv(out / running.UNUSABLE)
    assert listed["file"].tolist() == ["none.wav"] and listed["reason"].str.len().all()
    assert evaluated(out, out)[1] == []
    (folder / "none.wav").unlink()
    running.run(ear(), folder, out)
    assert not (out / running.UNUSABLE).exists()


def test_a_folder_without_tables_is_one_sentence(folder, tmp_path):
    running.run(ear(), folder, tmp_path / "out")
    (tmp_path / "none").mkdir()
    (tmp_path / "notes.csv").write_text("date,site\n2020-01-01,A\n")
    for name in ("none", "notes.csv"):
        with pytest.raises(UserError, match=f"{name} holds no annotations; name a Raven"):
            evaluating.evaluate(tmp_path / "out", tmp_path / name)


def test_a_recording_that_cannot_hold_the_call_is_no_silence(folder, tmp_path):
    soundfile.write(tmp_path / "low.wav", np.zeros(6000), 300)
    done = running.run(ear(), tmp_path / "low.wav", tmp_path / "out")
    assert done.recordings == 0 and "sampled at 300 Hz and holds nothing above 150" in str(done.bad)


def test_what_a_run_wrote_and_a_person_kept_can_be_learned_from(folder, tmp_path):
    running.run(ear(), folder, tmp_path / "out")
    path = tmp_path / "out" / "d.Table.1.selections.txt"
    found = boxes(path)
    assert len(found) and set(found["label"]) == {ear().call}
