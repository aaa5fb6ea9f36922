"""Sliding over a recording in bounded memory: pieces of sound, resampled, cut into windows."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from utils.data import audio
from utils.detect.store import Detector
from utils.sound.spectrograms import SpectrogramSettings

BLOCK_FRAMES = 1 << 18  # read at a time
BATCH = 64  # windows scored at a time: more are no faster, and their features weigh more
HOP = 0.5  # of a window: a call of half its length is whole in one of two


class Unreadable(Exception):
    """Why a recording can't be searched."""


def pieces(file: soundfile.SoundFile, rate: int) -> Iterator[np.ndarray]:
    """Yield the samples of an open recording, mono float32 at a rate in Hz, piece by piece."""
    resampler = soxr.ResampleStream(file.samplerate, rate, 1) if file.samplerate != rate else None
    left = file.frames
    while left > 0:
        block = file.read(min(BLOCK_FRAMES, left), dtype="float32", always_2d=True).mean(axis=1)
        if not len(block):
            raise Unreadable("ends before its header says")
        left -= len(block)
        reason = audio.unusable(block)
        if reason and reason != "silent":
            raise Unreadable(reason)
        yield resampler.resample_chunk(block, last=left <= 0) if resampler else block


def windows(
    file: soundfile.SoundFile, settings: SpectrogramSettings
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (first samples (k,), windows (k, samples)), up to BATCH at a time, over a recording.

    Windows follow one another by HOP; the last one ends where the recording does.
    """
    size = settings.n_samples
    hop = max(1, round(HOP * size))
    kept, start, following = np.empty(0, np.float32), 0, 0  # kept begins at sample `start`
    for piece in pieces(file, settings.sample_rate):
        kept = np.concatenate([kept, piece])
        count = max(0, (start + len(kept) - size - following) // hop + 1)
        for first in range(0, count, BATCH):
            places = following + np.arange(first, min(first + BATCH, count)) * hop
            view = np.lib.stride_tricks.sliding_window_view(kept, size)
            yield places, view[places - start]
        following += count * hop
        # The last window may need the rest.
        heard = max(0, min(following - start, len(kept) - size))
        kept, start = kept[heard:], start + heard
    last = start + len(kept) - size
    if last < 0:
        raise Unreadable(f"shorter than a window of {settings.clip_seconds:g} s")
    if last > following - hop:
        yield np.array([last]), kept[None, -size:]


def listen(
    path: Path,
    detector: Detector,
    step: Callable[[float], object],
    kept: Path,
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return (begins in s (n,), scores (n,)) of a recording's windows, and whether it is silent.

    step: told how many seconds were heard since it was told last. kept: a file that the scores are
    written to as they come; those that it holds are not computed again. Unreadable if the recording
    can't be used.
    """
    begins, scores, told, count, silent = [], [], 0.0, 0, True
    with kept.open("ab") as log:
        known = np.fromfile(kept, count=log.tell() // 8)  # a killed run may have torn the end
        for places, sound in _windows_of(path, detector.settings):
            found = known[count : count + len(places)]
            if len(found) < len(places):
                found = detector.score_audio(sound).astype(known.dtype)
                log.truncate(count * known.itemsize)
                log.write(found.tobytes())
                log.flush()
            count += len(places)
            silent = silent and not np.ptp(sound)
            begins.append(places / detector.settings.sample_rate)
            scores.append(found)
            heard = begins[-1][-1] + detector.settings.clip_seconds
            step(heard - told)
            told = heard
    return np.concatenate(begins), np.concatenate(scores), silent


def _windows_of(path, settings):
    """The `windows` of a recording; Unreadable if it is damaged."""
    try:
        with audio.opened(path) as file:
            yield from windows(file, settings)
    except (soundfile.LibsndfileError, OSError) as error:
        raise Unreadable("damaged, or taken away while it was read") from error
