"""Figures of the second notebook: the networks' layers, and what wrong labels do to a score."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils import data, plotting
from utils.baseline import labelling
from utils.models.backend import keras, layers
from utils.sound import spectrograms

PLANS = {  # layers drawn from left to right: lanes, and what follows when these have met
    "cnn": (
        (("maps", "conv_1", "pool_1", "conv_2", "conv_3", "maximum_over_time"), ("table", "dense")),
        ("penultimate", "call"),
    ),
    "mlp": ((("spectrogram", "flatten", "dense_1", "dense_2"),), ("call",)),
}
_WORDS = {
    layers.InputLayer: "entrada",
    layers.Conv2D: "convolución",
    layers.MaxPooling2D: "máximo\nde 2×2",
    layers.GlobalMaxPooling2D: "máximo y\nmedia en t",
    layers.Flatten: "en fila",
    layers.Dense: "densa",
    layers.Concatenate: "se juntan",
}
_NAMES = {
    "maps": "mapas\nde crestas",
    "table": "estadísticos",
    "spectrogram": "píxeles",
    "call": "probabilidad\nde llamada",
}


def seen(
    image: np.ndarray, contrast: np.ndarray, ridges: np.ndarray, clips: data.Dataset
) -> np.ndarray:
    """Draw a clip on the models' grid, its contrast and its ridges, (f, t) each; return axes.

    clips: the `data.Dataset` that it is of.
    """
    hertz, seconds = (
        spectrograms.resize_axis(axis, size)
        for axis, size in zip((clips.frequencies, clips.times), image.shape, strict=True)
    )
    panels = (
        ("entrada", image, clips.unit),
        ("contraste", contrast, "desv. típicas"),
        ("crestas", ridges, "respuesta"),
    )
    figure, axes = plt.subplots(1, 3, figsize=(plotting.WIDTH, 3.2), sharey=True)
    figure.get_layout_engine().set(wspace=0.06)
    for ax, (name, values, unit) in zip(axes, panels, strict=True):
        plotting.spectrogram(values, hertz, seconds, unit=unit, ax=ax).set_title(name)
        ax.label_outer()
    return axes


def calibration(
    predictions: Mapping[str, tuple[np.ndarray, np.ndarray]], brier: Mapping[str, float]
) -> np.ndarray:
    """Draw reliability curves beside the Brier score of each model; return the two axes.

    predictions: name to (labels (n,), probability (n,)). brier: name to score.
    """
    size = plotting.WIDTH - 0.05, 4.4  # a last tick may jut out
    _, axes = plt.subplots(1, 2, figsize=size, width_ratios=[1.2, 1])
    plotting.reliability_curves(predictions, ax=axes[0])
    names = list(brier)[::-1]
    colours = [plotting.model_style(name)[1]["color"] for name in names]
    titles = [plotting.model_title(name) for name in names]
    bars = axes[1].barh(titles, [brier[name] for name in names], color=colours)
    axes[1].bar_label(bars, [plotting.number(brier[name], 2) for name in names], padding=3)
    axes[1].set(xlabel="índice de Brier", xlim=(0, 1.2 * max(brier.values())))
    axes[1].locator_params(axis="x", nbins=4)
    axes[1].grid(axis="x")
    return axes


def networks(models: Sequence[keras.Model]) -> np.ndarray:
    """Draw Keras models named in PLANS below each other; return the axes."""
    lanes = [len(PLANS[model.name][0]) for model in models]
    size = plotting.WIDTH, 1.45 * sum(lanes) + 0.5
    _, axes = plt.subplots(len(models), 1, figsize=size, height_ratios=lanes)
    for ax, model in zip(axes, models, strict=True):
        weights = f"{model.count_params():,}".replace(",", " ")
        network(model, ax=ax).set_title(
            f"{plotting.model_title(model.name)}: {weights} pesos con los de la normalización"
        )
    return axes


def network(model: keras.Model, ax: Axes | None = None) -> Axes:
    """Draw the layers that learn of a Keras model named in PLANS, with shapes and weights."""
    lanes, end = PLANS[model.name]
    longest, middle = max(map(len, lanes)), (len(lanes) - 1) / 2
    ax = plotting.new_axes(ax, width=plotting.WIDTH, height=0.5 + 1.05 * len(lanes))
    places = {name: (longest + number, -middle) for number, name in enumerate(end)}
    arrows = [*zip(end[:-1], end[1:], strict=True)]
    for row, names in enumerate(lanes):
        start = longest - len(names)
        places |= {name: (start + number, -row) for number, name in enumerate(names)}
        arrows += zip(names, (*names[1:], end[0]), strict=True)
    boxes = {name: (*place, *_box(model.get_layer(name))) for name, place in places.items()}
    return plotting.diagram(boxes, arrows, ax, size=9)


def _box(layer):
    """What is written on a layer, and whether it learns."""
    kind = _NAMES.get(layer.name) or _WORDS[type(layer)]
    if isinstance(layer, layers.Conv2D):
        kind += "\n{}×{}".format(*layer.kernel_size)
    shape = " × ".join(str(size) for size in layer.output.shape[1:])
    if isinstance(layer, layers.GlobalMaxPooling2D):  # the mean joins the maximum
        shape = f"2 × {shape}"
    count = layer.count_params()
    weights = f"\n{count:,} pesos".replace(",", " ") if count else ""
    return f"{kind}\n{shape}{weights}", "learned" if count else "plain"


def ceiling(
    labels: np.ndarray,
    probability: np.ndarray,
    shares: np.ndarray | Sequence[float],
    *,
    seed: int,
    ax: Axes | None = None,
) -> Axes:
    """Draw ROC AUC over the share of clips without a label of a call that hold one.

    A perfect detector's, and what is measured of (n,) probabilities after calls lost their label.
    """
    ax = plotting.new_axes(ax, width=0.62 * plotting.WIDTH, height=3.8)
    measured = [labelling.mislabelled_auc(labels, probability, q, seed=seed) for q in shares]
    percent = 100 * np.asarray(shares)
    perfect = labelling.ceiling(np.asarray(shares))
    ax.plot(percent, perfect, color="black", ls="--")
    ax.plot(percent, measured, color=plotting.MODELS["cnn"][1], marker="o", ms=5)
    style = {"xytext": (6, 6), "textcoords": "offset points", "fontsize": 10.5}
    ax.annotate("detector perfecto", (percent[1], perfect[1]), **style)
    ax.annotate("la CNN, medida", (percent[1], measured[1]), **style)
    ax.set(xlabel="llamadas sin etiquetar entre los clips «sin llamada» (%)", ylabel="ROC AUC")
    ax.grid()
    return ax
