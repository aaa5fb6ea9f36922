"""What the pages open with: facts out of the stored tables, and the figure of the learning curves.

Facts are numbers; how they are written is the pages' business (`utils.pages`).
"""

import functools
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from utils.augmentation import answer, arms, pretrained, study
from utils.models.generators import registry
from utils.plotting import WIDTH, model_title
from utils.plotting.style import space_ticks
from utils.statistics import comparison
from utils.statistics.evaluation import FEWEST

LINES = {  # of the figure: colour, line, marker
    "all": ("#8C8C8C", (0, (2, 2)), None),
    "birdnet": ("#882255", "-", "D"),
    "ocean": ("#0072B2", "-", "o"),
    "zero": ("#0072B2", "", "o"),  # oceans alone, with no real call
    "cheap": ("#009E73", "--", "P"),
    "real": ("#000000", "-", "*"),
    "learned": ("#D55E00", "-.", "s"),
}


FIXED = "fixed"  # as a reference: the cheap rival of the highest mean, one for all seeds
UNSEEN = range(14, 40)  # seeds of which the first tries with a hydrophone had no row


@dataclass(frozen=True, eq=False)
class Front:
    """The rows of one data set that the pages tell.

    All are of the seeds that hold the whole primary comparison: while it is still being run, what
    stands side by side has met the same clips.
    """

    found: answer.Answer

    @functools.cached_property
    def seeds(self) -> set[int]:
        """The seeds that hold the whole primary comparison."""
        rows, primary = self.found.rows, study.PROTOCOL["primary"]
        own = rows[(rows["arm"] == primary["arm"]) & rows["n_positive"].isin(primary["sizes"])]
        own = own[own["classifier"].isin(primary["classifiers"])]
        whole = len(primary["sizes"]) * len(primary["classifiers"])
        counts = own.groupby("seed").size()
        return set(counts.index[counts == whole])

    @functools.cached_property
    def told(self) -> pd.DataFrame:
        """All rows of these seeds."""
        return self.found.rows[self.found.rows["seed"].isin(self.seeds)]

    def mean(self, arm: str, size: int, classifier: str, score: str = "roc_auc") -> float:
        """Mean score of an arm at a size, over the seeds of the main part."""
        rows = self.told if arm in arms.WITH_CLASSICAL else study.select(self.told, "main")
        chosen = comparison.where(rows, arm=arm, n_positive=size, classifier=classifier)
        return float(chosen[score].mean())

    def best(self, names: Iterable[str], size: int, classifier: str) -> str:
        """The arm of the highest mean."""
        return max(names, key=lambda arm: self.mean(arm, size, classifier))

    def against(
        self,
        reference: str,
        overlap: float = comparison.OVERLAP,
        seeds: Container[int] | None = None,
    ) -> pd.DataFrame:
        """`comparison.verdicts` of the simulated hydrophone at the sizes and with the classifiers
        of the primary comparison: against the best cheap rival (reference "rival"), which is that
        comparison, or against one of the rivals or FIXED, either one family of tests; or against
        `real`, among all arms, as in answer.csv. seeds: those that count, by default all."""
        primary = study.PROTOCOL["primary"]
        counted = self.seeds if seeds is None else self.seeds.intersection(seeds)
        if reference == "real":
            rows = self.found.with_ocean
            found = comparison.verdicts(rows[rows["seed"].isin(counted)], overlap=overlap)
            found = found[found["arm"] == primary["arm"]]
        else:
            rows = study.select(self.told[self.told["seed"].isin(counted)], "ocean")
            rows = rows[rows["classifier"].isin(primary["classifiers"])]
            rows = rows[rows["n_positive"].isin(primary["sizes"])]
            several = reference in (comparison.RIVAL, FIXED)
            rivals = primary["against"] if several else (reference,)
            own = rows[rows["arm"].isin((primary["arm"], *rivals))]
            if reference == FIXED:
                own = _with_best(own, primary["arm"])
            found = comparison.against_best(
                own, rivals, (primary["arm"],), family=(), overlap=overlap
            )
        found = found[found["n_positive"].isin(primary["sizes"])]
        found = found[found["classifier"].isin(primary["classifiers"])]
        return found.set_index(["classifier", "n_positive"])

    def ceiling(self, classifier: str) -> float:
        """Mean ROC AUC of all real calls of a training side."""
        return float(comparison.learning_curve(self.curve_rows, classifier).mean().iloc[-1])

    @property
    def curve_rows(self) -> pd.DataFrame:
        """The learning curve of real calls, of these seeds."""
        rows = self.found.curve_rows
        return rows[rows["seed"].isin(self.seeds)]

    def equivalent(self, size: int, classifier: str) -> tuple[float, float, float]:
        """`comparison.real_equivalents` of the simulated hydrophone."""
        return comparison.real_equivalents(self.curve_rows, "ocean", size, classifier)

    def curves(self, classifier: str) -> Mapping[str, pd.Series]:
        """Mean ROC AUC by number of calls, of each of LINES that is measured, but for "all" and
        "zero"; that of `pretrained` is the same for all classifiers."""

        def line(*names):
            sizes = study.PROTOCOL["sizes"]
            return pd.Series({n: max(self.mean(a, n, classifier) for a in names) for n in sizes})

        found = {
            "real": line("real"),
            "cheap": line(*answer.CHEAP),
            "learned": line(*registry.REGISTRY),
            "ocean": line("ocean").dropna(),
            "birdnet": pretrained.curve(self.told),
        }
        return {name: curve for name, curve in found.items() if len(curve)}


