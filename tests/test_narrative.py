"""A sentence of computed numbers is shown as Markdown."""

from utils import narrative


def test_say_shows_markdown(monkeypatch):
    shown = []
    monkeypatch.setattr(narrative, "display", shown.append)
    narrative.say("**3** clips")
    assert [text.data for text in shown] == ["**3** clips"]
