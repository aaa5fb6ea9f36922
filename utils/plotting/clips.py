"""Figures of clips: spectrograms, classes, groups, descriptors, maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from utils.plotting.style import (
    CLASS_COLOURS,
    CLASS_NAMES,
    DIFFERENCE_MAP,
    DOTS,
    GRID_MAP,
    GROUP_COLOURS,
    REFERENCE_LINE,
    SPECTROGRAM_MAP,
    WIDTH,
    level,
    new_axes,
    space_ticks,
)
from utils.statistics import evaluation

if TYPE_CHECKING:
    from utils.data.dataset import Dataset


def spectrogram(
    values: np.ndarray,
    frequencies: np.ndarray,
    times: np.ndarray,
    *,
    unit: str,
    limits: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one (f, t) spectrogram with a colour bar in `unit`; frequencies in Hz, times in s.

    limits: (lowest, highest) colour, by default the range of the values.
    """
    ax = new_axes(ax)
    limits = (values.min(), values.max()) if limits is None else limits
    image = _mesh(ax, values, frequencies, times, limits)
    ax.set(xlabel="tiempo (s)", ylabel="frecuencia (Hz)")
    ax.figure.colorbar(image, ax=ax, label=level(unit), pad=0.02)
    return ax


def spectrogram_grid(
    values: np.ndarray,
    frequencies: np.ndarray,
    times: np.ndarray,
    titles: Sequence[str],
    *,
    unit: str,
    limits: tuple[float, float],
) -> np.ndarray:
    """Draw (k, f, t) spectrograms, four a row, with common axes, colour limits and colour bar;
    return axes (k,).

    titles: k short texts, one above each panel.
    """
    rows = -(-len(values) // 4)
    figure, axes = plt.subplots(
        rows, 4, figsize=(WIDTH, 0.5 + 1.75 * rows), sharex=True, sharey=True, squeeze=False
    )
    for ax in axes.flat[len(values) :]:
        ax.remove()
    for ax, value, title in zip(axes.flat, values, titles, strict=False):
        image = _mesh(ax, value, frequencies, times, limits, colours=GRID_MAP)
        ax.set_title(title, fontsize=10)
    space_ticks(axes[0, 0])
    figure.supxlabel("tiempo (s)", fontsize=11)
    figure.supylabel("frecuencia (Hz)", fontsize=11)
    panels = axes.ravel()[: len(values)]
    figure.colorbar(image, ax=panels, label=level(unit), pad=0.02, aspect=30)
    return panels


def clip_grid(
    dataset: Dataset, index: np.ndarray | Sequence[int], titles: Sequence[str]
) -> np.ndarray:
    """Draw some clips of a `data.Dataset` as a `spectrogram_grid`; index (k,); return axes (k,).

    The common colours span all but the lowest 1 % and the highest 0.2 % of the cells drawn.
    """
    values = dataset.spectrograms[index]
    return spectrogram_grid(
        values, dataset.frequencies, dataset.times, titles, unit=dataset.unit,
        limits=np.percentile(values, [1, 99.8]),
    )  # fmt: skip


def class_means(
    spectrograms: np.ndarray,
    labels: np.ndarray,
    frequencies: np.ndarray,
    times: np.ndarray,
    *,
    unit: str,
) -> np.ndarray:
    """Draw the mean spectrogram of each class and their difference; return the three axes.

    spectrograms (n, f, t) in `unit`, labels (n,) 0/1. The two means share their colours.
    """
    none, call = (spectrograms[labels == k].mean(0) for k in (0, 1))
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 3.3), sharex=True, sharey=True)
    limits = min(none.min(), call.min()), max(none.max(), call.max())
    for ax, mean, name in zip(axes, (none, call), CLASS_NAMES, strict=False):
        image = _mesh(ax, mean, frequencies, times, limits)
        ax.set_title(f"{name}, media")
    figure.colorbar(image, ax=axes[:2], label=level(unit), pad=0.02)
    largest = np.abs(call - none).max()
    image = _mesh(axes[2], call - none, frequencies, times, (-largest, largest), DIFFERENCE_MAP)
    axes[2].set_title("diferencia")
    figure.colorbar(image, ax=axes[2], label=level(unit), pad=0.04)
    figure.supxlabel("tiempo (s)", fontsize=11)
    axes[0].set_ylabel("frecuencia (Hz)")
    return axes


def contour(frequencies: np.ndarray, times: np.ndarray, *, ax: Axes) -> Axes:
    """Draw a call's frequency (k,) Hz over time (k,) s on a spectrogram as a dashed line."""
    ax.plot(times, frequencies, color="white", linestyle=(0, (3, 2)), linewidth=1.6)
    return ax


