"""Folders and tables that went wrong once, as people have them on their disks."""

import os
import shlex
import struct
import unicodedata

import numpy as np
import pytest
import soundfile
from folders import RATE, load, noise, write

from utils import data
from utils.errors import UserError

pytestmark = pytest.mark.usefixtures("own_cache")


def sweep(call, seed, seconds=0.5):
    time = np.arange(int(seconds * RATE)) / RATE
    return noise(seed, len(time)) + call * 0.5 * np.sin(2 * np.pi * (100 * time + 50 * time**2))


def classes(folder, names=("call", "noise"), n=24, form="rec{:02d}_{:04d}{}", inside=""):
    """n clips of each class, four of each recording."""
    for call, name in zip((1, 0), names, strict=True):
        for i in range(n):
            stem = form.format(i // 4, i, "ab"[call])
            write(folder / name / inside / f"{stem}.wav", sweep(call, 100 * call + i))
    return folder


@pytest.mark.parametrize(
    ("names", "call"),
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
        (("sea_lion", "background"), "sea_lion"),
        (("pos", "neg"), "pos"),
        (("orca", "vacío"), "orca"),
        (("orca", "vaci\u0301o"), "orca"),
        (("TP", "FP"), "TP"),
        (("upcall", "upcall_absent"), "upcall"),
        (("sea_lion", "harbour_seal"), None),
        (("humpback", "noisy_humpback"), None),
        (("other_whale", "whale"), None),
        (("nothing special", "no_1"), "nothing special"),
    ],
)
def test_class_words_are_judged_as_whole_names_and_a_question_shows_every_answer(names, call):
    labels = [*names] * 2
    if call:
        found, told = data.classes.recode("clips", labels, None)
        assert found.tolist() == [int(name == call) for name in labels]
        assert told[1] == call or told == ("none", "call")
        return
    with pytest.raises(UserError) as error:
        data.classes.recode("clips", labels, None)
    assert all(f"--positive-class {name}" in str(error.value) for name in map(shlex.quote, names))
    assert "POSITIVE_CLASS=..." in str(error.value)


def test_folders_within_a_class_are_groups(tmp_path):
    for site in "abcdefgh":
        classes(tmp_path / "sites", n=6, inside=f"site_{site}")
    dataset = load(tmp_path / "sites")
    assert len(np.unique(dataset.groups)) == 8 and "groups are the folders" in dataset.describe()
    sites = [name.split("/")[1] for name in dataset.clip_names]
    assert sites == sorted(sites) and set(np.bincount(dataset.groups)) == {12}
    assert dataset.ordered
    classes(tmp_path / "sites", n=30, form="call{:02d}x{:04d}{}")
    mixed = load(tmp_path / "sites")
    assert len(np.unique(mixed.groups)) == 18
    assert "groups are the folders within a class, and blocks of" in mixed.describe()


def test_recordings_are_known_by_their_names(tmp_path):
    dataset = load(classes(tmp_path / "clips"))
    assert len(np.unique(dataset.groups)) == 6 and dataset.ordered
    assert "groups from the names (rec00, rec01, rec02 and 3 more)" in dataset.describe()
    stretches = load(tmp_path / "clips", group=r"rec\d+_00(\d)")
    assert len(np.unique(stretches.groups)) == 3
    alone = load(classes(tmp_path / "one", form="rec00_{1:04d}{2}"))
    assert len(np.unique(alone.groups)) == 1


def test_names_by_class_follow_no_time(tmp_path):
    for call, name in enumerate(("noise", "call")):
        for i in range(24):
            write(tmp_path / "clips" / name / f"{name}_{i:04d}.wav", sweep(call, 100 * call + i))
    dataset = load(tmp_path / "clips")
    assert not dataset.ordered and "of one class by name" in dataset.describe()


def test_what_soundfile_reads_is_read_and_the_rest_is_named(tmp_path):
    folder = classes(tmp_path / "clips")
    files = sorted((folder / "call").glob("*.wav"))
    for path, (suffix, form) in zip(
        files,
        [(".aifc", "AIFF"), (".w64", "W64"), (".caf", "CAF"), (".rf64", "RF64"), (".au", "AU"),
         (".snd", "AU")],
        strict=False,
    ):  # fmt: skip
        soundfile.write(path.with_suffix(suffix), soundfile.read(path)[0], RATE, format=form)
        path.unlink()
    files[6].rename(files[6].with_suffix(".opus")).write_bytes(b"OggS" + bytes(200))
    (folder / "call" / "Thumbs.db").write_bytes(b"thumbs")
    (folder / "call" / os.fsdecode(b"rec\xe9.wav")).write_bytes(files[8].read_bytes())
    (folder / "call" / "gone.wav").symlink_to("nowhere.wav")
    (folder / "metadata.csv").write_text("date,site\n2020-01-01,A\n")
    dataset = load(folder)
    assert len(dataset) == 47 and dataset.labels.sum() == 23
    told = dataset.describe()
    assert "47 files read, 5 left out (call/Thumbs.db: not audio" in told and "none ch" not in told
    for name in ("call/more.wav", "more.csv", "more.txt"):
        (folder / name).mkdir()  # folders may be called so
    assert load(folder).describe() == told
    table, left_out = data.labels.labelled(folder, data.Options())
    assert len(table) == 47
    assert sorted(line.split(": ")[1] for line in left_out) == [
        "broken link", "its name is no UTF-8", "no columns of file and label",
        "not audio that soundfile reads", "not audio that soundfile reads",
    ]  # fmt: skip
    assert any("rec\\xe9.wav" in line for line in left_out)


