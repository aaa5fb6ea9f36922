"""The commands `whales detect ...`: train a detector, run it, score clips, compare tables."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from utils.errors import UserError
from utils.options import Described, call_options, dataset_option

# Commands import what they need: TensorFlow takes seconds, which `--help` need not wait for.


@click.group()
def detect() -> None:
    """Train a detector, run it over recordings, and see how good it is."""


@detect.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="the detector's folder")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@call_options
@click.option("--birdnet", is_flag=True, help="through BirdNET, an extra: better with few calls, "
              "a hundred times slower to run")  # fmt: skip
@dataset_option
def train(
    out: Path, seed: int, described: Described, birdnet: bool, dataset: str | None
) -> int | None:
    """Train a detector on labelled calls, described ones, or both, and write it with its card.

    Example: whales detect train --dataset my_recordings/ --out my_detector/
    """
    try:
        _train(out, seed, dataset, described, birdnet)
    except KeyboardInterrupt:
        print("Interrupted: no detector was written.", file=sys.stderr)
        return 130


@detect.command()
@click.argument("detector")
@click.argument("recordings")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="folder of the tables")
@click.option("--threshold", type=click.FloatRange(0, 1), help="default: the detector's own")
@click.option("--windows", is_flag=True, help="also write the scores of all windows")
def run(detector: str, recordings: str, out: Path, threshold: float | None, windows: bool) -> int:
    """Search recordings of any length: a Raven and an Audacity table each; resumes.

    Example: whales detect run my_detector/ recordings/ --out selections/
    """
    from utils.detect import running, store

    done = running.run(store.load(detector), recordings, out, threshold=threshold, windows=windows)
    if not done.recordings:
        print("no recording could be searched.")
    else:
        print(
            f"{_counted(done.events, 'event')} in {_counted(done.recordings, 'recording')} "
            f"({done.hours:.2f} h); open the tables in {out}/ in Raven or Audacity, or "
            f"{running.EVENTS} for all of them."
        )
    for number, what, besides in (
        (done.before, "Searched before", ""),
        (done.silent, "Silent from end to end", f" (column silent of {running.DONE}); the mean of "
         "channels that cancel out is silent, too"),
        (done.learned, "Named like one that the detector learned from",
         "; what it finds there says nothing of new ones"),
        (done.mixed, "With several channels",
         "; their mean is searched, and the tables say channel 1"),
    ):  # fmt: skip
        if number:
            print(f"{what}: {_counted(number, 'recording')}{besides}.")
    if done.bad:
        listed = [f"{name}: {reason}" for name, reason in done.bad.items()]
        print(f"Not usable, {_counted(len(listed), 'file')}: {'; '.join(listed)}.", file=sys.stderr)
    return 1 if done.bad else 0


@detect.command()
@click.argument("detector")
@click.option("--out", type=click.Path(path_type=Path), help="default: scores_DATASET/")
@dataset_option
def score(detector: str, out: Path | None, dataset: str | None) -> None:
    """Score labelled clips: a table and a page, the surest disagreements with the labels first.

    Example: whales detect score my_detector/ --dataset my_recordings/
    """
    from utils.detect import scoring, store

    known = store.load(detector)
    if not (dataset or os.environ.get("DATASET")):
        raise UserError("name the clips, or the annotated recordings, with --dataset.")
    clips = scoring.load_for(known, dataset)
    out = out or Path(f"scores_{clips.name}")
    table = scoring.score(detector, clips, out)
    if table["held_out"].all():
        print("The detector learned from these clips: scores are those from when it had not.")
    elif learned := sum(name in known.recordings for name in store.files(table["clip"])):
        print(
            f"{_counted(learned, 'clip')} of {len(table)} have the names of files that the "
            "detector learned from; how these are scored says nothing of new ones."
        )
    against = ((table["score"] >= known.threshold) != (table["label"] == 1)).sum()
    print(
        f"{against} of {len(table)} clips are scored against their labels; {out}/{scoring.SCORES} "
        f"has the surest disagreements first, and {scoring.PAGE} shows them."
    )


@detect.command(name="eval")
@click.argument("selections")
@click.argument("annotations")
@click.option("--rule", type=click.Choice(["overlap", "onset", "both"]), default="overlap",
              show_default=True, help="what must agree; both: onset and offset")  # fmt: skip
@click.option("--tolerance", type=click.FloatRange(0), help="s; default: 0, or 0.2 with onsets")
@click.option("--label", metavar="NAME", help="boxes that count; default: the detector's call")
def evaluate(
    selections: str, annotations: str, rule: str, tolerance: float | None, label: str | None
) -> None:
    """Compare what was found with annotation tables: precision, recall, false alarms an hour;
    error_rate: false alarms and misses for each annotated call.

    Example: whales detect eval selections/ annotations/
    """
    from utils.detect import evaluating, events

    usual = 0.0 if rule == "overlap" else events.COLLAR
    table, told = evaluating.evaluate(
        selections, annotations, label=label, rule=rule,
        tolerance=usual if tolerance is None else tolerance,
    )  # fmt: skip
    print(table.to_string(index=False, float_format="{:.3f}".format))
    if usual and tolerance is None:
        told.append(
            f"onsets have to agree to {usual:g} s, and events begin where a window does, up to "
            "a window's length before the call; --tolerance says how far they may differ."
        )
    for sentence in told:
        print(sentence, file=sys.stderr)


@detect.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="a new folder")
@click.option("--count", type=click.IntRange(2), default=200, show_default=True,
              help="clips; every other one holds the call")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@call_options
def simulate(out: Path, count: int, seed: int, described: Described) -> None:
    """Write simulated clips of a described call: WAV files, and simulated_clips.npz.

    Example: whales detect simulate --preset fin_whale_20hz --out clips/
    """
    from utils.detect import described as describing

    kind = _call_type(described)
    if kind is None:
        raise UserError("describe the call with --preset or --call.")
    clips = describing.write(kind, out, count=count, seed=seed, background=described.background)
    print(
        f"{out}/ holds {len(clips)} clips, {clips.labels.sum()} of them with "
        f"{kind.name}, as WAV and in simulated_clips.npz, which --dataset takes."
    )


def _train(out, seed, dataset, described, birdnet):
    from utils import data
    from utils.detect import described as describing
    from utils.detect import store, training
    from utils.models import embeddings

    store.check_replaceable(out)
    replaced = (out / store.SETTINGS).is_file()
    kind = _call_type(described)
    _check_asked(kind, dataset, described, birdnet)
    if birdnet:
        embeddings.check()
    with store.reserved(out):
        if dataset or kind is None:
            loaded = data.load(dataset)
            material = training.of_dataset(loaded)
            if birdnet:
                material = training.heard_by_birdnet(material, loaded)
            if kind is not None:
                material = describing.beside(material, loaded, kind, seed=seed)
        else:
            material = describing.material(kind, seed=seed, background=described.background)
        print("\n".join(material.told))
        detector = training.train(material, out, seed=seed)
    for said in detector.trained_on["told"][len(material.told) :]:
        print(said)
    print(
        f"{out}/ holds a detector of {detector.call} (threshold {detector.threshold:.3f}); read "
        f"{store.CARD} there for what to expect."
        f"{' It has replaced the one that was there.' if replaced else ''}"
    )


def _counted(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _check_asked(kind, dataset, described, birdnet):
    """UserError if what is to be learned from is not named, or named by options that exclude each
    other."""
    source = dataset or os.environ.get("DATASET")
    given = [name for name, value in described.ranges().items() if value]
    given += ["--background"] if described.background else []
    if kind is None and given:
        raise UserError(f"{given[0]} describes a call of --call or --preset; name one, or drop it.")
    if dataset and described.background:
        raise UserError(
            "--background takes the place of clips without a call, which --dataset brings; drop "
            "one of them."
        )
    if kind is None and not source:
        raise UserError(
            "name what to learn from: recordings or clips with --dataset, a call with --preset or "
            "--call, or both."
        )
    if birdnet and (kind is not None or not source):
        raise UserError(
            "--birdnet learns from labelled recordings or clips alone; name them with --dataset, "
            "without --preset or --call."
        )


def _call_type(described):
    """The CallType that the options describe, None without --preset and --call."""
    from utils.ocean import call_types

    preset, kind, ranges = described.preset, described.call, described.ranges()
    if preset:
        if kind or any(ranges.values()):
            raise UserError("--preset describes the call already; drop --call, --from and --to.")
        if preset not in call_types.PRESETS:
            names = ", ".join(call_types.PRESETS)
            raise UserError(f"no preset is called {preset!r}; choose from {names}.")
        return call_types.PRESETS[preset]
    if not kind:
        return None
    if lacking := [name for name, value in ranges.items() if not value]:
        raise UserError(
            f"--call {kind} needs {' and '.join(lacking)}, each with two numbers, as in --from 80 "
            "180 --to 150 300 --duration 0.5 1.5."
        )
    return call_types.CallType(kind, kind, *ranges.values())
