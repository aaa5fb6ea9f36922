"""The benchmarks of reading and listening measure what they say, on little."""

import re

from utils import benchmark


def test_a_second_reading_comes_from_the_cache(monkeypatch):
    monkeypatch.setenv("READING_CLIPS", "200")
    first, second = benchmark.reading()
    assert first.startswith("first reading of 200 AIFF") and second.startswith("second reading of")
    for line in (first, second):
        seconds, peak = map(float, re.search(r"([\d.]+) s, peak memory (\d+) MB", line).groups())
        assert 0 < seconds < 60 and 50 < peak < 1500


def test_a_detector_listens_in_bounded_memory(monkeypatch):
    monkeypatch.setenv("LISTENING_HOURS", "0.5")
    monkeypatch.setattr(benchmark.recipes, "RECIPES", {"forest": benchmark.recipes.forest})
    (line,) = benchmark.listening()
    ratio, peak = map(float, re.search(r"(\d+) x real time, peak memory (\d+) MB", line).groups())
    assert line.startswith("0.5 h at 2 kHz, forest") and ratio > 20 and 50 < peak < 1000


def test_the_table_is_read_whole_and_grows_by_what_is_appended(monkeypatch):
    sizes = []
    monkeypatch.setattr(benchmark, "TABLE_ROWS", 300)
    monkeypatch.setattr(benchmark, "TABLE_APPENDS", 20)
    monkeypatch.setattr(
        benchmark.study, "add", lambda path, rows, add=benchmark.study.add: (
            add(path, rows), sizes.append(len(benchmark.study.read(path)))
        )
    )  # fmt: skip
    read, appended = benchmark.table()
    assert read.startswith("reading 300 rows") and appended.startswith("appending 20 to them")
    assert sizes == list(range(300, 321))
