"""Figures of Checkpoint 3: measures of generators between their floors and their ceiling."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from utils.generative.figures import GENERATORS, title
from utils.plotting import REFERENCE_LINE, WIDTH, place_legend, scale_logarithmically
from utils.plotting.style import new_axes

MARKERS = {
    "real": "*", "ae": "o", "vae": "s", "aae": "D", "gan": "^", "diffusion": "v",
    "copies": "X", "pca_gaussian": "P", "noise": "p",
}  # fmt: skip
MARKERS |= {name: "h" for name in GENERATORS if name not in MARKERS}
LINES = {
    "ae": (0, (5, 1)), "vae": "-", "aae": "-.", "gan": ":", "diffusion": "--",
    "copies": (0, (5, 1, 1, 1, 1, 1)),
}  # fmt: skip
SOME_UNIT = "unidad del espectrograma"
MEASURES = {
    "frechet_pca": "Fréchet, PCA",
    "frechet_cnn": "Fréchet, CNN",
    "kid_pca": "KID, PCA (media + ruido = 1)",
    "kid_cnn": "KID, CNN (media + ruido = 1)",
    "density_pca": "densidad, PCA",
    "density_cnn": "densidad, CNN",
    "coverage_pca": "cobertura, PCA",
    "coverage_cnn": "cobertura, CNN",
    "precision_pca": "precisión, PCA",
    "recall_pca": "exhaustividad, PCA",
    "two_sample_auc": "AUC de dos muestras",
    "usefulness": "utilidad (ROC AUC)",
    "topped_up": "reales más sintéticas (ROC AUC)",
    "copying_p_alone": "p de copia, llamada sola",
    "authenticity_alone": "autenticidad, llamada sola",
    "wasserstein_start_hz": "frecuencia inicial (Hz)",
    "wasserstein_slope_hz_s": "pendiente (Hz/s)",
    "wasserstein_duration_s": "duración (s)",
    "wasserstein_snr_db": f"SNR ({SOME_UNIT})",
}


CONTROL = "training"  # real training clips beside the held-out ones, in `profiles`


def fidelity_and_coverage(fidelity: pd.DataFrame, coverage: pd.DataFrame, ax=None):
    """Draw each generator's two-sample AUC against its coverage, both with intervals.

    Markers are hollow, so that those of neighbours show.
    """
    ax = new_axes(ax, height=4.6, width=WIDTH)
    for name in coverage.index:
        x, y = fidelity.loc[name], coverage.loc[name]
        ax.errorbar(
            x["mean"],
            y["mean"],
            xerr=[[x["mean"] - x["low"]], [x["high"] - x["mean"]]],
            yerr=[[y["mean"] - y["low"]], [y["high"] - y["mean"]]],
            fmt=MARKERS[name],
            ms=13 if name == "real" else 9,
            mfc="none",
            mew=1.8,
            color=GENERATORS[name][1],
            elinewidth=1,
            label=title(name),
        )
    ax.set_xlabel("AUC de dos muestras, de peor a mejor (0.5: indistinguible de lo real)")
    ax.set_ylabel("cobertura de las llamadas de prueba, PCA")
    ax.set(xlim=(1.03, min(0.48, fidelity["low"].min() - 0.01)), ylim=(0, 1))
    ax.grid()
    ax.figure.legend(loc="outside right center")
    return ax


def measures(summaries: Mapping[str, pd.DataFrame], columns: int = 2, *, logarithmic=(),
             relative=(), sharex=False, unit=SOME_UNIT):  # fmt: skip
    """Draw named measures of all generators with intervals, a panel each; return the axes.

    relative: measures shown as a share of that of `noise`, which is not drawn there. unit: of the
    spectrograms.
    """
    rows = -(-len(summaries) // columns)
    names = max((s.index for s in summaries.values()), key=len)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, rows * (0.28 * len(names) + 0.7)), squeeze=False,
        sharex=sharex, sharey=True,
    )  # fmt: skip
    for ax, (measure, summary) in zip(axes.flat, summaries.items(), strict=True):
        if measure in relative:
            summary = (summary / summary.loc["noise", "mean"]).drop("noise")
        for place, name in enumerate(names):
            if name not in summary.index:
                continue
            row = summary.loc[name]
            ax.errorbar(
                row["mean"],
                place,
                xerr=[[row["mean"] - row["low"]], [row["high"] - row["mean"]]],
                fmt=MARKERS[name],
                color=GENERATORS[name][1],
                elinewidth=1.4,
            )
        if "real" in summary.index:
            ax.axvline(summary.loc["real", "mean"], **REFERENCE_LINE)
        if measure in logarithmic:
            scale_logarithmically(ax)
        else:
            ax.locator_params(axis="x", nbins=5)
        ax.set_title(MEASURES[measure].replace(SOME_UNIT, unit), fontsize=11)
        ax.grid(axis="x")
        ax.set_yticks(range(len(names)), [title(name) for name in names])
    axes[0, 0].invert_yaxis()
    return axes


def by_size(curves: Mapping[str, pd.DataFrame], names):
    """Draw measures against the number of training calls, a panel each; return the axes.

    curves: measure to a table of generators (rows) and sizes (columns).
    """
    figure, axes = plt.subplots(1, len(curves), figsize=(WIDTH, 3.6), squeeze=False)
    for ax, (measure, curve) in zip(axes[0], curves.items(), strict=True):
        sizes = list(curve)
        for name in names:
            ax.plot(
                sizes,
                curve.loc[name],
                marker=MARKERS[name],
                color=GENERATORS[name][1],
                label=title(name),
                linestyle="-" if name not in ("real", "pca_gaussian") else "--",
            )
        ax.set_xscale("log")
        ax.set_xticks(sizes, [str(size) for size in sizes])
        ax.minorticks_off()
        ax.set_title(MEASURES[measure], fontsize=11)
        ax.grid()
        ax.set_xlabel("llamadas de entrenamiento")
    place_legend(axes[0])
    return axes[0]


def profiles(profiles: Mapping[str, np.ndarray], spectra: Mapping[str, np.ndarray], frequencies,
             cycles, *, unit):  # fmt: skip
    """Draw band profiles and texture spectra minus, or over, those of `real`; return the axes.

    profiles: name to (f,); spectra: name to (f, k), whose columns are cycles (k,) a clip. Names are
    those of generators, and CONTROL.
    """
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.8))
    for name, profile in profiles.items():
        if name == "real":
            continue
        style = {"color": "#000000", "linestyle": "--", "label": "reales de\nentrenamiento"}
        if name != CONTROL:
            style = {"color": GENERATORS[name][1], "label": title(name), "ls": LINES.get(name, "-")}
        axes[0].plot(frequencies, profile - profiles["real"], **style)
        ratio = spectra[name].mean(0) / spectra["real"].mean(0)
        axes[1].plot(cycles, 10 * np.log10(ratio), **style)
    for ax in axes:
        ax.axhline(0, **REFERENCE_LINE, label="reales de\nprueba")
        ax.grid()
    axes[0].set(xlabel="frecuencia (Hz)", ylabel=f"diferencia ({unit})")
    axes[0].set_title("nivel medio por banda, menos el real", fontsize=11)
    axes[1].set(xlabel="fluctuaciones por clip", ylabel="razón (dB)")
    scale_logarithmically(axes[1])
    axes[1].set_title("potencia de la textura, frente a la real", fontsize=11)
    place_legend(axes)
    return axes


def nearest(distances: Mapping[str, np.ndarray], ax=None):
    """Draw the share of clips whose call lies nearer than a distance to a training call."""
    ax = new_axes(ax, height=3.8, width=0.8 * WIDTH)
    for name, values in distances.items():
        ordered = np.sort(values)
        share = np.arange(1, len(ordered) + 1) / len(ordered)
        ax.step(
            ordered,
            share,
            where="post",
            color=GENERATORS[name][1],
            ls=LINES.get(name, "-"),
            label=title(name) if name != "real" else "reales de prueba",
            lw=2.4 if name == "real" else 1.6,
        )
    ax.set_xlabel("distancia a la llamada de entrenamiento más cercana (PCA de la llamada sola)")
    ax.set_ylabel("parte de los clips")
    ax.set_ylim(0, 1)
    ax.grid()
    ax.legend(loc="lower right")
    return ax
