"""Figures of generators and their samples: losses, galleries, maps.

Colours of generators are those of Paul Tol's muted scheme, but for the GAN's, and stand for no
classifier or class; black and greys are the real clips and the floors.
"""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from utils.models.generators import registry
from utils.plotting import (
    DIFFERENCE_MAP,
    REFERENCE_LINE,
    SPECTROGRAM_MAP,
    WIDTH,
    dots_by_group,
    place_legend,
)

GRID_MAP = plt.get_cmap(SPECTROGRAM_MAP, 12)  # many panels of noise: few colours, small files
GENERATORS = {  # name: (name in figures, colour)
    "real": ("reales", "#000000"),
    "ae": ("AE", "#999933"),
    "vae": ("VAE", "#332288"),
    "aae": ("AAE", "#AA4499"),
    "gan": ("GAN", "#B2182B"),
    "diffusion": ("difusión", "#CC6677"),
    "copies": ("copias", "#44AA99"),
    "pca_gaussian": ("PCA gaussiana", "#8C8C8C"),
    "noise": ("media + ruido", "#56606B"),
}
SPARE = ("#117733", "#6699CC", "#882255", "#661100")  # of generators without a line above
_new = [name for name in registry.REGISTRY if name not in GENERATORS]
GENERATORS |= {name: (name, SPARE[k % len(SPARE)]) for k, name in enumerate(_new)}
TERMS = {
    "reconstruction": "reconstrucción",
    "code_length": "longitud del código",
    "divergence": "divergencia KL",
    "deception": "engaño",
    "discrimination": "error del\ndiscriminador",
    "penalty": "penalización",
    "discriminator_accuracy": "aciertos del\ndiscriminador",
    "validation": "validación",
    "flow": "flujo",
    "flow_validation": "flujo, validación",
}


def title(name: str) -> str:
    """Return the name of a generator in figures and sentences."""
    return GENERATORS[name][0]


def losses(histories: Mapping[str, pd.DataFrame], kept: Mapping[str, int]):
    """Draw each loss term over the rounds, one row of panels a generator; return the figure.

    kept: the round of the network's weights that are used, a dashed line; a flow has its own.
    """
    terms = {
        name: [
            term
            for term in (*TERMS, *history.columns.difference([*TERMS, "round", "loss"]))
            if term in history and history[term].abs().max() > 0
        ]
        for name, history in histories.items()
    }
    columns = max(len(names) for names in terms.values())
    figure, axes = plt.subplots(
        len(terms), columns, figsize=(WIDTH, 1.55 * len(terms) + 0.4), squeeze=False, sharex=True
    )
    for row, (name, names) in zip(axes, terms.items(), strict=True):
        for ax in row[len(names) :]:
            ax.remove()
        for ax, term in zip(row, names, strict=False):
            history = histories[name][["round", term]].dropna()
            ax.plot(history["round"], history[term], color=GENERATORS[name][1])
            if not term.startswith("flow"):
                ax.axvline(kept[name], **REFERENCE_LINE)
            ax.set_title(TERMS.get(term, term), fontsize=9.5)
            ax.tick_params(labelsize=8.5)
            ax.grid()
        row[0].set_ylabel(title(name), fontsize=11)
    figure.supxlabel("ronda de entrenamiento", fontsize=11)
    return figure


def gallery(rows: Mapping[str, np.ndarray], frequencies, times, *, unit, limits, headings=()):
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
    for ax, heading in zip(axes[0], headings, strict=False):
        ax.set_title(heading, fontsize=10, loc="center")
    figure.supxlabel("tiempo (s)", fontsize=11)
    figure.supylabel("frecuencia (Hz)", fontsize=11)
    figure.colorbar(mesh, ax=axes, label=unit, pad=0.01, aspect=40)
    return figure


def composition(parts: Mapping, frequencies, times, *, unit):
    """Draw the images that one sample is made of, each with its own scale; return the figure."""
    names = {
        "level": "nivel del mar",
        "texture": "textura del mar",
        "call": "llamada: media",
        "deviation": "paso de la textura",
        "sample": "clip sintético",
    }
    figure, axes = plt.subplots(1, len(names), figsize=(WIDTH, 2.5), sharex=True, sharey=True)
    for ax, (key, name) in zip(axes, names.items(), strict=True):
        colours = {"cmap": GRID_MAP}
        if key == "call":  # has both signs
            reach = np.abs(parts[key]).max()
            colours = {"cmap": plt.get_cmap(DIFFERENCE_MAP, 13), "vmin": -reach, "vmax": reach}
        mesh = ax.pcolormesh(times, frequencies, parts[key], rasterized=True, **colours)
        ax.set_title(name, fontsize=10)
        bar = figure.colorbar(mesh, ax=ax, orientation="horizontal", pad=0.02)
        bar.ax.tick_params(labelsize=8)
        bar.set_label("veces" if key == "deviation" else unit, fontsize=9)
    axes[0].set_ylabel("frecuencia (Hz)")
    figure.supxlabel("tiempo (s)", fontsize=10)
    return figure


def maps(drawn: Mapping[str, np.ndarray], values, *, label):
    """Draw maps (n, 2) of the same points side by side, coloured by values (n,); return axes.

    Colours span the middle 96 % of the values.
    """
    figure, axes = plt.subplots(1, len(drawn), figsize=(WIDTH, 3.4))
    low, high = np.percentile(values, [2, 98])
    style = {"s": 11, "lw": 0, "antialiased": False, "vmin": low, "vmax": high}
    style["cmap"] = plt.get_cmap("viridis", 12)
    for ax, points in _titled(axes, drawn):
        dots = ax.scatter(*points.T, c=values, **style)
    figure.colorbar(dots, ax=axes, label=label, pad=0.01, extend="both")
    return axes


def _titled(axes, drawn):
    """Yield axes without ticks, each under the name of its map, and the points of that map."""
    for ax, (name, points) in zip(axes, drawn.items(), strict=True):
        ax.set_title(name)
        ax.set(xticks=[], yticks=[])
        yield ax, points


def maps_by_group(drawn: Mapping[str, np.ndarray], groups):
    """Draw maps (n, 2) of the same points, the largest groups (n,) in colours; return axes."""
    axes = plt.subplots(1, len(drawn), figsize=(WIDTH, 3.4))[1]
    for ax, points in _titled(axes, drawn):
        dots_by_group(ax, points, groups)
    place_legend(axes, markerscale=2, handletextpad=0, columnspacing=1)
    return axes


def real_and_synthetic(drawn: Mapping[str, np.ndarray], labels, purity: Mapping, name: str):
    """Draw maps of real (0) and synthetic (1) points with their purity; return the axes."""
    figure, axes = plt.subplots(1, len(drawn), figsize=(WIDTH, 2.9))
    kinds = (("real", "reales de validación"), (name, title(name)))
    for ax, (method, points) in zip(axes, drawn.items(), strict=True):
        for kind, (style, text) in enumerate(kinds):
            chosen = points[labels == kind]
            ax.scatter(
                *chosen.T, s=6, lw=0, antialiased=False, color=GENERATORS[style][1], label=text
            )
        ax.set_title(f"{method}: pureza {purity[method]:.2f}", fontsize=11)
        ax.set(xticks=[], yticks=[])
    place_legend(axes, markerscale=2)
    return axes
