"""Figures: functions that take data and `ax=None`, label axes with units, and return the axes.

Titles are claims and belong to the notebooks. Colours of classifiers and classes are those of Okabe
and Ito (2008), which the colour-blind can tell apart, and mean the same in every notebook; lines
differ in style as well.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker
from sklearn import metrics

from utils import data
from utils.statistics import evaluation

CLASS_NAMES = ("sin llamada", "llamada")
CLASS_COLOURS = ("#56606B", "#D55E00")
MODELS = {  # name: (name in figures, colour, line, marker)
    "logistic": ("Regresión logística", "#000000", ":", "s"),
    "mlp": ("MLP", "#E69F00", "--", "v"),
    "random_forest": ("Random Forest", "#009E73", "-.", "D"),
    "gradient_boosting": ("Gradient Boosting", "#CC79A7", (0, (5, 1)), "^"),
    "cnn": ("CNN", "#0072B2", "-", "o"),
}
CUES = {
    "loudness": "volumen",
    "edges": "bordes del clip",
    "neighbour label": "etiqueta del vecino",
    "clip order": "lugar en la serie",
}
SOURCES = {
    "none": "ninguna",
    "downsweep": "barrido descendente",
    "flat_tonal": "tono plano",
    "humpback": "yubarta",
    "knocks": "golpes",
    "burst": "ráfaga de banda ancha",
    "airgun": "cañón de aire",
    "ship": "barco",
}
DESCRIPTORS = {
    "rms_db": "nivel RMS (dB re escala completa)",
    "zero_crossings": "cruces por cero (1/s)",
    "centroid_hz": "centroide (Hz)",
    "bandwidth_hz": "anchura de banda (Hz)",
    "rolloff_hz": "frecuencia del 85 % (Hz)",
    "flatness": "planitud espectral",
    "track_hz": "frecuencia de la cresta (Hz)",
    "track_slope_hz_s": "pendiente de la cresta (Hz/s)",
}
SPECTROGRAM_MAP = "magma"
GRID_MAP = plt.get_cmap(SPECTROGRAM_MAP, 16)  # many panels of noise: few colours, small files
DIFFERENCE_MAP = "RdBu_r"
GROUP_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#000000")
REFERENCE_LINE = {"color": "#8C8C8C", "linestyle": (0, (2, 2)), "linewidth": 1.2, "zorder": 1}
WIDTH, DPI = 9.6, 84  # inches, and dots per inch: about GitHub's column

_VEIL = {"frameon": True, "framealpha": 0.85, "edgecolor": "none"}  # legends over lines
_DOTS = {"s": 8, "lw": 0, "antialiased": False}  # without blurred rims, which swell the files
_STYLE = {
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "figure.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "lines.linewidth": 1.8,
}


def use_style() -> None:
    """Set the look of every figure of the notebooks."""
    plt.rcdefaults()
    plt.rcParams.update(_STYLE)


def save(figure, slug: str, dataset_name: str) -> Path:
    """Write figures/SLUG.png for the embedded default, figures/DATASET/SLUG.png for others.

    The file holds no date and no version, so that the same figure gives the same bytes.
    """
    folder = data.ROOT / "figures"
    if dataset_name != "simulated":
        folder = folder / dataset_name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{slug}.png"
    figure.savefig(path, metadata={"Software": None})
    return path


def _axes(ax, height: float = 4.0, width: float = 0.6 * WIDTH):
    return plt.subplots(figsize=(width, height))[1] if ax is None else ax


def _model(name: str) -> tuple:
    """(name in figures, line style) of a classifier, or of anything else by its own name."""
    if name not in MODELS:
        return name, {"color": "#8C8C8C", "linestyle": "-", "marker": "x"}
    title, colour, line, marker = MODELS[name]
    return title, {"color": colour, "linestyle": line, "marker": marker}


def model_title(name: str) -> str:
    """Return the name of a classifier in figures and sentences."""
    return _model(name)[0]


def cue_title(name: str) -> str:
    """Return the Spanish name of a trivial cue of `utils.cues`."""
    return CUES[name]


def descriptor_title(name: str) -> str:
    """Return the Spanish name of a column of `utils.descriptors`, with its unit."""
    if name.startswith("level_"):
        _, low, high, _ = name.split("_")
        return f"nivel de {low} a {high} Hz (dB re clip)"
    if name.startswith("mfcc_"):
        return f"MFCC {name.removeprefix('mfcc_')} (dB)"
    return DESCRIPTORS[name]


# Spectrograms


def spectrogram(values, frequencies, times, *, unit, limits=None, difference=False, ax=None):
    """Draw one (f, t) spectrogram with a colour bar in `unit`; frequencies in Hz, times in s.

    limits: (lowest, highest) colour, by default the range of the values, symmetric about 0 for a
    difference.
    """
    ax = _axes(ax)
    if limits is None:
        largest = float(np.abs(values).max())
        limits = (-largest, largest) if difference else (values.min(), values.max())
    colours = DIFFERENCE_MAP if difference else SPECTROGRAM_MAP
    image = _mesh(ax, values, frequencies, times, limits, colours)
    ax.set(xlabel="tiempo (s)", ylabel="frecuencia (Hz)")
    ax.figure.colorbar(image, ax=ax, label=unit, pad=0.02)
    return ax


def spectrogram_grid(values, frequencies, times, titles, *, unit, limits, columns=4):
    """Draw (k, f, t) spectrograms with common axes, colour limits and colour bar; return axes (k,).

    titles: k short texts, one above each panel.
    """
    rows = -(-len(values) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 0.5 + 1.75 * rows), sharex=True, sharey=True, squeeze=False
    )
    for ax in axes.flat[len(values) :]:
        ax.remove()
    for ax, value, title in zip(axes.flat, values, titles, strict=False):
        image = _mesh(ax, value, frequencies, times, limits, colours=GRID_MAP)
        ax.set_title(title, fontsize=10)
    figure.supxlabel("tiempo (s)", fontsize=11)
    figure.supylabel("frecuencia (Hz)", fontsize=11)
    panels = axes.ravel()[: len(values)]
    figure.colorbar(image, ax=panels, label=unit, pad=0.02, aspect=30)
    return panels


def clip_grid(dataset, index, titles, *, columns=4):
    """Draw some clips of a `data.Dataset` as a `spectrogram_grid`; index (k,); return axes (k,).

    The common colours span all but the lowest 1 % and the highest 0.2 % of the cells drawn.
    """
    values = dataset.spectrograms[index]
    return spectrogram_grid(
        values, dataset.frequencies, dataset.times, titles, unit=dataset.unit,
        limits=np.percentile(values, [1, 99.8]), columns=columns,
    )  # fmt: skip


def class_means(spectrograms, labels, frequencies, times, *, unit):
    """Draw the mean spectrogram of each class and their difference; return the three axes.

    spectrograms (n, f, t) in `unit`, labels (n,) 0/1. The two means share their colours.
    """
    none, call = (spectrograms[labels == k].mean(0) for k in (0, 1))
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 3.3), sharex=True, sharey=True)
    limits = min(none.min(), call.min()), max(none.max(), call.max())
    for ax, mean, name in zip(axes, (none, call), CLASS_NAMES, strict=False):
        image = _mesh(ax, mean, frequencies, times, limits)
        ax.set_title(f"{name}, media")
    figure.colorbar(image, ax=axes[:2], label=unit, pad=0.02)
    largest = np.abs(call - none).max()
    image = _mesh(axes[2], call - none, frequencies, times, (-largest, largest), DIFFERENCE_MAP)
    axes[2].set_title("diferencia")
    figure.colorbar(image, ax=axes[2], label=unit, pad=0.04)
    figure.supxlabel("tiempo (s)", fontsize=11)
    axes[0].set_ylabel("frecuencia (Hz)")
    return axes


def contour(frequencies, times, *, ax):
    """Draw a call's frequency (k,) Hz over time (k,) s on a spectrogram as a dashed line."""
    ax.plot(times, frequencies, color="white", linestyle=(0, (3, 2)), linewidth=1.6)
    return ax


