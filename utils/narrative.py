"""Sentences that notebooks build from computed numbers."""

from IPython.display import Markdown, display


def say(text: str) -> None:
    """Show a Markdown text as the output of a cell; its numbers are rounded by the caller."""
    display(Markdown(text))
