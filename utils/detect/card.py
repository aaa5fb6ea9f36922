"""The card of a detector: what to expect of it, measured on recordings it had not heard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from sklearn import metrics

from utils import plotting
from utils.detect import store
from utils.statistics import evaluation

if TYPE_CHECKING:
    from utils.detect.training import Material

RECALL, PRECISION = 0.9, 0.9
RESAMPLES = 1000
ERRORS = 8  # of either kind that are shown


def recall_at_precision(
    labels: np.ndarray, probability: np.ndarray, precision: float = PRECISION
) -> float:
    """Return the highest recall at which the precision is at least that, 0 if there is none."""
    found, recall, _ = metrics.precision_recall_curve(labels, probability)
    return float(recall[:-1][found[:-1] >= precision].max(initial=0.0))


def threshold_at_recall(
    positive: ArrayLike, recall: float = RECALL, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the highest threshold at which that share of positive scores (n,) is reached.

    weights (r, n): how often each counts, for r thresholds (r,) at once.
    """
    positive = np.asarray(positive, dtype=float)
    weights = np.ones((1, len(positive))) if weights is None else weights
    order = np.argsort(-positive, kind="stable")
    reached = np.cumsum(weights[:, order], axis=1)
    place = (reached >= recall * reached[:, -1:] - 1e-9).argmax(1)
    return positive[order][place]


def false_alarms_an_hour(
    labels: ArrayLike,
    probability: np.ndarray,
    groups: np.ndarray,
    seconds: float,
    *,
    seed: int,
) -> tuple[float, float, float]:
    """Return (value, low, high): clips without a call above the threshold of RECALL, an hour.

    Hours are those of the clips without a call, of which each lasts `seconds`. The interval (95 %)
    is a bootstrap over groups, in which the threshold is chosen anew. Where there is no false
    alarm, its end is three in all hours (Hanley and Lippman-Hand 1983, JAMA 249).
    """
    labels = np.asarray(labels)

    def rate(weights):
        limit = threshold_at_recall(probability[labels == 1], RECALL, weights[:, labels == 1])
        seas = weights[:, labels == 0]
        alarms = (seas * (probability[labels == 0] >= limit[:, None])).sum(1)
        return alarms / (seas.sum(1) * seconds / 3600)

    value = float(rate(np.ones((1, len(labels))))[0])
    weights = evaluation.group_weights(labels, groups, seed=seed, n_resamples=RESAMPLES)
    low, high = np.percentile(rate(weights), [2.5, 97.5])
    if value == 0:
        high = max(high, 3 / ((labels == 0).sum() * seconds / 3600))
    return value, float(low), float(high)


LIMITS = """\
## What it was not tested on

Other places, seasons, recorders and depths than those of the clips above, other species and ships \
that are not heard in them, windows that hold a part of a call only, and recordings that were \
resampled from a lower rate. Check a part of what it finds in yours, and count what it misses with \
`whales detect eval`.
"""


def write(
    folder: Path, detector: store.Detector, material: Material, scores: pd.DataFrame, rounds: int
) -> None:
    """Write card.md and its figures into a folder.

    scores: columns clip, group, label, score of held-out clips; rounds: in which they were.
    """
    plotting.use_style("en")
    labels, probability = scores["label"].to_numpy(), scores["score"].to_numpy()
    curves(labels, probability, detector.threshold).savefig(folder / store.CURVES)
    alarms = np.flatnonzero(labels == 0)[np.argsort(-probability[labels == 0])][:ERRORS]
    misses = np.flatnonzero(labels == 1)[np.argsort(probability[labels == 1])][:ERRORS]
    spectrogram_page(
        material, np.concatenate([alarms, misses]), scores,
        "the highest scores without a label, then the labelled calls with the lowest",
    ).savefig(folder / store.WORST)  # fmt: skip
    plt.close("all")
    text = _text(detector, material, scores, rounds)
    (folder / store.CARD).write_text(text, encoding="utf-8")


def _alarms(detector, material, scores, hours):
    """False alarms an hour at RECALL, with their interval."""
    value, low, high = false_alarms_an_hour(
        *(scores[name].to_numpy() for name in ("label", "score", "group")),
        material.seconds, seed=detector.trained_on["seed"],
    )  # fmt: skip
    if value:
        return f"{value:.1f} (95 % interval over groups {low:.1f} to {high:.1f})"
    return f"0.0 (with 95 % confidence below {high:.1f}, since {hours:.2f} h hold none)"


