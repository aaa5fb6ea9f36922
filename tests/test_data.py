"""What `data.load` takes, what it says about bad input, and what splits guarantee."""

import dataclasses
import os
import sys
import types

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from utils import cli, data, paths
from utils.errors import UserError
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram

RATE, SAMPLES = 2000, 1000
SETTINGS = SpectrogramSettings(clip_seconds=0.5)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")


def noise(seed, n=SAMPLES):
    return 0.1 * np.random.default_rng(seed).standard_normal(n)


def write(path, audio=None, rate=RATE, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(seed) if audio is None else audio, rate)
    return path


@pytest.fixture
def clips(tmp_path):
    """A folder with 20 clips of each of two classes."""
    folder = tmp_path / "clips"
    for i in range(20):
        write(folder / "whale" / f"w{i:02d}.wav", seed=i)
        write(folder / "noise" / f"n{i:02d}.wav", seed=100 + i)
    return folder


def load(folder, **options):
    return data.load(folder, settings=SETTINGS, **options)


def npz(path, **changes):
    arrays = {
        "spectrograms": np.random.default_rng(0).integers(0, 256, (60, 50, 101)).astype(np.uint8),
        "labels": (np.arange(60) % 2).astype(np.uint8),
    } | changes
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


# Names and paths


def test_the_default_is_simulated_and_a_variable_names_another(tmp_path, monkeypatch):
    monkeypatch.setattr(data.sources, "simulated", lambda **_: "the simulated clips")
    monkeypatch.delenv("DATASET", raising=False)
    assert data.load() == data.load("simulated") == "the simulated clips"
    monkeypatch.setenv("DATASET", str(npz(tmp_path / "mine.npz")))
    assert data.load().name == "mine"


def test_simulated_clips_have_audio_truth_and_groups():
    dataset = data.simulated(n_clips=120, seed=3)
    assert dataset.audio.shape == (120, 4000) and len(dataset.truth) == 120
    np.testing.assert_array_equal(dataset.truth["snr_db"].notna(), dataset.labels == 1)
    np.testing.assert_array_equal(
        dataset.spectrograms, mel_spectrogram(dataset.audio, dataset.settings)
    )
    again = data.simulated(n_clips=120, seed=3)
    np.testing.assert_array_equal(again.spectrograms, dataset.spectrograms)
    with pytest.raises(ValueError, match="leave sample_rate and clip_seconds alone"):
        data.simulated(n_clips=120, settings=SETTINGS)


