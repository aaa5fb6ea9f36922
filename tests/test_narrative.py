"""A sentence of computed numbers is shown as Markdown."""

import pytest

from utils import narrative


def test_say_shows_markdown(monkeypatch):
    shown = []
    monkeypatch.setattr(narrative, "display", shown.append)
    narrative.say("**3** clips de 2.5 s")
    assert [text.data for text in shown] == ["**3** clips de 2,5 s"]


@pytest.mark.parametrize(
    ("computed", "written"),
    [
        ("cambia -0.010 (-0.026 a +0.005).", "cambia −0,010 (−0,026 a +0,005)."),
        ("**0.923** y ±0.06; 12.5 %", "**0,923** y ±0,06; 12,5 %"),
        ("p < 0.05, de 0 a 4096", "p < 0,05, de 0 a 4096"),
        ("1. **El grupo** 2. El resto", "1. **El grupo** 2. El resto"),
        ("de 25 a 50. 800 clips", "de 25 a 50. 800 clips"),
        ("- 5 de 5\n- -3 dB", "- 5 de 5\n- −3 dB"),
        ("`x = -0.5` y [1.5](../f/1.5-2.png)", "`x = -0.5` y [1,5](../f/1.5-2.png)"),
        ("Keras 3.15.1, clip_1.5, v2.0, 2013-06", "Keras 3.15.1, clip_1.5, v2.0, 2013-06"),
        ("| 0.9 | -2.0 |", "| 0,9 | −2,0 |"),
    ],
)
def test_numbers_are_written_as_spanish_prose_does(computed, written):
    assert narrative.in_spanish(computed) == written
    assert narrative.in_spanish(written) == written