def _mesh(ax, values, frequencies, times, limits, colours=SPECTROGRAM_MAP):
    return ax.pcolormesh(
        times, frequencies, values, vmin=limits[0], vmax=limits[1], cmap=colours,
        shading="nearest", rasterized=True,
    )  # fmt: skip


# The data


def class_counts(labels, ax=None):
    """Draw the number of clips of each class as bars; labels (n,) 0/1."""
    ax = _axes(ax, height=2.2)
    counts = np.bincount(labels, minlength=2)
    bars = ax.barh(CLASS_NAMES, counts, color=CLASS_COLOURS)
    ax.bar_label(bars, [f"{n} ({100 * n / counts.sum():.0f} %)" for n in counts], padding=4)
    ax.set(xlabel="clips", xlim=(0, counts.max() * 1.3))
    ax.grid(axis="x")
    return ax


def group_balance(labels, groups, ax=None):
    """Draw each group's share of calls (%) over its place in time, area by number of clips.

    Groups of less than a tenth of the largest are drawn as large as a tenth.
    """
    ax = _axes(ax, width=WIDTH, height=3.2)
    table = pd.DataFrame({"label": labels, "group": groups})
    table = table.groupby("group", sort=False)["label"].agg(["mean", "size"])
    largest = table["size"].max()
    area = 90 * np.maximum(table["size"] / largest, 0.1)
    ax.scatter(
        range(len(table)), 100 * table["mean"], s=area, color=CLASS_COLOURS[1], alpha=0.7, lw=0
    )
    for share in (1, 0.25):
        key = {"s": 90 * share, "label": f"{share * largest:.0f} clips"}
        ax.scatter([], [], color="#8C8C8C", lw=0, **key)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), title="tamaño", alignment="left")
    ax.axhline(100 * np.mean(labels), **REFERENCE_LINE)
    ax.set(xlabel="grupo, en orden temporal", ylabel="clips con llamada (%)", ylim=(-4, 104))
    ax.grid(axis="y")
    return ax


