"""The pages are what `make readme` writes, and their numbers are those of the stored tables."""

import json
import re

import pandas as pd
import pytest

from utils import cli, pages, paths

ROOT = paths.ROOT
BLOCK = re.compile(r"```.*?```", re.S)


@pytest.fixture(params=pages.PAGES)
def page(request):
    return request.param


@pytest.fixture
def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def test_the_page_is_rendered_from_its_template_and_the_facts(page, text):
    assert text == pages.render(page)


def test_the_facts_are_those_of_the_tables_and_no_generator_helps_as_the_pages_say():
    stored = json.loads((ROOT / "pages" / "facts.json").read_text(encoding="utf-8"))
    flat, computed = (pd.json_normalize(facts).loc[0] for facts in (stored, pages.facts()))
    assert computed.to_dict() == pytest.approx(flat.to_dict(), abs=2e-4)
    assert stored["generated"]["helps"] == 0
    best = max(stored["recall"]["birdnet"].values())  # "even the best misses over a third"
    assert best == max(max(own.values()) for own in stored["recall"].values()) < 2 / 3


def test_a_page_is_short_and_opens_with_a_figure(text):
    assert len(text.split("![")[0].split()) <= 170
    assert len(BLOCK.sub("", text).split()) <= 1300
    answer = text[text.index("\n\n**") : text.index("![ROC AUC")]
    assert len(answer.split()) <= 120
    assert len(re.findall(r"\d[,.]\d{3}", answer)) <= 6


def test_a_page_has_one_decimal_sign(page, text):
    text = BLOCK.sub("", text)
    text = re.sub(r"`[^`]*`|\]\([^)]+\)|Python 3\.\d+ (a|to) 3\.\d+", "", text)
    other = {",": r"\d\.\d", ".": r"\d,\d(?!\d\d\b)"}[pages.DECIMAL[pages.PAGES[page]]]
    assert not re.findall(other, text)


def test_commands_of_a_page_exist_with_their_options(text):
    lines = re.findall(r"^\.venv/bin/whales (.*?)(?: *#.*)?$", text, re.M)
    assert len(lines) >= 3
    for line in lines:
        command, words = cli.whales, line.split()
        while hasattr(command, "commands") and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        known = {name for option in command.params for name in option.opts}
        assert {word for word in words if word.startswith("--")} <= known, line
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert {*re.findall(r"^make (\w+)", text, re.M)} <= {*targets}
