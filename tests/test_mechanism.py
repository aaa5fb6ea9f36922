"""Added clips are judged by calls that nobody adds: answers for copies, noise and new ones."""

import numpy as np
import pandas as pd
import pytest

from utils.augmentation import arms, details, figures, mechanism
from utils.models import classifiers
from utils.sound import call_track, features


def clips(n, seed, *, call):
    """(n, 64, 64) of noise, with a ridge at a row of its own where there is a call."""
    rng = np.random.default_rng(seed)
    found = rng.normal(0, 1, (n, 64, 64)).astype(np.float32)
    for clip in found if call else ():
        row = rng.integers(10, 50)
        clip[row : row + 3, 15:50] += 6
    return found


@pytest.fixture(scope="module")
def known():
    both = np.concatenate([clips(60, 0, call=True), clips(60, 1, call=False)])
    return features.extract(both), np.repeat([1, 0], 60)


def measured(known, added):
    """`mechanism.measure` of clips added to 10 calls and 10 seas."""
    table, labels = known
    judge = classifiers.build("random_forest", seed=0, n_estimators=50, n_jobs=1)
    judge.fit(table, labels, (table, labels))
    base = np.concatenate([clips(10, 2, call=True), clips(10, 3, call=False)])
    every = features.extract(base) + features.extract(added)
    labels = np.repeat([1, 0, 1], [10, 10, len(added)])
    training = arms.Training(every, labels, None, len(labels))
    aim = features.extract(clips(40, 4, call=True)).table
    rng = np.random.default_rng(0)
    return mechanism.measure(training, (10, 10), judge, 0.5, lambda t: t, aim, rng)


def test_calls_are_taken_for_calls_and_bring_others_nearer(known):
    new = measured(known, clips(40, 5, call=True))
    noise = measured(known, clips(40, 6, call=False))
    copies = measured(known, clips(10, 2, call=True))
    assert new["taken"] > 0.9 and copies["taken"] > 0.9 and noise["taken"] < 0.1
    assert new["reach"] > 0.05 and copies["reach"] == pytest.approx(0)
    assert noise["reach"] < new["reach"]


def test_the_parameters_of_simulated_calls_are_drawn_beside_real_ones():
    rng = np.random.default_rng(0)
    middle = {"real": 10, "simulated": 20, "drawn": 15}
    found = {
        kind: pd.DataFrame(rng.normal(m, 1, (200, 4)), columns=list(call_track.COLUMNS))
        for kind, m in middle.items()
    }
    axs = figures.call_parameters(found, "dB")
    assert [ax.get_xlabel() for ax in axs] == [
        "inicio (Hz)", "pendiente (Hz/s)", "duración (s)", "sobre el mar: dB",
    ]  # fmt: skip
    for line, kind in zip(axs[3].lines, middle, strict=True):
        peak = line.get_xdata()[line.get_ydata().argmax()]
        assert peak == pytest.approx(middle[kind], abs=1)
    told = details.loudness(found, "mine")
    assert told == (
        "Mine. Sobre el mar, en la mediana: reales, 10; todas las simuladas, 20; las sorteadas, 15"
    )
