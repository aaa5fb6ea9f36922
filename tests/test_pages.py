"""The pages are what `make readme` writes, and their numbers are those of the stored tables."""

import json
import re

import pytest

from utils import cli, pages, paths

ROOT = paths.ROOT
BLOCK = re.compile(r"```.*?```", re.S)


@pytest.mark.parametrize("page", pages.PAGES)
def test_the_page_is_rendered_from_its_template_and_the_facts(page):
    assert (ROOT / page).read_text(encoding="utf-8") == pages.render(page)


def test_the_facts_are_those_of_the_tables():
    stored = json.loads((ROOT / "pages" / "facts.json").read_text(encoding="utf-8"))
    computed = json.loads(json.dumps(pages.facts()))

    def compare(one, other):
        assert type(one) is type(other)
        if isinstance(one, dict):
            assert one.keys() == other.keys()
            for key in one:
                compare(one[key], other[key])
        elif isinstance(one, float):
            assert one == pytest.approx(other, abs=2e-4)
        else:
            assert one == other

    compare(stored, computed)


def test_no_generator_helps_as_the_pages_say():
    stored = json.loads((ROOT / "pages" / "facts.json").read_text(encoding="utf-8"))
    assert stored["generated"]["helps"] == 0


@pytest.mark.parametrize("page", pages.PAGES)
def test_a_page_is_short_and_opens_with_a_figure(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert len(text.split("![")[0].split()) <= 170
    assert len(BLOCK.sub("", text).split()) <= 1300
    answer = text[text.index("\n\n**") : text.index("![ROC AUC")]
    assert len(answer.split()) <= 120
    assert len(re.findall(r"\d[,.]\d{3}", answer)) <= 6


@pytest.mark.parametrize("page", pages.PAGES)
def test_links_of_a_page_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    heads = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, head = target.partition("#")
        assert not path or (ROOT / path).exists(), target
        assert path or head in heads, target


@pytest.mark.parametrize("page", pages.PAGES)
def test_a_page_has_one_decimal_sign(page):
    text = BLOCK.sub("", (ROOT / page).read_text(encoding="utf-8"))
    text = re.sub(r"`[^`]*`|\]\([^)]+\)|Python 3\.\d+ (a|to) 3\.\d+", "", text)
    other = {",": r"\d\.\d", ".": r"\d,\d(?!\d\d\b)"}[pages.DECIMAL[pages.PAGES[page]]]
    assert not re.findall(other, text)


@pytest.mark.parametrize("page", pages.PAGES)
def test_commands_of_a_page_exist_with_their_options(page):
    text = (ROOT / page).read_text(encoding="utf-8")
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