@pytest.mark.parametrize(
    ("source", "message"),
    [("nowhere", "no data set or path is called 'nowhere'"), ("clips.zip", "no .npz")],
)
def test_a_source_that_is_not_there_or_not_data(tmp_path, monkeypatch, source, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clips.zip").write_bytes(b"PK")
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        data.load(source)


def test_the_challenge_says_how_to_fetch_it(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    with pytest.raises(FileNotFoundError, match="make data NAME=cornell_whale_challenge"):
        data.load("cornell_whale_challenge")


# Spectrograms in an .npz


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


# Folders of audio


def test_a_folder_with_one_subfolder_a_class(clips):
    dataset = load(clips)
    assert len(dataset) == 40 and dataset.class_names == ("noise", "whale")
    of_whales = np.array([name.startswith("whale/") for name in dataset.clip_names])
    np.testing.assert_array_equal(dataset.labels == 1, of_whales)
    assert dataset.describe().endswith(
        "40 files read, none changed; blocks of up to 250 neighbours of one class by name"
    )
    first = dataset.clip_names[0]
    read, _ = soundfile.read(clips / first, dtype="float32")
    np.testing.assert_array_equal(dataset.audio[0], read)
    np.testing.assert_allclose(
        dataset.spectrograms, mel_spectrogram(dataset.audio, SETTINGS), atol=1e-5
    )
    assert load(clips, positive_class="noise").labels.sum() == 20
    assert load(clips, positive_class="noise").class_names == ("whale", "noise")
    with pytest.raises(ValueError, match="no class is called 'dolphin'"):
        load(clips, positive_class="dolphin")


def challenge_style(folder, labels, columns=("clip_name", "label"), extra=None):
    rows = []
    for i, label in enumerate(labels):
        write(folder / "train" / f"train{i + 1}.wav", seed=i)
        rows.append((f"train{i + 1}.wav", label))
    table = pd.DataFrame(rows, columns=list(columns))
    for name, values in (extra or {}).items():
        table[name] = values
    table.sample(frac=1, random_state=0).to_csv(folder / "train.csv", index=False)
    return folder


def test_a_csv_like_the_challenge_s(tmp_path):
    labels = np.arange(45) % 2
    dataset = load(challenge_style(tmp_path / "challenge", labels))
    names = [f"train/train{i + 1}.wav" for i in range(45)]
    assert dataset.clip_names.tolist() == names
    np.testing.assert_array_equal(dataset.labels, labels)
    assert dataset.class_names == ("none", "call")


def test_a_csv_with_groups_and_class_names(tmp_path):
    labels, groups = ["call", "sea"] * 21, [f"tape {i // 7}" for i in range(42)]
    folder = challenge_style(tmp_path / "tapes", labels, extra={"group": groups})
    dataset = load(folder, positive_class="call")
    np.testing.assert_array_equal(dataset.groups, np.arange(42) // 7)
    assert dataset.class_names == ("sea", "call") and dataset.labels[0] == 1
    assert dataset.describe().endswith("groups from the CSV")
    elsewhere = (folder / "train.csv").rename(tmp_path / "labels.csv")
    again = load(folder, labels_csv=elsewhere, positive_class="call")
    np.testing.assert_array_equal(again.labels, dataset.labels)


@pytest.mark.parametrize("n", [30, 100, 1000])
def test_names_that_sort_one_class_behind_the_other_can_be_split(n):
    labels = np.repeat([0, 1], n)
    groups, what = data.groups.neighbour_blocks(labels)
    assert what.endswith("of one class")
    assert not set(groups[labels == 0]) & set(groups[labels == 1])
    for value in (0, 1):
        assert np.bincount(groups[labels == value]).max() <= max(3, n // 10)
    assert len(data.split_by_group(labels, groups, seed=0)) == 5


@pytest.mark.parametrize(
    ("classes", "call"),
    [
        (("call", "no call"), "call"),
        (("call", "nocall"), "call"),
        (("call", "non-call"), "call"),
        (("call", "other"), "call"),
        (("call", "noise only"), "call"),
        (("llamada", "sin llamada"), "llamada"),
        (("con_llamada", "sin_llamada"), "con_llamada"),
        (("ballena", "mar"), "ballena"),
        (("nada", "llamada"), "llamada"),
        (("0", "1"), "1"),
    ],
)
def test_the_class_without_calls_is_known_by_its_name(classes, call):
    labels, names = data.labels.recode("clips", [*classes] * 2, None)
    assert labels.tolist() == [int(name == call) for name in [*classes] * 2]
    assert names[1] == call or names == ("none", "call")


@pytest.mark.parametrize("classes", [("dolphin", "whale"), ("noise", "no call")])
def test_names_that_do_not_tell_the_call_ask_for_it(tmp_path, monkeypatch, classes):
    folder = tmp_path / "clips"
    for i in range(20):
        for k, name in enumerate(classes):
            write(folder / name / f"{name}{i:02d}.wav", seed=100 * k + i)
    with pytest.raises(ValueError, match="POSITIVE_CLASS"):
        load(folder)
    monkeypatch.setenv("POSITIVE_CLASS", classes[0])
    assert load(folder).class_names == classes[::-1]
    monkeypatch.setenv("POSITIVE_CLASS", "")
    assert load(folder, positive_class=classes[1]).class_names == classes


def test_hidden_files_are_passed_over_and_subfolders_read(clips):
    (clips / "whale" / "._w00.wav").write_bytes(b"not audio")
    (clips / "._labels.csv").write_bytes(b"\0")
    write(clips / ".Trashes" / "old.wav")
    write(clips / "whale" / "2019" / "w99.wav", seed=77)
    assert load(clips).labels.sum() == 21
    write(clips / "stray.wav")
    with pytest.raises(ValueError, match="1 audio files lie beside the subfolders"):
        load(clips)


def listed(tmp_path, lines, encoding="utf-8", n=20, name="labels.csv"):
    folder = tmp_path / "listed"
    for i in range(n):
        write(folder / f"día{i:02d}.wav", seed=i)
        write(folder / f"mar{i:02d}.wav", seed=100 + i)
    (folder / name).write_bytes("\r\n".join(lines).encode(encoding))
    return folder


def rows(separator=",", n=20):
    names = [(f"día{i:02d}.wav", "llamada") for i in range(n)]
    names += [(f"mar{i:02d}.wav", "mar") for i in range(n)]
    return [separator.join(row) for row in [("clip_name", "label"), *names]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_as_spreadsheets_write_it(tmp_path, encoding, separator):
    dataset = load(listed(tmp_path, rows(separator), encoding, name="LABELS.CSV"))
    assert dataset.labels.sum() == 20 and "día00.wav" in set(dataset.clip_names)


def test_groups_of_a_csv_are_what_is_written_but_for_blanks_around_it(tmp_path):
    lines = [f"{row},{'recording' if k == 0 else f'tape{k % 8}' + ' ' * (k % 3)}"
             for k, row in enumerate(rows())]  # fmt: skip
    assert len(np.unique(load(listed(tmp_path, lines)).groups)) == 8
    lines[3] = lines[3].rsplit(",", 1)[0] + ", "
    with pytest.raises(ValueError, match="1 clips have no group"):
        load(listed(tmp_path, lines))


@pytest.mark.parametrize("place", ["../{}", "{root}/{}", "sub/../../{}"])
def test_a_csv_names_no_file_outside_of_its_folder(tmp_path, place):
    folder = listed(tmp_path, ["file,label"])
    csv = folder / "labels.csv"
    name = place.format("secret.wav", root=tmp_path.as_posix())
    csv.write_text(f"file,label\n{name},1\n")
    with pytest.raises(UserError, match="outside of its folder .*without `..`"):
        load(folder)


def test_paths_of_a_csv_may_use_either_slash_and_name_a_file_once(tmp_path):
    folder = listed(tmp_path, [])
    for i in range(20):
        (folder / "sub").mkdir(exist_ok=True)
        (folder / f"mar{i:02d}.wav").rename(folder / "sub" / f"mar{i:02d}.wav")
    lines = [row.replace("mar", "sub\\mar", 1) if row.startswith("mar") else row for row in rows()]
    (folder / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    assert sum(name.startswith("sub/") for name in load(folder).clip_names) == 20
    lines.append("./sub/mar00.wav,llamada")
    (folder / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match="names 1 files twice"):
        load(folder)


def test_folders_that_are_recordings_stay_together(tmp_path):
    folder, lines = tmp_path / "tapes", ["file,label"]
    for tape in range(12):
        for i in range(20):
            write(folder / f"rec{tape:02d}" / f"{i:03d}.wav", seed=20 * tape + i)
            lines.append(f"rec{tape:02d}/{i:03d}.wav,{i % 2}")
    (folder / "labels.csv").write_text("\n".join(lines))
    dataset = load(folder)
    tapes = [name.split("/")[0] for name in dataset.clip_names]
    assert tapes == sorted(tapes)


@pytest.mark.parametrize("key", ["block", "group", "groups", "recording"])
def test_npz_groups_of_any_usual_name_and_type(tmp_path, key):
    whole = np.arange(60) // 5
    for groups in (whole, whole / 4, np.array([f"rec{k}" for k in whole])):
        dataset = data.load(npz(tmp_path / "a.npz", **{key: groups}))
        assert len(np.unique(dataset.groups)) == 12 and f"groups from {key}" in dataset.describe()
        assert (np.diff(dataset.groups) != 0).tolist() == (np.diff(whole) != 0).tolist()


@pytest.mark.parametrize("name", ["simulated.npz", "simulated_calibration.npz"])
def test_names_of_committed_results_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="kept for the embedded clips"):
        data.load(npz(tmp_path / name))


def test_a_wav_whose_header_was_written_before_its_end_is_read(clips):
    path = clips / "whale" / "w00.wav"
    raw = bytearray(path.read_bytes())
    raw[4:8] = b"\xff" * 4
    path.write_bytes(bytes(raw))
    assert load(clips).labels.sum() == 20


@given(seed=st.integers(0, 200), calls=st.sampled_from([7, 8, 30]))
def test_seven_groups_of_each_class_can_be_split(seed, calls):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(5, 40, 7 + calls)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = (groups < calls).astype(int)  # recordings of one class each
    assert len(data.split_by_group(labels, groups, seed=seed)) == 5


def test_blocks_are_250_neighbours_in_name_order():
    mixed = np.arange(6000) % 2
    np.testing.assert_array_equal(data.groups.neighbour_blocks(mixed)[0], np.arange(6000) // 250)
    assert len(np.unique(data.groups.neighbour_blocks(mixed[:400])[0])) == 10
    assert sorted(["c10.wav", "c9.wav", "c1.wav"], key=data.files.natural) == [
        "c1.wav", "c9.wav", "c10.wav",
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "ogg", "mp3"])
def test_formats(clips, suffix):
    longer = noise(5, 16_000)
    for path in clips.glob("whale/*.wav"):
        path.unlink()
        write(path.with_suffix(f".{suffix}"), longer, rate=16_000)
    dataset = load(clips)
    whale = dataset.spectrograms[dataset.labels == 1]
    assert len(whale) == 20 and np.isfinite(whale).all()
    assert "20 resampled to 2000 Hz, 20 cut to the middle 0.5 s" in dataset.describe()


def test_clips_are_mixed_resampled_centred_and_padded(clips):
    tone = np.sin(2 * np.pi * 100 * np.arange(600) / 4000)
    write(clips / "whale" / "w00.wav", np.column_stack([tone, 0 * tone]), rate=4000)
    long = np.concatenate([np.zeros(500), noise(1), np.zeros(500)])
    write(clips / "whale" / "w01.wav", long)
    dataset = load(clips)
    assert (
        "40 files read, 1 mixed to mono, 1 resampled to 2000 Hz, 1 cut to the middle 0.5 s, "
        "1 padded to 0.5 s" in dataset.describe()
    )
    by_name = dict(zip(dataset.clip_names.tolist(), dataset.audio, strict=True))
    short = by_name["whale/w00.wav"]
    assert np.abs(short[:350]).max() == np.abs(short[650:]).max() == 0
    expected = 0.5 * np.sin(2 * np.pi * 100 * np.arange(300) / 2000)
    np.testing.assert_allclose(short[380:620], expected[30:270], atol=0.01)
    np.testing.assert_allclose(by_name["whale/w01.wav"], noise(1), atol=1e-4)


def test_spectrograms_are_cached_by_content_and_settings(clips, monkeypatch):
    first = load(clips)
    calls = []

    def counted(audio, settings):
        calls.append(len(audio))
        return mel_spectrogram(audio, settings)

    counted.__module__, counted.__qualname__ = mel_spectrogram.__module__, "mel_spectrogram"
    monkeypatch.setattr(data.dataset, "mel_spectrogram", counted)
    monkeypatch.setattr(counted, "__name__", "mel_spectrogram")
    load(clips)
    load(clips)
    assert len(calls) <= 1
    known = len(calls)
    changed = write(clips / "whale" / "w03.wav", noise(77))
    second = load(clips)
    assert len(calls) == known + 1
    position = second.clip_names.tolist().index(f"whale/{changed.name}")
    assert not np.array_equal(first.spectrograms[position], second.spectrograms[position])
    other = data.load(clips, settings=dataclasses.replace(SETTINGS, mel_bands=40))
    assert len(calls) == known + 2 and other.spectrograms.shape[1] == 40


def replace_by(content):
    def change(path):
        path.write_bytes(content)

    return change


def with_samples(audio, **options):
    def change(path):
        soundfile.write(path, audio, RATE, **options)

    return change


def cut(path):
    path.write_bytes(path.read_bytes()[:900])


BAD_FILES = {
    "not audio, or damaged": replace_by(b"this is no audio at all" * 20),
    "empty file": replace_by(b""),
    "empty, no samples": with_samples(np.zeros(0)),
    "truncated": cut,
    "silent": with_samples(np.full(SAMPLES, 0.25)),
    "too short, 0.010 s": with_samples(noise(3, 20)),
    "silent in the middle 0.5 s": with_samples(
        np.concatenate([noise(1), np.zeros(2 * SAMPLES), noise(2)])
    ),
    "holds NaN or infinite samples": with_samples(
        np.where(np.arange(SAMPLES) == 7, np.nan, 0.1), subtype="FLOAT"
    ),
}


@pytest.mark.parametrize("reason", BAD_FILES)
def test_one_bad_file_is_named_and_skipped_only_when_asked(clips, reason):
    write(clips / "whale" / "w20.wav", seed=50)
    BAD_FILES[reason](clips / "whale" / "w07.wav")
    with pytest.raises(ValueError, match=rf"1 audio file\(s\) cannot be used \(w07.wav: {reason}"):
        load(clips)
    dataset = load(clips, skip_bad=True)
    assert "whale/w07.wav" not in dataset.clip_names and len(dataset) == 40
    assert "40 files read, 1 skipped as unusable" in dataset.describe()


def test_many_bad_files_are_counted_and_some_named(clips):
    for path in sorted(clips.glob("whale/*.wav"))[:5]:
        path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"5 audio file\(s\).*w00.wav.*and 2 more\); repair"):
        load(clips)
    with pytest.raises(ValueError, match="15 calls and 20 others; at least 20"):
        load(clips, skip_bad=True)


def test_the_sample_rate_must_reach_the_frequencies(clips):
    write(clips / "noise" / "n03.wav", rate=800)
    message = "n03.wav: sample rate 800 Hz is too low .* up to 500 Hz.* or lower fmax"
    with pytest.raises(ValueError, match=message):
        load(clips)


def test_folders_without_audio_or_with_other_classes(tmp_path, clips):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no audio in subfolders; put the clips"):
        load(tmp_path / "empty")
    write(tmp_path / "loose" / "a.wav")
    with pytest.raises(ValueError, match="no audio in subfolders and no CSV with labels"):
        load(tmp_path / "loose")
    write(tmp_path / "one" / "whale" / "a.wav")
    with pytest.raises(ValueError, match=r"audio in 1 subfolder\(s\) \(whale\), only one class"):
        load(tmp_path / "one")
    (clips / "whale" / "w00.wav").unlink()
    with pytest.raises(ValueError, match="19 calls and 20 others; at least 20 clips"):
        load(clips)


def change_csv(change):
    def apply(folder):
        path = folder / "train.csv"
        change(pd.read_csv(path, dtype=str)).to_csv(path, index=False)

    return apply


BAD_TABLES = {
    "has the columns sound, label; it needs one called clip_name": change_csv(
        lambda t: t.rename(columns={"clip_name": "sound"})
    ),
    "it needs one called .* and one called label or class": change_csv(
        lambda t: t.rename(columns={"label": "what"})
    ),
    r"3 different labels \(0, 1, 7\); labels must be 0 and 1": change_csv(
        lambda t: t.assign(label=["7", *t["label"][1:]])
    ),
    r"names 1 files that do not exist \(gone.wav\)": change_csv(
        lambda t: t.assign(clip_name=["gone.wav", *t["clip_name"][1:]])
    ),
    r"names 1 files twice with labels or groups that disagree \(train": change_csv(
        lambda t: pd.concat([t, t.head(1).assign(label=str(1 - int(t["label"][0])))])
    ),
    r"only one class is there \(1\)": change_csv(lambda t: t.assign(label="1")),
    "holds 2 CSV files": lambda folder: (folder / "more.csv").write_text("clip_name,label\n"),
}


@pytest.mark.parametrize("message", BAD_TABLES)
def test_a_csv_that_cannot_be_used(tmp_path, message):
    folder = challenge_style(tmp_path / "challenge", np.arange(42) % 2)
    BAD_TABLES[message](folder)
    with pytest.raises(ValueError, match=message):
        load(folder)


def test_a_csv_may_name_a_file_twice_alike(tmp_path):
    folder = challenge_style(tmp_path / "challenge", np.arange(42) % 2)
    change_csv(lambda t: pd.concat([t, t.head(3)]))(folder)
    assert len(load(folder)) == 42
    with pytest.raises(FileNotFoundError, match="labels_csv other.csv does not exist"):
        load(folder, labels_csv=tmp_path / "other.csv")


# The challenge in full


@pytest.fixture
def challenge(tmp_path):
    """The files of the challenge with 60 clips of noise."""
    folder = tmp_path / "any folder"
    folder.mkdir()
    rng = np.random.default_rng(0)
    audio = rng.standard_normal((60, 1, 4000)).astype(np.float32)
    np.save(folder / "CornellWhaleChallenge_X.npy", audio)
    np.save(folder / "CornellWhaleChallenge_y.npy", np.arange(60) % 2)
    for k in range(5):
        np.savetxt(folder / f"test_indices_fold_{k}.txt", np.arange(k, 60, 5), fmt="%d")
    return folder


def test_the_challenge_is_read_memory_mapped_from_any_folder(challenge):
    dataset = data.load(challenge)
    assert dataset.name == "cornell_whale_challenge" and len(dataset) == 60
    assert isinstance(dataset.audio, np.memmap) or isinstance(dataset.audio.base, np.memmap)
    np.testing.assert_array_equal(dataset.labels, np.arange(60) % 2)
    np.testing.assert_allclose(
        dataset.spectrograms, mel_spectrogram(np.array(dataset.audio), dataset.settings)
    )
    np.testing.assert_array_equal(data.official_fold(challenge, 3), np.arange(3, 60, 5))
    with pytest.raises(FileNotFoundError, match="folds are 0 to 4"):
        data.official_fold(challenge, 5)


def test_the_challenge_s_cache_follows_the_file(challenge):
    first = data.load(challenge).spectrograms
    np.testing.assert_array_equal(data.load(challenge).spectrograms, first)
    path = challenge / "CornellWhaleChallenge_X.npy"
    audio = np.load(path)
    np.save(path, audio[::-1])
    # A clip's last bits hang on its place in the batch, on some processors.
    np.testing.assert_allclose(data.load(challenge).spectrograms, first[::-1], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("X", np.zeros((60, 4000), np.float32), r"shape \(60, 4000\)"),
        ("X", np.zeros((60, 1, 3000), np.float32), "3000 samples at 2000 Hz"),
        ("y", np.zeros(59), "59 labels"),
        ("y", np.arange(60), "labels other than 0 and 1"),
        ("X", np.array([{}] * 60), "pickled objects"),
    ],
)
def test_a_challenge_that_is_not_whole(challenge, name, array, message):
    np.save(challenge / f"CornellWhaleChallenge_{name}.npy", array, allow_pickle=True)
    with pytest.raises(ValueError, match=message):
        data.load(challenge)


def test_a_challenge_without_labels(challenge):
    (challenge / "CornellWhaleChallenge_y.npy").unlink()
    with pytest.raises(FileNotFoundError, match="no CornellWhaleChallenge_Y.npy"):
        data.load(challenge)


def stub_of_the_hub(monkeypatch, tmp_path, n, error=None):
    """A huggingface_hub that writes n clips; returns what was asked of it."""
    asked = {}

    def snapshot_download(repository, *, local_dir, **options):
        asked.update(options, repository=repository)
        if error:
            raise error
        local_dir.mkdir(parents=True, exist_ok=True)
        shape = (n, 1, 4000)
        np.lib.format.open_memmap(local_dir / data.CHALLENGE_X, "w+", np.float32, shape).flush()
        np.save(local_dir / "CornellWhaleChallenge_y.npy", np.arange(n) < 7027)
        for name in data.CHALLENGE_FOLDS:
            (local_dir / name).write_text("0\n")

    module = types.SimpleNamespace(snapshot_download=snapshot_download)
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    return asked


def test_a_whole_download_is_accepted(monkeypatch, tmp_path, capsys):
    asked = stub_of_the_hub(monkeypatch, tmp_path, 30_000)
    assert cli.main(["download", "cornell_whale_challenge"]) == 0
    assert asked["repository"] == "monster-monash/CornellWhaleChallenge"
    assert asked["repo_type"] == "dataset"
    assert "use it with DATASET=cornell_whale_challenge" in capsys.readouterr().out


def test_a_download_that_fails_says_so(monkeypatch, tmp_path, capsys):
    stub_of_the_hub(monkeypatch, tmp_path, 29_999)
    assert cli.main(["download", "cornell_whale_challenge"]) == 2
    assert "not what was published: audio (29999, 1, 4000)" in capsys.readouterr().err
    stub_of_the_hub(monkeypatch, tmp_path, 0, error=TimeoutError())
    assert cli.main(["download", "cornell_whale_challenge"]) == 2
    assert "check the network and call again" in capsys.readouterr().err
    assert cli.main(["download", "dolphins"]) == 2
    assert "nothing to download is called 'dolphins'" in capsys.readouterr().err


def test_a_download_without_the_extra_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert cli.main(["download", "cornell_whale_challenge"]) == 2
    assert "pip install -e '.[download]'" in capsys.readouterr().err


# Dataset


def make(**changes):
    n = len(changes.get("labels", range(6)))
    values = {
        "name": "toy",
        "spectrograms": np.zeros((n, 3, 4), np.float32),
        "labels": np.arange(n) % 2,
        "groups": np.arange(n) // 2,
        "clip_names": np.array([f"c{i}" for i in range(n)]),
        "frequencies": np.array([10.0, 20.0, 30.0]),
        "times": np.arange(4.0),
        "unit": "dB",
    } | changes
    return data.Dataset(**values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spectrograms": np.zeros((6, 4, 3))}, r"labels, frequencies and times ask for \(6, 3, 4"),
        ({"groups": np.zeros(5)}, "groups has 5 rows for 6 clips"),
        ({"labels": np.array([0, 1, 2, 0, 1, 0])}, "labels other than 0 and 1"),
        ({"frequencies": np.array([10.0, 30.0, 20.0])}, "frequencies must increase"),
        (
            {"spectrograms": np.full((6, 3, 4), np.inf)},
            r"6 spectrograms .* \(c0, c1, c2 and 3 more",
        ),
    ],
)
def test_a_dataset_is_checked_on_construction(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_a_dataset_is_read_only_and_takes_clips():
    dataset = make(truth=pd.DataFrame({"snr_db": np.arange(6.0)}), matched=np.arange(6) > 1)
    with pytest.raises(ValueError, match="read-only"):
        dataset.labels[0] = 1
    taken = dataset.take([4, 1])
    assert taken.clip_names.tolist() == ["c4", "c1"]
    assert taken.truth["snr_db"].tolist() == [4.0, 1.0] and taken.groups.tolist() == [2, 0]
    by_mask = dataset.take(np.arange(6) == 3)
    assert by_mask.truth["snr_db"].tolist() == [3.0]
    assert dataset.study_clips().clip_names.tolist() == ["c2", "c3", "c4", "c5"]


# Splits


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


def test_splits_that_cannot_be_made_say_so():
    labels = np.array([1] * 10 + [0] * 90)
    with pytest.raises(ValueError, match="class 1 occurs in 1 groups only; 5 splits .* at least 7"):
        data.split_by_group(labels, np.arange(100) // 10, seed=0)


def test_a_leaking_split_is_refused():
    labels, groups = np.arange(12) % 2, np.arange(12) // 2
    whole = data.Split(np.arange(4), np.arange(4, 8), np.arange(8, 12), seed=0)
    data.check_split(whole, labels, groups)
    shared = dataclasses.replace(whole, test=np.arange(7, 12))
    with pytest.raises(ValueError, match="group 3 stands on the validation and the test side"):
        data.check_split(shared, labels, groups)
    lone = dataclasses.replace(whole, test=np.array([8, 10]))
    with pytest.raises(ValueError, match="the test side holds a single class"):
        data.check_split(lone, labels, groups)


def test_draws_are_nested_seeded_and_within_the_side():
    labels, side = np.arange(100) % 2, np.arange(40, 100)
    small, large = (data.draw(labels, side, n, 2 * n, seed=5) for n in (5, 10))
    assert set(small) < set(large) <= set(side)
    assert labels[small].sum() == 5 and len(small) == 15
    assert set(data.draw(labels, side, 5, 10, seed=6)) != set(small)
    with pytest.raises(ValueError, match="31 clips of class 1 .* this side has 30"):
        data.draw(labels, side, 31, 1, seed=0)