def _with_best(rows, arm):
    """The rows of an arm, and at each place those of the other arm with the highest mean there."""
    others, place = rows[rows["arm"] != arm], ["n_positive", "classifier"]
    means = others.groupby([*place, "arm"])["roc_auc"].mean()
    best = pd.DataFrame(means.groupby(level=place).idxmax().tolist(), columns=[*place, "arm"])
    return pd.concat([rows[rows["arm"] == arm], others.merge(best)])


def fronts(found: Mapping[str, answer.Answer]) -> dict[str, Front]:
    """Return the Fronts of those Answers that hold enough seeds of the primary comparison."""
    every = {name: Front(one) for name, one in found.items()}
    return {name: one for name, one in every.items() if len(one.seeds) >= FEWEST}


def learning_curves(front: Front, words: Mapping[str, str], decimal: str) -> Figure:
    """Draw ROC AUC by number of real calls, a panel a classifier; return the figure.

    words: names of LINES, "x" and "y" in the page's language; decimal: its decimal sign.
    """
    classifiers, sizes = study.PROTOCOL["primary"]["classifiers"], study.PROTOCOL["sizes"]
    nothing = sizes[0] / 2  # where a logarithmic axis shows 0
    figure, axes = plt.subplots(1, len(classifiers), figsize=(WIDTH, 4.2), sharey=True)
    for ax, classifier in zip(axes, classifiers, strict=True):
        colour, line, _ = LINES["all"]
        ax.axhline(front.ceiling(classifier), color=colour, ls=line, lw=1.4, zorder=1)
        for name, curve in front.curves(classifier).items():
            colour, line, marker = LINES[name]
            ax.plot(curve.index, curve, color=colour, ls=line, marker=marker, ms=6, label=name)
        colour, line, marker = LINES["zero"]
        zero = front.mean("ocean_prior", 0, classifier)
        ax.plot(nothing, zero, color=colour, ls=line, marker=marker, mfc="none", label="zero")
        ax.set_xscale("log")
        ax.set_xticks([nothing, *sizes], ["0", *map(str, sizes)])
        ax.minorticks_off()
        ax.set_title(model_title(classifier), fontsize=12)
        ax.set_xlabel(words["x"])
        ax.grid()
        ax.yaxis.set_major_locator(MultipleLocator(0.01))
        ax.yaxis.set_major_formatter(lambda y, _: f"{y:.2f}".replace(".", decimal))
    axes[0].set_ylabel(words["y"])
    drawn = {"all": axes[0].get_lines()[0]} | {h.get_label(): h for h in axes[0].get_lines()}
    names = [name for name in LINES if name in drawn]
    handles = [drawn[name] for name in names]
    figure.legend(handles, [words[n] for n in names], loc="outside lower center", ncols=2)
    return figure


def strip(
    rows: Mapping[str, np.ndarray],
    frequencies: np.ndarray,
    times: np.ndarray,
    words: Mapping[str, str],
) -> Figure:
    """Draw rows of spectrograms (k, f, t) side by side, each in its own clips' limits; return the
    figure. words: names of the rows, "x" and "y"."""
    columns = len(next(iter(rows.values())))
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(WIDTH, 1.25 * len(rows) + 0.5), sharex=True, sharey=True
    )
    for row, (name, images) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(row, images, strict=True):
            ax.pcolormesh(times, frequencies, image, cmap="magma", vmin=np.quantile(image, 0.05))
            ax.tick_params(labelsize=9)
        row[0].set_ylabel(words[name], fontsize=10)
    space_ticks(axes[0, 0])
    figure.supxlabel(words["x"], fontsize=11)
    figure.supylabel(words["y"], fontsize=11)
    return figure
