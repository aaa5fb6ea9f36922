"""What is in a data set and what could mislead: the measurements of the first notebook.

`explore` measures once; the notebook shows. Its numbers are kept in data/results/<dataset>/eda.csv.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from utils import data, ocean, paths, tables
from utils.data import duplicates
from utils.eda import cues, maps
from utils.sound import descriptors, measurements
from utils.statistics import evaluation

NEAR_DUPLICATE = 0.95  # correlation of all pixels
SNR_EDGES = (-14, -7, -4, -1, 2, 5, 12)  # dB
TOLERANCE = 0.02  # between processors, of every number; counts must agree


@dataclass(frozen=True, eq=False)
class Exploration:
    """The measured pieces of a data set of n clips.

    acoustic: n rows, see `sound.measurements`. components (n, k): scores of the principal
    components. similar: each clip's nearest other clip, see `duplicates.nearest`. cues: columns
    clips ("all", "matched"), cue, split_by ("group", "random"), and mean, low, high of the ROC AUC
    over the splits. scores (n,): probability of a call from all descriptors, by a forest that never
    saw the clip's group. numbers: a Series by (topic, name), as stored.
    """

    acoustic: pd.DataFrame
    components: np.ndarray
    similar: pd.DataFrame
    cues: pd.DataFrame
    scores: np.ndarray
    numbers: pd.Series

    @property
    def measured(self) -> str:
        """The clips that models are compared on: "matched" where there are any, else "all"."""
        return self.cues["clips"].iloc[-1]

    @property
    def floor(self) -> pd.Series:
        """ROC AUC of each trivial cue on the measured clips, split by group."""
        return self.numbers[f"cue, {self.measured}, group"]

    @property
    def leak(self) -> pd.Series:
        """What each trivial cue gains where the measured clips are split at random."""
        return self.numbers[f"cue, {self.measured}, random"] - self.floor

    @property
    def effects(self) -> pd.Series:
        """Cohen's d of each descriptor, the largest first."""
        effects = self.numbers["effect"]
        return effects.reindex(effects.abs().sort_values(ascending=False, kind="stable").index)


def explore(dataset: data.Dataset, *, seed: int = 0) -> Exploration:
    """Measure a `data.Dataset` and record its numbers; return the Exploration.

    ValueError if the groups cannot be split, or if the numbers differ from those recorded.
    """
    floor = cue_floor(dataset, seed=seed)
    decibels = descriptors.decibels(dataset)
    acoustic = measurements.measure(decibels, dataset.frequencies, dataset.times, dataset.call_band)
    described = descriptors.describe(dataset)
    components, variance = maps.principal_components(dataset.spectrograms, seed=seed)
    similar = duplicates.nearest(dataset.spectrograms, components)
    scores = cues.cross_validated_scores(described, dataset.labels, dataset.groups, seed=seed)
    topics = {
        "balance": balance(dataset.labels, dataset.groups),
        "loudness": _loudness(dataset),
        "acoustic": _acoustic(acoustic, dataset.labels),
        "effect": _effects(described, dataset.labels),
        "roc_auc": _areas(described, scores, dataset.labels),
        "mean difference": mean_difference(dataset),
        "variance": _variance(variance),
        "purity": purity(components, dataset),
        "twins": _twins(similar, dataset),
    }
    for (clips, kind), rows in floor.groupby(["clips", "split_by"], sort=False):
        topics[f"cue, {clips}, {kind}"] = rows.set_index("cue")["mean"]
    if dataset.truth is not None:
        by_snr = auc_by_snr(scores, dataset)
        topics["auc by snr"] = by_snr.set_index(by_snr["part"].astype(str))["roc_auc"]
        beside = auc_beside_sources(scores, dataset)
        topics["auc beside"] = beside.set_index("source")["roc_auc"]
    rows = [
        {"dataset": dataset.name, "topic": topic, "name": name, "value": round(float(value), 4)}
        for topic, values in topics.items()
        for name, value in values.items()
    ]
    table = tables.record(
        pd.DataFrame(rows),
        paths.results_dir(dataset.name) / "eda.csv",
        keys=["topic", "name"],
        tolerance=TOLERANCE,
        content=tables.fingerprint(dataset),
    )
    numbers = table.set_index(["topic", "name"])["value"]
    return Exploration(acoustic, components, similar, floor, scores, numbers)