def class_histograms(values, labels, *, label, bins=40, ax=None):
    """Draw the distribution of (n,) values in each class, as densities; `label` names the axis.

    The axis covers the middle 99 % of the values; the rest is not drawn, but counts as well.
    """
    ax = _axes(ax)
    low, high = np.percentile(values, [0.5, 99.5])
    edges = np.linspace(low, high if high > low else low + 1, bins + 1)
    for k in (0, 1):
        counts = np.histogram(values[labels == k], edges)[0]
        density = counts / (np.sum(labels == k) * np.diff(edges))
        ax.stairs(density, edges, fill=True, alpha=0.25, color=CLASS_COLOURS[k])
        ax.stairs(density, edges, lw=1.8, color=CLASS_COLOURS[k], label=CLASS_NAMES[k])
    ax.set(xlabel=label, ylabel="densidad", yticks=[])
    ax.set_ylim(bottom=0)
    ax.spines["left"].set_visible(False)
    return ax


def effect_sizes(effects: pd.Series, ax=None):
    """Draw standardised mean differences (index: names) as bars, the largest on top.

    Dashed lines stand at plus and minus `evaluation.LARGE_EFFECT`.
    """
    ax = _axes(ax, height=0.6 + 0.3 * len(effects))
    effects = effects.reindex(effects.abs().sort_values().index)
    colours = [CLASS_COLOURS[int(value > 0)] for value in effects]
    ax.barh(effects.index, effects, color=colours)
    ax.axvline(0, color="black", lw=0.8)
    for edge in (-evaluation.LARGE_EFFECT, evaluation.LARGE_EFFECT):
        ax.axvline(edge, **REFERENCE_LINE | {"zorder": 3})
    ax.set(xlabel="media con llamada menos sin llamada (desviaciones típicas, d de Cohen)")
    ax.grid(axis="x")
    return ax


