"""What a run found against annotation tables, recording by recording."""

from collections import defaultdict
from collections.abc import Iterable, Set
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from utils.data import annotations
from utils.data.classes import is_negative
from utils.data.dataset import some_of
from utils.data.files import AUDIO_SUFFIXES
from utils.data.recordings import check_ends
from utils.detect import events, running
from utils.detect.selections import RAVEN
from utils.errors import UserError

COUNTS = ("hits", "false_alarms", "misses", "hours")


def evaluate(
    selections: str | Path, known: str | Path, *, label: str | None = None, **how: float | str
) -> tuple[pd.DataFrame, list[str]]:
    """Return what a run's events are worth beside annotations, a row a recording and one of all,
    and sentences about what counts and what does not.

    selections: what `running.run` wrote; known: a folder of annotation tables, or one table;
    label: which boxes count, by default those of the detector's call, or all where all have one
    label; how: as for `events.match`. Nobody knows what a box without a label holds, where others
    have one: it is no call that is missed, and an event on it no false alarm. Recordings count that
    the run has searched and that have a table, or are named in one. UserError if there are none, if
    several have one name and the tables do not say whose they are, if boxes have several labels of
    which none is the call, or end after their recording.
    """
    selections = Path(selections)
    done = running.searched(selections)
    if done is None:
        raise UserError(
            f"{selections} holds no {running.DONE}; name the --out folder of `whales detect run`."
        )
    truth, unknown, told = _annotated(Path(known), label, running.searched_for(selections))
    owners = _owners(done["file"], truth.keys())
    left_out = [file for file in done["file"] if file not in owners]
    rows, bare, shared = [], [], 0
    for row in done[done["file"].isin(owners)].itertuples():
        boxes = truth[owners[row.file]]
        ends = pd.DataFrame({"file": row.file, "end": boxes[:, 1]})
        check_ends(Path(known).name, ends, {row.file: row.seconds})
        found = _clear(_found(selections, row.file), boxes, unknown.get(owners[row.file]))
        hits = len(events.match(found, boxes, **how))
        rows.append((row.file, hits, len(found) - hits, len(boxes) - hits, row.seconds / 3600))
        shared += int(_under(boxes, found).sum()) - len(events.match(found, boxes))
        if not len(boxes) and owners[row.file] not in unknown:
            bare.append(row.file)
    if not rows:
        raise UserError(
            f"none of the {len(done)} recordings of {selections} has a table in {known}; begin the "
            "tables' names with those of the recordings."
        )
    files, *counts = zip(*rows, strict=True)
    counted = {"file": [*files, "all"]}
    counted |= {name: [*own, sum(own)] for name, own in zip(COUNTS, counts, strict=True)}
    unsearched = sorted({*truth} - {*owners.values()})
    learned = done[done["file"].isin(owners) & done.get("learned", False)]["file"]
    said = {
        "recordings have a table without a call; what is found there is a false alarm": bare,
        "of the searched recordings have no table and are not counted (an empty table says that a "
        "recording holds no call)": left_out,
        "annotated recordings were not searched, and their calls are not counted as missed":
            unsearched,
        "recordings have the names of some that the detector learned from, and say nothing of new "
        "ones": list(learned),
    }  # fmt: skip
    told += [f"{len(some)} {what}: {some_of(some)}." for what, some in said.items() if some]
    if shared:
        told.append(
            f"{shared} of the missed calls lie under an event that counts for another: calls less "
            "than a window apart share one."
        )
    return events.rates(pd.DataFrame(counted)), told


def _found(out, file):
    """Begins and ends (n, 2) in the selection table of a searched recording."""
    path = running.beside(out / file, running.TABLE)
    if not path.is_file():
        raise UserError(
            f"the selection table of {file} is gone from {out.name}/; run `whales detect run` "
            "again, which writes it anew."
        )
    return pd.read_csv(path, sep="\t")[list(RAVEN[3:5])].to_numpy(float)


def _clear(found, boxes, unknown):
    """The found events without those that lie on a box of which nobody knows what it holds."""
    if unknown is None or not len(found):
        return found
    beside = {row for row, _ in events.match(found, boxes)}
    on = _under(found, unknown)
    kept = [row for row in range(len(found)) if row in beside or not on[row]]
    return found[kept]


