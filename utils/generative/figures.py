"""Figures of generators and their samples: sketches, training, codes, galleries, maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

from utils import plotting
from utils.generative import lessons
from utils.generative.synthesis import EXPLAINED, TAKEN
from utils.models.generators.diffusion import FLOW_ROUND_STEPS
from utils.models.generators.training import ROUNDS
from utils.plotting import (
    DIFFERENCE_MAP,
    REFERENCE_LINE,
    SPECTROGRAM_MAP,
    WIDTH,
    level,
    number,
    place_legend,
)
from utils.plotting.generators import GENERATORS, title
from utils.plotting.style import space_ticks

if TYPE_CHECKING:
    from utils.models.generators.base import Generator

GRID_MAP = plt.get_cmap(SPECTROGRAM_MAP, 12)  # many panels of noise: few colours, small files

_SKETCHES = {
    "ae": (
        {
            "clip": (0, 0, "exceso $x$", "real"),
            "encoder": (1, 0, "codificador", "learned"),
            "code": (2, 0, "código $z$\n32 números", "plain"),
            "decoder": (3, 0, "decodificador", "learned"),
            "call": (4, 0, r"llamada $\mu$" + "\n" + r"y ganancia $\sigma$", "plain"),
            "draw": (2, -1, "al muestrear:\nmezcla de\ngaussianas", "random"),
        },
        "clip encoder, encoder code, code decoder, decoder call, draw code",
    ),
    "vae": (
        {
            "clip": (0, 0, "exceso $x$", "real"),
            "encoder": (1, 0, "codificador", "learned"),
            "spread": (2, 0, "media $m$ y\ndesviación $s$", "plain"),
            "code": (3, 0, r"$z = m + s\,\varepsilon$", "plain"),
            "decoder": (4, 0, "decodificador", "learned"),
            "call": (5, 0, r"llamada $\mu$" + "\n" + r"y ganancia $\sigma$", "plain"),
            "noise": (2, -1, r"ruido $\varepsilon$" + "\nde $N(0,1)$", "random"),
            "draw": (3, -1, "al muestrear:\ncerca de códigos\nde llamadas", "random"),
        },
        "clip encoder, encoder spread, spread code, noise code, code decoder, decoder call, "
        "draw code",
    ),
    "aae": (
        {
            "clip": (0, 0, "exceso $x$", "real"),
            "encoder": (1, 0, "codificador", "learned"),
            "code": (2, 0, "código $z$", "plain"),
            "decoder": (3, 0, "decodificador", "learned"),
            "call": (4, 0, r"llamada $\mu$" + "\n" + r"y ganancia $\sigma$", "plain"),
            "prior": (2, -1, "sorteo de\n$N(0,1)$", "random"),
            "judge": (3, -1, "discriminador:\n¿código o sorteo?", "learned"),
            "draw": (2, 1, "al muestrear:\nmezcla de\ngaussianas", "random"),
        },
        "clip encoder, encoder code, code decoder, decoder call, code judge, prior judge, "
        "draw code",
    ),
    "gan": (
        {
            "noise": (0, 0, "ruido $z$\nde $N(0,1)$", "random"),
            "decoder": (1, 0, "generador", "learned"),
            "call": (2, 0, r"$\mu + \sigma\cdot$" + "textura\nde un mar real", "plain"),
            "real": (2, -1, "llamada real,\nsin su nivel", "real"),
            "judge": (3, -0.5, "discriminador:\n¿es real?", "learned"),
        },
        "noise decoder, decoder call, call judge, real judge",
    ),
    "diffusion": (
        {
            "noise": (0, 0, "ruido\nde $N(0,1)$", "random"),
            "flow": (1, 0, "velocidad $v$,\n16 pasos", "learned"),
            "code": (2, 0, "código $z$\nde llamada", "plain"),
            "decoder": (3, 0, "decodificador\nde un VAE", "learned"),
            "call": (4, 0, r"llamada $\mu$" + "\n" + r"y ganancia $\sigma$", "plain"),
        },
        "noise flow, flow code, code decoder, decoder call",
    ),
    "hydrophone": (
        {
            "draw": (0, 0, "inicio, fin,\nduración al azar", "random"),
            "sweep": (1, 0, "barrido\n(onda)", "plain"),
            "echoes": (2, 0, "ecos y pérdida\n(TL)", "plain"),
            "gain": (3, 0, "ganancia según\nla SNR", "plain"),
            "sum": (4, 0, "suma en\npresión", "plain"),
            "clip": (5, 0, "STFT y mel:\nclip", "plain"),
            "sea": (4, -1, "ruido de Wenz,\nbarcos, otros\nanimales (NL)", "random"),
        },
        "draw sweep, sweep echoes, echoes gain, gain sum, sea sum, sum clip",
    ),
}
_CURVES = {  # terms that are drawn in one panel, since they share a unit
    "ae": ("reconstruction", "validation"),
    "vae": ("reconstruction", "validation"),
    "aae": ("reconstruction", "validation"),
    "gan": ("deception", "discrimination"),
    "diffusion": ("flow", "flow_validation"),
}
TERMS = {
    "reconstruction": "entrenamiento",
    "validation": "validación",
    "deception": "engaño (generador)",
    "discrimination": "error del discriminador",
    "flow": "flujo, entrenamiento",
    "flow_validation": "flujo, validación",
}


def scores(numbers: pd.Series) -> pd.DataFrame:
    """Return the numbers of `synthesis.measure` as a table for readers, a row a generator."""
    columns = {
        TAKEN: "tomadas por llamada",
        EXPLAINED: "varianza explicada",
    }
    table = numbers.unstack()[list(columns)].rename(columns=columns)
    table = table.reindex([name for name in GENERATORS if name in table.index]).rename(title)
    table = table.map(lambda value: number(value, 2))
    return table.rename_axis("procedencia").rename_axis(columns=None)


def sketch(name: str) -> Axes:
    """Draw what a model is made of, by name; blue boxes learn, orange ones are drawn at random."""
    boxes, arrows = _SKETCHES[name]
    columns, rows = ([box[axis] for box in boxes.values()] for axis in (0, 1))
    span = max(columns) + 1, max(rows) - min(rows) + 1
    ax = plotting.new_axes(None, width=1.55 * span[0], height=0.75 * span[1] + 0.25)
    pairs = [pair.split() for pair in arrows.split(", ")]
    return plotting.diagram(boxes, pairs, ax, size=9.5)


def lesson(
    generator: Generator,
    samples: np.ndarray,
    frequencies: np.ndarray,
    times: np.ndarray,
    *,
    unit: str,
    limits: tuple[float, float] | np.ndarray,
) -> np.ndarray:
    """Draw the training curve of a fitted generator beside three samples (n, f, t); return axes.

    The dashed line marks the round whose weights are used; the GAN and diffusion keep the last.
    """
    name = generator.name
    figure, axes = plt.subplots(1, 4, figsize=(WIDTH, 2.8), width_ratios=[1.5, 1, 1, 1])
    weights = f"{lessons.weights(generator):,}".replace(",", " ")
    steps = f"{generator.used_steps} pasos de gradiente"
    if name == "diffusion":
        steps = f"{generator.used_steps} pasos del VAE y {ROUNDS * FLOW_ROUND_STEPS} del flujo"
    figure.suptitle(f"{title(name)}: {steps}, {weights} pesos")
    lines = zip(_CURVES[name], ("-", ":"), strict=True)
    for term, line in lines:
        if term in generator.history:
            rows = generator.history[["round", term]].dropna()
            axes[0].plot(
                rows["round"], rows[term], ls=line, color=GENERATORS[name][1], label=TERMS[term]
            )
    if name not in ("gan", "diffusion"):
        axes[0].axvline(generator.kept, **REFERENCE_LINE)
    axes[0].set(xlabel="ronda de entrenamiento", ylabel="pérdida")
    axes[0].legend(fontsize=9, loc="lower left", bbox_to_anchor=(-0.05, 1.0))
    axes[0].grid()
    for ax, image in zip(axes[1:], samples, strict=False):
        mesh = ax.pcolormesh(
            times, frequencies, image, vmin=limits[0], vmax=limits[1], cmap=GRID_MAP
        )
        ax.set(xlabel="tiempo (s)", yticks=[])
    axes[1].yaxis.set_major_locator(ticker.MaxNLocator(3))
    axes[1].set_ylabel("frecuencia (Hz)")
    figure.colorbar(mesh, ax=axes[1:], label=level(unit), pad=0.02, aspect=15)
    return axes


_CODES = {  # what points of a latent plane look like
    "llamadas": {"color": "#000000", "marker": "o", "s": 14, "lw": 0.9},
    "sorteados": {"color": "#D55E00", "marker": "+", "s": 45, "lw": 1.5},
}
_PRIOR = {"color": "#009E73", "marker": "x", "s": 18, "lw": 0.9}


def latent_planes(panels: Mapping[str, Mapping[str, np.ndarray]]) -> np.ndarray:
    """Draw codes (n, d) in the two directions in which the first of a panel vary most; return axes.

    panels: heading to {label: codes}. Circles: one and two standard deviations of N(0, 1), which
    is the same in every direction. Axes are in the codes' own unit and alike in all panels.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(WIDTH, 4.4), sharex=True, sharey=True)
    axes, widest = np.atleast_1d(axes), []
    for ax, (heading, clouds) in zip(axes, panels.items(), strict=True):
        fitted = PCA(2).fit(next(iter(clouds.values())))
        plane = fitted.components_.T
        widest.append(f"{heading}, {number(fitted.explained_variance_[0] ** 0.5, 1)}")
        for label, codes in clouds.items():
            ax.scatter(*(codes @ plane).T, alpha=0.8, label=label, **_CODES.get(label, _PRIOR))
        angle = np.linspace(0, 2 * np.pi, 100)
        for radius in (1, 2):
            circle = radius * np.cos(angle), radius * np.sin(angle)
            label = "N(0, 1): una y dos desviaciones" if radius == 1 else None
            ax.plot(*circle, color="#0072B2", lw=1.6, label=label)
        ax.set(aspect="equal", xlabel="primera dirección del código", title=heading)
        ax.grid()
    axes[0].set_ylabel("segunda dirección")
    figure.suptitle(f"Desviación típica en la dirección más ancha: {'; '.join(widest)}")
    place_legend(axes)
    return axes


