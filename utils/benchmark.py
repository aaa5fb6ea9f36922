"""Speed and memory, against what a user would otherwise pick, as ratios in one run.

Each pair is measured in turns, several times, and the best time of each counts, so that another
program on the same machine disturbs both alike. Peak memory is what Python and NumPy allocate.
"""

import functools
import os
import platform
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import soundfile

from utils import data, ocean
from utils.augmentation import study
from utils.augmentation.protocol import EMBEDDED
from utils.baseline import baseline
from utils.detect import recipes, store
from utils.models import classifiers, embeddings
from utils.models.generators import registry
from utils.quality import judging
from utils.sound import features, spectrograms

CLIPS = 2000
LIBROSA_CLIPS = 500
MEMORY_CLIPS = (2000, 20_000)
LISTENING_HOURS = (1.0, 4.0)  # LISTENING_HOURS="1 24" whales benchmark
EMBEDDED_HOURS = 0.05
READING_CLIPS = (1000, 4000)  # the challenge has 30,000: READING_CLIPS="30000 300000"
TABLE_ROWS, TABLE_APPENDS = 57_000, 1000
ROUNDS = 5


def best_seconds(*functions: Callable, rounds: int = ROUNDS) -> list[float]:
    """Return the shortest wall time of each function, called in turns after one warm-up each."""
    for function in functions:
        function()
    times = np.empty((rounds, len(functions)))
    for turn in times:
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            turn[i] = time.perf_counter() - start
    return times.min(0).tolist()


def librosa_loop(audio: np.ndarray, settings: spectrograms.SpectrogramSettings) -> np.ndarray:
    """Return the mel spectrograms in dB by one librosa call a clip."""
    return np.stack(
        [
            librosa.power_to_db(
                librosa.feature.melspectrogram(
                    y=clip,
                    sr=settings.sample_rate,
                    n_fft=settings.n_fft,
                    hop_length=settings.hop_length,
                    n_mels=settings.mel_bands,
                    fmin=settings.fmin,
                    fmax=settings.fmax,
                ),
                ref=np.max,
                top_db=settings.top_db,
            )
            for clip in audio
        ]
    )


def _noise(n: int, settings) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n, settings.n_samples), dtype=np.float32)


def mel_spectrograms() -> list[str]:
    """Batched mel spectrograms against a loop of librosa calls."""
    settings = spectrograms.SpectrogramSettings()
    audio = _noise(CLIPS, settings)
    few = audio[:LIBROSA_CLIPS]
    loop, ours = best_seconds(
        lambda: librosa_loop(few, settings),
        lambda: spectrograms.mel_spectrogram(audio, settings),
    )
    gap = np.abs(librosa_loop(few, settings) - spectrograms.mel_spectrogram(few, settings)).max()
    loop, ours = loop / LIBROSA_CLIPS, ours / CLIPS
    lines = [
        f"mel spectrogram, loop of librosa calls   {1e6 * loop:8.0f} us a clip",
        f"mel spectrogram, sound.spectrograms      {1e6 * ours:8.0f} us a clip",
        f"    ratio {loop / ours:.1f}; largest difference {gap:.1e} dB",
    ]
    for n in MEMORY_CLIPS:
        peak = mel_peak_megabytes(n)
        lines.append(f"    peak memory beyond input and output, {n} clips: {peak:.0f} MB")
    return lines


def mel_peak_megabytes(n: int) -> float:
    """Return how much the spectrograms of n clips allocate beyond input and output, in MB."""
    settings = spectrograms.SpectrogramSettings()
    audio = _noise(n, settings)
    tracemalloc.start()
    out = spectrograms.mel_spectrogram(audio, settings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - out.nbytes) / 1e6


def simulation() -> list[str]:
    """Seconds for the clips of the embedded default."""
    (seconds,) = best_seconds(lambda: ocean.simulate(4000, 0, ocean.OceanSettings()), rounds=3)
    return [f"simulation of 4000 clips                 {seconds:8.1f} s"]


