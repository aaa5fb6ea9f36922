"""The benchmark of reading measures what it says, on a few clips."""

import re

from utils import benchmark


def test_a_second_reading_comes_from_the_cache(monkeypatch):
    monkeypatch.setenv("READING_CLIPS", "200")
    first, second = benchmark.reading()
    assert first.startswith("first reading of 200 AIFF") and second.startswith("second reading of")
    for line in (first, second):
        seconds, peak = map(float, re.search(r"([\d.]+) s, peak memory (\d+) MB", line).groups())
        assert 0 < seconds < 60 and 50 < peak < 1500
