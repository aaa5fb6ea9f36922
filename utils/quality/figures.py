"""Figures of Checkpoint 3: measures of generators between their floors and their ceiling."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from utils.models.generators import registry
from utils.plotting import REFERENCE_LINE, WIDTH, number, p_value, percent, place_legend
from utils.plotting.generators import GENERATORS, title
from utils.plotting.style import new_axes
from utils.quality import checkpoint

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
PARAMETERS = {  # of the call's track, to the distance of their distributions
    "frecuencia inicial (Hz)": "wasserstein_start_hz",
    "pendiente (Hz/s)": "wasserstein_slope_hz_s",
    "duración (s)": "wasserstein_duration_s",
    f"SNR ({SOME_UNIT})": "wasserstein_snr_db",
}
MEASURES = {
    "frechet_pca": "Fréchet, PCA (media + ruido = 1)",
    "frechet_cnn": "Fréchet, CNN (media + ruido = 1)",
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
}
MEASURES |= {measure: f"Wasserstein, {heading}" for heading, measure in PARAMETERS.items()}


def every_measure(table: pd.DataFrame, size: int) -> pd.DataFrame:
    """Return the means of all measures of quality.csv at a size, rows measures, columns generators.

    Distances between distributions are in proportion to that of `noise`.
    """
    means = {
        heading: checkpoint.values(table, measure, size).mean(axis=1)
        for measure, heading in MEASURES.items()
    }
    found = pd.DataFrame(means)
    found = found.loc[[name for name in GENERATORS if name in found.index]]
    for heading in found.columns[found.columns.str.endswith("= 1)")]:
        found[heading] /= found.loc["noise", heading]
    found = found.rename(index=title).T.rename_axis("media de cinco particiones")
    return found.rename_axis(columns=None)


def question(
    panels: Mapping, *, ends: Mapping[str, tuple[float, float]] | None = None
) -> np.ndarray:
    """Draw measures of all generators with their null levels, a panel each; return the axes.

    panels: heading to (table of mean, low and high, one row a generator; null levels, text to
    value). ends: heading to the ends of a measure that is no share, and so of its intervals.
    """
    names = list(dict.fromkeys(name for table, _ in panels.values() for name in table.index))
    size = WIDTH - 0.05 * (len(panels) - 1), 0.33 * len(names) + 1.3  # a last tick may jut out
    _, axes = plt.subplots(1, len(panels), figsize=size, sharey=True, squeeze=False)
    for ax, (heading, (table, nulls)) in zip(axes[0], panels.items(), strict=True):
        for place, name in enumerate(names):
            if name not in table.index:
                continue
            row, colour = table.loc[name], GENERATORS[name][1]
            interval = np.clip([row["low"], row["high"]], *(ends or {}).get(heading, (0, 1)))
            ax.plot(interval, [place, place], color=colour, lw=2.2)
            ax.plot(row["mean"], place, marker=MARKERS[name], color=colour, ms=8)
        for text, value in nulls.items():
            ax.axvline(value, **REFERENCE_LINE)
            ax.annotate(
                text, (value, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
                textcoords="offset points", ha="center", va="bottom", fontsize=9.5,
            )  # fmt: skip
        ax.set_xlabel(heading)
        ax.set_yticks(range(len(names)), [title(name) for name in names])
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.locator_params(axis="x", nbins=12 // len(panels))
        ax.grid(axis="x")
    return axes[0]


def card(
    decision: pd.DataFrame, taken: pd.Series, cover: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the texts of the report card and who passes what, two tables of the same shape.

    decision: of `checkpoint.decide`; taken: the share of samples taken for a call, by name, and of
    real clips as "real"; cover: coverage in the space of a CNN as a share of the real one, by name.
    A share of half the real one passes, as with the coverage of the rule.
    """
    share, p = taken.reindex(decision.index), decision["copying_p"]
    half = 0.5 * taken["real"]
    rule = checkpoint.RULE
    texts = {
        f"¿es una llamada?\n(≥ {percent(half)})": [
            percent(value) if np.isfinite(value) else "—" for value in share
        ],
        f"¿cubre? PCA; CNN\n(PCA ≥ {percent(rule['coverage'])})": [
            f"{percent(value)}; {percent(cover[name])}"
            for name, value in decision["coverage_share"].items()
        ],
        f"¿sin copias?\n(p ≥ {number(rule['copying'], 2)})": p.map(p_value).to_list(),
        f"¿sirve? ROC AUC\n(> {number(decision['floor'].iloc[0])})": [
            number(value) for value in decision["usefulness"]
        ],
        "sigue": ["sí" if value else "no" for value in decision["goes_on"]],
    }
    first, *others = texts
    columns = ["covers", "no_copies", "useful", "goes_on"]
    passed = decision[columns].set_axis(others, axis=1)
    passed.insert(0, first, ~(share < half))
    return pd.DataFrame(texts, index=decision.index), passed