def training() -> list[str]:
    """Features a clip, and training throughput and time to the end of each classifier."""
    dataset = data.simulated(n_clips=1200, seed=0)
    images = spectrograms.resize(dataset.spectrograms, baseline.PROTOCOL["shape"])
    (seconds,) = best_seconds(lambda: features.extract(images), rounds=3)
    lines = [f"features for all classifiers             {1e6 * seconds / 1200:8.0f} us a clip"]
    known = features.extract(images)
    train, held_out = np.arange(900), np.arange(900, 1200)
    labels = dataset.labels
    for name in classifiers.REGISTRY:

        def fit(name=name):
            classifier = classifiers.build(name, seed=0)
            return classifier.fit(known[train], labels[train], (known[held_out], labels[held_out]))

        (seconds,) = best_seconds(fit, rounds=2)
        fitted = fit()
        line = f"{name + ', 900 clips':40s} {seconds:8.1f} s"
        if hasattr(fitted, "steps"):
            rate = fitted.steps * classifiers.BATCH_SIZE / fitted.seconds
            line += f", {rate:.0f} clips a second in training"
        lines.append(line)
    return lines


def generation() -> list[str]:
    """Seconds to train each generator on 200 calls and 800 others, and to draw 1,000 samples."""
    found = judging.fold(baseline.prepare(data.simulated()), 0, 200)
    lines = []
    for name in registry.REGISTRY:
        found.fit(registry.build(name), seed=0)  # traces the network, which later fits reuse
        generator = found.fit(registry.build(name), seed=0)
        (drawing,) = best_seconds(functools.partial(generator.sample, 1000, 0), rounds=2)
        line = f"{name + ', 200 calls':40s} {generator.seconds:8.1f} s"
        lines.append(f"{line}, {drawing:.1f} s for 1000 samples")
    return lines


def reading() -> list[str]:
    """Seconds and peak memory from a folder of AIFF clips, as the challenge has them, to cached
    spectrograms; a second time; and how both grow."""
    lines, found = [], {"first": [], "second": []}
    for count in _asked("READING_CLIPS", READING_CLIPS):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "clips"
            _write_clips(folder, count)
            for turn, measured in found.items():
                cost = _measured(_LOAD, folder, Path(place) / "cache")
                measured.append((count, cost))
                line = f"{turn} reading of {count} AIFF clips"
                lines.append(f"{line:40s} {cost.seconds:8.1f} s, {cost.told()}")
    return [*lines, *(line for turn, each in found.items() for line in _growth(each, turn))]


def table() -> list[str]:
    """Seconds to read a table of the study's size, and to append to it row by row."""
    rng = np.random.default_rng(0)
    columns = dict.fromkeys(study.COLUMNS, 0) | dict.fromkeys(
        ("dataset", "arm", "classifier", "clips", "settings", "versions"), "a" * 12
    )
    columns |= {"error": None, "n_train": 850, "n_positive": 50, "ratio": 15.0}
    rows = pd.DataFrame(columns, index=range(TABLE_ROWS)).assign(seed=range(TABLE_ROWS))
    for score in study.SCORES:
        rows[score] = rng.random(TABLE_ROWS)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "study.csv"
        study.add(path, rows.to_dict("records"))
        start = time.perf_counter()
        study.read(path)  # once: what nobody has added to is not read again
        reading = time.perf_counter() - start
        more = rows.head(1).to_dict("records")
        start = time.perf_counter()
        for number in range(TABLE_APPENDS):
            study.add(path, [more[0] | {"seed": TABLE_ROWS + number}])
        adding = time.perf_counter() - start
    return [
        f"{f'reading {TABLE_ROWS} rows of the study':40s} {reading:8.2f} s",
        f"{f'appending {TABLE_APPENDS} to them, one at a time':40s} {adding:8.2f} s",
    ]


def _asked(variable, usual):
    """The numbers in a variable of the environment, or the usual ones."""
    return tuple(map(type(usual[0]), os.environ.get(variable, "").split())) or usual


def _write_clips(folder, count):
    """Simulated clips over and over, each at its own level, in the format of the challenge."""
    recordings = ocean.simulate(500, 0, ocean.OceanSettings())
    levels = np.random.default_rng(0).uniform(0.3, 0.9, count)
    for name in ("call", "noise"):
        (folder / name).mkdir(parents=True)
    for i in range(count):
        clip = recordings.audio[i % 500]
        name = ("noise", "call")[recordings.labels[i % 500]]
        sound = levels[i] * clip / np.abs(clip).max()
        soundfile.write(folder / name / f"train{i}.aiff", sound, 2000, subtype="PCM_16")


@dataclass(frozen=True)
class Cost:
    """Wall and processor time in s, and peak memory in MB."""

    seconds: float
    processor: float
    peak: float

    def told(self) -> str:
        """The two that another program on the machine disturbs little."""
        return f"processor time {self.processor:.1f} s, peak memory {self.peak:.0f} MB"