def _text(own, found, scores, rounds):
    """The card of a detector and its Material, as Markdown."""
    labels, probability = scores["label"].to_numpy(), scores["score"].to_numpy()
    at_threshold = evaluation.scores(labels, probability, own.threshold)
    hours = (labels == 0).sum() * found.seconds / 3600
    often = (probability[labels == 0] >= own.threshold).sum() / hours
    limit = float(threshold_at_recall(probability[labels == 1])[0])
    recall = recall_at_precision(labels, probability)
    heard = "recordings" if found.real else "simulated recordings"
    kind = "real" if found.real else "simulated"
    doubt = " (listen to them: some may hold a call that nobody labelled)" if found.real else ""
    first = "" if found.real else "**This detector has never heard a real call.**\n\n"
    return f"""# Detector of {own.call}

{first}Reports windows of {found.seconds:g} s whose score is at least **{own.threshold:.3f}**, the \
threshold of the highest F1 on held-out {heard}.

## What to expect

Each number is for clips of {heard} that the scoring classifier had not heard \
({own.trained_on["groups"]} groups, each held out once, in {rounds} rounds): \
{int(labels.sum())} clips with a call and {int((labels == 0).sum())} without. \
The detector in this folder then learned from all of them.

| on held-out clips | |
|---|---|
| ROC AUC | {at_threshold["roc_auc"]:.3f} |
| at the threshold {own.threshold:.3f}: recall, precision, false alarms an hour | \
{at_threshold["recall"]:.2f}, {at_threshold["precision"]:.2f}, {often:.1f} |
| recall at precision {PRECISION:g} | {recall:.2f} |
| false alarms an hour at {100 * RECALL:.0f} % recall (`detect run --threshold {limit:.3f}`) | \
{_alarms(own, found, scores, hours)} |
| Brier score (mean squared error of the score; 0 is best) | {at_threshold["brier"]:.3f} |

The threshold was chosen on these same scores, which flatters its row a little. \
False alarms are counted in clips without a call, {hours:.2f} h in all if they are played one \
after the other; the less sound, the wider the interval. Over recordings, windows that hold a part \
of a call can raise events of their own, and calls less than a window apart share an event, for \
which `detect eval` counts one of them as found. Precision holds for the share of \
calls among these clips, {100 * labels.mean():.0f} %, and is lower where calls are rarer.

![ROC, precision and recall, calibration]({store.CURVES})

![Worst errors]({store.WORST})

Above, the clips without a call that score highest{doubt}; below, the calls that score lowest.

## What it learned from

{chr(10).join(f"- {sentence}" for sentence in found.told)}
- recipe `{own.recipe}`, seed {own.trained_on["seed"]}, {kind} calls; calls lie between \
{found.band[0]:g} and {found.band[1]:g} Hz

{LIMITS}"""


def curves(labels: np.ndarray, probability: np.ndarray, threshold: float) -> Figure:
    """Return the figure of ROC, precision and recall, and calibration of held-out scores."""
    figure, axes = plt.subplots(1, 3, figsize=(1.3 * plotting.WIDTH, 4.0))
    colour, point = plotting.MODELS["cnn"][1], {"color": plotting.CLASS_COLOURS[1], "zorder": 3}
    called = probability >= threshold
    recall, alarm = called[labels == 1].mean(), called[labels == 0].mean()
    false, true, _ = metrics.roc_curve(labels, probability)
    axes[0].plot(false, true, color=colour)
    axes[0].plot([0, 1], [0, 1], **plotting.REFERENCE_LINE)
    axes[0].scatter(alarm, recall, **point, label="threshold")
    axes[0].set(xlabel="false alarm rate", ylabel="recall", title="ROC")
    axes[0].legend(loc="lower right")
    precision, reached, _ = metrics.precision_recall_curve(labels, probability)
    axes[1].plot(reached, precision, color=colour)
    axes[1].axhline(labels.mean(), **plotting.REFERENCE_LINE)
    axes[1].scatter(recall, labels[called].mean(), **point)
    axes[1].set(xlabel="recall", ylabel="precision", title="precision and recall")
    predicted, observed, _ = evaluation.reliability(labels, probability, min(10, len(labels) // 10))
    axes[2].plot(predicted, observed, color=colour, marker="o", markersize=5)
    axes[2].plot([0, 1], [0, 1], **plotting.REFERENCE_LINE)
    axes[2].set(xlabel="score", ylabel="share of calls", title="calibration")
    for ax in axes:
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        ax.grid()
        for axis in (ax.xaxis, ax.yaxis):  # the notebooks' scale writes decimal commas
            axis.set_major_formatter(ticker.ScalarFormatter())
    return figure


def spectrogram_page(
    material: Material, index: np.ndarray, scores: pd.DataFrame, title: str
) -> Figure:
    """Return the figure of some clips of a Material, each with its score, label and name."""
    grid = material.grid[index]
    titles = [
        f"{row.score:.2f}, {material.call if row.label else 'no label'}\n{short(row.clip)}"
        for row in scores.iloc[index].itertuples()
    ]
    panels = plotting.spectrogram_grid(
        grid, material.frequencies, material.times, titles, unit="dB",
        limits=np.percentile(grid, [1, 99.8]),
    )  # fmt: skip
    for ax, text in zip(panels, titles, strict=True):
        ax.set_title(text, fontsize=8)
    figure = panels[0].figure
    figure.supxlabel("time (s)", fontsize=11)
    figure.supylabel("frequency (Hz)", fontsize=11)
    figure.suptitle(title)
    return figure


def short(name: str, most: int = 28) -> str:
    """The end of a long name, for a title."""
    return name if len(name) <= most else f"…{name[1 - most :]}"
