"""Detectors that meet the edges of the clips alone."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from utils import data, paths
from utils.augmentation import background, details, study
from utils.models import embeddings


@pytest.fixture(scope="module")
def clips():
    return data.simulated(n_clips=900, seed=3, name="small")


@pytest.mark.parametrize("table", background.TABLES)
def test_only_what_is_left_can_be_seen(clips, table):
    changed = clips.spectrograms.copy()
    count = int((clips.times - clips.times[0] < 0.2).sum())
    middle = np.arange(count, len(clips.times) - count)
    edges = np.setdiff1d(np.arange(len(clips.times)), middle)
    left, gone = (edges, middle) if table == "background" else (middle, edges)
    changed[..., gone] += 50  # whatever lies there
    seen = background.hidden(clips, table)
    again = background.hidden(data.Dataset(**{**vars(clips), "spectrograms": changed}), table)
    np.testing.assert_array_equal(seen.spectrograms, again.spectrograms)
    np.testing.assert_array_equal(seen.spectrograms[..., left], clips.spectrograms[..., left])
    assert seen.audio is None and (seen.labels == clips.labels).all()


def test_rows_are_those_of_the_hidden_clips(clips, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(background, "SEEDS", range(1))
    monkeypatch.setitem(study.PROTOCOL["primary"], "sizes", (50,))
    monkeypatch.setattr(embeddings, "check", lambda: None)
    monkeypatch.setattr(embeddings, "birdnet", lambda images, rate, speed: images.mean(1))
    waves = lambda dataset, index, seed: (dataset.spectrograms[index], 2000)  # noqa: E731
    monkeypatch.setattr(embeddings.listening, "waveforms", waves)
    rows = background.run(clips, "foreground")
    assert rows["classifier"].tolist() == list(background.DETECTORS)
    assert rows["roc_auc"].between(0.3, 0.95).all()
    pd.testing.assert_frame_equal(study.latest("small", "foreground").reset_index(drop=True), rows)


def test_the_table_sets_edges_and_middle_beside_whole_clips(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "results_dir", lambda name: tmp_path)
    rng = np.random.default_rng(0)
    both = [
        {
            "seed": seed,
            "n_positive": 25,
            "classifier": name,
            "roc_auc": level + noise,
            "arm": "real",
        }
        for seed, noise in enumerate(rng.normal(0, 0.01, 10))
        for name, level in (("random_forest", 0.7), ("birdnet", 0.75))
    ]
    rows = pd.DataFrame(both)
    whole = rows.assign(roc_auc=rows["roc_auc"] + 0.2, part="main", n_negative=800, ratio=0.0)
    told = SimpleNamespace(found=SimpleNamespace(name="simulated"), told=whole)
    assert details.background_table(told).empty
    rows.assign(content="c").to_csv(tmp_path / "background.csv", index=False)
    assert details.background_table(told).empty  # the other half is still being run
    middle = rows.assign(roc_auc=rows["roc_auc"] + 0.1, content="c")
    middle[middle["seed"] < 8].to_csv(tmp_path / "foreground.csv", index=False)
    table = details.background_table(told)
    assert table.columns.name == "clips simulados, 8 semillas, sin ajuste"
    found = table["25 llamadas"]
    assert [found[f"{text}: Random Forest"][:3] for text in details.HIDDEN.values()] == [
        "0,9", "0,7", "0,8",
    ]  # fmt: skip
    assert all(
        found[f"{text}: BirdNET menos Random Forest"].startswith("+0,050 (")
        for text in details.HIDDEN.values()
    )
