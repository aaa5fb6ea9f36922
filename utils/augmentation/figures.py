"""Figures of Checkpoint 4: what each arm changes, beside `real` alone and beside its rivals."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle
from scipy.stats import gaussian_kde

from utils.augmentation import arms
from utils.augmentation.answer import CLASSIFIERS
from utils.models.generators import registry
from utils.plotting import MODELS, REFERENCE_LINE, WIDTH, level, model_title, number, place_legend
from utils.plotting.generators import GENERATORS, SPARE
from utils.statistics import comparison
from utils.statistics.comparison import SMALLEST_EFFECT

ARMS = {  # name: (name in figures, colour, marker)
    "real": ("solo reales", "#000000", "*"),
    "class_weight": ("pesos por clase", "#A6A6A6", (4, 1, 0)),
    "oversample": ("duplicar", "#7F7F7F", (6, 1, 0)),
    "classical": ("aumento clásico", "#56B4E9", "P"),
    "mixup": ("mixup", "#8C6D31", "H"),
    "call_on_background": ("llamada sobre mar", GENERATORS["copies"][1], "X"),
    "ae": (*GENERATORS["ae"], "o"),
    "vae": (*GENERATORS["vae"], "s"),
    "aae": (*GENERATORS["aae"], "D"),
    "gan": (*GENERATORS["gan"], "^"),
    "diffusion": (*GENERATORS["diffusion"], "v"),
    "hybrid": ("híbrido", "#DDAA33", "h"),
    "noise": (*GENERATORS["noise"], "p"),
    "oracle": ("más reales", "#000000", "d"),
    "ocean_prior": ("océanos simulados", "#0072B2", "<"),
    "ocean_fitted": ("océanos simulados, ajustados", "#0072B2", ">"),
    "ocean_calls": ("llamadas simuladas en mar real", "#0072B2", "P"),
    "ocean": ("clásico + hidrófono simulado", "#0072B2", "o"),
    "ocean_tuned": ("océano ajustado a mano", "#56B4E9", "^"),
    "ocean_downsweeps": ("simuladas que bajan", "#CC79A7", "v"),
    "ocean_matched": ("otros tantos clips clásicos", "#CC79A7", "s"),
    "vae_filtered": ("clásico + VAE filtrado", GENERATORS["vae"][1], "D"),
}
ARMS |= {name: (*GENERATORS[name], "8") for name in registry.REGISTRY if name not in ARMS}
_new = [name for name in arms.ARMS if name not in ARMS]  # they go by their own names
ARMS |= {name: (name, SPARE[k % len(SPARE)], "<") for k, name in enumerate(_new)}
WORDS = {
    "helps": "ayuda",
    "equivalent": "equivale",
    "harms": "perjudica",
    "undecided": "indeciso",
}
AGAINST_RIVAL = WORDS | {"helps": "gana", "harms": "pierde"}
DIFFERENCE = "diferencia de ROC AUC"
MARKS = {"helps": "▲", "equivalent": "=", "harms": "▼", "undecided": ""}
EXCLUDED = "×"  # a gain of SMALLEST_EFFECT or more is ruled out
GAIN_MAP, SHADES = plt.get_cmap("PuOr", 21), 0.05  # few colours, that files stay small


def title(arm: str) -> str:
    """Return the name of an arm in figures and sentences."""
    return ARMS[arm][0]


def _interval(ax, row, place, colour, marker, *, filled=True, label=None):
    ax.plot([row["low"], row["high"]], [place, place], color=colour, lw=1.8)
    ax.plot(
        row["mean"], place, marker=marker, ms=7, color=colour, label=label, ls="none",
        mfc=colour if filled else "white", mew=1.6,
    )  # fmt: skip


def by_classifier(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return {name in figures: rows} of CLASSIFIERS: the panels of a figure."""
    return {model_title(name): table[table["classifier"] == name] for name in CLASSIFIERS}


