"""Clips cut out of long recordings: where they lie, what is said, and settings from the boxes."""

import os
import re

import numpy as np
import pytest
import soundfile
from folders import RATE, RAVEN

from utils import cli, data, tables
from utils.data import audio, recordings
from utils.data import settings as fitting
from utils.errors import UserError

SECONDS, CALLS = 120, 5


def starts(k):
    return 6.0 + 22 * np.arange(CALLS) + k


def sound(k, rate=RATE, seconds=SECONDS):
    """Noise with a tone of 150 Hz over each second that a box frames."""
    x = 0.01 * np.random.default_rng(k).standard_normal(int(seconds * rate))
    time = np.arange(len(x)) / rate
    for start in starts(k):
        on = (time >= start) & (time < start + 1)
        x[on] += 0.3 * np.sin(2 * np.pi * 150 * time[on])
    return x


def table(path, k, label="upcall", views=("Waveform 1", "Spectrogram 1")):
    rows = [f"{j + 1}\t{view}\t1\t{s}\t{s + 1}\t100.0\t200.0\t{label}"
            for j, s in enumerate(starts(k)) for view in views]  # fmt: skip
    path.write_text("\n".join([f"{RAVEN}\tAnnotation", *rows]) + "\n")


@pytest.fixture
def folder(tmp_path):
    """Six recordings with five calls each, in folders, in three formats and two sample rates."""
    place = tmp_path / "hydrophone"
    for k in range(6):
        rate, suffix = (4000, "flac") if k == 3 else (RATE, ("wav", "aiff", "flac")[k % 3])
        path = place / f"site{k // 2}" / f"2020010{k + 1}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound(k, rate), rate)
        table(path.with_suffix(".Table.1.selections.txt"), k)
    return place


def in_call(dataset):
    """Level of the tone above the rest of each clip."""
    power = np.abs(np.fft.rfft(dataset.audio, axis=1)) ** 2
    hertz = np.fft.rfftfreq(dataset.audio.shape[1], 1 / dataset.sample_rate)
    tone = (hertz > 145) & (hertz < 155)
    return power[:, tone].sum(1) / power.sum(1)


def test_a_repaired_second_is_another_fingerprint(folder):
    before = data.load(folder)
    again = data.load(folder)
    path = folder / "site0" / "20200101.wav"
    samples, rate = soundfile.read(path, dtype="int16")
    samples[int(starts(0)[2] * rate) + 500] += 2  # within a box
    soundfile.write(path, samples, rate)
    after = data.load(folder)
    assert len({tables.fingerprint(each) for each in (before, again, after)}) == 2
    assert tables.fingerprint(after) != tables.fingerprint(before)
    other = data.load(folder, band=(60.0, 400.0))
    assert len({tables.fingerprint(each) for each in (after, other)}) == 2


def test_boxes_become_clips_and_the_rest_of_the_sea_the_others(folder):
    dataset = data.load(folder)
    assert dataset.labels.sum() == 30 and (dataset.labels == 0).sum() == 4 * 30
    assert len(np.unique(dataset.groups)) == 6 and dataset.class_names == ("none", "upcall")
    assert dataset.band == (100, 200) and dataset.ordered
    share = in_call(dataset)
    assert share[dataset.labels == 1].min() > 0.9 and share[dataset.labels == 0].max() < 0.1
    places = [name.rsplit(" ", 2) for name in dataset.clip_names]
    files = [file for file, _, _ in places]
    assert files == sorted(files) and set(np.bincount(dataset.groups)) == {25}
    for k, file in enumerate(sorted(set(files))):
        begins = np.array([float(begin) for name, begin, _ in places if name == file])
        labels = dataset.labels[[name == file for name in files]]
        assert (np.diff(begins) > 0).all()
        for begin, label in zip(begins, labels, strict=True):
            if label:
                inside = (begin <= starts(k)) & (starts(k) + 1 <= begin + 2)
                assert inside.sum() == 1
            else:  # at least a clip's length away
                gap = np.maximum(starts(k) - (begin + 2), begin - (starts(k) + 1))
                assert gap.min() >= 2 - 1e-6
    assert "30 clips around boxes and 120 away from them, out of 6 recordings" in dataset.describe()
    assert "2 s at 1000 Hz" in dataset.describe() and "groups are recordings" in dataset.describe()


