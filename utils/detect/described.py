"""Described calls: clips to train on where none was ever labelled, or beside a few that were."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from utils.augmentation import simulated
from utils.data import audio
from utils.data import settings as fitting
from utils.data.dataset import Dataset
from utils.data.files import AUDIO_SUFFIXES, list_files, natural
from utils.data.npz import save_npz
from utils.detect import recipes
from utils.detect.training import SHAPE, Material
from utils.errors import UserError
from utils.ocean import call_types
from utils.progress import progress
from utils.sound import features
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram, resize, resize_axis

OCEANS = 120
BESIDE_OCEANS = 125  # for 1,500 calls, out of which the study's strategy draws
STRETCHES = 10  # into which recordings without calls are divided, where they are fewer


def material(
    call: call_types.CallType, *, seed: int, background: str | Path | None = None
) -> Material:
    """Return the Material of a CallType: OCEANS seas with as many clips with and without the call.

    background: a folder of recordings without calls, whose sound then takes the place of the drawn
    seas; groups are then its recordings, or stretches of them. UserError if they can't be used.
    """
    settings, stretches, sea = _heard(call, background)
    grid, labels, oceans = _whole(call, settings, seed, OCEANS, stretches)
    groups = oceans % len(stretches) if stretches else oceans
    return Material(
        grid=grid,
        frequencies=resize_axis(settings.frequencies, SHAPE[0]),
        times=resize_axis(settings.times, SHAPE[1]),
        labels=labels,
        groups=groups,
        names=[f"simulated {i} of sea {group}" for i, group in enumerate(groups)],
        call=call.name,
        band=call.band,
        seconds=settings.clip_seconds,
        settings=settings,
        real=False,
        told=[f"simulated calls: {_in_words(call)}", f"the sea: {sea}", fitting.told(settings)],
    )


def write(
    call: call_types.CallType,
    out: str | Path,
    *,
    count: int,
    seed: int,
    background: str | Path | None = None,
) -> Dataset:
    """Write simulated clips of a CallType into a new folder, and return them: WAV files in a folder
    a class, and all spectrograms in simulated_clips.npz. Every other clip holds the call.

    background: as for `material`. UserError if the folder is there, or the call does not fit.
    """
    out = Path(out)
    if out.exists():
        raise UserError(f"{out.name} is there already; name a new folder with --out.")
    settings, stretches, _ = _heard(call, background)
    oceans = np.repeat(np.arange(count), call_types.OCEAN_CLIPS)[:count]
    parts = [_ocean(call, settings, seed, ocean, stretches) for ocean in np.unique(oceans)]
    sound, labels = (np.concatenate(part)[:count] for part in zip(*parts, strict=True))
    sound = 0.9 * sound / np.abs(sound).max()
    clips = Dataset(
        name=out.name,
        spectrograms=mel_spectrogram(sound, settings),
        labels=labels.astype(np.int8),
        groups=oceans,
        clip_names=np.array([f"{('none', 'call')[k]}/{i:05d}.wav" for i, k in enumerate(labels)]),
        frequencies=settings.frequencies,
        times=settings.times,
        unit="dB",
        class_names=("none", call.name),
        audio=sound,
        sample_rate=settings.sample_rate,
        settings=settings,
        band=call.band,
        provenance={"source": "utils.ocean", "processing": f"{_in_words(call)}, seed {seed}"},
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
        partial = Path(folder) / out.name
        for name, samples in zip(clips.clip_names, sound, strict=True):
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, samples, settings.sample_rate)
        save_npz(clips, partial / "simulated_clips.npz")
        partial.rename(out)
    return clips


def _heard(call, background):
    """The SpectrogramSettings in which a call is simulated; the stretches of recorded sea (path,
    first s, last s) in which it is heard, none where the sea is drawn; and the sea in words."""
    heads = _recorded(Path(background)) if background else {}
    rates = {head.rate for head in heads.values()} or {max(fitting.RATES)}
    settings = fitting.fitted(fitting.Call(call.band, call.seconds[1]), sorted(rates))
    if not heads:
        return settings, [], f"{OCEANS} drawn seas"
    pieces = -(-STRETCHES // len(heads))
    for path, head in heads.items():
        if head.seconds / pieces < 2 * settings.clip_seconds:
            raise UserError(
                f"--background: {path.name} is too short; give recordings of at least "
                f"{2 * STRETCHES * settings.clip_seconds:g} s, or {STRETCHES} of them."
            )
    stretches = [
        (path, head.seconds * i / pieces, head.seconds * (i + 1) / pieces)
        for path, head in heads.items()
        for i in range(pieces)
    ]
    hours = sum(head.seconds for head in heads.values()) / 3600
    told = f"{background}: {len(heads)} recordings without calls, {hours:.1f} h"
    return settings, stretches, told


def _recorded(folder):
    """{path: Header} of the recordings of a folder."""
    if not folder.is_dir():
        raise FileNotFoundError(f"--background {folder} is no folder; check the path.")
    paths = sorted(list_files(folder, AUDIO_SUFFIXES, deep=True), key=lambda p: natural(str(p)))
    found = {path: audio.examine(path) for path in paths}
    if bad := {path.name: reason for path, (_, reason) in found.items() if reason}:
        raise audio.bad_files(folder.name, bad)
    if not found:
        raise UserError(f"--background {folder.name} holds no audio file.")
    return {path: head for path, (head, _) in found.items()}


def _ocean(call, settings, seed, ocean, stretches):
    """(k, samples) clips of one ocean and labels (k,)."""

    def recorded(n, rng):
        path, first, last = stretches[ocean % len(stretches)]
        with audio.opened(path) as file:
            begins = rng.uniform(first, last - settings.clip_seconds, n)
            return np.stack([audio.read_piece(file, b, settings) for b in begins]).astype(float)

    return call_types.simulate(
        call, call_types.OCEAN_CLIPS, settings.sample_rate, settings.clip_seconds,
        np.random.default_rng([seed, ocean]), recorded if stretches else None,
    )  # fmt: skip


def beside(
    labelled: Material, dataset: Dataset, call: call_types.CallType, *, seed: int
) -> Material:
    """Return the Material of a Dataset with simulated clips of a CallType, where its calls are few.

    UserError if the call does not fit the clips, or if what they were computed with is not known.
    """
    count = int(labelled.labels.sum())
    if count >= recipes.FEW:
        told = f"simulated calls: none, since from {recipes.FEW} labelled ones on they do not help"
        return replace(labelled, told=[*labelled.told, told])
    settings = dataset.settings or SpectrogramSettings()
    if not (dataset.settings or settings.has_axes(dataset.frequencies, dataset.times)):
        raise UserError(
            f"{dataset.name} holds spectrograms of unknown settings, to which no simulated call "
            "can be added; give the audio, or drop --call and --preset."
        )
    band = (labelled.frequencies >= call.band[0]) & (labelled.frequencies <= call.band[1])
    if not band.any():
        raise UserError(
            f"the described call lies at {call.band[0]:g} to {call.band[1]:g} Hz, and the clips of "
            f"{dataset.name} hold {labelled.frequencies[0]:.0f} to {labelled.frequencies[-1]:.0f} "
            "Hz; describe a call in that band, or choose another with --band LOW HIGH, up to half "
            "the sample rate."
        )
    grid, labels, _ = _whole(call, settings, seed, BESIDE_OCEANS)
    whole = simulated.Bank(grid, labels, features.extract(grid).table)
    told = (
        f"tried beside the {count} labelled calls, since these are few: simulated calls "
        f"({_in_words(call)}), in the seas of the clips without a call, and whole simulated "
        "clips; those that are most like the labelled ones"
    )
    return replace(
        labelled,
        told=[*labelled.told, told],
        simulated=recipes.Simulated(
            _alone(call, settings, seed), whole, band, dataset.unit != "dB"
        ),
    )


def _whole(call, settings, seed, count, stretches=()):
    """(n, *SHAPE) clips of count oceans, labels (n,) and ocean of each (n,)."""
    grids, labels = [], []
    for ocean in progress(range(count), "simulating"):
        sound, own = _ocean(call, settings, seed, ocean, stretches)
        grids.append(resize(mel_spectrogram(sound, settings), SHAPE))
        labels.append(own)
    oceans = np.repeat(np.arange(count), call_types.OCEAN_CLIPS)
    return np.concatenate(grids), np.concatenate(labels), oceans


def _alone(call, settings, seed):
    """(n, *SHAPE) power of calls without a sea."""
    rng, powers = np.random.default_rng([seed, BESIDE_OCEANS]), []
    for _ in range(0, simulated.SIZES["calls"], call_types.OCEAN_CLIPS):
        sound = call_types.simulate_alone(
            call, call_types.OCEAN_CLIPS, settings.sample_rate, settings.clip_seconds, rng
        )
        powers.append(resize(10 ** (mel_spectrogram(sound, settings) / 10), SHAPE))
    return np.concatenate(powers)


def _in_words(call):
    low, high = call.start
    return (
        f"{call.kind} from {low:g} to {high:g} Hz, to {call.end[0]:g} to {call.end[1]:g} Hz, in "
        f"{call.seconds[0]:g} to {call.seconds[1]:g} s, {call.source}"
    )
