"""Sentences that notebooks build from computed numbers."""

import re

from IPython.display import Markdown, display

from utils.statistics import evaluation

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


def percent(share: float) -> str:
    """0.826 as "83 %", small shares with one decimal, as Spanish writes them."""
    return f"{100 * share:.0f} %" if share >= 0.095 or share == 0 else f"{100 * share:.1f} %"


def beside_chance(share: float, chance: float) -> str:
    """A share, the one expected by chance, and about how many times that is."""
    times = share / chance
    about = f"{times:.1f}" if times < 3 else f"unas {times:.0f}"
    return f"{percent(share)} (por azar, {percent(chance)}; {about} veces)"


def effect_word(d: float) -> str:
    """A Spanish word for a standardised mean difference, after Cohen (1988)."""
    size = abs(d)
    if size < 0.2:
        return "despreciable"
    return "pequeño" if size < 0.5 else "mediano" if size < evaluation.LARGE_EFFECT else "grande"


def separation_word(roc_auc: float) -> str:
    """What a ROC AUC says about a cue, as a Spanish predicate."""
    if roc_auc < 0.55:
        return "no separa las clases"
    return f"separa {'un poco' if roc_auc < 0.7 else 'con claridad'} las clases"


def near_word(value: float, reference: float, margin: float) -> str:
    """Whether a value that moves from machine to machine lies near a reference, in Spanish."""
    if abs(value - reference) < margin:
        return f"a menos de {margin:.2f} de"
    return f"{margin:.2f} o más por {'encima' if value > reference else 'debajo'} de"