def test_the_same_clips_are_cut_again_and_resampled_ones_lie_where_they_should(folder):
    first, again = data.load(folder), data.load(folder)
    np.testing.assert_array_equal(first.audio, again.audio)
    assert first.clip_names.tolist() == again.clip_names.tolist()
    settings = first.settings
    with soundfile.SoundFile(folder / "site1" / "20200104.flac") as file:
        piece = audio.read_piece(file, 9.5, settings)
        before, after = (
            audio.read_piece(file, -1.0, settings),
            audio.read_piece(file, 119, settings),
        )
    time = np.arange(len(piece)) / settings.sample_rate + 9.5
    on = (time > 9.6) & (time < 9.9)  # the call of recording 3 sounds from 9 to 10 s
    expected = 0.3 * np.sin(2 * np.pi * 150 * time)
    assert np.abs(piece[on] - expected[on]).max() < 0.06
    assert len(before) == len(after) == settings.n_samples
    assert np.abs(before[:900]).max() < 1e-3 and np.abs(after[1100:]).max() < 1e-3


def test_recordings_are_read_in_pieces(folder, monkeypatch):
    longest = []
    read = soundfile.SoundFile.read

    def watched(self, frames=-1, **options):
        longest.append(frames)
        return read(self, frames, **options)

    monkeypatch.setattr(soundfile.SoundFile, "read", watched)
    data.load(folder)
    assert 0 < min(longest) and max(longest) <= 2.3 * 4000


def test_groups_by_a_pattern_of_the_name(folder):
    by_site = data.load(folder, group=r"site(\d)")
    assert len(np.unique(by_site.groups)) == 3 and "3 groups from the names" in by_site.describe()
    with pytest.raises(UserError, match=r"finds nothing in 6 names \(site0/20200101.wav"):
        data.load(folder, group="deck")
    with pytest.raises(UserError, match="is no regular expression"):
        data.load(folder, group="(")


def test_options_reach_the_notebooks_through_the_environment(folder, monkeypatch):
    monkeypatch.setenv("DATASET_BAND", "60 400")
    monkeypatch.setenv("DATASET_SECONDS", "3")
    monkeypatch.setenv("DATASET_GROUP", "site.")
    dataset = data.load(folder)
    assert (dataset.settings.fmin, dataset.settings.fmax) == (60, 400)
    assert dataset.settings.clip_seconds == 3 and len(np.unique(dataset.groups)) == 3
    assert data.load(folder, seconds=2.0).settings.clip_seconds == 2
    monkeypatch.setenv("DATASET_BAND", "60 many")
    with pytest.raises(UserError, match="DATASET_BAND: 'many' is no number"):
        data.load(folder)


def test_recordings_that_were_not_searched_give_calls_only(folder):
    next(folder.glob("site0/20200101*.txt")).unlink()
    marked = folder / "site1" / "20200103.Table.1.selections.txt"
    lines = marked.read_text() + "9\tSpectrogram 1\t1\t0\t0\t0\t0\tnot searched\n"
    marked.write_text(lines)
    dataset = data.load(folder)
    files = np.array([name.split(" ")[0] for name in dataset.clip_names])
    assert "site0/20200101.wav" not in files
    assert set(dataset.labels[files == "site1/20200103.flac"]) == {1}
    told = dataset.describe()
    assert "1 recordings without a table were left out (site0/20200101.wav)" in told
    assert "not searched" in told and "(site1/20200103.flac)" in told


