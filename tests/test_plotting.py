"""Figures have labelled axes with units, fixed colours, and are the same bytes twice."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from utils import paths, plotting
from utils.augmentation import study
from utils.models import classifiers
from utils.plotting.style import _html

RNG = np.random.default_rng(0)
FREQUENCIES, TIMES = np.linspace(10, 490, 12), np.linspace(0, 2, 15)
CLIPS = RNG.uniform(-80, 0, (7, 12, 15))
LABELS = RNG.integers(0, 2, 60)
SCORE = np.clip(0.3 * LABELS + 0.6 * RNG.random(60), 0, 1)
PREDICTIONS = {"cnn": (LABELS, SCORE), "logistic": (LABELS, 1 - SCORE)}
CURVES = pd.DataFrame(
    [(m, n, 0.8, 0.7, 0.9) for m in ("cnn", "mlp") for n in (50, 100, 200)],
    columns=["model", "size", "mean", "low", "high"],
)
INTERVALS = pd.DataFrame(
    {"name": ["cnn", "edges"], "mean": [0.9, 0.7], "low": [0.85, 0.6], "high": [0.95, 0.8]}
)
PARTS = pd.DataFrame({"part": pd.interval_range(0, 3), "calls": 9, "roc_auc": [0.6, 0.7, 0.8]})

DRAW = [
    partial(plotting.spectrogram, CLIPS[0], FREQUENCIES, TIMES, unit="dB"),
    partial(plotting.class_counts, LABELS),
    partial(plotting.group_balance, LABELS, np.arange(60) // 6),
    partial(plotting.class_histograms, SCORE, LABELS, label="nivel (dB)"),
    partial(plotting.effect_sizes, pd.Series({"a": 0.5, "b": -1.5})),
    partial(plotting.roc_curves, PREDICTIONS),
    partial(plotting.precision_recall_curves, PREDICTIONS),
    partial(plotting.reliability_curves, PREDICTIONS),
    partial(plotting.learning_curves, CURVES),
    partial(plotting.score_intervals, INTERVALS, floor=(0.7, "bordes")),
    partial(plotting.score_by_part, PARTS, label="SNR (dB)"),
]


@pytest.fixture(autouse=True)
def style():
    plotting.use_style()
    yield
    plt.rcdefaults()


@pytest.mark.parametrize("draw", DRAW, ids=lambda draw: draw.func.__name__)
def test_figures_draw_on_given_axes_and_name_them(draw):
    _, given = plt.subplots()
    assert draw(ax=given) is given
    own = draw()
    assert own is not given and own.get_xlabel() == given.get_xlabel() != ""
    width, _ = own.figure.get_size_inches()
    assert width <= 10
    own.figure.canvas.draw()


@pytest.mark.parametrize("draw", [plotting.map_by_class, plotting.map_by_group])
def test_maps_show_every_point(draw):
    points = RNG.standard_normal((60, 2))
    ax = draw(points, LABELS)
    drawn = np.concatenate([c.get_offsets() for c in ax.collections])
    assert sorted(drawn[:, 0].tolist()) == sorted(points[:, 0].tolist())


def test_a_grid_shares_colour_limits_and_says_its_units():
    axes = plotting.spectrogram_grid(
        CLIPS, FREQUENCIES, TIMES, [f"clip {i}" for i in range(7)], unit="dB", limits=(-60, 0)
    )
    assert len(axes) == 7 and [ax.get_title("left") for ax in axes][6] == "clip 6"
    assert {ax.collections[0].get_clim() for ax in axes} == {(-60, 0)}
    figure = axes[0].figure
    texts = [figure.get_supxlabel(), figure.get_supylabel(), figure.axes[-1].get_ylabel()]
    assert texts == ["tiempo (s)", "frecuencia (Hz)", "dB"]
    figure.canvas.draw()
    assert len([ax for ax in figure.axes if ax.get_visible()]) == 8  # 7 panels and the colour bar


def test_class_means_share_their_colours_and_show_the_difference():
    labels = np.array([0, 1, 0, 1, 0, 1, 1])
    axes = plotting.class_means(CLIPS, labels, FREQUENCIES, TIMES, unit="dB")
    none, call, difference = (np.asarray(ax.collections[0].get_array()) for ax in axes)
    np.testing.assert_allclose(difference, call - none)
    assert np.sum(axes[2].collections[0].get_clim()) == 0
    np.testing.assert_allclose(call.reshape(12, 15), CLIPS[labels == 1].mean(0))
    assert axes[0].collections[0].get_clim() == axes[1].collections[0].get_clim()
    axes[0].figure.canvas.draw()


def test_cue_floor_has_a_panel_for_each_set_of_clips():
    rows = [
        (clips, cue, kind, 0.7, 0.6, 0.8)
        for clips in ("todos", "emparejados")
        for cue in ("bordes", "orden")
        for kind in ("group", "random")
    ]
    table = pd.DataFrame(rows, columns=["clips", "cue", "split_by", "mean", "low", "high"])
    axes = plotting.cue_floor(table)
    assert [ax.get_title("left") for ax in axes] == ["todos", "emparejados"]
    assert [text.get_text() for text in axes[0].get_yticklabels()] == ["orden", "bordes"]
    axes[0].figure.canvas.draw()


def test_spectrograms_stand_with_low_frequencies_below():
    ax = plotting.spectrogram(CLIPS[0], FREQUENCIES, TIMES, unit="dB")
    assert ax.get_ylim()[0] < ax.get_ylim()[1] and ax.get_ylim()[1] > 490
    np.testing.assert_array_equal(np.ravel(ax.collections[0].get_array()), CLIPS[0].ravel())


def test_confusion_panels_write_counts():
    axes = plotting.confusion_panels({"cnn": [[8, 2], [1, 9]], "mlp": [[5, 5], [0, 0]]})
    texts = [text.get_text() for text in axes[0].texts]
    assert texts == ["8\n80 %", "2\n20 %", "1\n10 %", "9\n90 %"]
    assert [ax.get_title("left") for ax in axes] == ["CNN", "MLP"]
    axes[0].figure.canvas.draw()


def test_training_history_marks_the_best_epoch_of_each_model():
    scores = dict.fromkeys(["loss", "val_loss", "auc", "val_auc"], 0.6)
    history = pd.DataFrame({"model": 3 * ["cnn"] + 3 * ["mlp"], "epoch": 2 * [1, 2, 3], **scores})
    axes = plotting.training_history(history, best={"cnn": 2, "mlp": 3})
    marked = [line for line in axes[0].lines if len(set(line.get_xdata())) == 1]
    assert sorted(line.get_xdata()[0] for line in marked) == [2, 3]


def test_one_colour_a_classifier_for_all_of_them():
    own = {*classifiers.REGISTRY, study.EMBEDDED}
    assert set(plotting.MODELS) <= own  # the rest goes by its own name
    assert set(plotting.MODELS) >= {"logistic", "mlp", "random_forest", "gradient_boosting", "cnn"}
    colours = [colour for _, colour, *_ in plotting.MODELS.values()] + [*plotting.CLASS_COLOURS]
    assert len(set(colours)) == len(colours)
    lines = plotting.learning_curves(CURVES).lines
    assert [line.get_color() for line in lines] == [plotting.MODELS[m][1] for m in ("mlp", "cnn")]


def test_saved_figures_are_the_same_bytes_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    path = plotting.save(plotting.class_counts(LABELS).figure, "00_counts", "simulated")
    first = path.read_bytes()
    again = plotting.save(plotting.class_counts(LABELS).figure, "00_counts", "simulated")
    assert path == tmp_path / "figures" / "00_counts.png" == again
    assert path.read_bytes() == first and b"Software" not in first
    other = plotting.save(plt.figure(), "00_counts", "mine")
    assert other == tmp_path / "figures" / "mine" / "00_counts.png"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0104, "+0,010"), (0.00004, "+0,000"), (-0.00004, "−0,000"), (0.0, "+0,000"),
     (-1e-17, "+0,000")],
)  # fmt: skip
def test_a_difference_that_rounds_to_zero_shows_its_side(value, text):
    assert plotting.number(value, 3, "+") == text
    assert plotting.number(-0.00004, 3) == "0,000"


def test_a_table_in_a_notebook_has_one_line_of_headings():
    table = pd.DataFrame({"F1": [0.5]}, index=pd.Index(["CNN"], name="modelo"))
    shown = _html(table)
    assert shown.count("<tr") == 2 and shown.index("modelo") < shown.index("F1")
    assert table.to_html().count("<tr") == 3 and "border" not in shown