def _growth(measured, what):
    """A line on how processor time and memory grow from the first to the last (size, Cost)."""
    if len(measured) < 2:
        return []
    (small, first), (large, last) = measured[0], measured[-1]
    return [
        f"    {what}: {large / small:.3g} times the size, {last.processor / first.processor:.3g} "
        f"times the processor time, {last.peak - first.peak:+.0f} MB"
    ]


def _measured(work, *arguments):
    """The Cost of some work since `start`, in a process of its own; memory is that of all of it.

    Linux counts what a process was before it became Python in `ru_maxrss`, and not in VmHWM.
    """
    code = (
        "import re, resource, sys, time; from pathlib import Path; import numpy as np\n"
        f"from utils import data, paths\n{work}\n"
        "seconds, busy = time.perf_counter() - start, time.process_time() - busy\n"
        "status = Path('/proc/self/status')\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6\n"
        "if status.exists():\n"
        "    peak = int(re.search(r'VmHWM:\\D*(\\d+)', status.read_text())[1]) / 1e3\n"
        "print(seconds, busy, peak)"
    )
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Cost(*map(float, done.stdout.split()))


def listening() -> list[str]:
    """Times real time at which a detector goes over recordings of 2 kHz, its processor time and
    peak memory, and how they grow.

    A forest; a regression on BirdNET, where that is installed, in its own time.
    """
    names = {"forest": _asked("LISTENING_HOURS", LISTENING_HOURS)}
    if embeddings.available():
        names[EMBEDDED] = (EMBEDDED_HOURS,)
    lines, found = [], {name: [] for name in names}
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        for recipe in names:
            _write_detector(place / recipe, recipe)
        for hours in sorted({hours for asked in names.values() for hours in asked}):
            _write_recording(place / "recordings" / "long.wav", hours)
            for recipe in (name for name, asked in names.items() if hours in asked):
                cost = _measured(_RUN, place / recipe, place / "recordings")
                found[recipe].append((hours, cost))
                line, ratio = f"{hours:g} h at 2 kHz, {recipe}", 3600 * hours / cost.seconds
                lines.append(f"{line:40s} {ratio:8.0f} x real time, {cost.told()}")
    return [*lines, *(line for name, each in found.items() for line in _growth(each, name))]


def _write_detector(folder, recipe):
    """A detector of the simulated up-calls, for the default band and windows of 2 s."""
    dataset = data.simulated(n_clips=1200, seed=0)
    grid, speeds = spectrograms.resize(dataset.spectrograms, baseline.PROTOCOL["shape"]), ()
    if recipe == EMBEDDED:  # what it learns does not change how fast it listens
        speeds = embeddings.speeds_for(dataset.band)
        size = len(dataset), len(speeds) * embeddings.SIZE
        grid = np.random.default_rng(0).standard_normal(size)
    calls, seas = grid[dataset.labels == 1], grid[dataset.labels == 0]
    detector = store.Detector(
        call="upcall", settings=dataset.settings, shape=baseline.PROTOCOL["shape"],
        band=dataset.band, threshold=0.5, recipe=recipe, trained_on={},
        classifier=recipes.RECIPES[recipe](recipes.Clips(calls, seas, 0, speeds=speeds)),
    )  # fmt: skip
    store.save(detector, folder, pd.DataFrame(columns=["clip"]), lambda partial: None)


def _write_recording(path, hours):
    """Simulated clips over and over, one behind the other."""
    path.parent.mkdir(exist_ok=True)
    sound = ocean.simulate(900, 0, ocean.OceanSettings()).audio.ravel()  # half an hour
    left = round(7.2e6 * hours)
    with soundfile.SoundFile(path, "w", 2000, 1, subtype="PCM_16") as file:
        while left:
            file.write(sound[:left])
            left -= min(left, len(sound))


_START = "start, busy = time.perf_counter(), time.process_time()\n"
_LOAD = f"paths.CACHE = Path(sys.argv[2])\n{_START}data.load(sys.argv[1])"
_RUN = (
    "from utils.detect import running, store; import tempfile\n"
    "detector = store.load(sys.argv[1]); detector.score_audio(np.eye(2, 4000))\n"
    f"{_START}"
    "with tempfile.TemporaryDirectory() as out: running.run(detector, sys.argv[2], out)"
)


def run() -> None:
    """Print every measurement."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores\n")
    parts = (mel_spectrograms, reading, table, listening, simulation, training, generation)
    for part in parts:
        print("\n".join(part()), flush=True)
