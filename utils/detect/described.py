"""Clips to train on where no call was ever labelled: described calls in drawn or recorded seas."""

from pathlib import Path

import numpy as np

from utils.data import audio
from utils.data import settings as fitting
from utils.data.files import AUDIO_SUFFIXES, list_files, natural
from utils.detect.training import SHAPE, Material
from utils.errors import UserError
from utils.ocean import call_types
from utils.progress import progress
from utils.sound.spectrograms import mel_spectrogram, resize, resize_axis

OCEANS = 120
STRETCHES = 10  # into which recordings without calls are divided, where they are fewer


def material(call, *, seed: int, background=None) -> Material:
    """Return the Material of a CallType: OCEANS seas with as many clips with and without the call.

    background: a folder of recordings without calls, whose sound then takes the place of the drawn
    seas; groups are then its recordings, or stretches of them. UserError if they can't be used.
    """
    seas = _Seas(background) if background else None
    rates = seas.rates if seas else [max(fitting.RATES)]
    settings = fitting.fitted(fitting.Call(call.band, call.seconds[1]), rates)
    if seas:
        seas.check(settings)
    grids, labels, groups = [], [], []
    for ocean in progress(range(OCEANS), "simulating"):
        rng = np.random.default_rng([seed, ocean])
        sound, own = call_types.simulate(
            call, call_types.OCEAN_CLIPS, settings.sample_rate, settings.clip_seconds, rng,
            seas.drawer(ocean, settings) if seas else None,
        )  # fmt: skip
        grids.append(resize(mel_spectrogram(sound, settings), SHAPE))
        labels.append(own)
        groups.append(np.full(len(own), ocean % len(seas.stretches) if seas else ocean))
    groups = np.concatenate(groups)
    sea = f"{background}: {seas.told()}" if seas else f"{OCEANS} drawn seas"
    low, high = call.start
    return Material(
        grid=np.concatenate(grids),
        frequencies=resize_axis(settings.frequencies, SHAPE[0]),
        times=resize_axis(settings.times, SHAPE[1]),
        labels=np.concatenate(labels),
        groups=groups,
        names=[f"simulated {i} of sea {group}" for i, group in enumerate(groups)],
        call=call.name,
        band=call.band,
        seconds=settings.clip_seconds,
        settings=settings,
        real=False,
        told=[
            f"simulated calls: {call.kind} from {low:g} to {high:g} Hz, to {call.end[0]:g} to "
            f"{call.end[1]:g} Hz, in {call.seconds[0]:g} to {call.seconds[1]:g} s ({call.source})",
            f"the sea: {sea}",
            fitting.told(settings),
        ],
    )


class _Seas:
    """Recordings without calls, in stretches (path, first s, last s)."""

    def __init__(self, folder):
        folder = Path(folder)
        if not folder.is_dir():
            raise FileNotFoundError(f"--background {folder} is no folder; check the path.")
        paths = sorted(list_files(folder, AUDIO_SUFFIXES, deep=True), key=lambda p: natural(str(p)))
        heads, bad = {}, {}
        for path in paths:
            heads[path], reason = audio.examine(path)
            if reason:
                bad[path.name] = reason
        if bad:
            raise audio.bad_files(folder.name, bad)
        if not heads:
            raise UserError(f"--background {folder.name} holds no audio file.")
        self.heads = heads
        self.rates = sorted({head.rate for head in heads.values()})
        pieces = -(-STRETCHES // len(heads))
        self.stretches = [
            (path, head.seconds * i / pieces, head.seconds * (i + 1) / pieces)
            for path, head in heads.items()
            for i in range(pieces)
        ]

    def check(self, settings):
        """UserError if a stretch is shorter than two clips."""
        short = [
            path for path, first, last in self.stretches if last - first < 2 * settings.clip_seconds
        ]
        if short:
            raise UserError(
                f"--background: {short[0].name} is too short; give recordings of at least "
                f"{2 * STRETCHES * settings.clip_seconds:g} s, or {STRETCHES} of them."
            )

    def told(self):
        """The recordings, in a phrase."""
        hours = sum(head.seconds for head in self.heads.values()) / 3600
        return f"{len(self.heads)} recordings without calls, {hours:.1f} h"

    def drawer(self, ocean, settings):
        """The function that draws clips of one stretch for `call_types.simulate`."""
        path, first, last = self.stretches[ocean % len(self.stretches)]

        def draw(n, rng):
            with audio.opened(path) as file:
                begins = rng.uniform(first, last - settings.clip_seconds, n)
                return np.stack([audio.read_piece(file, b, settings) for b in begins]).astype(float)

        return draw