def test_other_labels_are_kept_clear_of_and_the_call_is_asked_for(folder):
    table(folder / "site2" / "20200105.Table.1.selections.txt", 4, label="gunshot")
    with pytest.raises(
        UserError, match="labelled gunshot and upcall.*--positive-class gunshot or "
    ):
        data.load(folder)
    dataset = data.load(folder, positive_class="UPCALL")
    assert dataset.labels.sum() == 25
    assert "5 boxes of other labels, kept clear of" in dataset.describe()
    assert in_call(dataset)[dataset.labels == 0].max() < 0.1
    with pytest.raises(UserError, match="no box is labelled 'dolphin'; the labels are gunshot"):
        data.load(folder, positive_class="dolphin")
    table(folder / "site2" / "20200105.Table.1.selections.txt", 4, label="ship noise")
    with pytest.raises(UserError, match="ship noise"):
        data.load(folder)
    table(folder / "site2" / "20200105.Table.1.selections.txt", 4, label="ruido")
    assert data.load(folder).labels.sum() == 25


def test_a_table_may_lie_elsewhere_and_be_one_of_several(folder, tmp_path, monkeypatch):
    rows = ["file,start,end,label"]
    for k, path in enumerate(sorted(folder.glob("*/*.*[av]*"))):
        if path.suffix != ".txt":
            rows += [f"{path.name},{start},{start + 1},upcall" for start in starts(k)[:4]]
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    monkeypatch.chdir(tmp_path)
    for table in ("boxes.csv", tmp_path / "boxes.csv"):
        assert data.load("hydrophone", labels_csv=table).labels.sum() == 4 * (len(rows) // 4)
    one = (folder / "site0" / "20200101.Table.1.selections.txt").resolve()
    with pytest.raises(UserError, match="only one class|at least 20"):
        data.load("hydrophone", labels_csv=one)


def test_a_band_that_cuts_the_calls_off_is_warned_of(folder):
    told = data.load(folder, band=(150, 450)).describe()
    assert "warning: 30 of 30 boxes reach out of 150 to 450 Hz (they lie within 100 to 200" in told
    assert "30 of 30 boxes are longer than a clip" in data.load(folder, seconds=0.5).describe()
    assert "warning" not in data.load(folder).describe()


def test_a_slow_recording_that_narrows_the_band_is_named(folder):
    path = next(folder.rglob("20200101.wav"))
    sound, rate = soundfile.read(path)
    soundfile.write(path, sound[:: rate // 250], 250)
    told = data.load(folder).describe()
    assert "boxes reach out of 50 to 125 Hz" in told
    assert "which is all that site0/20200101.wav, sampled at 250 Hz, holds" in told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"band": (60, 1500)},
            r"the band ends at 1500 Hz, and site\d/2020010\d.*, sampled at 2000 Hz",
        ),
        ({"band": (400, 60)}, "--band 400 60: give two frequencies"),
        ({"seconds": 0}, "--seconds 0: give a length between"),
        (
            {"seconds": 300},
            "the longest recording lasts 120 s, and a clip 300 s; choose shorter clips",
        ),
        ({"seconds": 30}, "30 calls and 0 others|only one class"),
    ],
)
def test_settings_that_cannot_be(folder, options, message):
    with pytest.raises(UserError, match=message):
        data.load(folder, **options)


@pytest.mark.parametrize("reason", ["truncated", "holds NaN or infinite samples"])
def test_bad_recordings_are_named_and_left_out_when_asked(folder, reason):
    path = folder / "site0" / "20200101.wav"
    if reason == "truncated":
        path.write_bytes(path.read_bytes()[:2000])
    else:
        spoiled = np.where(np.arange(SECONDS * RATE) % 1000, sound(0), np.nan)
        soundfile.write(path, spoiled, RATE, subtype="FLOAT")
    told = f"(site0/20200101.wav: {reason})"
    with pytest.raises(UserError, match=re.escape(f"1 audio file(s) cannot be used {told}")):
        data.load(folder)
    dataset = data.load(folder, skip_bad=True)
    assert dataset.labels.sum() == 25 and np.isfinite(dataset.audio).all()
    assert f"1 recordings left out as unusable {told}" in dataset.describe()


