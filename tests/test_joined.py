"""What stands beside the detector on embeddings: clips that were simulated, features, a forest."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from utils import data, paths
from utils.augmentation import details, joined, study
from utils.errors import UserError
from utils.models import embeddings


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A small study whose embeddings hold the answer for real clips, and noise for others."""
    found = study.Study(data.simulated(n_clips=900, seed=3, name="small"))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(joined, "CLIPS", 100)
    monkeypatch.setattr(embeddings, "available", lambda: True)
    rng = np.random.default_rng(0)
    table = np.float32(found.labels[:, None] + rng.normal(0, 0.5, (900, 20)))
    monkeypatch.setattr(embeddings, "of_dataset", lambda *_: table)
    monkeypatch.setitem(study.PROTOCOL, "most_seeds", 2)
    return found


def hears(monkeypatch, told):
    """Embeddings of simulated clips say `told` times what those of real ones do."""
    asked = []

    def at_speeds(audio, rate, speeds):
        asked.append((audio.shape, rate, tuple(speeds)))
        loud = np.abs(np.fft.rfft(audio)[:, 100:500]).sum(1, keepdims=True)
        return np.float32(told * (loud > np.median(loud)) * np.ones((1, 20)))

    monkeypatch.setattr(embeddings, "at_speeds", at_speeds)
    return asked


def test_each_form_has_a_row_for_each_number_of_calls(place, monkeypatch):
    asked = hears(monkeypatch, 0.0)
    rows = joined.run(place)
    sizes = study.PROTOCOL["primary"]["sizes"]
    assert len(rows) == 2 * (1 + len(sizes) * (1 + len(joined.FORMS)))
    assert rows["roc_auc"].between(0, 1).all()
    of = rows.groupby("form")["roc_auc"].mean()
    assert of["alone"] > 0.95 and of["features in a forest"] > 0.9
    assert of["mean with a forest"] > 0.9
    assert len(asked) == 2  # an ocean a seed
    assert asked[0] == ((100, 4000), 2000, study.PROTOCOL["classifiers"]["birdnet"]["speeds"])
    pd.testing.assert_frame_equal(study.latest("small", "joined").reset_index(drop=True), rows)


def test_simulated_clips_help_or_harm_as_they_agree_with_real_ones(place, monkeypatch):
    index = np.concatenate(place.drawn(study.Cell(0, 25, 100, "real", 0.0))[:2])
    test, labels = place.split(0).test, np.repeat([0, 1], 50)
    score = {}
    for told in (1, -3):
        table = np.float32(told * labels[:, None] * np.ones((1, 20)))
        monkeypatch.setattr(joined, "heard", lambda *_, table=table: (table, labels))
        for real in (index, index[:0]):
            found = joined._with_simulated(place, 0, real, test)
            score[told, len(real) > 0] = roc_auc_score(place.labels[test], found)
    assert score[1, False] > 0.95 and score[1, True] > 0.95
    assert score[-3, False] < 0.05 and score[-3, True] < score[1, True]


def test_a_form_is_compared_with_the_detector_alone_by_seed():
    rng = np.random.default_rng(0)
    rows = []
    for seed in range(12):
        level = rng.normal(0.9, 0.02)
        rows.append({"seed": seed, "n_positive": 0, "form": joined.WITHOUT_REAL, "roc_auc": 0.8})
        for size in (25, 50):
            rows.append({"seed": seed, "n_positive": size, "form": "alone", "roc_auc": level})
            for k, form in enumerate(joined.FORMS):
                auc = level + 0.01 * (k - 1) + rng.normal(0, 0.001)
                rows.append({"seed": seed, "n_positive": size, "form": form, "roc_auc": auc})
    found = joined.against_alone(pd.DataFrame(rows))
    assert list(found) == [25, 50]
    for k, form in enumerate(joined.FORMS):
        mean, low, high = found.loc[form, 25]
        assert mean == pytest.approx(0.01 * (k - 1), abs=0.001) and low < mean < high
    one = SimpleNamespace(found=SimpleNamespace(name="simulated"))
    table = details.joined_table(one, pd.DataFrame(rows))
    assert table.shape == (3, 2) and table.iloc[0, 0].startswith("−0,01")
    assert details.joined_table(one, pd.DataFrame()).empty


def test_simulated_clips_are_heard_through_what_the_real_ones_went_through(place, monkeypatch):
    asked = hears(monkeypatch, 0.0)
    images = []

    def reconstructed(dataset, given, *, seed):
        images.append(given)
        return np.zeros((len(given), 4000), np.float32), 2000

    monkeypatch.setattr(joined.listening, "reconstructed", reconstructed)
    real = place.bench.dataset
    for unit, low, high in (("dB, 0..255", 0, 255), ("dB", -80, 0)):
        stored = SimpleNamespace(
            audio=None, unit=unit, settings=real.settings, name="stored",
            frequencies=real.frequencies, times=real.times,
        )  # fmt: skip
        own = SimpleNamespace(bench=SimpleNamespace(dataset=stored))
        table, labels = joined.heard(own, 0)
        assert len(table) == len(labels) == 100 and set(labels) == {0, 1}
        assert images[-1].min() == pytest.approx(low, abs=30) and images[-1].max() == pytest.approx(
            high, abs=1e-3
        )
    assert len(asked) == 2
    joined.heard(own, 0)
    assert len(asked) == 2


def test_without_the_extra_nothing_is_run(place, monkeypatch):
    monkeypatch.setattr(embeddings, "available", lambda: False)
    with pytest.raises(UserError, match=r"pip install -e '.\[embeddings\]'"):
        joined.run(place)