def explained_variance(ratios, ax=None):
    """Draw the cumulative share of variance (%) of (k,) principal components."""
    ax = _axes(ax)
    ax.plot(np.arange(1, len(ratios) + 1), 100 * np.cumsum(ratios), color="black")
    ax.set(xlabel="componentes principales", ylabel="varianza explicada (%)", ylim=(0, 100))
    ax.grid()
    return ax


def map_by_class(points, labels, ax=None):
    """Draw (n, 2) points of a map in the colours of their classes."""
    ax = _axes(ax, height=4.4, width=0.5 * WIDTH)
    for k in (0, 1):
        of_class = labels == k
        ax.scatter(*points[of_class].T, **_DOTS, color=CLASS_COLOURS[k])
        ax.scatter([], [], s=30, color=CLASS_COLOURS[k], label=CLASS_NAMES[k])
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, handletextpad=0.1)
    return _bare(ax)


def map_by_group(points, groups, ax=None):
    """Draw (n, 2) points of a map: the largest groups in colours, all others in grey."""
    ax = _axes(ax, height=4.4, width=0.5 * WIDTH)
    dots_by_group(ax, points, groups)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2, frameon=False)
    return _bare(ax)


def dots_by_group(ax, points, groups):
    """Draw (n, 2) points in the colours of the largest groups, all others in grey."""
    names, counts = np.unique(groups, return_counts=True)
    largest = np.sort(names[np.argsort(-counts, kind="stable")[: len(GROUP_COLOURS)]])
    rest = ~np.isin(groups, largest)
    ax.scatter(*points[rest].T, color="#D0D0D0", label="los demás", **_DOTS)
    for name, colour in zip(largest, GROUP_COLOURS, strict=False):
        ax.scatter(*points[groups == name].T, color=colour, label=f"grupo {name}", **_DOTS)


def _bare(ax):
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return ax


# Scores


def roc_curves(predictions: Mapping, ax=None):
    """Draw ROC curves; predictions: name to (labels (n,), probability (n,))."""
    ax = _axes(ax, height=4.6, width=0.5 * WIDTH)
    for name, (labels, probability) in predictions.items():
        title, style = _model(name)
        false, true, _ = metrics.roc_curve(labels, probability)
        area = metrics.roc_auc_score(labels, probability)
        ax.plot(false, true, **style | {"marker": None}, label=f"{title} ({area:.2f})")
    ax.plot([0, 1], [0, 1], **REFERENCE_LINE, label="al azar (0.50)")
    ax.set(xlabel="tasa de falsas alarmas", ylabel="exhaustividad (llamadas detectadas)")
    ax.legend(title="ROC AUC", loc="lower right", alignment="left", **_VEIL)
    return _unit_square(ax)


def precision_recall_curves(predictions: Mapping, ax=None):
    """Draw precision over recall; predictions: name to (labels (n,), probability (n,)).

    The dashed line is the share of calls, the precision of guessing.
    """
    ax = _axes(ax, height=4.6, width=0.5 * WIDTH)
    for name, (labels, probability) in predictions.items():
        title, style = _model(name)
        precision, recall, _ = metrics.precision_recall_curve(labels, probability)
        average = metrics.average_precision_score(labels, probability)
        ax.plot(recall, precision, **style | {"marker": None}, label=f"{title} ({average:.2f})")
    ax.axhline(np.mean(labels), **REFERENCE_LINE, label=f"al azar ({np.mean(labels):.2f})")
    ax.set(xlabel="exhaustividad (llamadas detectadas)", ylabel="precisión")
    ax.legend(title="precisión media", loc="lower left", alignment="left", **_VEIL)
    return _unit_square(ax)


