"""The benchmarks of reading and listening measure what they say, on little."""

import re

import pytest

from utils import benchmark
from utils.models import embeddings

COST = r"([\d.]+) (?:s|x real time), processor time ([\d.]+) s, peak memory (\d+) MB"


def numbers(line):
    """What comes before the cost in a line, its processor time in s and peak memory in MB."""
    return map(float, re.search(COST, line).groups())


def test_a_second_reading_comes_from_the_cache(monkeypatch):
    monkeypatch.setenv("READING_CLIPS", "200")
    first, second = benchmark.reading()
    assert first.startswith("first reading of 200 AIFF") and second.startswith("second reading of")
    for line in (first, second):
        seconds, processor, peak = numbers(line)
        assert 0 < seconds < 60 and 0 < processor < 60 and 50 < peak < 1500


def test_a_detector_listens_in_bounded_memory(monkeypatch):
    monkeypatch.setenv("LISTENING_HOURS", "0.1")
    monkeypatch.setattr(benchmark.embeddings, "available", lambda: False)
    (line,) = benchmark.listening()
    ratio, processor, peak = numbers(line)
    assert line.startswith("0.1 h at 2 kHz, forest")
    assert ratio > 20 and processor < 60 and 50 < peak < 1000


@pytest.mark.skipif(not embeddings.available(), reason="the extra is not installed")
def test_a_detector_on_birdnet_listens_too(monkeypatch):
    monkeypatch.setenv("LISTENING_HOURS", "0.02")
    monkeypatch.setattr(benchmark, "EMBEDDED_HOURS", 0.01)
    line = next(line for line in benchmark.listening() if "birdnet" in line)
    assert line.startswith("0.01 h at 2 kHz, birdnet") and next(numbers(line)) > 0.5


def test_growth_is_from_the_smallest_to_the_largest():
    costs = [benchmark.Cost(9.0, 4.0, 300.0), benchmark.Cost(9.0, 5.0, 500.0)]
    costs.append(benchmark.Cost(9.0, 30.0, 290.0))
    (line,) = benchmark._growth(list(zip((1, 4, 8), costs, strict=True)), "forest")
    assert line == "    forest: 8 times the size, 7.5 times the processor time, -10 MB"
    assert benchmark._growth([(1, costs[0])], "forest") == []


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
