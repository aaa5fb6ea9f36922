"""Tables of boxes as Raven, Audacity and spreadsheets write them, and what is said of bad ones."""

import unicodedata

import numpy as np
import pytest
import soundfile
from folders import RAVEN, boxes

from utils.data import annotations
from utils.errors import UserError


@pytest.fixture
def folder(tmp_path):
    for name in ("rec1", "rec10", "deep/er/día_2"):
        path = tmp_path / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.zeros(100), 1000)
    return tmp_path


def write(path, *lines, encoding="utf-8"):
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def raven(path, *rows, label="Annotation", encoding="utf-8"):
    return write(path, f"{RAVEN}\t{label}", *rows, encoding=encoding)


def test_both_views_of_a_selection_are_one_box_and_spellings_one_label(folder):
    table = raven(
        folder / "rec1.Table.1.selections.txt",
        "1\tWaveform 1\t1\t2.5\t3.5\t90.0\t210.0\tUpcall ",
        "1\tSpectrogram 1\t1\t2.5\t3.5\t90.0\t210.0\tUpcall ",
        "2\tSpectrogram 1\t1\t7\t8\t90\t210\tupcall",
        "3\tSpectrogram 1\t1\t9\t9.5\t90\t210\tupcall",
    )
    for found in (boxes(table), boxes(folder)):
        assert list(found) == ["file", "begin", "end", "low", "high", "label"]
        assert found["file"].tolist() == ["rec1.wav"] * 3
        assert found["begin"].tolist() == [2.5, 7.0, 9.0] and found["low"].tolist() == [90.0] * 3
        assert found["label"].tolist() == ["upcall"] * 3


@pytest.mark.parametrize("label", ["Annotation", "Species", "Call type", "Tag", "Etiqueta"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_label_s_column_and_a_table_s_encoding(folder, label, encoding):
    row = "1\tSpectrogram 1\t1\t2\t3\t90\t210\tballena"
    found = boxes(raven(folder / "rec1.txt", row, label=label, encoding=encoding))
    assert found["label"].tolist() == ["ballena"]


def test_a_table_belongs_to_the_recording_whose_name_it_begins_with(folder):
    raven(folder / "rec10.selections.txt", "1\tS\t1\t2\t3\t90\t210\ta")
    deep = unicodedata.normalize("NFD", "día_2.Table.1.selections.txt")
    raven(folder / "deep" / deep, "1\tS\t1\t4\t5\t90\t210\ta")
    found = boxes(folder)
    assert found["file"].tolist() == ["deep/er/día_2.wav", "rec10.wav"]
    raven(folder / "rec100.txt", "1\tS\t1\t2\t3\t90\t210\ta")
    with pytest.raises(UserError, match="rec100.txt belongs to no recording: begin its name"):
        boxes(folder)
    alone = boxes(folder / "rec100.txt")
    assert alone["file"].tolist() == ["rec100"]


def test_a_table_over_several_files_counts_from_each_file_s_beginning(folder):
    table = write(
        folder / "all.txt",
        f"{RAVEN}\tBegin File\tFile Offset (s)",
        "1\tSpectrogram 1\t1\t2\t3\t90\t210\trec1.wav\t2",
        "2\tSpectrogram 1\t1\t105\t107\t90\t210\trec10.wav\t5",
    )
    found = boxes(table)
    assert found["file"].tolist() == ["rec1.wav", "rec10.wav"]
    assert found["begin"].tolist() == [2, 5] and found["end"].tolist() == [3, 7]
    assert found["label"].tolist() == ["", ""]


def test_audacity_s_labels_with_and_without_frequencies(folder):
    table = write(
        folder / "rec1.txt", "1.500000\t2.500000\tup call", "\\\t90.5\t210.000000", "7,25\t8\t"
    )
    found = boxes(table)
    assert found["begin"].tolist() == [1.5, 7.25] and found["label"].tolist() == ["up call", ""]
    assert found["low"].tolist()[0] == 90.5 and np.isnan(found["high"].tolist()[1])


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("file,start,end,label", "rec1.wav,61.5,62.5,call"),
        ("Archivo;Inicio (s);Fin (s);Especie", "rec1.wav;61,5;62,5;call"),
        ("filename\tonset_s\toffset_s\ttag", "rec1\t1:01.5\t0:01:02.5\tcall"),
        ("Grabación;Tiempo inicial;Tiempo final;Tipo de llamada", "REC1.WAV;61.5;62.5;call"),
        ('"sep=;"\nfile;begin time;end time;class', "./rec1.wav;61.5;62.5;call"),
        ("begin path,begin,end,call type", r"C:\data\sea\rec1.wav,61.5,62.5,call"),
    ],
)
def test_a_csv_with_headers_of_either_language(folder, header, row):
    found = boxes(write(folder / "boxes.csv", *header.split("\n"), row))
    assert found.loc[0, ["file", "begin", "end", "label"]].tolist() == [
        "rec1.wav", 61.5, 62.5, "call",
    ]  # fmt: skip


def test_recordings_are_searched_if_a_table_is_theirs_and_does_not_deny_it(folder):
    write(folder / "boxes.csv", "file,start,end,label", "rec1.wav,,,", "rec10.wav,,,Not searched",
          "rec10.wav,1,2,call")  # fmt: skip
    found = annotations.survey(folder, annotations.tables(folder))
    assert found.searched == {"rec1.wav"} and found.events["file"].tolist() == ["rec10.wav"]
    (folder / "deep" / "er" / "día_2.txt").touch()
    found = annotations.survey(folder, annotations.tables(folder))
    assert found.searched == {"rec1.wav", "deep/er/día_2.wav"}
    raven(folder / "rec1.Table.2.selections.txt")
    assert len(boxes(folder)) == 1


def test_other_texts_are_no_tables(folder):
    write(folder / "readme.txt", "These recordings were made", "in 2020, by boat.")
    write(folder / "notes.csv", "date,site", "2020-01-01,A")
    (folder / "rec1.txt").touch()
    assert annotations.tables(folder) == []
    assert len(boxes(folder)) == 0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["rec1.wav,5,4,a"], "boxes.csv: 1 boxes have no beginning or end, or end before .*line 2"),
        (["rec1.wav,1,2,a", "rec1.wav,3,,a"], "1 boxes have no beginning or end.*line 3"),
        (["rec1.wav,-5,4,a"], "1 boxes have no beginning"),
        (["rec1.wav,soon,4,a"], "'soon' is no time or frequency .line 2"),
        (["rec1.wav,1e999,1e999,a"], "is no time or frequency"),
        (["other.wav,1,2,a"], r"names 1 recordings that do not exist \(other.wav\)"),
        (["rec1.wav,1,2,a,5,6"], "boxes.csv is no table of equally long lines"),
        ([",1,2,a"], "boxes.csv belongs to no recording"),
    ],
)
def test_a_table_that_cannot_be_used(folder, rows, message):
    write(folder / "boxes.csv", "file,start,end,label", *rows)
    with pytest.raises(UserError, match=message):
        boxes(folder)


def test_a_name_that_fits_two_recordings_asks_which(folder):
    soundfile.write(folder / "deep" / "rec1.wav", np.zeros(100), 1000)
    (folder / "tables").mkdir()
    table = raven(folder / "tables" / "rec1.selections.txt", "1\tS\t1\t2\t3\t90\t210\ta")
    with pytest.raises(UserError, match="fits 2 recordings .*; put it beside its own"):
        boxes(folder)
    table.rename(folder / "deep" / "rec1.selections.txt")
    assert boxes(folder)["file"].tolist() == ["deep/rec1.wav"]
