"""Long recordings with boxes around the calls: which clips are cut out, and cutting them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import soundfile

from utils.data import annotations, audio, cache
from utils.data import settings as fitting
from utils.data.classes import is_negative, undecided
from utils.data.dataset import Dataset, check_classes, some_of
from utils.data.files import AUDIO_SUFFIXES, below, list_files, natural, shown
from utils.data.groups import by_pattern, numbered
from utils.errors import UserError
from utils.sound.spectrograms import mel_spectrogram

if TYPE_CHECKING:
    from utils.data.sources import Options

NEGATIVES = 4  # clips without a call for each call, where the recordings hold as many


def load_recordings(folder: Path, options: Options, tables: Sequence[Path]) -> Dataset:
    """Return the Dataset of clips that are cut out of the recordings in a folder.

    options: see `sources.Options`. tables: of boxes. A call's clip holds the whole box, anywhere.
    Clips without a call are at least a clip's length away from any box, and come from searched
    recordings only. Groups are the recordings, or what options.group finds in their names.
    UserError if tables or recordings can't be used.
    """
    name = folder.resolve().name
    found = annotations.survey(folder, tables)
    call, is_call = _call(name, found.events, options.positive_class)
    heads, bad, settings = _usable(folder, found, found.events[is_call], options)
    cut, events, calls = _cut_all(folder, found, is_call, heads, bad, settings, options)
    clips, windows, silent, source = cut
    labels = windows["label"].to_numpy(np.int8)
    counts = _no_calls(events, calls, found, heads) | {
        "clips left out as silent": silent,
        "headers put right": sum(head.mended for head in heads.values()),
        "recordings of several channels, of which the mean is heard": sum(
            head.channels > 1 for head in heads.values()
        ),
    }
    seen = [f"{count} {what}" for what, count in counts.items() if count]
    check_classes(name, labels, seen)
    groups, grouping = numbered(windows["file"].to_numpy(str)), "groups are recordings"
    if options.group:
        groups, grouping = by_pattern(name, windows["file"], options.group)
    told = [
        f"{labels.sum()} clips around boxes and {(labels == 0).sum()} away from them, out of "
        f"{len(heads)} recordings",
        fitting.told(settings),
        grouping,
        *seen,
        *_left_out(folder, found, heads, bad),
        *filter(None, [fitting.outside(calls, settings, *_slowest(heads))]),
    ]
    return Dataset.of_audio(
        settings,
        name=name,
        source=source,
        spectrograms=mel_spectrogram(clips, settings),
        labels=labels,
        groups=groups,
        clip_names=(windows["file"] + windows["begin"].map(" {:.3f} s".format)).to_numpy(str),
        class_names=("none", call),
        audio=clips,
        seconds=np.full(len(labels), settings.clip_seconds),
        band=fitting.of_boxes(calls).band or (settings.fmin, settings.fmax),
        provenance={"source": name, "processing": "; ".join(told)},
    )


def _no_calls(events, calls, found, heads):
    """How many boxes and recordings count as no call, by what is said of them."""
    others = events[~events.index.isin(calls.index)]
    blank = others[others["label"] == ""]
    bare = sorted(found.searched.intersection(heads) - set(events["file"]), key=natural)
    unlabelled = some_of(sorted(set(blank["file"])))
    return {
        "boxes of other labels, kept clear of": len(others) - len(blank),
        f"boxes without a label, kept clear of, in {unlabelled}": len(blank),
        f"recordings whose table is empty, taken as without calls ({some_of(bare)})": len(bare),
    }


def _call(where, events, positive_class):
    """The label that is the call, and which boxes have it."""
    if events.empty:
        raise UserError(
            f"{where}: the tables hold no box; mark the calls in Raven or Audacity and save the "
            "selection table beside the recording."
        )
    names = sorted(set(events["label"]) - {""})
    if not names:
        return positive_class or "call", np.ones(len(events), dtype=bool)
    if positive_class is None:
        chosen = [name for name in names if not is_negative(name)]
        if len(chosen) != 1:
            raise undecided(f"{where}: the boxes are labelled", names)
    else:
        wanted = annotations.alike(positive_class)
        chosen = [name for name in names if annotations.alike(name) == wanted]
        if not chosen:
            raise UserError(
                f"{where}: no box is labelled {positive_class!r}; the labels are "
                f"{', '.join(names)}."
            )
    return chosen[0], (events["label"] == chosen[0]).to_numpy()


def _usable(folder, found, calls, options):
    """Headers by file, in name order, why other files can't be used, and the settings."""
    where, heads, bad = folder.resolve().name, {}, {}
    for file in sorted(set(found.events["file"]) | found.searched, key=natural):
        head, reason = audio.examine(folder / file)
        if reason:
            bad[file] = reason
        else:
            heads[file] = head
    if bad and not options.skip_bad or not heads:
        raise audio.bad_files(where, bad)
    settings = options.settings or fitting.fitted(
        fitting.of_boxes(calls),
        sorted({head.rate for head in heads.values()}),
        band=options.band,
        seconds=options.seconds,
        slowest=_slowest(heads)[0],
    )
    longest = max(head.seconds for head in heads.values())
    if longest < settings.clip_seconds:
        raise UserError(
            f"{where}: the longest recording lasts {longest:g} s, and a clip "
            f"{settings.clip_seconds:g} s; choose shorter clips with --seconds."
        )
    for file, head in heads.items():
        if head.seconds < settings.clip_seconds:
            bad[file] = f"shorter than a clip of {settings.clip_seconds:g} s"
        elif head.rate < 2 * settings.fmax:
            bad[file] = f"sample rate {head.rate} Hz {audio.TOO_SLOW} up to {settings.fmax:g} Hz"
    heads = {file: head for file, head in heads.items() if file not in bad}
    if bad and not options.skip_bad or not heads:
        raise audio.bad_files(where, bad)
    return heads, bad, settings


