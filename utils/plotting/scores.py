"""Figures of scores: curves, confusion, calibration, intervals, learning curves."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from sklearn import metrics

from utils.plotting.style import (
    CLASS_COLOURS,
    CLASS_NAMES,
    MODELS,
    REFERENCE_LINE,
    VEIL,
    WIDTH,
    model_order,
    model_style,
    new_axes,
    number,
    place_legend,
)
from utils.statistics import evaluation


def roc_curves(predictions: Mapping, ax: Axes | None = None) -> Axes:
    """Draw ROC curves; predictions: name to (labels (n,), probability (n,))."""
    ax = new_axes(ax, height=4.6, width=0.5 * WIDTH)
    for name, (labels, probability) in predictions.items():
        title, style = model_style(name)
        false, true, _ = metrics.roc_curve(labels, probability)
        area = metrics.roc_auc_score(labels, probability)
        ax.plot(false, true, **style | {"marker": None}, label=f"{title} ({number(area, 2)})")
    ax.plot([0, 1], [0, 1], **REFERENCE_LINE, label="al azar (0,50)")
    ax.set(xlabel="tasa de falsas alarmas", ylabel="exhaustividad (llamadas detectadas)")
    ax.legend(title="ROC AUC", loc="lower right", alignment="left", **VEIL)
    return _unit_square(ax)


def precision_recall_curves(predictions: Mapping, ax: Axes | None = None) -> Axes:
    """Draw precision over recall; predictions: name to (labels (n,), probability (n,)).

    The dashed line is the share of calls, the precision of guessing.
    """
    ax = new_axes(ax, height=4.6, width=0.5 * WIDTH)
    for name, (labels, probability) in predictions.items():
        title, style = model_style(name)
        precision, recall, _ = metrics.precision_recall_curve(labels, probability)
        average = metrics.average_precision_score(labels, probability)
        ax.plot(
            recall, precision, **style | {"marker": None}, label=f"{title} ({number(average, 2)})"
        )
    ax.axhline(np.mean(labels), **REFERENCE_LINE, label=f"al azar ({number(np.mean(labels), 2)})")
    ax.set(xlabel="exhaustividad (llamadas detectadas)", ylabel="precisión")
    ax.legend(title="precisión media", loc="lower left", alignment="left", **VEIL)
    return _unit_square(ax)


def reliability_curves(predictions: Mapping, ax: Axes | None = None) -> Axes:
    """Draw the share of calls over the predicted probability, in six equally filled bins.

    predictions: name to (labels (n,), probability (n,)). A calibrated model follows the diagonal.
    """
    ax = new_axes(ax, height=4.6, width=0.5 * WIDTH)
    for name, (labels, probability) in predictions.items():
        title, style = model_style(name)
        predicted, observed, _ = evaluation.reliability(labels, probability, 6)
        ax.plot(predicted, observed, **style, markersize=5, label=title)
    ax.plot([0, 1], [0, 1], **REFERENCE_LINE, label="calibrado")
    ax.set(xlabel="probabilidad predicha", ylabel="fracción de llamadas observada")
    ax.legend(loc="upper left")
    return _unit_square(ax)


def _unit_square(ax):
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.grid()
    return ax


MATRIX = {
    "vmin": 0, "vmax": 1, "cmap": "Blues", "square": True, "cbar": False,
    "annot_kws": {"fontsize": 10}, "xticklabels": CLASS_NAMES, "yticklabels": CLASS_NAMES,
}  # fmt: skip


def confusion_panels(matrices: Mapping) -> np.ndarray:
    """Draw confusion matrices (2, 2), rows the truth, as shares of each row; return axes (k,).

    matrices: name to counts. Each cell shows the count and the share of its row.
    """
    columns = min(5, len(matrices))
    rows = -(-len(matrices) // columns)
    side = min(2.8, (WIDTH - 0.8) / columns)  # of a square panel, with what stands beside it
    size = 0.8 + side * columns, 0.5 + (side + 0.25) * rows
    figure, axes = plt.subplots(
        rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False
    )
    for ax in axes.flat[len(matrices) :]:
        ax.remove()
    for ax, (name, matrix) in zip(axes.flat, matrices.items(), strict=False):
        matrix = np.asarray(matrix)
        share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
        text = [[f"{count}\n{100 * part:.0f} %" for count, part in zip(*row, strict=True)]
                for row in zip(matrix, share, strict=True)]  # fmt: skip
        seaborn.heatmap(share, annot=text, fmt="", ax=ax, **MATRIX)
        ax.set_title(model_style(name)[0], fontsize=10)
        ax.tick_params(length=0, labelsize=10)
        plt.setp(ax.get_yticklabels(), va="center")
    figure.supxlabel("predicción", fontsize=11)
    figure.supylabel("verdad", fontsize=11)
    return axes.ravel()[: len(matrices)]


def learning_curves(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw mean ROC AUC over number of clips, on a logarithmic axis, and the interval of the best
    model; table: columns model, size, mean, and the ends low and high of its interval."""
    ax = new_axes(ax, height=4.4, width=0.75 * WIDTH)
    best = table.groupby("model")["mean"].mean().idxmax()
    for name in sorted(table["model"].unique(), key=model_order):
        rows = table[table["model"] == name].sort_values("size")
        title, style = model_style(name)
        ax.plot(rows["size"], rows["mean"], **style, markersize=5, label=title)
        if name == best:
            ends = rows["low"], rows["high"]
            about = f"{title}, intervalo del 95 %"
            ax.fill_between(
                rows["size"], *ends, color=style["color"], alpha=0.15, lw=0, label=about
            )
    sizes = sorted(table["size"].unique())
    ax.set_xscale("log")
    ax.set_xticks(sizes, [f"{size:g}" for size in sizes])
    ax.minorticks_off()
    ax.set(xlabel="clips de entrenamiento por clase", ylabel="ROC AUC")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    ax.grid()
    return ax


