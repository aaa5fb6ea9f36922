"""Folders of clips: what is read, what is left out, and what is said of it."""

import dataclasses
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import soundfile
from folders import RATE, SAMPLES, SETTINGS, load, noise, write

from utils import data, tables
from utils.data import folder as reader
from utils.errors import UserError
from utils.sound.spectrograms import mel_spectrogram

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def clips(tmp_path):
    """A folder with 20 clips of each of two classes."""
    folder = tmp_path / "clips"
    for i in range(20):
        write(folder / "whale" / f"w{i:02d}.wav", seed=i)
        write(folder / "noise" / f"n{i:02d}.wav", seed=100 + i)
    return folder


def test_a_folder_with_one_subfolder_a_class(clips):
    dataset = load(clips)
    assert len(dataset) == 40 and dataset.class_names == ("noise", "whale")
    of_whales = np.array([name.startswith("whale/") for name in dataset.clip_names])
    np.testing.assert_array_equal(dataset.labels == 1, of_whales)
    assert dataset.describe().endswith(
        "40 files read, none changed; 0.5 s at 2000 Hz, 50 mel bands from 0 to 500 Hz; "
        "blocks of up to 250 neighbours of one class by name"
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


def challenge_style(folder, labels, **columns):
    names = [f"train{i + 1}.wav" for i in range(len(labels))]
    for i, name in enumerate(names):
        write(folder / "train" / name, seed=i)
    table = pd.DataFrame({"clip_name": names, "label": labels, **columns})
    table.sample(frac=1, random_state=0).to_csv(folder / "train.csv", index=False)
    return folder


def test_a_csv_like_the_challenge_s(tmp_path):
    labels = np.arange(45) % 2
    dataset = load(challenge_style(tmp_path / "challenge", labels))
    names = [f"train/train{i + 1}.wav" for i in range(45)]
    assert dataset.clip_names.tolist() == names
    np.testing.assert_array_equal(dataset.labels, labels)
    assert dataset.class_names == ("none", "call") and "none changed" in dataset.describe()
    write(tmp_path / "challenge" / "train" / "train99.wav")
    told = load(tmp_path / "challenge").describe()
    assert "45 files read, 1 left out (train/train99.wav: not in train.csv)" in told


def test_a_csv_with_groups_and_class_names(tmp_path):
    labels, groups = ["call", "sea"] * 21, [f"tape {i // 7}" for i in range(42)]
    folder = challenge_style(tmp_path / "tapes", labels, group=groups)
    dataset = load(folder, positive_class="call")
    np.testing.assert_array_equal(dataset.groups, np.arange(42) // 7)
    assert dataset.class_names == ("sea", "call") and dataset.labels[0] == 1
    assert dataset.describe().endswith("groups from the column group of train.csv")
    elsewhere = (folder / "train.csv").rename(tmp_path / "labels.csv")
    again = load(folder, labels_csv=elsewhere, positive_class="call")
    np.testing.assert_array_equal(again.labels, dataset.labels)


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


def listed(tmp_path, lines, encoding="utf-8", name="labels.csv"):
    folder = tmp_path / "listed"
    for i in range(20):
        write(folder / f"día{i:02d}.wav", seed=i)
        write(folder / f"mar{i:02d}.wav", seed=100 + i)
    (folder / name).write_bytes("\r\n".join(lines).encode(encoding))
    return folder


def rows(separator=","):
    names = [(f"día{i:02d}.wav", "llamada") for i in range(20)]
    names += [(f"mar{i:02d}.wav", "mar") for i in range(20)]
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
    made = []

    def counted(audio, settings):
        made.append(len(audio))
        return mel_spectrogram(audio, settings)

    monkeypatch.setattr(data.folder, "mel_spectrogram", counted)
    first, again = load(clips), load(clips)
    assert made == [40] and isinstance(again.spectrograms, np.memmap)
    for name in ("spectrograms", "audio", "seconds", "labels"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert first.describe() == again.describe()
    changed = write(clips / "whale" / "w03.wav", noise(77))
    second = load(clips)
    position = second.clip_names.tolist().index(f"whale/{changed.name}")
    assert not np.array_equal(first.spectrograms[position], second.spectrograms[position])
    other = data.load(clips, settings=dataclasses.replace(SETTINGS, mel_bands=40))
    assert made == [40] * 3 and other.spectrograms.shape[1] == 40


def replace_by(content):
    return lambda path: path.write_bytes(content)


def with_samples(audio, **options):
    return lambda path: soundfile.write(path, audio, RATE, **options)


def cut(path):
    path.write_bytes(path.read_bytes()[:900])


def count_too_many(path):
    """An MP3 whose header counts 9,663,678,416 frames."""
    soundfile.write(path.with_suffix(".mp3"), noise(0, 2000), 8000)
    raw = bytearray(path.with_suffix(".mp3").read_bytes())
    raw[21] = 1
    path.with_suffix(".mp3").unlink()
    path.write_bytes(raw)


BAD_FILES = {
    "damaged: its header counts more samples than it can hold": count_too_many,
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
    with pytest.raises(
        ValueError, match=rf"1 audio file\(s\) cannot be used \(whale/w07.wav: {reason}"
    ):
        load(clips)
    dataset = load(clips, skip_bad=True)
    assert "whale/w07.wav" not in dataset.clip_names and len(dataset) == 40
    assert "40 files read, 1 left out (whale/w07.wav: " in dataset.describe()


def test_of_a_long_file_the_middle_is_read(clips):
    middle = noise(1, 3000)
    parts = [np.zeros(100_000), middle, np.zeros(100_000)]
    write(clips / "whale" / "w01.wav", np.concatenate(parts))
    dataset = load(clips)
    place = dataset.clip_names.tolist().index("whale/w01.wav")
    np.testing.assert_allclose(dataset.audio[place], middle[1000:2000], atol=1e-4)
    assert dataset.seconds[place] == 101.5


def test_many_bad_files_are_counted_and_some_named(clips):
    for path in sorted(clips.glob("whale/*.wav"))[:5]:
        path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"5 audio file\(s\).*w00.wav.*and 2 more\); repair"):
        load(clips)
    with pytest.raises(ValueError, match="15 calls and 20 others; at least 20"):
        load(clips, skip_bad=True)


def test_the_sample_rate_must_reach_the_frequencies(clips):
    write(clips / "noise" / "n03.wav", rate=800)
    message = "n03.wav: sample rate 800 Hz is too low .* up to 500 Hz.* or end the band lower"
    with pytest.raises(ValueError, match=message):
        load(clips)


def test_folders_without_audio_or_with_other_classes(tmp_path, clips):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no audio in subfolders; put the clips"):
        load(tmp_path / "empty")
    write(tmp_path / "loose" / "a.wav")
    message = (
        r"and no CSV with labels; .*a Raven table \(a.Table.1.selections.txt\) .* beside each."
    )
    with pytest.raises(ValueError, match=message):
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
    "it needs one called .* and one called label, class or clase": change_csv(
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
    with pytest.raises(FileNotFoundError, match="no table of labels is called other.csv"):
        load(folder, labels_csv=tmp_path / "other.csv")


def test_what_is_asked_of_each_file_waits_in_no_memory():
    """A pool that is handed all files at once keeps some 2 kB of each."""
    files = list(range(20_000))
    tracemalloc.start()
    found = reader._each(lambda _: True, files)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == len(files) and peak / len(files) < 150


def test_one_repaired_clip_of_many_is_another_fingerprint(tmp_path):
    place = tmp_path / "clips"
    for k in range(60):
        write(place / ("call" if k % 2 else "none") / f"{k:02d}.wav", seed=k)
    before, again = load(place), load(place)
    samples = noise(8)
    samples[500] += 0.001
    write(place / "none" / "08.wav", samples)
    found = [tables.fingerprint(each) for each in (before, again, load(place))]
    assert found[0] == found[1] != found[2]