def _under(one, other):
    """Which of (n, 2) begins and ends overlap any of (m, 2) others, (n,) bool."""
    return ((one[:, None, 0] < other[:, 1]) & (other[:, 0] < one[:, None, 1])).any(axis=1)


def _owners(searched: Iterable[str], truth: Set[str]) -> dict[str, str]:
    """{searched recording: the key of the truth that speaks of it}, of those that have one: that of
    its path, else that of its name alone, where no other recording has it."""
    places = {file: _key(file) for file in searched}
    found = {file: key for file, key in places.items() if key in truth}
    twins, named = defaultdict(list), defaultdict(list)
    for file in places:
        twins[_stem(file)].append(file)
    for key in truth - {*places.values()}:
        named[_stem(key)].append(key)
    for stem in named.keys() & twins.keys():
        left = [file for file in twins[stem] if file not in found]
        if left and len(named[stem]) + len(twins[stem]) > 2:
            raise UserError(
                f"several recordings are called {stem} ({some_of(sorted(twins[stem]))}), and the "
                "tables do not say whose they are; put them beside the recordings, or evaluate "
                "folder by folder."
            )
        found |= dict.fromkeys(left, named[stem][0])
    return found


def _annotated(known, label, call):
    """({key of a recording: (m, 2) begins and ends of its boxes of a label, or of the call}, the
    same of boxes without a label, where others have one, and sentences)."""
    if not known.exists():
        raise FileNotFoundError(f"no folder or table is called {str(known)!r}; check the path.")
    folder, given = (known, None) if known.is_dir() else (known.parent, [known])
    paths = annotations.tables(folder, given)
    if not paths:
        raise UserError(
            f"{known.name} holds no annotations; name a Raven selection table, an Audacity label "
            "track, a CSV with the columns file, start, end and label, or a folder of these."
        )
    found = annotations.survey(folder, paths, known_only=False)
    boxes = found.events
    boxes = boxes[~boxes["label"].map(is_negative)]
    names, blank = sorted(set(boxes["label"]) - {""}), boxes["label"] == ""
    unknown, told = boxes[blank & bool(names)], []
    if given is None and (unread := annotations.unread(folder, paths)):
        told.append(f"{len(unread)} files hold no boxes that can be read: {some_of(unread)}.")
    boxes = boxes.drop(unknown.index)
    if len(unknown):
        told.append(
            f"{len(unknown)} boxes have no label, in {some_of(sorted(set(unknown['file'])))}: what "
            "is found there counts neither as a call nor as a false alarm."
        )
    if label is not None or len(names) > 1:
        wanted = label if label is not None else call
        chosen = boxes["label"].map(annotations.alike) == annotations.alike(wanted or "")
        if len(boxes) and not chosen.any():
            if label is not None:
                raise UserError(f"no box is labelled {label!r}; the labels are {', '.join(names)}.")
            raise UserError(
                f"the boxes are labelled {', '.join(names)}, and none is the detector's call"
                f"{f' ({call})' if call else ''}; say which counts with --label."
            )
        if len(others := boxes[~chosen]):
            told.append(
                f"{len(others)} boxes of other labels count as no call "
                f"({', '.join(sorted(set(others['label'])))}); --label says which count."
            )
        boxes = boxes[chosen]
    every = pd.concat([boxes, unknown])["file"]
    truth = {_key(file): np.empty((0, 2)) for file in found.searched | set(every)}
    truth |= _by_key(boxes)
    return truth, _by_key(unknown), told


def _by_key(boxes):
    return {_key(file): own[["begin", "end"]].to_numpy(float)
            for file, own in boxes.groupby("file")}  # fmt: skip


def _key(file):
    """A recording's path without its audio suffix, as different tables write it."""
    path = str(file).replace("\\", "/")
    suffix = PurePosixPath(path).suffix
    return (path.removesuffix(suffix) if suffix.lower() in AUDIO_SUFFIXES else path).casefold()


def _stem(file):
    """A recording's name, as `_key` writes it, without folder."""
    return PurePosixPath(_key(file)).name
