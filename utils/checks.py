"""What a data set allows, said before any notebook starts: stages, splits, how long they take."""

import functools
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score

from utils import data, paths
from utils.augmentation import running, study
from utils.baseline import baseline
from utils.errors import UserError
from utils.models import classifiers
from utils.quality import judging
from utils.sound import features, spectrograms
from utils.statistics import comparison

# Seconds at the start and for each clip, on two cores whose `_pace` is 1.
STAGE_SECONDS = {"00_eda": (20, 0.008), "01_baseline": (180, 0.04), "02_generative": (60, 0.005)}
QUALITY, STUDY = "03_quality", "04_augmentation"
PACE_SECONDS = 0.4  # of the forest of `_pace` where it is 1
STUDY_CALLS = 100  # real calls on a training side, below which the study has too few sizes
LONG_HOURS = 2.0  # a study that takes longer is asked about
PUBLISHED = {"right_whale_upcalls": 419, "simulated": 184}  # calls on a test side of their studies
SIZES = (25, 100)  # calls for which it is said what a study can show
PROBED = 2  # splits on which it is seen what the fewest calls reach


@dataclass(frozen=True)
class Plan:
    """What is said of a data set: sentences, and why stages can't run, by notebook."""

    sentences: list[str]
    lacking: dict[str, str] = field(default_factory=dict)


def plan(dataset: data.Dataset, stems: Sequence[str]) -> Plan:
    """Return the Plan of a `data.Dataset` for some notebooks; UserError if none of them can run."""
    clips = dataset.study_clips()
    splits = _splits(clips)
    sentences = [dataset.describe()]
    usual = baseline.PROTOCOL["n_splits"]
    if len(splits) < usual:
        fewest = min(_groups_by_class(clips))
        alone = len(splits) == fewest
        how = "each is left out once" if alone else "with two or more on each test side"
        sentences.append(
            f"One of the classes is in {fewest} groups only: {len(splits)} splits instead of "
            f"{usual}, {how}; intervals will be wide."
        )
    lacking = {stem: reason for stem in stems if (reason := _too_few(stem, clips, splits))}
    able = [stem for stem in stems if stem not in lacking]
    sentences += _times(len(clips), able)
    for stem, hours in ((QUALITY, _quality_hours), (STUDY, _study_hours)):
        if stem in able:
            try:
                left, command = hours(dataset, splits)
            except UserError as error:
                lacking[stem] = str(error).removesuffix(".")
                continue
            if left:
                told = f"{left:.0f} h" if left > 1.5 else f"{np.ceil(60 * left):.0f} min"
                sentences.append(f"{stem} reads a table that `{command}` fills in about {told}.")
            if left and stem == STUDY:
                sentences += worth(clips, splits)
    return Plan(sentences, lacking)


def _quality_hours(dataset, splits):
    bench = baseline.Bench(dataset.study_clips(), baseline.PROTOCOL["shape"], splits)
    return len(judging.waiting(bench)) * judging.SECONDS / 3600, "whales quality"


def _study_hours(dataset, _):
    place, jobs = study.Study(dataset), os.cpu_count() or 1
    cells = place.cells(running.chosen_seeds(place, ()), study.PARTS)
    waiting = study.missing(place, cells, study.offered())
    return running.expected_seconds(place, waiting) / 3600 / jobs, "whales study run"


def worth(clips: data.Dataset, splits: Sequence[data.Split]) -> list[str]:
    """Return sentences: what difference a study of these clips can show, and whether the fewest
    calls leave it nothing to gain."""
    calls = np.mean([clips.labels[split.test].sum() for split in splits])
    seeds = study.PROTOCOL["most_seeds"]
    least = []
    for size in SIZES:
        ends = [f"{_least(size, tested, seeds):.3f}" for tested in (np.inf, calls)]
        least.append(f"{' to '.join(dict.fromkeys(ends))} with {size}")
    told = [
        f"With about {calls:.0f} calls on a test side, {seeds} seeds of {STUDY} show, eight times "
        f"in ten, a difference in ROC AUC of {' and of '.join(least)} labelled calls: as the "
        "published studies scatter, or, if larger, as they would on so few test calls."
    ]
    reached = _reached(clips, splits[:PROBED])
    if reached >= 1 - study.PROTOCOL["smallest_effect"]:
        told.append(
            f"{STUDY} is pointless here: {SIZES[0]} calls alone already reach a ROC AUC of "
            f"{reached:.3f}, and nothing that is added can gain what would count."
        )
    return told


def _least(size, calls, seeds):
    """The least difference that seeds show with `size` labelled calls and `calls` to test on.

    The differences between classical augmentation and real calls alone scatter as in the published
    studies, of which the widest counts, and with fewer calls on the test side as if it were all.
    """
    scatter = [
        _scatter(name)[size] * np.sqrt(max(1, tested / calls)) for name, tested in PUBLISHED.items()
    ]
    return comparison.detectable(max(scatter), seeds)


