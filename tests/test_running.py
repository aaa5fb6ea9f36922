"""A detector over recordings: windows, tables, and runs that are killed, starved or repeated."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from filelock import FileLock

from utils import cli
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


def test_windows_cover_a_recording_at_any_block_length(tmp_path, monkeypatch):
    path = recording(tmp_path / "a.wav", 21.7)
    sound, _ = soundfile.read(path, dtype="float32")
    expected = [*range(0, len(sound) - 4000 + 1, 2000), len(sound) - 4000]
    for block in (1 << 18, 5000, 777):
        monkeypatch.setattr(listening, "BLOCK_FRAMES", block)
        with soundfile.SoundFile(path) as file:
            found = [(p.copy(), w.copy()) for p, w in listening.windows(file, SETTINGS)]
        places = np.concatenate([p for p, _ in found])
        assert places.tolist() == expected
        for place, window in zip(places, np.concatenate([w for _, w in found]), strict=True):
            np.testing.assert_array_equal(window, sound[place : place + 4000])


@pytest.mark.parametrize("rate", [1000, 8000, 44_100])
def test_another_rate_keeps_its_times(tmp_path, rate):
    path = recording(tmp_path / "a.wav", 60, rate=rate)
    begins, scores = listening.listen(path, ear())
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
    assert head == "\t".join((*selections.RAVEN, "Score")) and "\r" not in text
    assert head.startswith("Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)")
    assert len(rows) == 3
    for number, (row, call) in enumerate(zip(rows, CALLS, strict=True), 1):
        own = row.split("\t")
        assert own[:3] == [str(number), "Spectrogram 1", "1"] and own[5:7] == ["50.0", "350.0"]
        assert float(own[3]) < call + 0.5 and call < float(own[4])
        assert len(own[3].split(".")[1]) == 3
    track = (out / "b" / "c.audacity.txt").read_text("utf-8").splitlines()
    assert [line.split("\t")[2].split()[0] for line in track] == ["upcall"] * 3
    windows = pd.read_csv(out / "d.windows.csv")
    assert len(windows) == 59 and (windows["score"] >= 0.5).sum() >= 3
    listed = pd.read_csv(out / running.EVENTS, keep_default_na=False)
    dated = listed["file"].str.startswith("a_")
    assert listed.loc[dated, "time"].str.startswith("2020-01-03 12:00:").all()
    assert (listed.loc[~dated, "time"] == "").all() and len(listed) == 9


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("site_20200103_120000.wav", "2020-01-03 12:00:01.250"),
        ("x/2020-01-03T23-59-59.5.flac", "2020-01-04 00:00:00.750"),
        ("20201399_120000.wav", ""),
        ("1202001031200001.wav", ""),
        ("hydrophone.wav", ""),
    ],
)
def test_absolute_times(name, expected):
    assert selections.clock(name, [1.25]) == [expected]


def test_times_across_file_starts_do_not_drift():
    first = selections.clock("a_20200103_120000.wav", [3599.9995, 3600.0])
    following = selections.clock("a_20200103_130000.wav", [0.0])
    assert first[1] == following[0] == "2020-01-03 13:00:00.000"


def test_what_is_finished_is_not_searched_again(folder, tmp_path, monkeypatch):
    out, heard = tmp_path / "out", []
    whole = listening.listen
    monkeypatch.setattr(
        listening, "listen", lambda path, *a: heard.append(path.name) or whole(path, *a)
    )
    running.run(ear(), folder, out)
    before = contents(out)
    running.run(ear(), folder, out)
    assert sorted(heard) == ["a_20200103_120000.wav", "c.flac", "d.wav"]
    assert contents(out) == before
    recording(folder / "d.wav", calls=CALLS[:1])  # another sound under an old name
    assert running.run(ear(), folder, out).events == 7 and heard[3:] == ["d.wav"]


def test_another_detector_does_not_write_into_a_runs_tables(folder, tmp_path):
    running.run(ear(), folder, tmp_path / "out")
    before = contents(tmp_path / "out")
    for other in (ear(digest="b"), ear(threshold=0.7)):
        with pytest.raises(UserError, match="another detector, threshold or choice of --windows"):
            running.run(other, folder, tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_bad_files_are_skipped_and_named(folder, tmp_path):
    whole = (folder / "d.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[:30])
    (folder / "text.wav").write_text("no sound")
    soundfile.write(folder / "short.wav", np.full(100, 0.1), RATE)
    done = running.run(ear(), folder, tmp_path / "out")
    assert sorted(done.bad) == ["cut.wav", "short.wav", "text.wav"] and done.recordings == 3
    assert done.bad["short.wav"] == "shorter than a window of 2 s"
    assert not any("short" in name for name in contents(tmp_path / "out"))


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


def test_a_killed_run_goes_on_and_ends_the_same(folder, tmp_path, monkeypatch):
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
    heard, whole = [], listening.listen
    monkeypatch.setattr(
        listening, "listen", lambda path, *a: heard.append(path.name) or whole(path, *a)
    )
    running.run(ear(), folder, out)
    assert heard == ["d.wav"]
    running.run(ear(), folder, tmp_path / "straight")
    assert contents(out) == contents(tmp_path / "straight")


def test_a_full_disk_leaves_no_half_table(folder, tmp_path, monkeypatch):
    """The disk takes what the first recording writes, and no more."""
    out, written, sync = tmp_path / "out", [], os.fsync

    def full(handle):
        written.append(handle)
        if len(written) > 5:
            raise OSError(28, "No space left on device", "selections")
        sync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        running.run(ear(), folder, out)
    kept = contents(out)
    assert not any(Path(name).name.startswith(".") for name in kept)
    assert len(pd.read_csv(out / running.DONE)) == 1
    monkeypatch.setattr(os, "fsync", sync)
    assert running.run(ear(), folder, out).events == 9
    running.run(ear(), folder, tmp_path / "straight")
    assert contents(out) == contents(tmp_path / "straight")


def test_a_folder_that_may_not_be_written(folder, tmp_path, monkeypatch, capsys):
    """Root may write anywhere: what the system would say is raised in its place."""
    forbidden = PermissionError(13, "Permission denied", str(tmp_path / "out"))
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: (_ for _ in ()).throw(forbidden))
    monkeypatch.setattr(store, "load", lambda _: ear())
    code = cli.main(["detect", "run", "my", str(folder), "--out", str(tmp_path / "out")])
    told = capsys.readouterr().err
    assert code == 2 and told.strip().endswith("out: Permission denied")
    assert len(told.strip().splitlines()) == 1 and not (tmp_path / "out").exists()


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


def test_a_run_against_annotations_counted_by_hand(folder, tmp_path):
    """Of three boxes in d two are found, and one of the three events there is none."""
    out, known = tmp_path / "out", tmp_path / "known"
    known.mkdir()
    running.run(ear(), folder, out)
    head = "\t".join(selections.RAVEN) + "\n"
    boxes = [(10.0, 10.5), (31.3, 31.8), (55.0, 56.0)]
    rows = [f"{i}\tSpectrogram 1\t1\t{b}\t{e}\t50\t350\n" for i, (b, e) in enumerate(boxes, 1)]
    (known / "d.Table.1.selections.txt").write_text(head + "".join(rows))
    table, counts = evaluating.evaluate(out, known)
    assert (counts.hits, counts.false_alarms, counts.misses) == (2, 1, 1)
    assert counts.false_alarms_an_hour == pytest.approx(60) and list(table["file"]) == [
        "d.wav",
        "all",
    ]
    (known / "d.Table.1.selections.txt").unlink()
    (known / "z.Table.1.selections.txt").write_text(head + "".join(rows))
    with pytest.raises(UserError, match="none of the 3 recordings"):
        evaluating.evaluate(out, known)
    with pytest.raises(UserError, match="holds no recordings.csv"):
        evaluating.evaluate(known, known)