def reliability_curves(predictions: Mapping, *, n_bins=10, ax=None):
    """Draw the share of calls over the predicted probability, in equally filled bins.

    predictions: name to (labels (n,), probability (n,)). A calibrated model follows the diagonal.
    """
    ax = _axes(ax, height=4.6, width=0.5 * WIDTH)
    for name, (labels, probability) in predictions.items():
        title, style = _model(name)
        predicted, observed, _ = evaluation.reliability(labels, probability, n_bins)
        ax.plot(predicted, observed, **style, markersize=5, label=title)
    ax.plot([0, 1], [0, 1], **REFERENCE_LINE, label="calibrado")
    ax.set(xlabel="probabilidad predicha", ylabel="fracción de llamadas observada")
    ax.legend(loc="upper left")
    return _unit_square(ax)


def _unit_square(ax):
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.grid()
    return ax


def confusion_panels(matrices: Mapping, *, columns=5):
    """Draw confusion matrices (2, 2), rows the truth, as shares of each row; return axes (k,).

    matrices: name to counts. Each cell shows the count and the share of its row.
    """
    columns = min(columns, len(matrices))
    rows = -(-len(matrices) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 0.7 + 2.0 * rows), sharex=True, sharey=True, squeeze=False
    )
    for ax in axes.flat[len(matrices) :]:
        ax.remove()
    for ax, (name, matrix) in zip(axes.flat, matrices.items(), strict=False):
        matrix = np.asarray(matrix)
        share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
        ax.imshow(share, vmin=0, vmax=1, cmap="Blues")
        for (i, j), value in np.ndenumerate(matrix):
            colour = "white" if share[i, j] > 0.55 else "black"
            text = f"{value}\n{100 * share[i, j]:.0f} %"
            ax.text(j, i, text, ha="center", va="center", color=colour, fontsize=10)
        ax.set_title(_model(name)[0], fontsize=10)
        ax.set_xticks([0, 1], CLASS_NAMES, fontsize=10)
        ax.set_yticks([0, 1], CLASS_NAMES, fontsize=10, rotation=90, va="center")
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    figure.supxlabel("predicción", fontsize=11)
    figure.supylabel("verdad", fontsize=11)
    return axes.ravel()[: len(matrices)]


def learning_curves(table: pd.DataFrame, *, band="cnn", label="ROC AUC", ax=None):
    """Draw score over number of clips, on a logarithmic axis, with the interval of one model.

    table: columns model, size, mean, low, high. band: the model; five bands would hide the lines.
    """
    ax = _axes(ax, height=4.4, width=0.75 * WIDTH)
    for name in sorted(table["model"].unique(), key=_order):
        rows = table[table["model"] == name].sort_values("size")
        title, style = _model(name)
        ax.plot(rows["size"], rows["mean"], **style, markersize=5, label=title)
        if name == band:
            ax.fill_between(
                rows["size"], rows["low"], rows["high"], color=style["color"], alpha=0.15, lw=0,
                label=f"{title}, intervalo\ndel 95 %",
            )  # fmt: skip
    sizes = sorted(table["size"].unique())
    ax.set_xscale("log")
    ax.set_xticks(sizes, [f"{size:g}" for size in sizes])
    ax.minorticks_off()
    ax.set(xlabel="clips de entrenamiento por clase", ylabel=label)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    ax.grid()
    return ax