@functools.cache
def _scatter(name):
    """The standard deviation over seeds of those differences, by size, of a published study."""
    chosen = study.select(study.read(paths.results_dir(name) / "study.csv"), "main")
    chosen = chosen[chosen["arm"].isin(["real", "classical"])]
    own = comparison.differences(chosen).groupby(["n_positive", "classifier"])["difference"].std()
    return own.unstack()[list(study.PROTOCOL["width_classifiers"])].mean(axis=1)


def _reached(clips, splits):
    """Mean ROC AUC of a Random Forest from the fewest calls of training sides, alone."""
    found = []
    for split in splits:
        order = np.random.default_rng(split.seed).permutation(split.train)
        calls, seas = (order[clips.labels[order] == label] for label in (1, 0))
        chosen = np.concatenate([calls[: SIZES[0]], seas[: study.PROTOCOL["negatives"]]])
        known, held_out = (
            features.extract(spectrograms.resize(clips.spectrograms[i], baseline.PROTOCOL["shape"]))
            for i in (chosen, split.test)
        )
        forest = classifiers.build("random_forest", seed=0, n_estimators=100)
        forest.fit(known, clips.labels[chosen])
        found.append(roc_auc_score(clips.labels[split.test], forest.predict_proba(held_out)))
    return np.mean(found)


def _splits(clips):
    groups = len(np.unique(clips.groups))
    if groups == 1:
        raise UserError(
            f"{clips.name}: all clips come from one recording, which cannot be split into "
            "training, validation and test; add clips of two more, or tell stretches of it apart "
            "with --group PATTERN, a regular expression of the file names."
        )
    try:
        return data.kept_splits(
            clips.labels, clips.groups, seed=baseline.PROTOCOL["seed"], fewer=True
        )
    except UserError as error:
        each = zip(_groups_by_class(clips), clips.class_names, strict=True)
        counts = " and ".join(f"{count} with {name}" for count, name in each)
        raise UserError(
            f"{clips.name}: {groups} groups ({counts}) cannot be split into training, validation "
            "and test, which need a group of each class each; add recordings, or name finer groups "
            "with --group PATTERN."
        ) from error


def _groups_by_class(clips):
    return [len(np.unique(clips.groups[clips.labels == value])) for value in (0, 1)]


def _too_few(stem, clips, splits):
    """Why a stage can't run on the training sides, with what would mend it; "" if it can."""
    if stem[:2] in ("02", "03"):
        sides = [len(np.unique(clips.groups[s.test][clips.labels[s.test] == 1])) for s in splits]
        if min(sides) < 2:
            return (
                "calls of two recordings are needed on each test side; add recordings with calls, "
                "up to ten in all"
            )
    needed = {"01": (baseline.LEAST_CLIPS,) * 2, "02": (baseline.LEAST_CLIPS, judging.SIZES[0])}
    needed |= {"03": needed["02"], "04": (STUDY_CALLS, STUDY_CALLS)}
    counts = np.array([np.bincount(clips.labels[s.train], minlength=2) for s in splits]).min(0)
    for value, least in enumerate(needed.get(stem[:2], (0, 0))):
        if counts[value] < least:
            own = int((clips.labels == value).sum())
            more = int(np.ceil(least * own / counts[value])) - own
            return (
                f"a training side holds {counts[value]} clips of {clips.class_names[value]}, and "
                f"{least} are needed; about {more} more would do"
            )
    return ""


def _times(n_clips, stems):
    """How long the stages take on this machine, a sentence."""
    pace = _pace()
    told = [
        f"{stem} about {np.ceil(pace * (start + n_clips * each) / 60):.0f} min"
        for stem, (start, each) in STAGE_SECONDS.items()
        if stem in stems
    ]
    return [f"On this machine: {', '.join(told)}."] if told else []


def _pace():
    """How many times longer than on the machine of STAGE_SECONDS a small forest takes here."""
    rng = np.random.default_rng(0)
    values, labels = rng.standard_normal((3000, 60)), rng.integers(0, 2, 3000)
    start = time.perf_counter()
    ExtraTreesClassifier(100, random_state=0).fit(values, labels)
    return (time.perf_counter() - start) / PACE_SECONDS


def confirm_study(
    place: study.Study,
    *,
    parts: Sequence[str],
    sizes: Sequence[int],
    seeds: Sequence[int],
    arm_names: Sequence[str],
    classifier_names: Sequence[str],
    jobs: int,
    yes: bool,
) -> None:
    """UserError if a study will take longer than LONG_HOURS and nobody said yes to that."""
    cells = place.cells(running.chosen_seeds(place, seeds), parts)
    cells = [c for c in cells if c.arm in arm_names and (not sizes or c.n_positive in sizes)]
    waiting = study.missing(place, cells, list(classifier_names))
    hours = running.expected_seconds(place, waiting) / 3600 / jobs
    if hours > LONG_HOURS and not yes:
        print("\n".join(worth(place.bench.dataset, place.bench.splits)))
        raise UserError(
            f"{place.name}: {sum(len(names) for _, names in waiting)} rows will take about "
            f"{hours:.1f} h in {jobs} processes; add --yes to start (rows resume), or choose a "
            "part of them with --parts, --sizes, --arms and --classifiers."
        )
