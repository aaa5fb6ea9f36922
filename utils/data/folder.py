"""Folders of audio: reading, resampling, cutting."""

from pathlib import Path

import joblib
import numpy as np
import soundfile
import soxr

from utils.data.dataset import (
    Dataset,
    cached_spectrograms,
    check_classes,
    some_of,
)
from utils.data.files import list_files
from utils.data.groups import factorize_groups, neighbour_blocks
from utils.data.labels import read_labels, recode, subfolder_labels
from utils.errors import UserError
from utils.sound.spectrograms import SpectrogramSettings

SHORTEST = 0.1  # of a clip's length: files that are shorter are refused instead of padded


def load_folder(folder, options):
    settings, labels_csv = options.settings, options.labels_csv
    positive_class, skip_bad = options.positive_class, options.skip_bad
    settings = settings or SpectrogramSettings()
    tables = [Path(labels_csv)] if labels_csv else list_files(folder, (".csv",))
    if len(tables) > 1:
        raise UserError(
            f"{folder.name} holds {len(tables)} CSV files ({some_of([t.name for t in tables])}); "
            "leave the one with the labels there, or name it in labels_csv."
        )
    if tables:
        table = read_labels(tables[0], folder)
    else:
        table = subfolder_labels(folder)
    labels, class_names = recode(folder.name, table["label"], positive_class)
    check_classes(folder.name, labels)
    audio, kept, note = _read_audio(folder, table["path"].tolist(), settings, skip_bad)
    table, labels = table[kept].reset_index(drop=True), labels[kept]
    check_classes(folder.name, labels)
    if "group" in table:
        groups, grouping = factorize_groups(folder.name, table["group"]), "groups from the CSV"
    else:
        groups, grouping = neighbour_blocks(labels)
        grouping += " by name"
    names = [path.relative_to(folder).as_posix() for path in table["path"]]
    return Dataset(
        name=folder.resolve().name,
        spectrograms=cached_spectrograms(audio, settings),
        labels=labels,
        groups=groups,
        clip_names=np.array(names),
        frequencies=settings.frequencies,
        times=settings.times,
        unit="dB",
        class_names=class_names,
        audio=audio,
        sample_rate=settings.sample_rate,
        settings=settings,
        provenance={"source": folder.resolve().name, "processing": f"{note}; {grouping}"},
    )


def _read_audio(folder, paths, settings, skip_bad):
    """Return (audio (k, samples), kept (n,) bool, what was done); bad files stop or are skipped."""
    headers = [_header(path, settings) for path in paths]
    bad = {path: reason for path, (_, reason) in zip(paths, headers, strict=True) if reason}
    if bad and not skip_bad:
        raise UserError(_bad_files(folder, bad))
    good = [path for path in paths if path not in bad]
    clips = joblib.Parallel(n_jobs=2, prefer="threads")(
        joblib.delayed(_read_clip)(path, settings) for path in good
    )
    bad.update({p: clip for p, clip in zip(good, clips, strict=True) if isinstance(clip, str)})
    if bad and not skip_bad:
        raise UserError(_bad_files(folder, bad))
    kept = np.array([path not in bad for path in paths])
    audio = [clip for clip in clips if not isinstance(clip, str)]
    if not audio:
        raise UserError(_bad_files(folder, bad))
    infos = [info for path, (info, _) in zip(paths, headers, strict=True) if path not in bad]
    return np.stack(audio), kept, _done(infos, settings, len(bad))


def _bad_files(folder, bad):
    listed = [f"{path.name}: {reason}" for path, reason in bad.items()]
    return (
        f"{folder.resolve().name}: {len(bad)} audio file(s) cannot be used ({some_of(listed)}); "
        "repair or remove them, or pass skip_bad=True to leave them out"
        + (", or lower fmax in the settings." if any(_SLOW in text for text in listed) else ".")
    )


_SLOW = "is too low for frequencies"


def _header(path, settings):
    """Return (soundfile's info or None, reason why the file cannot be used or "")."""
    if path.stat().st_size == 0:
        return None, "empty file"
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError:
        return None, "not audio, or damaged"
    if info.frames == 0:
        return info, "empty, no samples"
    if info.samplerate < 2 * settings.fmax:
        return info, (f"sample rate {info.samplerate} Hz {_SLOW} up to {settings.fmax:g} Hz")
    if info.duration < SHORTEST * settings.clip_seconds:
        return info, f"too short, {info.duration:.3f} s"
    declared = _declared_bytes(path)
    if declared is not None and declared > path.stat().st_size:
        return info, "truncated"
    return info, ""


def _declared_bytes(path):
    """Bytes that the header of a WAV or AIFF file announces; None for other formats, and for
    headers that were written before the length was known."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        size = int.from_bytes(head[4:8], "little")
    elif head[:4] == b"FORM" and head[8:11] == b"AIF":
        size = int.from_bytes(head[4:8], "big")
    else:
        return None
    return None if size in (0, 0xFFFFFFFF) else size + 8


def _read_clip(path, settings):
    """Return (samples,) float32: mono, resampled, centred or padded; or the reason why not."""
    try:
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return "truncated or damaged"
    if len(audio) < soundfile.info(path).frames:
        return "truncated"
    audio = audio.mean(axis=1)
    if not np.isfinite(audio).all():
        return "holds NaN or infinite samples"
    if not audio.size or np.ptp(audio) == 0:
        return "silent"
    if rate != settings.sample_rate:
        audio = soxr.resample(audio, rate, settings.sample_rate).astype(np.float32)
    missing = settings.n_samples - len(audio)
    if missing >= 0:
        return np.pad(audio, (missing // 2, missing - missing // 2))
    start = -missing // 2
    middle = audio[start : start + settings.n_samples]
    return middle if np.ptp(middle) > 0 else f"silent in the middle {settings.clip_seconds:g} s"


def _done(infos, settings, n_skipped):
    """One line on what reading did to the clips."""
    n = len(infos)
    seconds = np.array([info.frames / info.samplerate for info in infos])
    target = settings.clip_seconds
    counts = {
        "mixed to mono": sum(info.channels > 1 for info in infos),
        f"resampled to {settings.sample_rate} Hz": sum(
            info.samplerate != settings.sample_rate for info in infos
        ),
        f"cut to the middle {target:g} s": int((seconds > target + 1e-3).sum()),
        f"padded to {target:g} s": int((seconds < target - 1e-3).sum()),
        "skipped as unusable": n_skipped,
    }
    done = [f"{count} {what}" for what, count in counts.items() if count]
    return f"{n} files read" + (", " + ", ".join(done) if done else ", none changed")