def training_history(history: pd.DataFrame, *, best=None, axes=None):
    """Draw loss and AUC of both sides over the epochs; return the two axes.

    history: columns epoch, loss, val_loss, auc, val_auc, one row an epoch, and `model` if there are
    several. best: epoch to mark (for several models, name to epoch).
    """
    if axes is None:
        _, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.6))
    for ax, score, label in zip(
        axes, ("loss", "auc"), ("pérdida (entropía cruzada)", "ROC AUC"), strict=True
    ):
        parts = history.groupby("model") if "model" in history else [("cnn", history)]
        for name, rows in parts:
            title, style = _model(name)
            colour = style["color"]
            ax.plot(
                rows["epoch"], rows[score], color=colour, ls=":", label=f"{title}, entrenamiento"
            )
            ax.plot(rows["epoch"], rows[f"val_{score}"], color=colour, label=f"{title}, validación")
            marked = best.get(name) if isinstance(best, Mapping) else best
            if marked is not None:
                ax.axvline(marked, color=colour, lw=1, alpha=0.5)
        ax.set(xlabel="época", ylabel=label)
        ax.grid()
    axes[0].legend()
    return axes


def score_intervals(table: pd.DataFrame, *, label="ROC AUC", floor=None, ax=None):
    """Draw scores with their intervals, one row each, in the table's order from the top.

    table: columns name, mean, low, high, and points (several values of a row) where there are any.
    floor: (value, text) of a reference line, such as what a trivial cue reaches.
    """
    ax = _axes(ax, height=0.9 + 0.42 * len(table), width=0.75 * WIDTH)
    places = np.arange(len(table))[::-1]
    for place, row in zip(places, table.to_dict("records"), strict=True):
        _, style = _model(row["name"])
        ax.plot([row["low"], row["high"]], [place, place], color=style["color"], lw=2.4)
        ax.plot(row["mean"], place, marker=style["marker"], color=style["color"], markersize=7)
        if "points" in row:
            points = np.ravel(row["points"])
            ax.plot(points, np.full(len(points), place - 0.22), "|", color=style["color"], ms=6)
    if floor is not None:
        ax.axvline(floor[0], **REFERENCE_LINE)
        ax.annotate(
            floor[1], (floor[0], 1.0), xycoords=("data", "axes fraction"), xytext=(4, -2),
            textcoords="offset points", va="top", fontsize=10, color="#5C5C5C",
        )  # fmt: skip
    ax.set_yticks(places, [_model(name)[0] for name in table["name"]])
    ax.set(xlabel=label, ylim=(-0.6, len(table) - 0.4))
    ax.grid(axis="x")
    return ax


def cue_floor(table: pd.DataFrame):
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
        ax.set_title(subset, fontsize=11)
        ax.grid(axis="x")
        ax.set_xlabel("ROC AUC (media y extremos)")
    place_legend(axes.ravel())
    return axes.ravel()


def score_by_part(table: pd.DataFrame, *, label, floor=0.5, ax=None):
    """Draw a score (column roc_auc) of parts: intervals at their middle, other values at theirs.

    table: columns part, calls, roc_auc. `label` names the axis of the parts.
    """
    ax = _axes(ax)
    part = table["part"]
    middle = [p.mid for p in part] if isinstance(part.iloc[0], pd.Interval) else part.tolist()
    ax.plot(middle, table["roc_auc"], color=CLASS_COLOURS[1], marker="o")
    ax.axhline(floor, **REFERENCE_LINE)
    ax.set(xlabel=label, ylabel="ROC AUC", ylim=(0.45, 1.02))
    ax.grid()
    return ax


def _order(name: str) -> int:
    return list(MODELS).index(name) if name in MODELS else len(MODELS)


def place_legend(axes: Sequence, **options) -> None:
    """Put the legend of the first axes above all panels of its figure."""
    figure = axes[0].figure
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), **options)


def scale_logarithmically(ax) -> None:
    """Make the x axis, drawn already, logarithmic, with few and plain numbers."""
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    subs = (1, 2, 5) if high / low < 100 else (1,)
    ax.xaxis.set_major_locator(ticker.LogLocator(subs=subs))
    ax.xaxis.set_major_formatter(ticker.FuncFormatter(_plain))
    ax.xaxis.set_minor_formatter(ticker.NullFormatter())


def _plain(value, _):
    """10000.0 as "10 000", 0.1 as "0.1"."""
    return f"{value:,.0f}".replace(",", " ") if value >= 1 else f"{value:g}"
