"""What every reader returns: a `Dataset` of labelled clips, and its groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from utils.errors import UserError
from utils.sound.spectrograms import SpectrogramSettings

BLOCK_CLIPS = 250  # neighbouring clips that form a group where the source names none
UPCALL_BAND = (50.0, 350.0)  # Hz: right whale up-calls, of the challenge and the simulation
MIN_CLIPS = 20  # of a class
GROUP_NAMES = ("group", "groups", "recording")  # of a CSV's column; in an .npz also "block"
_SHOWN = 3  # names that an error message lists


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled clips. Arrays are read-only; ValueError if they do not fit together.

    spectrograms (n, f, t) float32 in `unit`; labels (n,) int8, 1 call and 0 none; groups (n,)
    int64, recording or block of neighbouring clips; clip_names (n,); frequencies (f,) in Hz;
    times (t,) in s; class_names (negative, positive); audio (n, samples) float32 or None, at
    sample_rate in Hz; settings of the spectrograms, None where unknown; matched (n,) bool, a
    subset with as many calls as others in each group, or None; truth, one row a clip, or None;
    band (low, high) in Hz of the calls, None where unknown; ordered, whether the clips of a group
    stand in order of time; seconds (n,), how long each clip was before it was cut or padded, None
    where that is not known; source, a hash of what was read, the same on every processor, None
    where clips are computed from a seed.
    """

    name: str
    spectrograms: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    clip_names: np.ndarray
    frequencies: np.ndarray
    times: np.ndarray
    unit: str
    class_names: tuple[str, str] = ("none", "call")
    audio: np.ndarray | None = None
    sample_rate: int | None = None
    settings: SpectrogramSettings | None = None
    matched: np.ndarray | None = None
    truth: pd.DataFrame | None = None
    band: tuple[float, float] | None = None
    ordered: bool = True
    seconds: np.ndarray | None = None
    source: str | None = None
    provenance: Mapping = field(default_factory=dict)

    def __post_init__(self):
        n = len(self.labels)
        shape = (n, len(self.frequencies), len(self.times))
        if self.spectrograms.shape != shape:
            raise UserError(
                f"{self.name}: spectrograms have shape {self.spectrograms.shape}, but labels, "
                f"frequencies and times ask for {shape}."
            )
        for name in ("groups", "clip_names", "audio", "matched", "truth", "seconds"):
            value = getattr(self, name)
            if value is not None and len(value) != n:
                raise UserError(f"{self.name}: {name} has {len(value)} rows for {n} clips.")
        if not np.isin(self.labels, (0, 1)).all():
            raise UserError(f"{self.name}: labels other than 0 and 1; recode them.")
        for name in ("frequencies", "times"):
            if not (np.diff(getattr(self, name)) > 0).all():
                raise UserError(f"{self.name}: {name} must increase from cell to cell.")
        # A memory map is of our own making, and was checked when it was made.
        mapped = isinstance(self.spectrograms, np.memmap)
        ends = (
            () if mapped else (self.spectrograms.min(initial=0), self.spectrograms.max(initial=0))
        )
        if not np.isfinite(ends).all():
            bad = np.flatnonzero(~np.isfinite(self.spectrograms).all(axis=(1, 2)))
            raise UserError(
                f"{self.name}: {len(bad)} spectrograms hold NaN or infinite values "
                f"({some_of(self.clip_names[bad])}); remove these clips."
            )
        for name in ("spectrograms", "labels", "groups", "clip_names", "frequencies", "times"):
            getattr(self, name).flags.writeable = False

    @classmethod
    def of_audio(cls, settings: SpectrogramSettings, **given: object) -> Dataset:
        """Return the Dataset of clips with audio, whose axes and unit follow from the settings."""
        return cls(
            frequencies=settings.frequencies, times=settings.times, unit="dB",
            sample_rate=settings.sample_rate, settings=settings, **given,
        )  # fmt: skip

    def __len__(self):
        return len(self.labels)

    def take(self, index: ArrayLike) -> Dataset:
        """Return the Dataset of some clips, by (k,) indices or an (n,) mask."""
        index = np.asarray(index)
        rows = ("spectrograms", "labels", "groups", "clip_names", "audio", "matched", "seconds")
        taken = {k: getattr(self, k)[index] for k in rows if getattr(self, k) is not None}
        if self.truth is not None:
            positions = np.flatnonzero(index) if index.dtype == bool else index
            taken["truth"] = self.truth.iloc[positions].reset_index(drop=True)
        return replace(self, **taken)

    @property
    def call_band(self) -> tuple[float, float]:
        """(low, high) in Hz in which calls are sought: `band`, or all frequencies."""
        return self.band or (float(self.frequencies[0]), float(self.frequencies[-1]))

    def study_clips(self) -> Dataset:
        """Return the clips that models are compared on: the matched ones where they are marked."""
        return self if self.matched is None else self.take(self.matched)

    def describe(self) -> str:
        """Return one line: name, clips, calls, groups, shape and what was done to the source."""
        positive = int(self.labels.sum())
        return (
            f"{self.name}: {len(self)} clips, {positive} {self.class_names[1]} and "
            f"{len(self) - positive} {self.class_names[0]}, {len(np.unique(self.groups))} groups, "
            f"{len(self.frequencies)} bands x {len(self.times)} frames; "
            f"{self.provenance.get('processing', 'as stored')}"
        )


def check_classes(name: str, labels: np.ndarray, told: Sequence[str] = ()) -> None:
    """UserError unless both classes have at least MIN_CLIPS clips; told: what it says besides."""
    besides = f" ({'; '.join(told)})" if told else ""
    counts = np.bincount(np.asarray(labels, dtype=int), minlength=2)
    if (counts == 0).any():
        raise UserError(
            f"{name}: only one class is there ({counts[1]} calls, {counts[0]} others)"
            f"{besides}; add clips of the other class."
        )
    if counts.min() < MIN_CLIPS:
        raise UserError(
            f"{name}: {counts[1]} calls and {counts[0]} others{besides}; at least {MIN_CLIPS} "
            "clips of each class are needed: label more, or train on a described call alone "
            "(`whales detect train --preset` or `--call`)."
        )


def some_of(names: ArrayLike) -> str:
    """The first names, in a sentence."""
    names = [str(name) for name in names]
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