def populations(plane: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Draw a map (n, 2) of clips from several sources, a panel each over all others; return axes.

    names (n,): the source of each point, of GENERATORS.
    """
    sources = list(dict.fromkeys(names))
    _, axes = plt.subplots(1, len(sources), figsize=(WIDTH, 2.9), sharex=True, sharey=True)
    for ax, source in zip(axes, sources, strict=True):
        own = names == source
        ax.scatter(*plane[~own].T, s=5, lw=0, antialiased=False, color="#D8D8D8")
        ax.scatter(*plane[own].T, s=12, lw=0, antialiased=False, color=GENERATORS[source][1])
        ax.set_title(title(source), fontsize=11)
        ax.set(xticks=[], yticks=[])
    return axes


def gallery(
    rows: Mapping[str, np.ndarray | Sequence[np.ndarray]],
    frequencies: np.ndarray,
    times: np.ndarray,
    *,
    unit: str,
    limits: tuple[float, float] | np.ndarray,
    headings: Sequence[str] = (),
) -> Figure:
    """Draw named rows of spectrograms (k, f, t) in common colours; return the figure.

    Limits around 0 ask for diverging colours. headings: of the columns.
    """
    diverging = limits[0] == -limits[1]
    colours = plt.get_cmap(DIFFERENCE_MAP, 13) if diverging else GRID_MAP
    columns = max(len(images) for images in rows.values())
    figure, axes = plt.subplots(
        len(rows),
        columns,
        figsize=(WIDTH, max(len(rows), 1.3) + 0.8),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for row, (name, images) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(row, images, strict=True):
            mesh = ax.pcolormesh(
                times, frequencies, image, vmin=limits[0], vmax=limits[1], cmap=colours,
            )  # fmt: skip
            ax.tick_params(labelsize=8.5)
        row[0].set_ylabel(name, fontsize=10)
    space_ticks(axes[0, 0])
    for ax, heading in zip(axes[0], headings, strict=False):
        ax.set_title(heading, fontsize=10, loc="center")
    figure.supxlabel("tiempo (s)", fontsize=11)
    figure.supylabel("frecuencia (Hz)", fontsize=11)
    figure.colorbar(mesh, ax=axes, label=level(unit), pad=0.01, aspect=40)
    return figure


def composition(
    parts: Mapping[str, np.ndarray], frequencies: np.ndarray, times: np.ndarray, *, unit: str
) -> Figure:
    """Draw the images that one sample is made of, each with its own scale; return the figure."""
    names = {
        "level": "nivel del mar",
        "texture": "textura del mar",
        "call": "llamada: media",
        "deviation": "ganancia del mar",
        "sample": "clip sintético",
    }
    figure, axes = plt.subplots(1, len(names), figsize=(WIDTH, 2.8), sharex=True, sharey=True)
    for ax, (key, name) in zip(axes, names.items(), strict=True):
        colours = {"cmap": GRID_MAP}
        if key == "call":  # has both signs
            reach = np.abs(parts[key]).max()
            colours = {"cmap": plt.get_cmap(DIFFERENCE_MAP, 13), "vmin": -reach, "vmax": reach}
        mesh = ax.pcolormesh(times, frequencies, parts[key], rasterized=True, **colours)
        ax.set_title(name, fontsize=10)
        bar = figure.colorbar(mesh, ax=ax, orientation="horizontal", pad=0.02)
        bar.ax.tick_params(labelsize=9)
        bar.ax.locator_params(nbins=3)
        bar.set_label("veces" if key == "deviation" else unit, fontsize=9)
    axes[0].set_ylabel("frecuencia (Hz)")
    figure.supxlabel("tiempo (s)", fontsize=10)
    return figure
