"""Figures of the first notebook: a clip in three views, what is measured of calls, maps."""

from collections.abc import Mapping

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from utils import data, plotting
from utils.sound.measurements import UNITS


def views(dataset: data.Dataset, clip: int) -> np.ndarray:
    """Draw the waveform, the STFT and the mel spectrogram of one clip beside each other.

    dataset: a `data.Dataset` with audio and known settings. Returns the three axes.
    """
    wave, settings = dataset.audio[clip], dataset.settings
    stft = np.abs(librosa.stft(wave, n_fft=settings.n_fft, hop_length=settings.hop_length))
    stft = librosa.amplitude_to_db(stft, ref=np.max, top_db=settings.top_db)
    hertz = librosa.fft_frequencies(sr=dataset.sample_rate, n_fft=settings.n_fft)
    seconds = np.arange(stft.shape[1]) * settings.hop_length / dataset.sample_rate
    figure, axes = plt.subplots(1, 3, figsize=(plotting.WIDTH, 3.3))
    axes[0].plot(np.arange(len(wave)) / dataset.sample_rate, wave, lw=0.6, color="black")
    axes[0].set(xlabel="tiempo (s)", ylabel="presión (relativa)", title="onda")
    limits = float(np.percentile(stft, 5)), 0.0
    pictures = (
        ("STFT", stft, hertz, seconds),
        ("mel", dataset.spectrograms[clip], dataset.frequencies, dataset.times),
    )
    for ax, (name, image, rows, columns) in zip(axes[1:], pictures, strict=True):
        plotting.spectrogram(image, rows, columns, unit=dataset.unit, limits=limits, ax=ax)
        ax.set_title(f"{name}: {len(rows)} × {len(columns)} celdas")
    return axes


def measurements(table: pd.DataFrame, labels: np.ndarray, areas: Mapping[str, float]) -> np.ndarray:
    """Draw the distribution of each measurement of `sound.measurements` in both classes.

    areas: name to the ROC AUC of the measurement alone. Returns the axes.
    """
    figure, grid = plt.subplots(2, 4, figsize=(plotting.WIDTH, 4.6))
    figure.get_layout_engine().set(hspace=0.12)
    axes = grid.ravel()
    for ax, name in zip(axes, UNITS, strict=False):
        seen = table[name].notna().to_numpy()
        label = plotting.descriptor_title(name)
        plotting.class_histograms(table[name][seen], labels[seen], label=label, ax=ax)
        ax.set_title(f"ROC AUC {plotting.number(areas[name], 2)}", fontsize=11, pad=3)
        ax.set_ylabel("")
        ax.tick_params(labelsize=9)
    for ax in grid[:, 0]:
        ax.set_ylabel("parte de los clips", fontsize=10)
    axes[-1].axis("off")
    handles, names = axes[0].get_legend_handles_labels()
    axes[-1].legend(handles, names, loc="center", fontsize=12)
    return axes[:-1]