def cue_floor(dataset: data.Dataset, *, seed: int) -> pd.DataFrame:
    """Return clips, cue, split_by and mean, low, high ROC AUC of the trivial cues over 5 splits.

    clips: "all" and, where some are marked as matched, "matched".
    """
    parts, subsets = [], {"all": dataset}
    if dataset.matched is not None and not dataset.matched.all():
        subsets["matched"] = dataset.study_clips()
    for clips, part in subsets.items():
        kinds = {
            "group": data.split_by_group(part.labels, part.groups, seed=seed, fewer=True),
            "random": cues.random_splits(part.labels, seed=seed),
        }
        for kind, splits in kinds.items():
            areas = cues.trivial_cues(part, splits).groupby("cue", sort=False)["roc_auc"]
            table = areas.agg(mean="mean", low="min", high="max").reset_index()
            parts.append(table.assign(clips=clips, split_by=kind))
    return pd.concat(parts, ignore_index=True)


def balance(labels: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    """Return counts, the share of calls, how it differs between groups, and how it runs in time.

    share_low, share_high: the middle 80 % of the groups. share_sd_chance: what independent clips
    would give. same_as_previous: consecutive clips of a group that have the same label.
    """
    table = pd.DataFrame({"label": labels, "group": groups})
    by_group = table.groupby("group")["label"].agg(["mean", "size"])
    share = float(np.mean(labels))
    together = np.diff(groups) == 0
    return {
        "clips": len(labels),
        "calls": int(np.sum(labels)),
        "groups": len(by_group),
        "share": share,
        "share_low": by_group["mean"].quantile(0.1),
        "share_high": by_group["mean"].quantile(0.9),
        "share_sd": by_group["mean"].std(ddof=0),
        "share_sd_chance": np.sqrt(share * (1 - share) * (1 / by_group["size"]).mean()),
        "same_as_previous": np.mean((np.diff(labels) == 0)[together]) if together.any() else np.nan,
        "same_as_previous_chance": evaluation.chance_purity(labels),
    }


def mean_difference(dataset: data.Dataset) -> dict[str, float]:
    """Return where the mean spectrograms of the classes differ most, with Hz and seconds.

    rise: the largest excess of calls within the calls' band; fall: the
    largest deficit at any frequency.
    """
    labels, clips = dataset.labels, dataset.spectrograms
    difference = clips[labels == 1].mean(0) - clips[labels == 0].mean(0)  # (f, t)
    inside = descriptors.within(dataset.frequencies, dataset.call_band)
    banded = np.where(inside[:, None], difference, -np.inf)
    found = {}
    for name, cell in (("rise", banded.argmax()), ("fall", difference.argmin())):
        row, column = np.unravel_index(cell, difference.shape)
        found[name] = difference[row, column]
        found[f"{name}_hz"] = dataset.frequencies[row]
        found[f"{name}_seconds"] = dataset.times[column]
    return found


def purity(points: np.ndarray, dataset: data.Dataset) -> dict[str, float]:
    """Return the share of each point's 10 nearest that are of its class, of its group, and chance.

    points: (n, d), one a clip.
    """
    found = {}
    for name, values in (("class", dataset.labels), ("group", dataset.groups)):
        found[name] = evaluation.neighbour_purity(points, values)
        found[f"{name}_chance"] = evaluation.chance_purity(values)
    return found


def auc_by_snr(scores: np.ndarray, dataset: data.Dataset) -> pd.DataFrame:
    """Return part (an interval in dB), calls and roc_auc: how calls of an SNR stand out."""
    parts = pd.cut(dataset.truth["snr_db"], SNR_EDGES)
    return cues.roc_auc_by_part(scores, dataset.labels, parts)


def auc_beside_sources(scores: np.ndarray, dataset: data.Dataset) -> pd.DataFrame:
    """Return source, calls and roc_auc of the calls that share their clip with each other source.

    "none": calls without any. Sources that meet fewer than ten calls are left out.
    """
    alone = cues.roc_auc_by_part(scores, dataset.labels, dataset.truth["n_distractors"] == 0)
    rows = [alone[alone["part"]].assign(source="none")]
    for source in ocean.DISTRACTORS:
        table = cues.roc_auc_by_part(scores, dataset.labels, dataset.truth[source].astype(bool))
        rows.append(table[table["part"]].assign(source=source))
    table = pd.concat(rows, ignore_index=True)[["source", "calls", "roc_auc"]]
    return table[table["calls"] >= 10].reset_index(drop=True)


def nearest_pairs(similar: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the most similar pairs of `duplicates.nearest`: first, second, correlation.

    At most `count`, the most similar first; no clip stands in two of them.
    """
    pairs, used = [], set()
    for row in similar.sort_values("correlation", ascending=False, kind="stable").itertuples():
        ends = {row.clip, row.other}
        if len(pairs) < count and not ends & used:
            pairs.append((min(ends), max(ends), row.correlation))
            used |= ends
    return pd.DataFrame(pairs, columns=["first", "second", "correlation"])


def calls_by_snr(truth: pd.DataFrame, quantiles: tuple[float, float]) -> np.ndarray:
    """Return the clips whose calls stand at these quantiles of the SNR, of a simulated truth."""
    order = truth["snr_db"].dropna().sort_values(kind="stable").index.to_numpy()
    return order[[round(q * (len(order) - 1)) for q in quantiles]]


def clear_calls(found: Exploration, labels: np.ndarray, count: int) -> np.ndarray:
    """Return `count` calls that are easy to see: with a track like an up-call's, and of these those
    that a forest of all descriptors is surest of; others where there are fewer of them."""
    acoustic = found.acoustic
    like = acoustic["duration_s"].between(0.5, 1.2)
    like &= (acoustic["end_hz"] - acoustic["start_hz"]).between(50, 200)
    order = np.lexsort((-found.scores, ~like, labels == 0))
    return order[:count]


def call_contour(call: pd.Series, times: np.ndarray) -> np.ndarray:
    """Return the frequency (Hz) of a call at times (s), NaN where it does not sound.

    call: a row of a simulated data set's truth. The curve meets the true contour at its start,
    middle and end.
    """
    u = (np.asarray(times) - call["start_seconds"]) / call["duration_seconds"]
    sweep = call["end_hz"] - call["start_hz"]
    frequency = call["start_hz"] + sweep * (u - 4 * call["curvature"] * u * (1 - u))
    return np.where((u >= 0) & (u <= 1), frequency, np.nan)


def _effects(table, labels) -> pd.Series:
    effect = evaluation.cohens_d(table[labels == 1], table[labels == 0])
    return pd.Series(effect, index=table.columns)


def _acoustic(table, labels) -> dict[str, float]:
    """Median of each measurement in either class, and how far it alone separates them."""
    found = {}
    for name, values in table.items():
        seen = values.notna().to_numpy()
        for k, kind in enumerate(("none", "call")):
            found[f"{name}_{kind}"] = values[seen & (labels == k)].median()
        area = roc_auc_score(labels[seen], values[seen])
        found[f"{name}_auc"] = max(area, 1 - area)
    return found


def _areas(table, scores, labels) -> dict[str, float]:
    """ROC AUC of the best single descriptor, in either direction, and of all together."""
    areas = np.array([roc_auc_score(labels, table[name]) for name in table])
    return {
        "best_single": np.maximum(areas, 1 - areas).max(),
        "together": roc_auc_score(labels, scores),
    }


def _loudness(dataset) -> dict[str, float]:
    """Effect of each measure of loudness, and its median in either class."""
    table = cues.loudness(dataset)
    found = {f"effect_{name}": d for name, d in _effects(table, dataset.labels).items()}
    for name in table:
        found[f"{name}_none"] = table.loc[dataset.labels == 0, name].median()
        found[f"{name}_call"] = table.loc[dataset.labels == 1, name].median()
    return found


def _variance(variance) -> dict[str, float]:
    total = np.cumsum(variance)
    return {"components": len(total), "first": total[0], "two": total[1], "all": total[-1]}


def _twins(similar, dataset) -> dict[str, float]:
    """Exact and near duplicates, and how often a clip's most similar other is of its group."""
    clip, other = similar["clip"].to_numpy(), similar["other"].to_numpy()
    clips = dataset.spectrograms if dataset.audio is None else dataset.audio
    return {
        "exact": int(duplicates.exact(clips).sum()),
        "near_share": (similar["correlation"] > NEAR_DUPLICATE).mean(),
        "median": similar["correlation"].median(),
        "highest": similar["correlation"].max(),
        "same_group": (dataset.groups[clip] == dataset.groups[other]).mean(),
        "same_class": (dataset.labels[clip] == dataset.labels[other]).mean(),
    }
