"""A detector against the labels of clips: scores, the surest disagreements first."""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from utils import data, paths, plotting, tables
from utils.detect import card, store, training
from utils.errors import UserError

SCORES, PAGE = "scores.csv", "disagreements.png"
SHOWN = 24  # clips on the page
PIECE = 64  # clips that are listened to at a time


def load_for(detector: store.Detector, source: str | Path | None) -> data.Dataset:
    """Return the Dataset of a source, with the detector's settings; UserError if they can't be."""
    settings = detector.settings
    if settings and (
        own := [what for what in ("band", "seconds") if os.environ.get(data.VARIABLES[what])]
    ):
        raise UserError(f"the detector brings its own band and length of a clip; drop --{own[0]}.")
    name = source or os.environ.get("DATASET") or paths.SIMULATED
    is_audio = not Path(name).is_file()
    dataset = data.load(source, settings=settings) if is_audio and settings else data.load(source)
    if settings and not is_audio:
        same = len(dataset.frequencies) == settings.mel_bands and np.allclose(
            dataset.frequencies, settings.frequencies, rtol=0.02
        )
        length = dataset.times[-1] - dataset.times[0]
        if not same or not np.isclose(length, settings.times[-1], rtol=0.02):
            raise UserError(
                f"{dataset.name} holds spectrograms of another band or length than the detector's "
                f"({settings.fmin:g} to {settings.fmax:g} Hz, {settings.clip_seconds:g} s)."
            )
    return dataset


def score(folder: str | Path, dataset: data.Dataset, out: str | Path) -> pd.DataFrame:
    """Score the clips of a Dataset, write scores.csv and a page of pictures, return the table.

    Columns clip, group, label, score, surprise, held_out; the surest disagreements with the labels
    come first (surprise: the probability that the label is wrong). Clips that the detector learned
    from have their scores from when they were held out.
    """
    detector, folder, out = store.load(folder), Path(folder), Path(out)
    store.check_replaceable(out, PAGE, None)
    material = training.of_dataset(dataset)
    known = detector.trained_on.get("content") == material.content
    probability = _held_out(folder, len(dataset)) if known else _scores(detector, dataset)
    labels = material.labels
    table = pd.DataFrame({"clip": material.names, "group": material.groups, "label": labels})
    table["score"] = np.round(probability, 4)
    table["surprise"] = np.round(np.where(labels == 1, 1 - probability, probability), 4)
    table["held_out"] = known
    order = table["surprise"].sort_values(ascending=False, kind="stable").index
    plotting.use_style("en")
    figure = card.spectrogram_page(
        material, order[:SHOWN].to_numpy(), table, "where the detector is surest against the labels"
    )
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / PAGE)
    plt.close(figure)
    table = table.loc[order].reset_index(drop=True)
    tables.write(table, out / SCORES)
    return table


def _scores(detector, dataset):
    if not detector.hears:
        return detector.score(dataset.spectrograms)
    detector.check()
    if dataset.audio is None:
        raise UserError(
            f"{dataset.name} holds spectrograms, and this detector listens to audio; name "
            "recordings or clips."
        )
    parts = [dataset.audio[i : i + PIECE] for i in range(0, len(dataset), PIECE)]
    return np.concatenate([detector.score_audio(np.asarray(part)) for part in parts])


def _held_out(folder, n):
    """The (n,) scores that a detector's clips had when they were held out."""
    try:
        stored = pd.read_csv(folder / store.HELD_OUT)["score"].to_numpy(float)
        if len(stored) == n and np.isfinite(stored).all():
            return stored
    except (OSError, ValueError, KeyError):
        pass
    raise UserError(f"{store.HELD_OUT} of the detector is damaged; train it again.")