def training_history(history: pd.DataFrame, *, best: Mapping[str, int]) -> np.ndarray:
    """Draw loss and AUC of both sides over the epochs; return the two axes.

    history: columns model, epoch, loss, val_loss, auc, val_auc, a row a model and epoch. best: the
    epoch to mark, by model.
    """
    _, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.6))
    for ax, score, label in zip(
        axes, ("loss", "auc"), ("pérdida (entropía cruzada)", "ROC AUC"), strict=True
    ):
        for name, rows in history.groupby("model"):
            title, style = model_style(name)
            colour = style["color"]
            ax.plot(
                rows["epoch"], rows[score], color=colour, ls=":", label=f"{title}, entrenamiento"
            )
            ax.plot(rows["epoch"], rows[f"val_{score}"], color=colour, label=f"{title}, validación")
            ax.axvline(best[name], color=colour, lw=1, alpha=0.5)
        ax.set(xlabel="época", ylabel=label)
        ax.grid()
    axes[0].legend()
    return axes


def score_intervals(
    table: pd.DataFrame, *, floor: tuple[float, str], ax: Axes | None = None
) -> Axes:
    """Draw ROC AUCs with their intervals, one row each, in the table's order from the top.

    table: columns name, mean, low, high, and points (several values of a row) where there are any.
    floor: (value, text) of a reference line, such as what a trivial cue reaches.
    """
    ax = new_axes(ax, height=0.9 + 0.42 * len(table), width=0.75 * WIDTH)
    places = np.arange(len(table))[::-1]
    for place, row in zip(places, table.to_dict("records"), strict=True):
        _, style = model_style(row["name"])
        ax.plot([row["low"], row["high"]], [place, place], color=style["color"], lw=2.4)
        ax.plot(row["mean"], place, marker=style["marker"], color=style["color"], markersize=7)
        if "points" in row:
            points = np.ravel(row["points"])
            ax.plot(points, np.full(len(points), place - 0.22), "|", color=style["color"], ms=6)
    ax.axvline(floor[0], **REFERENCE_LINE)
    ax.annotate(
        floor[1], (floor[0], 1.0), xycoords=("data", "axes fraction"), xytext=(4, -2),
        textcoords="offset points", va="top", fontsize=10, color="#5C5C5C",
    )  # fmt: skip
    ax.set_yticks(places, [model_style(name)[0] for name in table["name"]])
    ax.set(xlabel="ROC AUC", ylim=(-0.6, len(table) - 0.4))
    ax.grid(axis="x")
    return ax


def cue_floor(table: pd.DataFrame) -> np.ndarray:
    """Draw the ROC AUC of each cue on group-wise and on random splits; return the axes.

    table: columns clips (one panel each), cue, split_by ("group" or "random"), mean, low, high.
    """
    subsets = table["clips"].unique()
    figure, axes = plt.subplots(
        1, len(subsets), figsize=(WIDTH, 3.2), sharex=True, sharey=True, squeeze=False
    )
    cues = list(dict.fromkeys(table["cue"]))[::-1]
    kinds = {"group": ("por grupos", -0.13, "o"), "random": ("al azar (con fuga)", 0.13, "X")}
    colours = {"group": MODELS["cnn"][1], "random": CLASS_COLOURS[1]}
    for ax, subset in zip(axes.flat, subsets, strict=True):
        for kind, (name, shift, marker) in kinds.items():
            rows = table[(table["clips"] == subset) & (table["split_by"] == kind)]
            rows = rows.set_index("cue").loc[cues]
            places = np.arange(len(cues)) - shift
            ax.hlines(places, rows["low"], rows["high"], color=colours[kind], lw=2.2)
            ax.plot(rows["mean"], places, marker, color=colours[kind], ms=7, label=name)
        ax.axvline(0.5, **REFERENCE_LINE)
        ax.set_yticks(range(len(cues)), cues)
        ax.set_ylim(-0.5, len(cues) - 0.5)
        ax.set_title(subset, fontsize=11)
        ax.grid(axis="x")
        ax.set_xlabel("ROC AUC (media y extremos)")
    place_legend(axes.ravel())
    return axes.ravel()


def score_by_part(table: pd.DataFrame, *, label: str, ax: Axes | None = None) -> Axes:
    """Draw a score (column roc_auc) of parts: intervals at their middle, other values at theirs.

    table: columns part, calls, roc_auc. `label` names the axis of the parts.
    """
    ax = new_axes(ax)
    part = table["part"]
    middle = [p.mid for p in part] if isinstance(part.iloc[0], pd.Interval) else part.tolist()
    ax.plot(middle, table["roc_auc"], color=CLASS_COLOURS[1], marker="o")
    ax.axhline(0.5, **REFERENCE_LINE)
    ax.set(xlabel=label, ylabel="ROC AUC", ylim=(0.45, 1.02))
    ax.grid()
    return ax
