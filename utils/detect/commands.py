"""What the commands `whales detect ...` do and print."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from utils.errors import UserError


def train(
    out: Path,
    seed: int,
    dataset: str | None,
    preset: str | None,
    call: str | None,
    described: Mapping[str, tuple[float, float] | None],
    background: str | None,
    birdnet: bool = False,
) -> None:
    """Train on a data set, a described call, or both; described: {"from": (low, high), ...}.
    birdnet: on embeddings of the data set's sound."""
    from utils import data
    from utils.detect import described as describing
    from utils.detect import store, training
    from utils.models import embeddings

    store.check_replaceable(out)
    replaced = (out / store.SETTINGS).is_file()
    given = [f"--{name}" for name, value in described.items() if value]
    kind = _call_type(preset, call, described, given) if preset or call else None
    _check_asked(kind, given, dataset, background, birdnet)
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
            material = describing.material(kind, seed=seed, background=background)
        print("\n".join(material.told))
        detector = training.train(material, out, seed=seed)
    print(
        "".join(f"{said}\n" for said in detector.trained_on["told"][len(material.told) :]), end=""
    )
    print(
        f"{out}/ holds a detector of {detector.call} (threshold {detector.threshold:.3f}); read "
        f"{store.CARD} there for what to expect."
        f"{' It has replaced the one that was there.' if replaced else ''}"
    )


def _check_asked(kind, given, dataset, background, birdnet):
    """UserError if what is to be learned from is not named, or named by options that exclude each
    other; given: the options that describe a call."""
    source = dataset or os.environ.get("DATASET")
    if kind is None and (given or background):
        raise UserError(
            f"{(given or ['--background'])[0]} describes a call of --call or --preset; name one, "
            "or drop it."
        )
    if dataset and background:
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


def _call_type(preset, kind, described, given):
    """The CallType that the options describe."""
    from utils.ocean import call_types

    if preset:
        if kind or given:
            raise UserError("--preset describes the call already; drop --call, --from and --to.")
        if preset not in call_types.PRESETS:
            names = ", ".join(call_types.PRESETS)
            raise UserError(f"no preset is called {preset!r}; choose from {names}.")
        return call_types.PRESETS[preset]
    if lacking := [f"--{name}" for name, value in described.items() if not value]:
        raise UserError(
            f"--call {kind} needs {' and '.join(lacking)}, each with two numbers, as in --from 80 "
            "180 --to 150 300 --duration 0.5 1.5."
        )
    return call_types.CallType(
        kind, kind, described["from"], described["to"], described["duration"]
    )


def run(
    detector: str | Path,
    recordings: str | Path,
    out: Path,
    threshold: float | None,
    windows: bool,
) -> int:
    """Search recordings; return the exit code: 1 if some could not be used."""
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
    if done.before:
        print(f"Searched before: {_counted(done.before, 'recording')}.")
    if done.learned:
        print(
            f"Named like one that the detector learned from: {_counted(done.learned, 'recording')}"
            "; what it finds there says nothing of new ones."
        )
    if done.mixed:
        print(
            f"With several channels: {_counted(done.mixed, 'recording')}; their mean is searched, "
            "and the tables say channel 1."
        )
    if done.bad:
        listed = [f"{name}: {reason}" for name, reason in done.bad.items()]
        print(f"Not usable, {_counted(len(listed), 'file')}: {'; '.join(listed)}.", file=sys.stderr)
    return 1 if done.bad else 0


def _counted(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def score(folder: str | Path, source: str | None, out: Path | None) -> None:
    """Score the clips of a data set against their labels."""
    from utils.detect import scoring, store

    detector = store.load(folder)
    if not (source or os.environ.get("DATASET")):
        raise UserError("name the clips, or the annotated recordings, with --dataset.")
    dataset = scoring.load_for(detector, source)
    out = out or Path(f"scores_{dataset.name}")
    table = scoring.score(folder, dataset, out)
    if table["held_out"].all():
        print("The detector learned from these clips: scores are those from when it had not.")
    against = ((table["score"] >= detector.threshold) != (table["label"] == 1)).sum()
    print(
        f"{against} of {len(table)} clips are scored against their labels; {out}/{scoring.SCORES} "
        f"has the surest disagreements first, and {scoring.PAGE} shows them."
    )


def evaluate(
    selections: str | Path,
    annotations: str | Path,
    rule: str,
    tolerance: float | None,
    label: str | None,
) -> None:
    """Print counts and scores of a run against annotation tables."""
    from utils.detect import evaluating, events

    given = tolerance
    if given is None:
        tolerance = 0.0 if rule == "overlap" else events.COLLAR
    found = evaluating.evaluate(
        selections, annotations, label=label, rule=rule, tolerance=tolerance
    )
    print(found.table.to_string(index=False, float_format="{:.3f}".format))
    if rule != "overlap" and given is None:
        found.told.append(
            f"onsets have to agree to {tolerance:g} s, and events begin where a window does, up to "
            "a window's length before the call; --tolerance says how far they may differ."
        )
    for sentence in found.told:
        print(sentence, file=sys.stderr)
