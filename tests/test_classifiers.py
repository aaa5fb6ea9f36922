"""Every classifier learns an easy task, repeats itself, and says what is wrong with its input."""

import os
import subprocess
import sys

import numpy as np
import pytest

from utils import paths
from utils.models import classifiers, neural
from utils.models.classifiers import NETWORKS
from utils.sound import features
from utils.statistics import evaluation


def _clips(seed, n=80):
    """Noise with a rising line in the second half of the clips."""
    rng = np.random.default_rng(seed)
    clips = rng.normal(0, 1, (n, 48, 96)).astype(np.float32)
    labels = np.arange(n) % 2
    for clip, label in zip(clips, labels, strict=True):
        if label == 0:
            continue
        start, row = rng.integers(10, 50), rng.integers(8, 14)
        for t in range(30):
            clip[row + t // 3 : row + t // 3 + 2, start + t] += 4
    return features.extract(clips), labels


@pytest.fixture(scope="module")
def clips():
    return {side: _clips(seed) for seed, side in enumerate(("train", "validation", "test"))}


def _built(name, seed=0):
    return classifiers.build(name, seed=seed, **({"steps": 60} if name in NETWORKS else {}))


def _fit(name, clips, seed=0):
    return _built(name, seed).fit(*clips["train"], validation=clips["validation"])


def area(model, side):
    """ROC AUC of a model on clips and labels."""
    return evaluation.scores(side[1], model.predict_proba(side[0]), 0.5)["roc_auc"]


@pytest.mark.parametrize("name", classifiers.REGISTRY)
def test_learns_and_repeats_itself(name, clips):
    model = _fit(name, clips)
    found = model.predict_proba(clips["test"][0])
    assert found.shape == (80,)
    assert (found >= 0).all() and (found <= 1).all()
    assert area(model, clips["test"]) > (0.6 if name == "mlp" else 0.9)
    again = _fit(name, clips).predict_proba(clips["test"][0])
    np.testing.assert_allclose(again, found, atol=1e-6)


@pytest.mark.parametrize("name", classifiers.REGISTRY)
def test_entries_of_no_weight_do_not_count(name, clips):
    x, labels = clips["train"]
    model = _built(name)
    weights = np.repeat([1.0, 1e-6], len(labels))  # every clip again with the other label
    model.fit(x + x, np.concatenate([labels, 1 - labels]), clips["validation"], weights)
    assert area(model, clips["test"]) > (0.6 if name == "mlp" else 0.9)


@pytest.mark.parametrize("name", ["random_forest", *NETWORKS])
def test_another_seed_gives_another_model(name, clips):
    first, second = (_fit(name, clips, seed).predict_proba(clips["test"][0]) for seed in (0, 1))
    assert np.abs(first - second).max() > 1e-3


@pytest.mark.parametrize("name", NETWORKS)
def test_a_fit_does_not_change_an_earlier_model(name, clips):
    first = _fit(name, clips)
    before = first.predict_proba(clips["test"][0])
    _fit(name, clips, seed=5)
    np.testing.assert_array_equal(first.predict_proba(clips["test"][0]), before)


def test_a_forest_says_the_same_bit_by_bit(clips):
    model = _fit("random_forest", clips)
    first = model.predict_proba(clips["test"][0])
    for _ in range(8):
        np.testing.assert_array_equal(model.predict_proba(clips["test"][0]), first)


def test_turned_labels_turn_the_ranking(clips):
    turned = {side: (x, 1 - labels) for side, (x, labels) in clips.items()}
    assert area(_fit("cnn", turned), clips["test"]) < 0.1


def test_the_epoch_of_the_highest_validation_score_is_kept(clips):
    network = _fit("cnn", clips)
    assert len(network.history["loss"]) == neural.EPOCHS
    found = area(network, clips["validation"])
    assert found == pytest.approx(network.history["val_roc_auc"].max(), abs=0.02)


def test_without_validation_the_last_epoch_is_kept(clips):
    model = _built("cnn").fit(*clips["train"])
    assert "val_loss" not in model.history and area(model, clips["train"]) > 0.9


def test_boosting_keeps_the_rounds_that_validation_prefers(clips):
    model = _fit("gradient_boosting", clips)
    x, labels = clips["validation"]
    probability = model.predict_proba(x)
    staged = list(model.estimator.staged_predict_proba(x.table))
    losses = [-np.log(np.where(labels == 1, p[:, 1], p[:, 0]) + 1e-7).mean() for p in staged]
    assert model.rounds == np.argmin(losses) + 1
    np.testing.assert_array_equal(probability, staged[model.rounds - 1][:, 1])


def test_the_penultimate_layer_is_this_network_s_after_the_shared_one_was_let_go(clips):
    network, (test, _) = _fit("cnn", clips), clips["test"]
    seen = network.penultimate(test)
    neural._compiled.cache_clear()  # as after eight other architectures
    network._shared()
    np.testing.assert_allclose(network.penultimate(test), seen, atol=1e-5)


def test_spectrograms_and_their_features_are_the_same_input():
    rng = np.random.default_rng(0)
    clips, labels = rng.normal(0, 1, (40, 48, 96)), np.arange(40) % 2
    model = classifiers.build("logistic", seed=0).fit(clips, labels)
    np.testing.assert_array_equal(
        model.predict_proba(clips), model.predict_proba(features.extract(clips))
    )


def test_bad_input_says_so(clips):
    x, labels = clips["train"]
    with pytest.raises(ValueError, match="choose from .*logistic"):
        classifiers.build("svm", seed=0)
    with pytest.raises(ValueError, match="multiple of"):
        classifiers.build("cnn", seed=0, steps=61)
    with pytest.raises(ValueError, match="no setting 'dropuot'"):
        classifiers.build("cnn", seed=0, dropuot=0.1)
    with pytest.raises(ValueError, match="call fit first"):
        classifiers.build("mlp", seed=0).predict_proba(x)
    with pytest.raises(ValueError, match="one a clip"):
        classifiers.build("logistic", seed=0).fit(x, labels[:-1])
    with pytest.raises(ValueError, match="both classes"):
        classifiers.build("cnn", seed=0).fit(x, np.ones(80))


@pytest.mark.parametrize("level", [None, "3", "0"])
def test_tensorflow_says_nothing_of_the_machine_and_of_what_it_traces_again(level):
    """Unless it is asked to; errors are seen again once it is imported."""
    code = (
        "import sys; from utils.models.backend import keras\nimport numpy as np\n"
        "network = keras.Sequential([keras.layers.GlobalAveragePooling1D()])\n"
        "for n in range(8, 15): network.predict(np.zeros((2, n, 1)), verbose=0)\n"
        "for n in range(8, 15):\n"
        "    own = keras.Sequential([keras.Input((n,)), keras.layers.Dense(1)])\n"
        "    own.predict(np.zeros((2, n)), verbose=0)\n"
        "print('seen', file=sys.stderr)"
    )
    known = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=paths.ROOT, capture_output=True, text=True,
        env=known | ({"TF_CPP_MIN_LOG_LEVEL": level} if level else {}),
    )  # fmt: skip
    assert ran.returncode == 0
    if level == "0":
        assert "retracing" in ran.stderr + ran.stdout
    else:
        assert ran.stderr == "seen\n"
