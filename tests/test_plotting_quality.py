"""Figures of Checkpoint 3 show every generator, with names, units and readable axes."""

import numpy as np
import pandas as pd
import pytest

from utils.generative import figures as pictures
from utils.quality import figures, judging


@pytest.fixture
def summary():
    mean = np.linspace(0.2, 0.9, len(judging.NAMES))
    columns = {"mean": mean, "low": mean - 0.05, "high": mean + 0.05}
    return pd.DataFrame(columns, index=list(judging.NAMES))


def test_every_generator_has_a_marker_a_name_and_a_colour():
    assert set(judging.NAMES) < set(figures.MARKERS) == set(figures.GENERATORS)
    assert len({figures.MARKERS[name] for name in judging.NAMES}) == len(judging.NAMES)
    assert len({colour for _, colour in figures.GENERATORS.values()}) == len(figures.GENERATORS)


def test_a_question_shows_every_generator_and_its_null_levels(summary):
    fewer = summary.drop("noise")
    axes = figures.question({"a": (summary, {"reales": 0.7}), "b": (fewer, {"x": 0.1, "y": 0.2})})
    names = [label.get_text() for label in axes[0].get_yticklabels()]
    assert names == [figures.title(name) for name in summary.index]
    levels = [[line.get_xdata()[0] for line in ax.get_lines()] for ax in axes]
    assert 0.7 in levels[0] and {0.1, 0.2} < {*levels[1]}
    assert len(axes[1].get_lines()) == 2 * len(fewer) + 2  # a mean and an interval each
    assert [text.get_text() for text in axes[1].texts] == ["x", "y"]


def test_every_measure_is_told_and_distances_in_proportion_to_noise():
    rows = [
        {"generator": name, "n_positive": 50, "seed": seed, "metric": metric, "value": value + seed}
        for metric in figures.MEASURES
        for seed in (0, 1)
        for name, value in (("real", 1.0), ("noise", 3.5))
    ]
    found = figures.every_measure(pd.DataFrame(rows), 50)
    assert list(found.columns) == ["reales", "media + ruido"] and len(found) == len(
        figures.MEASURES
    )
    assert found.loc["KID, PCA (media + ruido = 1)"].tolist() == [1.5 / 4, 1]
    assert found.loc["densidad, PCA"].tolist() == [1.5, 4]


def test_the_card_says_who_passes_what():
    decision = pd.DataFrame(
        {"copying_p": [0.0001, 0.5], "coverage_share": [0.9, 0.4], "usefulness": [0.9, 0.8],
         "covers": [True, False], "no_copies": [False, True], "useful": [True, True],
         "goes_on": [False, False], "floor": [0.75, 0.75]},
        index=["gan", "vae"],
    )  # fmt: skip
    texts, passed = figures.card(
        decision, pd.Series({"real": 0.8, "gan": 0.3}), pd.Series({"gan": 0.5, "vae": 0.97})
    )
    assert texts.loc["gan"].tolist() == ["30 %", "90 %; 50 %", "< 0,001", "0,900", "no"]
    assert texts.loc["vae", "¿cubre? PCA; CNN\n(PCA ≥ 50 %)"] == "40 %; 97 %"
    assert texts.loc["vae", "¿es una llamada?\n(≥ 40 %)"] == "—"
    assert passed.loc["gan"].tolist() == [False, True, False, True, False]
    ax = figures.report_card(texts, passed)
    assert [text.get_text() for text in ax.texts] == texts.to_numpy().ravel().tolist()


def test_an_outcome_is_drawn_over_each_measure():
    outcome = pd.Series({"vae": 0.1, "gan": -0.1})
    measures = {"a": pd.Series({"gan": 0.9, "vae": 0.7}), "b": pd.Series({"vae": 1, "gan": 0})}
    axes = figures.predictions(outcome, measures, label="cambio")
    assert axes[0].get_lines()[0].get_xdata()[0] == 0.7 and axes[0].get_ylabel() == "cambio"


def test_few_calls_are_drawn_beside_what_real_ones_give():
    measures = {"taken": (0.9, 0.6, 0.5), "two_sample_auc": (0.5, 0.7, 0.9)}
    measures |= {"usefulness": (0.9, 0.8, 0.7)}
    rows = [
        {"generator": name, "n_positive": 50, "seed": seed, "metric": metric, "value": value}
        for metric, found in measures.items()
        for name, value in zip(("real", "vae", "gan"), found, strict=True)
        for seed in range(3)
    ]
    axes = figures.few_calls(pd.DataFrame(rows), 50)
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["VAE", "GAN"]
    title = "Con 50 llamadas: de sus muestras se aprende hasta 0,800 (VAE); de las reales, 0,900"
    assert axes[0].figure.get_suptitle() == title


def test_shares_of_near_calls_rise_to_one():
    ax = figures.nearest({"real": np.array([3.0, 1, 2]), "copies": np.array([0.1, 0.2])})
    first = ax.get_lines()[0]
    np.testing.assert_allclose(first.get_xdata(), [1, 2, 3])
    assert first.get_ydata()[-1] == 1
    assert ax.get_title() == "Distancia mediana: 0 en las copias, 2 en las reales de prueba"


@pytest.mark.parametrize("name", ["ae", "vae", "aae", "gan", "diffusion", "hydrophone"])
def test_a_sketch_joins_the_boxes_that_it_names(name):
    ax = pictures.sketch(name)
    boxes, arrows = pictures._SKETCHES[name]
    assert len(ax.texts) == len(boxes) + len(arrows.split(", "))  # an arrow is an annotation


def test_planes_hold_the_codes_and_the_prior():
    rng = np.random.default_rng(0)
    codes, drawn = 3 * rng.normal(size=(50, 8)), rng.normal(size=(20, 8))
    (ax,) = pictures.latent_planes({"VAE": {"llamadas": codes, "sorteados": drawn}})
    sizes = [len(dots.get_offsets()) for dots in ax.collections]
    radii = [np.hypot(*line.get_data()).max() for line in ax.get_lines()]
    assert sizes == [50, 20] and np.allclose(radii, [1, 2])
    assert np.std(ax.collections[0].get_offsets(), axis=0).min() > 2  # in the codes' own unit


def test_each_source_stands_out_of_all_others_in_its_panel():
    names = np.repeat(["real", "vae"], [3, 5])
    axes = pictures.populations(np.random.default_rng(0).normal(size=(8, 2)), names)
    assert [ax.get_title() for ax in axes] == ["reales", "VAE"]
    assert [[len(dots.get_offsets()) for dots in ax.collections] for ax in axes] == [[5, 3], [3, 5]]
