"""Folders of clips: one subfolder a class, or a table of names and labels."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from utils.data import audio, cache, groups
from utils.data import settings as fitting
from utils.data.classes import recode
from utils.data.dataset import Dataset, check_classes, some_of
from utils.data.files import shown
from utils.data.labels import labelled
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram

if TYPE_CHECKING:
    from utils.data.sources import Options

_CHUNK_CLIPS = 512  # read, turned into spectrograms and stored at a time


def load_folder(folder: Path, options: Options) -> Dataset:
    """Return the Dataset of a folder of labelled clips; options: see `sources.Options`."""
    name = folder.resolve().name
    table, left_out = labelled(folder, options)
    labels, class_names = recode(name, table["label"], options.positive_class)
    check_classes(name, labels)
    names = table["name"].tolist()
    settings = options.settings or _settings(folder, names, options)
    files = list(zip(names, _each(lambda clip: cache.digest(folder / clip), names), strict=True))
    found = cache.entry(
        {"clips": files, "settings": asdict(settings)},
        lambda: _chunks(folder, names, settings, options.skip_bad),
    )
    bad = found.notes["bad"]
    if bad and not options.skip_bad:
        raise audio.bad_files(name, bad)
    kept = ~table["name"].isin(bad).to_numpy()
    table, labels = table[kept].reset_index(drop=True), labels[kept]
    check_classes(name, labels)
    numbers, grouping = groups.of_clips(name, table, labels, options.group)
    left_out = [f"{shown(clip)}: {reason}" for clip, reason in bad.items()] + left_out
    heads = [audio.Header(*head) for head in found.notes["heads"]]
    asked = options.settings or options.band or options.seconds
    default = "" if asked else " (by default; --band and --seconds choose others)"
    told = [_done(heads, settings, left_out), f"{fitting.told(settings)}{default}", grouping]
    return Dataset.of_audio(
        settings,
        name=name,
        source=cache.digest_of([file for file, own in zip(files, kept, strict=True) if own]),
        spectrograms=found.arrays["spectrograms"],
        labels=labels,
        groups=numbers,
        clip_names=table["name"].to_numpy(str),
        class_names=class_names,
        audio=found.arrays["audio"],
        band=(settings.fmin, settings.fmax),
        ordered=groups.in_time(labels, numbers),
        seconds=np.array([head.seconds for head in heads]),
        provenance={"source": name, "processing": "; ".join(told)},
    )


def _settings(folder, names, options):
    """The usual settings, or those that a band and a length ask for."""
    usual = SpectrogramSettings()
    if options.band is None and options.seconds is None:
        return usual
    heads = _each(lambda name: audio.examine(folder / name), names)
    rates = [(head.rate, shown(name)) for name, (head, _) in zip(names, heads, strict=True) if head]
    slowest, name = min(rates, default=(usual.sample_rate, ""))
    band = options.band or (usual.fmin, min(usual.fmax, slowest / 2))
    seconds = options.seconds or usual.clip_seconds
    return fitting.fitted(fitting.Call(), [slowest], band=band, seconds=seconds, slowest=name)


def _each(work, names):
    """What some work says of each name, in two threads, which are handed a chunk at a time: handing
    over takes longer than hashing a clip."""
    chunks = [names[start : start + _CHUNK_CLIPS] for start in range(0, len(names), _CHUNK_CLIPS)]
    with ThreadPoolExecutor(2) as pool:
        return [one for part in pool.map(lambda c: list(map(work, c)), chunks) for one in part]


def _chunks(folder, names, settings, skip_bad):
    """Yield clips and their spectrograms, chunk by chunk; return what the headers say of the clips
    and why others were left out. Bad files stop it unless they may be skipped."""
    where = folder.resolve().name
    examined = _each(lambda name: audio.examine_clip(folder / name, settings), names)
    bad = {n: reason for n, (_, reason) in zip(names, examined, strict=True) if reason}
    if bad and not skip_bad:
        raise audio.bad_files(where, bad)
    good = [i for i, name in enumerate(names) if name not in bad]
    with ThreadPoolExecutor(2) as pool:
        for start in range(0, len(good), _CHUNK_CLIPS):
            part = good[start : start + _CHUNK_CLIPS]
            clips = list(pool.map(lambda i: audio.read_clip(folder / names[i], settings), part))
            bad |= {names[i]: c for i, c in zip(part, clips, strict=True) if isinstance(c, str)}
            if sound := [clip for clip in clips if not isinstance(clip, str)]:
                sound = np.stack(sound)
                yield {"audio": sound, "spectrograms": mel_spectrogram(sound, settings)}
    if len(bad) == len(names) or bad and not skip_bad:
        raise audio.bad_files(where, bad)
    heads = [head for name, (head, _) in zip(names, examined, strict=True) if name not in bad]
    return {"bad": bad, "heads": [astuple(head) for head in heads]}


def _done(heads, settings, left_out):
    """One line on what reading did to the clips."""
    seconds = np.array([head.seconds for head in heads])
    target = settings.clip_seconds
    counts = {
        "headers put right": sum(head.mended for head in heads),
        "mixed to mono": sum(head.channels > 1 for head in heads),
        f"resampled to {settings.sample_rate} Hz": sum(
            head.rate != settings.sample_rate for head in heads
        ),
        f"cut to the middle {target:g} s": int((seconds > target + 1e-3).sum()),
        f"padded to {target:g} s": int((seconds < target - 1e-3).sum()),
    }
    done = [f"{count} {what}" for what, count in counts.items() if count]
    if left_out:
        done.append(f"{len(left_out)} left out ({some_of(left_out)})")
    return f"{len(heads)} files read" + (", " + ", ".join(done) if done else ", none changed")