def forest(panels: Mapping[str, pd.DataFrame]) -> np.ndarray:
    """Draw paired differences with intervals, an arm a row, a panel a table; return the axes.

    panels: title to rows of `comparison.verdicts` at one size. Filled: helps or harms.
    """
    names = [arm for arm in ARMS if any((rows["arm"] == arm).any() for rows in panels.values())]
    places = {arm: len(names) - 1 - i for i, arm in enumerate(names)}
    figure, axes = plt.subplots(
        1, len(panels), figsize=(WIDTH, 0.36 * len(names) + 1.5), sharey=True, squeeze=False,
        sharex=True,
    )  # fmt: skip
    for ax, (name, rows) in zip(axes[0], panels.items(), strict=True):
        ax.axvspan(-SMALLEST_EFFECT, SMALLEST_EFFECT, color="#EFEFEF", lw=0, zorder=0)
        ax.axvline(0, **REFERENCE_LINE)
        for classifier, shift in zip(CLASSIFIERS, (0.16, -0.16), strict=True):
            label, colour, _, marker = MODELS[classifier]
            for row in rows[rows["classifier"] == classifier].to_dict("records"):
                sure = row["verdict"] in ("helps", "harms")
                place = places[row["arm"]] + shift
                _interval(ax, row, place, colour, marker, filled=sure, label=label)
                label = None
        ax.set_title(name, fontsize=11)
        ax.set_xlabel(f"{DIFFERENCE} con «solo reales»")
        ax.locator_params(axis="x", nbins=6)
        ax.grid(axis="x")
    axes[0, 0].set_yticks(list(places.values()), [title(arm) for arm in places])
    axes[0, 0].set_ylim(-0.6, len(names) - 0.4)
    axes[0, 0].plot([], [], "o", color="#8C8C8C", label="relleno: ayuda o perjudica")
    axes[0, 0].plot(
        [], [], "s", color="#E0E0E0", ms=11, label=f"franja: ±{number(SMALLEST_EFFECT, 2)}"
    )
    place_legend(axes[0])
    return axes[0]


