"""What a run found against annotation tables, recording by recording."""

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from utils.data import annotations
from utils.data.classes import is_negative
from utils.data.files import AUDIO_SUFFIXES
from utils.data.recordings import check_ends
from utils.detect import events, running
from utils.errors import UserError


def evaluate(
    selections: str | Path, known: str | Path, *, label: str | None = None, **how: float | str
) -> tuple[pd.DataFrame, events.Counts, list[str]]:
    """Return (table, Counts, left out): a row a recording and the sum, of a run's events against
    annotations, and the recordings that do not count.

    selections: what `running.run` wrote; known: a folder of annotation tables, or one table;
    label: which boxes count, by default those of the detector's call, or all where all have one
    label; how: as for `events.match`. Recordings count that the run has searched and that have a
    table, or are named in one. UserError if there are none, if boxes have several labels of which
    none is the call, or end after their recording.
    """
    done = running.searched(Path(selections))
    if done is None:
        raise UserError(
            f"{selections} holds no {running.DONE}; name the --out folder of `whales detect run`."
        )
    truth = _annotated(Path(known), label, running.searched_for(Path(selections)))
    rows, total, left_out = [], events.Counts(), []
    for row in done.itertuples():
        boxes = truth.get(_stem(row.file))
        if boxes is None:
            left_out.append(row.file)
            continue
        ends = pd.DataFrame({"file": row.file, "end": boxes[:, 1]})
        check_ends(Path(known).name, ends, {row.file: row.seconds})
        own = pd.read_csv(running.beside(Path(selections) / row.file, running.TABLE), sep="\t")
        found = own[["Begin Time (s)", "End Time (s)"]].to_numpy(float)
        counts = events.count(found, boxes, row.seconds / 3600, **how)
        rows.append({"file": row.file} | _told(counts))
        total += counts
    if not rows:
        raise UserError(
            f"none of the {len(done)} recordings of {selections} has a table in {known}; begin the "
            "tables' names with those of the recordings."
        )
    return pd.DataFrame([*rows, {"file": "all"} | _told(total)]), total, left_out


def _annotated(known, label, call):
    """{stem of a recording: (m, 2) begins and ends of its boxes of a label, or of the call}."""
    if known.is_dir():
        found = annotations.survey(known, annotations.tables(known), known_only=False)
    elif known.is_file():
        found = annotations.survey(known.parent, [known], known_only=False)
    else:
        raise FileNotFoundError(f"no folder or table is called {str(known)!r}; check the path.")
    boxes = found.events
    boxes = boxes[~boxes["label"].map(is_negative)]
    names = sorted(set(boxes["label"]))
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
        boxes = boxes[chosen]
    truth = {_stem(file): np.empty((0, 2)) for file in found.searched | set(boxes["file"])}
    for file, own in boxes.groupby("file"):
        truth[_stem(file)] = own[["begin", "end"]].to_numpy(float)
    return truth


def _stem(file):
    """A recording's name without folder and audio suffix, as different tables write it."""
    name = PurePosixPath(str(file).replace("\\", "/")).name
    suffix = PurePosixPath(name).suffix
    return (name.removesuffix(suffix) if suffix.lower() in AUDIO_SUFFIXES else name).casefold()


def _told(counts):
    return {
        "hits": counts.hits,
        "false_alarms": counts.false_alarms,
        "misses": counts.misses,
        "hours": round(counts.hours, 3),
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "error_rate": counts.error_rate,
        "false_alarms_an_hour": counts.false_alarms_an_hour,
    }
