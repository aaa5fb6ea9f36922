"""Sentences that notebooks build from computed numbers."""

import re

from IPython.display import Markdown, display

_KEPT = re.compile(r"(`[^`]*`|\]\([^)]*\))")  # code, and where a link leads
_POINT = re.compile(r"(?<![\w.])(\d+)\.(\d+)(?![\w]|\.\w)")
_MINUS = re.compile(r"(?<![\w.,)\]-])-(?=\d)")


def say(text: str) -> None:
    """Show a Markdown text as the output of a cell; its numbers are rounded by the caller."""
    display(Markdown(in_spanish(text)))


def in_spanish(text: str) -> str:
    """Write the numbers of a Markdown text as Spanish prose does: "-0.25" as "−0,25".

    Code, link targets and dotted words, such as versions and file names, stay as they are.
    """
    parts = _KEPT.split(text)
    parts[::2] = [_MINUS.sub("−", _POINT.sub(r"\1,\2", part)) for part in parts[::2]]
    return "".join(parts)


def ranged(mean: float, low: float, high: float, form: str = "+.3f") -> str:
    """A value with its interval, such as "+0.012 (+0.003 a +0.021)"."""
    return f"{mean:{form}} ({low:{form}} a {high:{form}})"