def test_boxes_behind_the_end_belong_to_another_file(folder):
    soundfile.write(folder / "site0" / "20200101.wav", sound(0, seconds=60), RATE)
    with pytest.raises(UserError, match="2 boxes end after their recording.*which lasts 60 s"):
        data.load(folder)


def test_a_box_of_no_length_and_one_longer_than_the_clip_are_cut_around_their_middle():
    boxes = recordings.annotations.pd.DataFrame(
        {"file": "a", "begin": [10.0, 20.0], "end": [10.0, 28.0], "label": "x"}
    )
    heads = {"a": audio.Header(100_000, 1000, 1)}
    windows = recordings._windows(boxes, boxes, heads, {"a"}, 2.0)
    calls = windows.loc[windows["label"] == 1, "begin"].tolist()
    assert 8 <= calls[0] <= 10 and calls[1] == 23


@pytest.mark.parametrize(
    ("band", "seconds", "rates", "expected"),
    [
        ((90.0, 210.0), 1.0, [2000], (1000, 2.0, 30.0, 270.0)),  # right whale up-call
        ((18.0, 28.0), 1.0, [250], (250, 2.0, 13.0, 33.0)),  # fin whale 20 Hz pulse
        ((4000.0, 18_000.0), 0.8, [96_000], (96_000, 2.0, 0.0, 25_000.0)),  # dolphin whistle
        ((500.0, 5000.0), 1.5, [44_100, 96_000], (24_000, 3.0, 0.0, 7300.0)),  # orca
        (None, 1.0, [8000, 4000], (4000, 2.0, 0.0, 2000.0)),
    ],
)
def test_settings_follow_from_the_calls(band, seconds, rates, expected):
    found = fitting.fitted(fitting.Call(band, seconds), rates)
    assert (found.sample_rate, found.clip_seconds, found.fmin, found.fmax) == expected
    assert found.n_frames >= 100 and found.mel_bands >= 12
    line = found.sample_rate / found.n_fft  # a band narrower than a line would be a stripe
    assert np.diff(found.frequencies).min() >= 0.9 * line


def test_nothing_is_left_in_the_folder(folder):
    before = sorted(os.walk(folder))
    data.load(folder)
    assert sorted(os.walk(folder)) == before


def test_a_raven_table_without_its_columns_is_named(folder):
    path = next(folder.rglob("20200101*.txt"))
    path.write_text(path.read_text().replace("Begin Time (s)", "Begn Time (s)"))
    with pytest.raises(UserError, match=f"{path.name} has the name of a Raven table"):
        data.load(folder)


def test_one_label_may_be_written_in_several_ways(folder):
    for path, label in zip(sorted(folder.rglob("*.txt")), ("up-call", "Up call", "UPCALL"),
                           strict=False):  # fmt: skip
        path.write_text(path.read_text().replace("upcall", label))
    loaded = data.load(folder, positive_class="Up-Call")
    assert loaded.labels.sum() == 30 and "other labels" not in loaded.describe()


def test_what_counts_as_no_call_is_told(folder):
    bare, unnamed = sorted(folder.rglob("*.txt"))[:2]
    bare.write_text("")
    unnamed.write_text(unnamed.read_text().replace("\tAnnotation", "\tAnotation"))
    told = data.load(folder).describe()
    assert "1 recordings whose table is empty, taken as without calls (site0/20200101.wav)" in told
    assert "5 boxes without a label, kept clear of, in site0/20200102.aiff" in told


def test_a_clip_of_no_length_is_refused(folder, capsys):
    assert cli.main(["report", "--dataset", str(folder), "--seconds", "0"]) == 2
    assert "--seconds 0: give a length" in capsys.readouterr().err