def report_card(values: pd.DataFrame, passed: pd.DataFrame) -> Axes:
    """Draw a table of texts, rows generators and columns questions, coloured by who passes.

    values, passed: of the same shape; blue where it is passed, orange where not.
    """
    ax = new_axes(None, width=WIDTH, height=0.42 * len(values) + 0.9)
    shown = np.where(passed.to_numpy(dtype=bool), 0.0, 1.0)
    shown[values.to_numpy() == "—"] = np.nan  # not measured: neither
    ax.imshow(shown, cmap=ListedColormap(["#DCEAF5", "#F6C9A8"]), vmin=0, vmax=1, aspect="auto")
    for (row, column), text in np.ndenumerate(values.to_numpy()):
        ax.text(column, row, text, ha="center", va="center", fontsize=11)
    ax.set_xticks(range(values.shape[1]), values.columns, fontsize=10.5)
    ax.set_yticks(range(len(values)), [title(name) for name in values.index], fontsize=11)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xticks(np.arange(0.5, values.shape[1] - 1), minor=True)
    ax.set_yticks(np.arange(0.5, len(values) - 1), minor=True)
    ax.grid(which="minor", color="white", lw=3)
    ax.tick_params(which="minor", length=0)
    return ax


def predictions(outcome: pd.Series, measures: Mapping[str, pd.Series], *, label: str) -> np.ndarray:
    """Draw an outcome of generators (by name) over each measure of them; return the axes."""
    _, axes = plt.subplots(1, len(measures), figsize=(WIDTH, 3.8), sharey=True)
    for ax, (heading, values) in zip(axes, measures.items(), strict=True):
        for name in outcome.index:
            colour = GENERATORS[name][1]  # clear inside, so that one behind another is seen
            style = {"marker": MARKERS[name], "mfc": (colour, 0.25), "mec": colour, "mew": 1.8}
            ax.plot(values[name], outcome[name], **style, ms=10, ls="", label=title(name))
        ax.set_xlabel(heading)
        ax.margins(0.12)
        ax.grid()
    axes[0].set_ylabel(label)
    place_legend(axes)
    return axes


def few_calls(table: pd.DataFrame, size: int) -> np.ndarray:
    """Draw what is told apart, taken for calls, and teaches at one size of quality.csv; return
    axes."""
    apart, taken, useful = (
        checkpoint.summary(table, name, size) for name in ("two_sample_auc", "taken", "usefulness")
    )
    change, useful = "cambio de ROC AUC, solo sintéticas", useful["mean"]
    panels = {
        "AUC de dos muestras": (apart.drop("real"), {"indistinguible": 0.5}),
        "tomadas por llamada": (taken.drop("real"), {"reales": taken["mean"]["real"]}),
        change: (checkpoint.margins(table, size, "real").drop("real"), {"reales": 0.0}),
    }
    best = useful.reindex(registry.REGISTRY).idxmax()
    axes = question(panels, ends={change: (-1, 1)})
    axes[0].figure.suptitle(
        f"Con {size} llamadas: de sus muestras se aprende hasta {number(useful[best])} "
        f"({title(best)}); de las reales, {number(useful['real'])}"
    )
    return axes


def nearest(distances: Mapping[str, np.ndarray]) -> Axes:
    """Draw the share of clips whose call lies nearer than a distance to a training call."""
    ax = new_axes(None, height=3.8, width=0.8 * WIDTH)
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
    half = [round(np.median(distances[name])) for name in ("copies", "real")]
    ax.set_title(f"Distancia mediana: {half[0]} en las copias, {half[1]} en las reales de prueba")
    return ax
