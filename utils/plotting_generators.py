"""Figures of generators and their samples: losses, galleries, maps, fidelity and coverage."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from utils.plotting import REFERENCE_LINE, SPECTROGRAM_MAP, WIDTH, place_legend

GRID_MAP = plt.get_cmap(SPECTROGRAM_MAP, 12)  # many panels of noise: few colours, small files
GENERATORS = {  # name: (name in figures, colour, marker)
    "real": ("reales", "#000000", "*"),
    "ae": ("AE", "#E69F00", "v"),
    "vae": ("VAE", "#0072B2", "o"),
    "aae": ("AAE", "#009E73", "D"),
    "gan": ("GAN", "#CC79A7", "^"),
    "diffusion": ("difusión", "#D55E00", "s"),
    "pca_gaussian": ("PCA gaussiana", "#8C8C8C", "P"),
    "noise": ("media + ruido", "#56606B", "X"),
}
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


def losses(histories: Mapping[str, pd.DataFrame]):
    """Draw each loss term over the rounds, one row of panels a generator; return the figure."""
    terms = {
        name: [term for term in TERMS if term in history and history[term].abs().max() > 0]
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
            ax.set_title(TERMS[term], fontsize=9.5)
            ax.tick_params(labelsize=8.5)
            ax.grid()
        row[0].set_ylabel(title(name), fontsize=11)
    figure.supxlabel("ronda de entrenamiento", fontsize=11)
    return figure


def gallery(rows: Mapping[str, np.ndarray], frequencies, times, *, unit, limits):
    """Draw named rows of spectrograms (k, f, t) in common colours; return the figure."""
    columns = max(len(images) for images in rows.values())
    figure, axes = plt.subplots(
        len(rows),
        columns,
        figsize=(WIDTH, 1.1 * len(rows) + 0.8),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for row, (name, images) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(row, images, strict=True):
            mesh = ax.pcolormesh(
                times, frequencies, image, vmin=limits[0], vmax=limits[1], cmap=GRID_MAP,
            )  # fmt: skip
            ax.tick_params(labelsize=8.5)
        row[0].set_ylabel(name, fontsize=10)
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
        mesh = ax.pcolormesh(times, frequencies, parts[key], cmap=GRID_MAP, rasterized=True)
        ax.set_title(name, fontsize=10)
        bar = figure.colorbar(mesh, ax=ax, orientation="horizontal", pad=0.02)
        bar.ax.tick_params(labelsize=8)
        bar.set_label("veces" if key == "deviation" else unit, fontsize=9)
    axes[0].set_ylabel("frecuencia (Hz)")
    figure.supxlabel("tiempo (s)", fontsize=10)
    return figure


def maps(drawn: Mapping[str, np.ndarray], values, *, label, categorical=False):
    """Draw maps (n, 2) of the same points side by side, coloured by values (n,); return axes."""
    figure, axes = plt.subplots(1, len(drawn), figsize=(WIDTH, 3.4))
    for ax, (name, points) in zip(axes, drawn.items(), strict=True):
        dots = ax.scatter(
            *points.T,
            c=values,
            s=11,
            lw=0,
            antialiased=False,
            cmap="tab20" if categorical else "viridis",
        )
        ax.set_title(name)
        ax.set(xticks=[], yticks=[])
    if not categorical:
        figure.colorbar(dots, ax=axes, label=label, pad=0.01)
    return axes


def real_and_synthetic(drawn: Mapping[str, np.ndarray], labels, purity: Mapping, name: str):
    """Draw maps of real (0) and synthetic (1) points with their purity; return the axes."""
    figure, axes = plt.subplots(1, len(drawn), figsize=(WIDTH, 3.3))
    kinds = (("real", "reales"), (name, title(name)))
    for ax, (method, points) in zip(axes, drawn.items(), strict=True):
        for kind, (style, text) in enumerate(kinds):
            chosen = points[labels == kind]
            ax.scatter(
                *chosen.T, s=11, lw=0, antialiased=False, color=GENERATORS[style][1], label=text
            )
        ax.set_title(f"{method}: pureza {purity[method]:.2f}", fontsize=11)
        ax.set(xticks=[], yticks=[])
    place_legend(axes)
    return axes


def fidelity_and_coverage(table: pd.DataFrame, ax=None):
    """Draw two-sample AUC against coverage, a dot a seed and a large one their mean.

    table: columns generator, seed, two_sample_auc, coverage. The best corner is lower right.
    """
    if ax is None:
        ax = plt.subplots(figsize=(0.72 * WIDTH, 4.8))[1]
    for name, rows in table.groupby("generator", sort=False):
        text, colour, marker = GENERATORS[name]
        x, y = rows["coverage"], rows["two_sample_auc"]
        ax.scatter(x, y, s=12, color=colour, alpha=0.45, lw=0)
        ax.scatter(
            x.mean(), y.mean(), s=150, color=colour, marker=marker, edgecolor="white", zorder=3,
            label=text,
        )  # fmt: skip
    ax.axhline(0.5, **REFERENCE_LINE)
    ax.set(xlabel="cobertura (más es mejor)", ylabel="AUC de dos muestras (0,5 es perfecto)")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    ax.grid()
    return ax


def measure_by_generator(table: pd.DataFrame, measures: Mapping[str, str], references=None):
    """Draw each measure's values, a dot a seed and a line for the mean, generators as rows.

    table: columns generator, seed and the measures. measures: column to label. references:
    column to (value, text) of a line. Returns the axes.
    """
    names = [name for name in GENERATORS if name in set(table["generator"])]
    figure, axes = plt.subplots(
        1, len(measures), figsize=(WIDTH, 0.9 + 0.36 * len(names)), sharey=True, squeeze=False
    )
    for ax, (column, label) in zip(axes[0], measures.items(), strict=True):
        for row, name in enumerate(names):
            values = table.loc[table["generator"] == name, column].dropna()
            colour = GENERATORS[name][1]
            ax.scatter(values, np.full(len(values), row), s=16, color=colour, alpha=0.5, lw=0)
            if len(values):
                ax.plot([values.mean()] * 2, [row - 0.3, row + 0.3], color=colour, lw=2.4)
        if references and column in references:
            value, text = references[column]
            ax.axvline(value, **REFERENCE_LINE)
            ax.set_title(text, fontsize=9.5)
        ax.set_xlabel(label, fontsize=10)
        ax.grid(axis="x")
    axes[0][0].set_yticks(range(len(names)), [title(name) for name in names])
    axes[0][0].invert_yaxis()
    return axes[0]


def by_size(table: pd.DataFrame, column, *, label, ax):
    """Draw the mean of a measure over the number of training calls, a line a generator."""
    for name in GENERATORS:
        rows = table[table["generator"] == name].groupby("n_positive")[column].mean()
        if len(rows):
            text, colour, marker = GENERATORS[name]
            ax.plot(rows.index, rows, color=colour, marker=marker, markersize=6, label=text)
    sizes = sorted(table["n_positive"].unique())
    ax.set_xscale("log")
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.minorticks_off()
    ax.set(xlabel="llamadas de entrenamiento", ylabel=label)
    ax.grid()
    return ax


def profiles(values: Mapping[str, np.ndarray], frequencies, *, label, ax):
    """Draw one number a frequency (f,) of several generators as lines; return the axes."""
    for name, profile in values.items():
        text, colour, _ = GENERATORS[name]
        width = 2.6 if name == "real" else 1.5
        ax.plot(profile, frequencies, color=colour, lw=width, label=text)
    ax.set(xlabel=label, ylabel="frecuencia (Hz)")
    ax.grid()
    return ax
