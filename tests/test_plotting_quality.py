"""Figures of Checkpoint 3 show every generator, with names, units and readable axes."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from utils.generative import figures as plotting_generators
from utils.quality import figures, judging

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def summary():
    mean = np.linspace(0.2, 0.9, len(judging.NAMES))
    columns = {"mean": mean, "low": mean - 0.05, "high": mean + 0.05}
    return pd.DataFrame(columns, index=list(judging.NAMES))


def test_every_generator_has_a_marker_and_a_name():
    assert set(figures.MARKERS) == set(figures.GENERATORS) == set(judging.NAMES)
    assert len(set(figures.MARKERS.values())) == len(judging.NAMES)
    assert len({colour for _, colour in figures.GENERATORS.values()}) == len(judging.NAMES)


def test_the_best_corner_is_above_on_the_right(summary):
    ax = figures.fidelity_and_coverage(summary, summary)
    assert ax.get_xlim()[0] > ax.get_xlim()[1] and ax.get_ylim() == (0, 1)
    names = [text.get_text() for text in ax.figure.legends[0].get_texts()]
    assert names == [figures.title(name) for name in summary.index]


def test_measures_share_the_names_and_mark_the_real_clips(summary):
    axes = figures.measures({"usefulness": summary, "kid_cnn": summary}, relative=("kid_cnn",))
    assert [label.get_text() for label in axes[0, 0].get_yticklabels()] == [
        figures.title(name) for name in summary.index
    ]
    real = summary.loc["real", "mean"]
    lines = [line.get_xdata()[0] for ax in axes.flat for line in ax.get_lines()]
    assert real in lines and real / summary.loc["noise", "mean"] in lines


def test_sizes_are_drawn_in_order(summary):
    curve = pd.DataFrame({50: summary["mean"] - 0.1, 800: summary["mean"]})
    axes = figures.by_size({"usefulness": curve}, ["real", "vae"])
    np.testing.assert_allclose(axes[0].get_lines()[1].get_ydata(), curve.loc["vae"])
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["50", "800"]


def test_profiles_are_differences_from_the_real_ones():
    profiles = {"real": np.full(4, 3.0), "vae": np.full(4, 5.0)}
    spectra = {"real": np.ones((4, 6)), "vae": np.full((4, 6), 10.0)}
    axes = figures.profiles(profiles, spectra, np.arange(4), np.arange(1, 7), unit="dB")
    assert set(axes[0].get_lines()[0].get_ydata()) == {2.0}
    np.testing.assert_allclose(axes[1].get_lines()[0].get_ydata(), 10)
    assert axes[0].get_ylabel() == "diferencia (dB)"
    both = profiles | {figures.CONTROL: np.full(4, 4.0)}
    axes = figures.profiles(
        both, spectra | {figures.CONTROL: spectra["real"]}, np.arange(4), np.arange(1, 7), unit="dB"
    )
    control = axes[0].get_lines()[1]
    assert control.get_linestyle() == "--" and set(control.get_ydata()) == {1.0}


def test_shares_of_near_calls_rise_to_one():
    ax = figures.nearest({"real": np.array([3.0, 1, 2]), "copies": np.array([0.1, 0.2])})
    first = ax.get_lines()[0]
    np.testing.assert_allclose(first.get_xdata(), [1, 2, 3])
    assert first.get_ydata()[-1] == 1


def test_a_term_without_a_name_of_its_own_is_drawn_too():
    rounds = np.arange(1, 4)
    history = pd.DataFrame(
        {"round": rounds, "absolute_error": rounds, "code_length": rounds, "loss": 2 * rounds}
    )
    figure = plotting_generators.losses({"ae": history}, {"ae": 2})
    assert [ax.get_title() for ax in figure.axes] == ["longitud del código", "absolute_error"]
    assert [ax.get_lines()[1].get_xdata()[0] for ax in figure.axes] == [2, 2]


def test_maps_of_codes_show_every_point_and_the_largest_groups():
    points, groups = np.random.default_rng(0).normal(size=(60, 2)), np.repeat(np.arange(10), 6)
    axes = plotting_generators.maps_by_group({"PCA": points, "UMAP": points}, groups)
    drawn = np.concatenate([dots.get_offsets() for dots in axes[1].collections])
    assert sorted(drawn[:, 0].tolist()) == sorted(points[:, 0].tolist())
    names = [text.get_text() for text in axes[0].figure.legends[0].get_texts()]
    assert names == ["los demás", *(f"grupo {group}" for group in range(6))]
    values = np.append(np.arange(59.0), 1e6)  # one outlier must not leave the rest in one colour
    axes = plotting_generators.maps({"PCA": points, "UMAP": points}, values, label="Hz")
    assert axes[0].collections[0].get_clim()[1] < 100