def _mesh(ax, values, frequencies, times, limits, colours=SPECTROGRAM_MAP):
    return ax.pcolormesh(
        times, frequencies, values, vmin=limits[0], vmax=limits[1], cmap=colours,
        shading="nearest", rasterized=True,
    )  # fmt: skip


def class_counts(labels: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw the number of clips of each class as bars; labels (n,) 0/1."""
    ax = new_axes(ax, height=2.2)
    counts = np.bincount(labels, minlength=2)
    bars = ax.barh(CLASS_NAMES, counts, color=CLASS_COLOURS)
    ax.bar_label(bars, [f"{n} ({100 * n / counts.sum():.0f} %)" for n in counts], padding=4)
    ax.set(xlabel="clips", xlim=(0, counts.max() * 1.3))
    ax.grid(axis="x")
    return ax


def group_balance(labels: np.ndarray, groups: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw each group's share of calls (%) over its place in time, area by number of clips.

    Groups of less than a tenth of the largest are drawn as large as a tenth.
    """
    ax = new_axes(ax, width=WIDTH, height=3.2)
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


def class_histograms(
    values: np.ndarray, labels: np.ndarray, *, label: str, ax: Axes | None = None
) -> Axes:
    """Draw the distribution of (n,) values in each class, as densities; `label` names the axis.

    The axis covers the middle 99 % of the values; the rest is not drawn, but counts as well.
    """
    ax = new_axes(ax)
    bins = 25
    low, high = np.percentile(values, [0.5, 99.5])
    edges = np.linspace(low, high if high > low else low + 1, bins + 1)
    steps = np.unique(np.round(values, 6))
    if 1 < len(steps) <= 2 * bins:  # of few values, such as bands: bins that hold one each
        edges = np.append(steps, 2 * steps[-1] - steps[-2]) - np.diff(steps).min() / 2
    for k in (0, 1):
        counts = np.histogram(values[labels == k], edges)[0]
        density = counts / (np.sum(labels == k) * np.diff(edges))
        ax.stairs(density, edges, fill=True, alpha=0.25, color=CLASS_COLOURS[k])
        ax.stairs(density, edges, lw=1.8, color=CLASS_COLOURS[k], label=CLASS_NAMES[k])
    ax.set(xlabel=label, ylabel="densidad", yticks=[])
    ax.set_ylim(bottom=0)
    ax.spines["left"].set_visible(False)
    return ax


def effect_sizes(effects: pd.Series, ax: Axes | None = None) -> Axes:
    """Draw standardised mean differences (index: names) as bars, the largest on top.

    Dashed lines stand at plus and minus `evaluation.LARGE_EFFECT`.
    """
    ax = new_axes(ax, height=0.6 + 0.3 * len(effects))
    effects = effects.reindex(effects.abs().sort_values().index)
    ax.barh(effects.index, effects, color="#0072B2")
    ax.axvline(0, color="black", lw=0.8)
    for edge in (-evaluation.LARGE_EFFECT, evaluation.LARGE_EFFECT):
        ax.axvline(edge, **REFERENCE_LINE | {"zorder": 3})
    ax.set(xlabel="media con llamada menos sin llamada (desviaciones típicas, d de Cohen)")
    ax.grid(axis="x")
    return ax


def map_by_class(points: np.ndarray, labels: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw (n, 2) points of a map in the colours of their classes."""
    ax = new_axes(ax, height=4.4, width=0.5 * WIDTH)
    for k in (0, 1):
        of_class = labels == k
        ax.scatter(*points[of_class].T, **DOTS, color=CLASS_COLOURS[k])
        ax.scatter([], [], s=30, color=CLASS_COLOURS[k], label=CLASS_NAMES[k])
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, handletextpad=0.1)
    return _bare(ax)


def map_by_group(points: np.ndarray, groups: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw (n, 2) points of a map: the largest groups in colours, all others in grey."""
    ax = new_axes(ax, height=4.4, width=0.5 * WIDTH)
    names, counts = np.unique(groups, return_counts=True)
    largest = np.sort(names[np.argsort(-counts, kind="stable")[: len(GROUP_COLOURS)]])
    rest = ~np.isin(groups, largest)
    ax.scatter(*points[rest].T, color="#D0D0D0", label="los demás", **DOTS)
    for name, colour in zip(largest, GROUP_COLOURS, strict=False):
        ax.scatter(*points[groups == name].T, color=colour, label=f"grupo {name}", **DOTS)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2, frameon=False)
    return _bare(ax)


def _bare(ax):
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return ax