def test_headers_that_count_wrongly_are_put_right_where_the_audio_is_there(tmp_path):
    folder = classes(tmp_path / "clips")
    files = sorted((folder / "call").glob("*.wav"))
    wanted = [soundfile.read(path, dtype="float32")[0] for path in files[:5]]
    for path, more in ((files[0], 0), (files[4], 0xFFFFFFFF)):  # counted too far, or not at all
        raw = bytearray(path.read_bytes())
        raw[4:8] = struct.pack("<I", more or len(raw))
        path.write_bytes(raw)
    soundfile.write(files[1], wanted[1][:999], RATE, subtype="PCM_24")
    raw = files[1].read_bytes()
    files[1].write_bytes(raw[: raw.index(b"data") + 8 + 999 * 3])
    for path, size in ((files[2], 0xFFFFFFFF), (files[3], 0)):
        raw = bytearray(path.read_bytes())
        data_at = raw.index(b"data")
        raw[4:8] = raw[data_at + 4 : data_at + 8] = struct.pack("<I", size)
        path.write_bytes(raw)
    dataset = load(folder)
    assert "48 files read, 5 headers put right" in dataset.describe()
    by_name = dict(zip(dataset.clip_names.tolist(), dataset.audio, strict=True))
    for i in (0, 2, 3, 4):
        np.testing.assert_array_equal(by_name[f"call/{files[i].name}"], wanted[i])


def test_a_sample_beyond_any_scale_is_a_bad_file(tmp_path):
    folder = classes(tmp_path / "clips")
    samples = noise(0)
    samples[100] = 1e30
    soundfile.write(folder / "call" / "rec00_0000b.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(UserError, match="call/rec00_0000b.wav: holds samples as large as 1e.30"):
        load(folder)
    assert len(load(folder, skip_bad=True)) == 47


def test_the_length_of_the_clips_is_kept(tmp_path):
    for name, seconds in (("call", 0.3), ("noise", 0.7)):
        for i in range(24):
            write(tmp_path / "clips" / name / f"rec{i // 6:02d}_{i:03d}.wav", sweep(0, i, seconds))
    dataset = load(tmp_path / "clips")
    np.testing.assert_allclose(dataset.seconds, np.where(dataset.labels, 0.3, 0.7))


def test_outer_folders_are_no_classes(tmp_path):
    for outer in ("train", "test"):
        classes(tmp_path / "both" / outer)
    with pytest.raises(UserError, match="test and train hold the classes call and noise; load one"):
        load(tmp_path / "both")
    assert len(load(tmp_path / "both" / "train")) == 48
    together = load(tmp_path / "both", group="^[^/]+")
    assert len(together) == 96 and len(np.unique(together.groups)) == 2
    for site in "ab":
        classes(tmp_path / "sites", inside=site)
    assert len(np.unique(load(tmp_path / "sites").groups)) == 2


TABLES = {  # as spreadsheets write them: name, first lines, separator, label, whether a site
    "sep.csv": ("sep=;\nclip_name;label;group\n", ";", "{}", True),
    "tabs.tsv": ("clip_name\tlabel\tgroup\n", "\t", "{}", True),
    "decimal.csv": ("clip_name,label\n", ",", "{}.0", False),
    "site.csv": ("clip_name,label,Site\n", ",", "{}", True),
    "spanish.csv": ("archivo;clase;grabación\n", ";", "{}", True),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_as_spreadsheets_write_them(tmp_path, name):
    head, separator, form, site = TABLES[name]
    lines = []
    for i in range(60):
        write(tmp_path / "clips" / f"c{i:03d}.wav", sweep(i % 2, i))
        row = [f"c{i:03d}.wav", form.format(i % 2)] + [f"s{i // 6}"] * site
        lines.append(separator.join(row) + "\n")
    (tmp_path / name).write_text(head + "".join(lines), encoding="utf-8")
    table = (tmp_path / name).rename(tmp_path / "clips" / name)
    for dataset in (load(tmp_path / "clips"), load(tmp_path / "clips", labels_csv=table)):
        assert dataset.labels.tolist() == [i % 2 for i in range(60)]
        assert dataset.class_names == ("none", "call")
        if site:
            column = head.split("\n")[-2].split(separator)[-1]
            assert f"groups from the column {column} of {name}" in dataset.describe()
            np.testing.assert_array_equal(dataset.groups, np.arange(60) // 6)
    with table.open("a") as file:
        file.write(lines[0].replace(f"{separator}0", f"{separator}1"))
    with pytest.raises(UserError, match=r"names 1 files twice with labels .* \(c000.wav\)"):
        load(tmp_path / "clips")


def test_names_are_the_same_however_accents_are_written(tmp_path):
    rows = ["clip_name,label"]
    for i in range(40):
        name = f"día{i:02d}.wav"
        write(tmp_path / "clips" / unicodedata.normalize("NFD", name), sweep(i % 2, i))
        rows.append(f"{unicodedata.normalize('NFC', name)},{i % 2}")
    (tmp_path / "clips" / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    assert load(tmp_path / "clips").labels.tolist() == [i % 2 for i in range(40)]


def test_a_band_and_a_length_make_the_settings(tmp_path):
    folder = classes(tmp_path / "clips")
    dataset = data.load(folder, band=(80, 300), seconds=0.5)
    assert (dataset.settings.fmin, dataset.settings.fmax, dataset.band) == (80, 300, (80, 300))
    assert "0.5 s at 1000 Hz" in dataset.describe() and dataset.audio.shape[1] == 500
    with pytest.raises(UserError, match=r"the band ends at 4000 Hz, and .*wav, sampled at"):
        data.load(folder, band=(80, 4000))
    with pytest.raises(UserError, match="settings hold the band"):
        load(folder, band=(80, 300))
