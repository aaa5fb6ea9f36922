"""Audio files: what their headers say, and the clips that are cut out of them."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from utils.data.dataset import some_of
from utils.data.files import shown
from utils.errors import UserError
from utils.sound.spectrograms import SpectrogramSettings

SHORTEST = 0.1  # of a clip's length: files that are shorter are refused instead of padded
LOUDEST = 1e10  # no recorder's scale reaches it; squares of larger samples would overflow
MARGIN_SECONDS = 0.1  # read on either side of a piece that is resampled
MOST_FRAMES = 10_000  # a byte: silence in FLAC stays below
LONG_SECONDS = 60  # more than a clip: of longer files the middle alone is read
TOO_SLOW = "is too low for frequencies"
LOWER = "end the band lower with --band (in Python fmax of the settings)"
_UNKNOWN = (0, 0xFFFFFFFF)  # sizes in headers that were written before the end was known


@dataclass(frozen=True)
class Header:
    """Frames, sample rate in Hz and channels of a file; mended: its sizes had to be put right."""

    frames: int
    rate: int
    channels: int
    mended: bool = False

    @property
    def seconds(self) -> float:
        """Duration in s."""
        return self.frames / self.rate


class _Mended(io.FileIO):
    """A file whose first bytes read, by `readinto`, as they should have been written."""

    def __init__(self, path, head):
        super().__init__(path)
        self.head = head

    def readinto(self, buffer):
        start = self.tell()
        count = super().readinto(buffer)
        known = self.head[start : start + count]
        buffer[: len(known)] = known
        return count


def opened(path: Path) -> soundfile.SoundFile:
    """Open an audio file, also one whose header gives no length; soundfile's errors are passed."""
    head = _sizes(path)[2]
    return soundfile.SoundFile(_Mended(path, head) if head else path)


def examine(path: Path) -> tuple[Header | None, str]:
    """Return (Header or None, why the file can't be used or "")."""
    try:
        if path.stat().st_size == 0:
            return None, "empty file"
        truncated, mended, _ = _sizes(path)
        with opened(path) as file:
            found = Header(file.frames, file.samplerate, file.channels, mended)
    except (soundfile.LibsndfileError, OSError, TypeError):
        return None, "not audio, or damaged"
    if found.frames <= 0:
        return None, "empty, no samples"
    if found.frames > MOST_FRAMES * path.stat().st_size:
        return found, "damaged: its header counts more samples than it can hold"
    return found, "truncated" if truncated else ""


def examine_clip(path: Path, settings: SpectrogramSettings) -> tuple[Header | None, str]:
    """Return what `examine` does, and whether the file serves as a clip of these settings."""
    found, reason = examine(path)
    if reason:
        return found, reason
    if found.rate < 2 * settings.fmax:
        return found, f"sample rate {found.rate} Hz {TOO_SLOW} up to {settings.fmax:g} Hz"
    if found.seconds < SHORTEST * settings.clip_seconds:
        return found, f"too short, {found.seconds:.3f} s"
    return found, ""


def _sizes(path):
    """(whether samples are missing, whether sizes are wrong, the first bytes as they should be or
    None where libsndfile finds the samples all the same) of a WAV or AIFF file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        order = {b"RIFF": "little", b"FORM": "big"}.get(head[:4])
        if order is None or head[8:] not in (b"WAVE", b"AIFF", b"AIFC"):
            return False, False, None
        total, place = int.from_bytes(head[4:8], order), 12
        while True:
            file.seek(place)
            name, count = file.read(4), int.from_bytes(file.read(4), order)
            if name in (b"data", b"SSND") or len(name) < 4:
                break
            place += 8 + count + count % 2
        if len(name) < 4:
            return False, False, None
        there = size - place - 8
        open_end = count in _UNKNOWN and there > 0
        wrong = open_end or total in _UNKNOWN or total + 8 > size
        if not (name == b"data" and count == 0 and there):
            return not open_end and count > there, wrong, None
        file.seek(0)
        fixed = bytearray(file.read(place + 8))
    fixed[4:8] = min(size - 8, 0xFFFFFFFE).to_bytes(4, "little")
    fixed[place + 4 : place + 8] = min(there, 0xFFFFFFFE).to_bytes(4, "little")
    return False, True, bytes(fixed)


def read_clip(path: Path, settings: SpectrogramSettings) -> np.ndarray | str:
    """Return (samples,) float32: mono, resampled, centred or padded; or the reason why not."""
    try:
        with opened(path) as file:
            rate = file.samplerate
            frames = min(file.frames, round((settings.clip_seconds + LONG_SECONDS) * rate))
            file.seek((file.frames - frames) // 2)
            audio = file.read(frames, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError):
        return "truncated or damaged"
    if len(audio) < frames:
        return "truncated"
    audio = audio.mean(axis=1)
    if reason := unusable(audio):
        return reason
    if rate != settings.sample_rate:
        audio = soxr.resample(audio, rate, settings.sample_rate).astype(np.float32)
    missing = settings.n_samples - len(audio)
    if missing >= 0:
        return np.pad(audio, (missing // 2, missing - missing // 2))
    start = -missing // 2
    middle = audio[start : start + settings.n_samples]
    return middle if np.ptp(middle) > 0 else f"silent in the middle {settings.clip_seconds:g} s"


def read_piece(
    file: soundfile.SoundFile,
    begin: float,
    settings: SpectrogramSettings,
    heard: hashlib.blake2b | None = None,
) -> np.ndarray:
    """Return (samples,) float32 of an open recording from `begin` s on: mono, resampled.

    Only the piece is read, with a margin for the filter; what lies beyond the ends is zero. heard:
    a hash of hashlib that is told the samples as they are stored.
    """
    rate = file.samplerate
    margin = 0 if rate == settings.sample_rate else MARGIN_SECONDS
    first = round((begin - margin) * rate)
    last = first + round((settings.clip_seconds + 2 * margin) * rate)
    file.seek(max(0, first))
    audio = file.read(min(last, file.frames) - max(0, first), dtype="float32", always_2d=True)
    if heard is not None:
        heard.update(audio.tobytes())
    audio = audio.mean(axis=1)
    before = max(0, -first)
    audio = np.pad(audio, (before, last - first - len(audio) - before))
    if rate != settings.sample_rate:
        audio = soxr.resample(audio, rate, settings.sample_rate).astype(np.float32)
    start = round(margin * settings.sample_rate)
    audio = audio[start : start + settings.n_samples]
    return np.pad(audio, (0, settings.n_samples - len(audio)))


def unusable(audio: np.ndarray) -> str:
    """Why samples can't be used, or ""."""
    if not np.isfinite(audio).all():
        return "holds NaN or infinite samples"
    if not audio.size or np.ptp(audio) == 0:
        return "silent"
    if (loudest := float(np.abs(audio).max())) > LOUDEST:
        return f"holds samples as large as {loudest:.0e}, and full scale is 1"
    return ""


def bad_files(where: str, bad: Mapping[str, str]) -> UserError:
    """The UserError for files that can't be used, {name: reason}."""
    listed = [f"{shown(name)}: {reason}" for name, reason in bad.items()]
    return UserError(
        f"{where}: {len(bad)} audio file(s) cannot be used ({some_of(listed)}); repair or remove "
        "them, or leave them out with --skip-bad (in Python skip_bad=True)"
        + (f", or {LOWER}." if any(TOO_SLOW in text for text in listed) else ".")
    )