def verdict_grid(panels: Mapping[str, pd.DataFrame], *, rows: str = "arm",
                 columns: str = "n_positive", xlabel: str = "llamadas reales",
                 rival: bool = False, excluded: bool = True) -> np.ndarray:  # fmt: skip
    """Write mean differences into a grid coloured by them, two panels a line, or one if there are
    many columns or marks; return the axes.

    panels: title to rows of `comparison.verdicts`, one for each pair of the columns that `rows`
    (arm or classifier) and `columns` name. Marks beside the numbers are those of MARKS, and, if
    they are asked for, EXCLUDED; colours end at SHADES. rival: whether they are differences to the
    best cheap rival.
    """
    words = AGAINST_RIVAL if rival else WORDS
    label = f"{DIFFERENCE} con el rival" if rival else DIFFERENCE
    order, titles = (ARMS, title) if rows == "arm" else (MODELS, model_title)
    shown = set().union(*(table[rows] for table in panels.values()))
    names = [name for name in order if name in shown] + sorted(shown - {*order})
    many = max(table[columns].nunique() for table in panels.values()) > 5
    across = 1 if many or excluded else 2
    lines = -(-len(panels) // across)
    height = lines * (0.36 * len(names) + 0.75) + 0.4 + 0.7 * across
    figure, axes = plt.subplots(
        lines, min(across, len(panels)), figsize=(WIDTH, height),
        sharex=True, sharey=True, squeeze=False,
    )  # fmt: skip
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    axes = axes.ravel()[: len(panels)]
    for ax, (name, table) in zip(axes, panels.items(), strict=True):
        mean = table.pivot(index=rows, columns=columns, values="mean").reindex(names)
        image = ax.imshow(
            mean, cmap=GAIN_MAP, vmin=-SHADES, vmax=SHADES, aspect="auto", interpolation="nearest"
        )
        _between_cells(ax, mean)
        for row in table.to_dict("records"):
            place = mean.columns.get_loc(row[columns]), names.index(row[rows])
            mark = MARKS[row["verdict"]]
            if excluded and row["gain_excluded"] and row["verdict"] == "undecided":
                mark = EXCLUDED  # the other verdicts say as much, or more
            text = number(row["mean"], 3, "+") if abs(row["mean"]) >= 0.0005 else number(0)
            ax.annotate(
                f"{text} {mark:1}", place, ha="center", va="center", fontsize=10 - 0.5 * across,
                color=_readable(image.to_rgba(row["mean"])),
            )  # fmt: skip
        written = [f"{value:g}".replace(".", ",") for value in mean.columns]
        ax.set_xticks(range(mean.shape[1]), written)
        ax.set_yticks(range(len(names)), [titles(name).replace(" + ", " +\n") for name in names])
        ax.tick_params(length=0)
        ax.set_title(name, fontsize=11)
    for ax in axes[-across:]:
        ax.set_xlabel(xlabel)
        ax.tick_params(labelbottom=True)
    bar = {"location": "bottom", "shrink": 0.5} if across > 1 else {"pad": 0.02}
    figure.colorbar(image, ax=axes, label=label, extend="both", aspect=30, **bar)
    marked = [f"{MARKS[word]} {words[word]}" for word in ("helps", "harms", "equivalent")]
    marked += [f"{EXCLUDED} no llega a +{number(SMALLEST_EFFECT, 2)}"] if excluded else []
    marked += ["rayado: no medido"] if any(ax.collections for ax in axes) else []
    figure.supxlabel("   ".join(marked), fontsize=10)
    return axes


def _between_cells(ax, mean):
    """White lines between the cells of an image, and hatching where there is no number."""
    lacking = [(x - 0.5, y - 0.5) for y, x in np.argwhere(mean.isna().to_numpy())]
    if lacking:
        squares = [Rectangle(corner, 1, 1) for corner in lacking]
        ax.add_collection(PatchCollection(squares, facecolor="0.93", edgecolor="0.75", hatch="//"))
    for place in range(1, mean.shape[1]):
        ax.axvline(place - 0.5, color="white", lw=1.5)
    for place in range(1, mean.shape[0]):
        ax.axhline(place - 0.5, color="white", lw=1.5)


def _readable(rgba):
    """Black or white, whichever stands out more from a colour (contrast of WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgba[:3]]
    luminance = np.dot([0.2126, 0.7152, 0.0722], linear)
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "black"


def seeds(changes: Mapping[str, pd.Series], chosen: int) -> np.ndarray:
    """Draw how often each change by seed occurs, a panel a title, the mean and its interval above,
    and one seed's own change; return the axes."""
    size = {"figsize": (WIDTH, 3.2), "squeeze": False, "sharex": True, "sharey": True}
    axes = plt.subplots(1, len(changes), **size)[1][0]
    every = np.concatenate(list(changes.values()))
    bins = np.arange(np.floor(every.min() * 100), np.ceil(every.max() * 100) + 1) / 100
    for ax, (name, values) in zip(axes, changes.items(), strict=True):
        counts, _, _ = ax.hist(values, bins, color="#BFBFBF", edgecolor="white", label="semillas")
        top = counts.max()
        ax.axvline(0, **REFERENCE_LINE)
        mean, low, high = comparison.interval(values)
        ax.errorbar(
            mean, 1.15 * top, xerr=[[mean - low], [high - mean]], fmt="o", color="#D55E00",
            capsize=4, label="media e intervalo del 95 %",
        )  # fmt: skip
        ax.plot(
            values[chosen], 0.04 * top, "v", color="#0072B2", ms=11, label=f"la semilla {chosen}"
        )
        ax.set_title(name, fontsize=11)
        ax.set_xlabel(DIFFERENCE)
    axes[0].set_ylabel("semillas")
    place_legend(axes, beside=True)
    return axes


def call_parameters(found: Mapping[str, pd.DataFrame], unit: str) -> np.ndarray:
    """Draw how simulated and real calls are spread: a panel a parameter, a line a kind; return the
    axes. found: of `mechanism.call_parameters`; unit: of the spectrograms' levels."""
    kinds = {"real": ("reales", "#000000", "-"),
             "simulated": ("todas las simuladas", "#0072B2", ":"),
             "drawn": ("las sorteadas", "#0072B2", "-")}  # fmt: skip
    labels = {"start_hz": "inicio (Hz)", "slope_hz_s": "pendiente (Hz/s)",
              "duration_s": "duración (s)", "snr_db": f"sobre el mar: {level(unit)}"}  # fmt: skip
    fig, axs = plt.subplots(1, len(labels), figsize=(WIDTH, 2.6), layout="constrained")
    for ax, (name, label) in zip(axs, labels.items(), strict=True):
        every = pd.concat([table[name] for table in found.values()]).dropna()
        grid = np.linspace(*every.quantile([0.005, 0.995]), 100)
        for kind, (text, colour, style) in kinds.items():
            density = gaussian_kde(found[kind][name].dropna())(grid)
            ax.plot(grid, density, style, color=colour, label=text)
        ax.set(xlabel=label, yticks=[], ylim=(0, None))
    fig.legend(*axs[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(kinds))
    return axs


def mechanism(rows: pd.DataFrame, titles: Mapping[str, str]) -> np.ndarray:
    """Draw, a line an arm, what the clips are like that it adds, and what it changes; return the
    axes.

    rows: arms (index) with mean, low, high, and a column (0..1) for each name in titles; the first
    of them orders the arms.
    """
    rows = rows.sort_values(next(iter(titles)))
    figure, axes = plt.subplots(
        1, len(titles) + 1, sharey=True, figsize=(WIDTH, 0.32 * len(rows) + 1.2),
        width_ratios=[*(1 for _ in titles), 1.5],
    )  # fmt: skip
    for place, (arm, row) in enumerate(rows.iterrows()):
        _, colour, marker = ARMS[arm]
        for ax, column in zip(axes, titles, strict=False):  # the last panel is another
            ax.plot([0, row[column]], [place, place], color="0.8", lw=1.5, zorder=1)
            ax.plot(row[column], place, marker=marker, color=colour, ms=8, clip_on=False)
        _interval(axes[-1], row, place, colour, marker)
    for ax, title_ in zip(axes, titles.values(), strict=False):
        ax.margins(x=0.08)
        ax.set_title(title_, fontsize=11)
        ax.set_xlabel("parte (1 es toda)")
    axes[-1].axvline(0, **REFERENCE_LINE)
    axes[-1].set_title("lo que cambia", fontsize=11)
    axes[-1].set_xlabel(DIFFERENCE)
    axes[0].set_yticks(range(len(rows)), [title(arm) for arm in rows.index])
    for ax in axes:
        ax.grid(axis="x")
    return axes
