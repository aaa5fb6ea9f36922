"""What the second notebook shows of each model: its source, its size, and the simulated rival."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from IPython.display import Markdown

from utils import data
from utils.sound import spectrograms

if TYPE_CHECKING:
    from utils.baseline.baseline import Bench
    from utils.models.generators.base import Generator


def source(*things: Callable, first: str = "", last: str = "") -> Markdown:
    """Return the source of functions or classes of the package as a cell shows it.

    first, last: words that the first and the last of the lines shown hold, of one function.
    """
    text = "\n".join(textwrap.dedent(inspect.getsource(thing)) for thing in things)
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if first in line)
    stop = len(lines) - 1
    if last:
        stop = next(number for number in range(start, len(lines)) if last in lines[number])
    shown = textwrap.dedent("\n".join(lines[start : stop + 1]))
    return Markdown(f"```python\n{shown.strip()}\n```")


def weights(generator: Generator) -> int:
    """Return the number of weights of all parts of a fitted generator."""
    flow = sum(weight.size for weight in getattr(generator, "flow_weights", ()))
    return flow + sum(part.count_params() for part in generator.network().parts.values())


def hydrophone(bench: Bench, n: int, *, seed: int) -> np.ndarray:
    """Return (n, f, t) simulated clips with a call, on the grid and in the unit of a Bench.

    Units other than dB are taken for decibels that were stretched clip by clip over the range of
    the data set.
    """
    share, dataset = 0.23, bench.dataset
    simulated = data.simulated(n_clips=round(1.3 * n / share) + 100, seed=1000 + seed)
    clips = simulated.spectrograms[simulated.labels == 1][:n]
    clips = spectrograms.resize(clips, bench.grid.shape[1:])
    if dataset.unit == "dB":
        return clips
    low, high = (part((1, 2), keepdims=True) for part in (clips.min, clips.max))
    bottom, top = float(dataset.spectrograms.min()), float(dataset.spectrograms.max())
    return bottom + (top - bottom) * (clips - low) / (high - low)