def _slowest(heads):
    """The recording of the lowest sample rate, and that rate."""
    file = min(heads, key=lambda file: heads[file].rate)
    return shown(file), heads[file].rate


def check_ends(where: str, events: pd.DataFrame, seconds: Mapping[str, float]) -> None:
    """UserError if boxes (columns file, end) end after their recordings; seconds: of each file."""
    late = events[events["end"] > events["file"].map(seconds) + 1.0]
    if len(late):
        first = late.iloc[0]
        raise UserError(
            f"{where}: {len(late)} boxes end after their recording, the first at "
            f"{first['end']:g} s of {shown(first['file'])}, which lasts "
            f"{seconds[first['file']]:g} s; check that the tables belong to these files."
        )


def _windows(events, calls, heads, searched, length):
    """Columns file, begin, label: the clips to cut, by recording and time."""
    parts = []
    boxes_of, own_of = dict(list(events.groupby("file"))), dict(list(calls.groupby("file")))
    for file, head in heads.items():
        rng = np.random.default_rng(zlib.crc32(file.encode("utf-8", "surrogateescape")))
        boxes, own = boxes_of.get(file, events[:0]), own_of.get(file, calls[:0])
        last = head.seconds - length
        slack = length - (own["end"] - own["begin"])
        # A box that is longer than the clip gives its middle.
        begin = own["begin"] - np.where(slack > 0, slack * rng.random(len(own)), slack / 2)
        parts.append(pd.DataFrame({"file": file, "begin": begin.clip(0, last), "label": 1}))
        if file in searched:
            free = _free(boxes["begin"].to_numpy(), boxes["end"].to_numpy(), head.seconds, length)
            parts.append(pd.DataFrame({"file": file, "begin": rng.permutation(free), "label": 0}))
    every = pd.concat(parts, ignore_index=True)
    # As many of each recording as it has, up to an equal share of what is wanted.
    place = every[every["label"] == 0].groupby("file").cumcount().sort_values(kind="stable")
    few = place.index[: NEGATIVES * len(calls)]
    chosen = every[(every["label"] == 1) | every.index.isin(few)]
    order = {file: number for number, file in enumerate(heads)}
    return chosen.sort_values(
        ["file", "begin"], key=lambda c: c.map(order) if c.name == "file" else c, ignore_index=True
    )


def _free(begins, ends, seconds, length):
    """Beginnings of windows, one behind the other, at least their length away from all boxes."""
    order = np.argsort(begins)
    starts, place = [], 0.0
    for begin, end in [*zip(begins[order], ends[order], strict=True), (seconds + length, seconds)]:
        count = int((begin - length - place) / length + 1e-9)
        starts.extend(place + length * np.arange(max(0, count)))
        place = max(place, end + length)
    return np.array(starts)


def _cut_all(folder, found, is_call, heads, bad, settings, options):
    """What `_cut` returns for the recordings `heads`, their boxes, and those of calls. Recordings
    whose samples turn out to be unusable go from `heads` to `bad`, and all is cut anew."""
    while True:
        kept = found.events["file"].isin(heads)
        events, calls = found.events[kept], found.events[kept & is_call]
        ends = {file: head.seconds for file, head in heads.items()}
        check_ends(folder.resolve().name, events, ends)
        windows = _windows(events, calls, heads, found.searched, settings.clip_seconds)
        *cut, spoiled = _cut(folder, windows, settings)
        if not spoiled:
            return cut, events, calls
        if not options.skip_bad or spoiled.keys() == heads.keys():
            raise audio.bad_files(folder.resolve().name, spoiled)
        for file, reason in spoiled.items():
            bad[file] = reason
            del heads[file]


def _cut(folder, windows, settings):
    """Clips (n, samples) float32, their windows, how many were silent and left out, a hash of the
    samples as they were stored, and why recordings can't be used, {name: reason}.

    Recordings are opened one by one, and only the windows are read.
    """
    clips = np.empty((len(windows), settings.n_samples), dtype=np.float32)
    silent = np.zeros(len(windows), dtype=bool)
    heard, spoiled = cache.hasher(), {}
    for name, rows in windows.groupby("file", sort=False):
        try:
            with audio.opened(folder / name) as file:
                for row, begin in rows["begin"].items():
                    clips[row] = audio.read_piece(file, begin, settings, heard)
        except soundfile.LibsndfileError:
            spoiled[name] = "damaged"
            continue
        for row in rows.index:
            reason = audio.unusable(clips[row])
            if reason and reason != "silent":
                spoiled[name] = reason
            silent[row] = reason == "silent"
    windows = windows[~silent].reset_index(drop=True)
    return clips[~silent], windows, int(silent.sum()), heard.hexdigest(), spoiled


def _left_out(folder, found, heads, bad):
    """Phrases about recordings that were not searched, have no table, or can't be used."""
    every = {below(folder, path) for path in list_files(folder, AUDIO_SUFFIXES, deep=True)}
    names = {
        "recordings give no clips without calls, as they were not searched":
            set(heads) - found.searched,
        "recordings without a table were left out": every - set(heads) - set(bad),
    }  # fmt: skip
    told = [f"{len(some)} {what} ({some_of(map(shown, sorted(some)))})"
            for what, some in names.items() if some]  # fmt: skip
    if bad:
        listed = [f"{shown(file)}: {reason}" for file, reason in bad.items()]
        told.append(f"{len(bad)} recordings left out as unusable ({some_of(listed)})")
    return told
