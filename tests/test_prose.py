"""Notebooks are built alike, and each number of their findings is that of a committed table."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from prose import NUMBERS

from utils.report import FINDINGS, NEEDS

ROOT = Path(__file__).parents[1]
COPIES = {"simulated": "notebooks", "right_whale_upcalls": "reports/right_whale_upcalls"}
NOT_MEASURED = re.compile(r"`[^`]*`|\]\([^)]*\)|\$[^$]*\$|Etapa \d|^\d\. |\bROC AUC\b|t-SNE", re.M)
NUMBER = re.compile(r"[+−]?\d+(?:,\d+)?")


def cells(stem, dataset):
    return nbformat.read(ROOT / COPIES[dataset] / f"{stem}.ipynb", as_version=4).cells


def tags(cell):
    return {*cell.metadata.get("tags", ())}


def findings(stem, dataset):
    """The Markdown cells tagged with a data set."""
    return {
        cell["id"]: cell.source
        for cell in cells(stem, dataset)
        if {*FINDINGS} & tags(cell) and cell.cell_type == "markdown"
    }


def numbers(source):
    return NUMBER.findall(NOT_MEASURED.sub(" ", source))


def each_copy(test):
    test = pytest.mark.parametrize("stem", NUMBERS)(test)
    return pytest.mark.parametrize("dataset", FINDINGS)(test)


@pytest.mark.parametrize("stem", NUMBERS)
def test_each_finding_stands_in_a_copy(stem):
    assert {name for dataset in FINDINGS for name in findings(stem, dataset)} == {*NUMBERS[stem]}


@each_copy
def test_each_number_of_a_finding_rounds_that_of_a_table(stem, dataset):
    for name, source in findings(stem, dataset).items():
        expected = NUMBERS[stem][name]
        assert numbers(source) == [written for written, _ in expected], name
        for written, value in expected:
            digits = len(written.partition(",")[2])
            shown = float(written.replace(",", ".").replace("−", "-"))
            gap = np.abs(shown - np.asarray(value)).max()
            assert gap <= 0.5 * 10**-digits + 1e-9, f"{name}: {written}, not {value}"


def test_numbers_are_found_as_they_are_written():
    text = "1. De 4000 clips, `a[0]`, el 23 % ([x](../01.png)); −0,35 y $z_2$ en la Etapa 1."
    assert numbers(text) == ["4000", "23", "−0,35"]


@each_copy
def test_a_notebook_opens_with_what_is_found_and_ends_with_its_limits(stem, dataset):
    told = [cell.source for cell in cells(stem, dataset) if cell.cell_type == "markdown"]
    sections = [part for source in told for part in re.split(r"^(?=## )", source, flags=re.M)]
    headings = [part.partition("\n")[0] for part in sections if part.startswith("## ")]
    assert headings[0].startswith("## Lo que se encuentra") and len(headings) <= 9
    assert headings[-1] == "## Conclusiones, límites y lo que sigue"
    assert "**Límites.**" in told[-1] and "**Lo que sigue.**" in told[-1]


@each_copy
def test_a_notebook_is_short_in_cells_lines_and_numbers(stem, dataset):
    every = cells(stem, dataset)
    lengths = sorted(len(cell.source.splitlines()) for cell in every if cell.cell_type == "code")
    assert 25 <= len(every) <= 45
    assert lengths[len(lengths) // 2] <= 6 and lengths[int(0.9 * (len(lengths) - 1))] <= 15
    section, count = "", 0
    for cell in every:
        if cell.cell_type == "markdown" and "\n## " in "\n" + cell.source:
            section, count = cell.source, 0
        if {*FINDINGS} & tags(cell):
            count += len(numbers(cell.source))
            assert count <= 12, section


@each_copy
def test_tags_are_known_and_code_speaks_of_every_data_set_that_can_run_it(stem, dataset):
    for cell in cells(stem, dataset):
        assert tags(cell) <= {*FINDINGS, *NEEDS, "nbval-ignore-output"}
        spoken_of = tags(cell) & {*FINDINGS}
        assert not spoken_of or cell.cell_type == "markdown" and dataset in spoken_of
