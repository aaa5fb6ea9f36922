"""A network that learns its filters from the spectrogram, in the study's place of the CNN."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from utils import data, paths
from utils.augmentation import details, from_pixels, study
from utils.models import neural


def test_the_network_finds_a_pattern_wherever_in_time_it_is():
    rng = np.random.default_rng(0)
    clips, labels = rng.normal(0, 1, (300, 48, 96)).astype(np.float32), np.arange(300) % 2
    steps = np.arange(20)
    for i in np.flatnonzero(labels):
        clips[i, 10 + steps, rng.integers(0, 70) + steps] += 6
    network = neural.SpectrogramCNN(seed=0, steps=120, batch_size=32)
    network.fit(clips[:200], labels[:200])
    scores = network.predict_proba(clips[200:])
    assert (scores[labels[200:] == 1, None] > scores[labels[200:] == 0]).mean() > 0.9


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A small study, whose network takes few steps."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(from_pixels, "SIZES", (50,))
    monkeypatch.setattr(from_pixels, "SEEDS", range(1))
    monkeypatch.setattr(from_pixels, "ARMS", ("real", "classical"))
    monkeypatch.setattr(from_pixels, "SETTINGS", {"steps": 12, "filters": 2})
    return study.Study(data.simulated(n_clips=900, seed=3, name="small"))


def test_each_arm_has_a_row(place):
    rows = from_pixels.run(place)
    assert rows["arm"].tolist() == ["real", "classical"] and rows["roc_auc"].between(0, 1).all()
    pd.testing.assert_frame_equal(study.latest("small", "from_pixels").reset_index(drop=True), rows)


def test_what_an_arm_changes_is_paired_by_seed():
    rng = np.random.default_rng(0)
    rows = [
        {"seed": seed, "n_positive": 25, "arm": arm, "roc_auc": level + gain}
        for seed, level in enumerate(rng.normal(0.8, 0.05, 10))
        for arm, gain in (("real", 0.0), ("classical", 0.04), ("ocean", 0.1 + rng.normal(0, 0.001)))
    ]
    one = SimpleNamespace(found=SimpleNamespace(name="simulated"))
    table = details.from_pixels(one, pd.DataFrame(rows))
    assert table.columns.name == "clips simulados, 10 semillas, CNN sin crestas, sin ajuste"
    assert table.loc["solo reales, ROC AUC", "25 llamadas"].startswith("0,")
    assert [text[:6] for text in table.iloc[1:, 0]] == ["+0,040", "+0,100", "+0,060"]
    assert details.from_pixels(one, pd.DataFrame()).empty
    mean, low, high = from_pixels.against_real(pd.DataFrame(rows)).loc["ocean", 25]
    assert mean == pytest.approx(0.1, abs=0.002) and 0.09 < low < high < 0.11
