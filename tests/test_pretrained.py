"""Embeddings of a pretrained network: their clips, their cache, their rows beside a forest."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import planted
import pytest

from utils import cli, data, paths
from utils.augmentation import answer, front, pretrained, protocol, study, summary
from utils.errors import UserError
from utils.models import embeddings
from utils.plotting import number
from utils.sound import features
from utils.statistics import comparison


def told(gain, seeds=12, noise=0.002):
    """A planted study whose detector on embeddings beats a forest of real calls by a gain."""
    rows = planted.rows(seeds=seeds, noise=noise, parts=("main",))
    own = rows[(rows["classifier"] == "random_forest") & (rows["arm"] == "real")]
    own = own.assign(classifier=study.EMBEDDED, roc_auc=own["roc_auc"] + gain)
    classical = rows[(rows["classifier"] == "random_forest") & (rows["arm"] == "classical")]
    ocean = classical.assign(arm="ocean", part="ocean", roc_auc=classical["roc_auc"] + 0.005)
    return pd.concat([rows, own, ocean])


def test_a_planted_advantage_is_found_and_none_is_none():
    found = pretrained.compared(told(0.03))
    assert set(found.index.get_level_values("arm")) == {"real", "classical", "ocean", "rival"}
    for size in study.PROTOCOL["primary"]["sizes"]:
        assert found.loc[("real", size), "mean"] == pytest.approx(0.03, abs=0.002)
        assert found.loc[("classical", size), "mean"] == pytest.approx(0.018, abs=0.002)
        assert found.loc[("ocean", size), "mean"] == pytest.approx(0.013, abs=0.002)
    assert (found["verdict"] == "helps").all() and (found["low"] <= found["mean"]).all()
    assert (found["high"] >= found["mean"]).all() and (found["seeds"] == 12).all()
    assert (pretrained.compared(told(0.0)).loc["real", "verdict"] == "equivalent").all()
    assert (pretrained.compared(told(-0.05)).loc["real", "verdict"] == "harms").all()


def test_all_comparisons_are_one_family():
    rows = told(0.01, noise=0.01)
    found = pretrained.compared(rows)
    wide = rows[rows["classifier"].isin((study.EMBEDDED, "random_forest"))]
    wide = wide.pivot_table("roc_auc", ["n_positive", "seed"], ["classifier", "arm"])
    forest = rows[(rows["classifier"] == "random_forest") & (rows["part"] == "main")]
    rival = comparison.best_rivals(forest, study.PROTOCOL["primary"]["against"])
    rival = rival.set_index(["n_positive", "seed"])["roc_auc"]
    raw = [
        comparison.p_value(
            wide.loc[size][study.EMBEDDED, "real"]
            - (rival.loc[size] if arm == "rival" else wide.loc[size]["random_forest", arm])
        )
        for arm, size in found.index
    ]
    assert len(raw) == 12 and max(raw) < 1
    np.testing.assert_allclose(found["p"], comparison.holm(raw))
    assert (found["p"] > np.array(raw)).sum() >= 6  # but those that are 0


def test_without_its_rows_nothing_is_told():
    rows = planted.rows(parts=("main",))
    assert pretrained.compared(rows).empty and pretrained.curve(rows).empty
    assert summary.beside_pretrained(front.Front(answer.Answer("planted", rows))).empty


def test_only_real_clips_have_rows_of_embeddings():
    names = list(study.PROTOCOL["classifiers"])
    assert study.EMBEDDED in protocol.seen_by("real", 25, names)
    assert study.EMBEDDED not in protocol.seen_by("classical", 25, names)
    assert set(protocol.seen_by("vae", 25, names)) == {*names} - {study.EMBEDDED}


def test_a_clip_is_played_faster_and_repeated_until_it_is_full():
    """A tone of 100 Hz, four times faster, is one of 400 Hz all through the 3 s."""
    tone = np.sin(2 * np.pi * 100 * np.arange(4000) / 2000).astype(np.float32)
    heard = embeddings._heard(tone[None], 4 * 2000)
    assert heard.shape == (1, 144000) and heard.dtype == np.float32
    spectrum = np.abs(np.fft.rfft(heard[0]))
    assert np.argmax(spectrum) * 48000 / 144000 == pytest.approx(400, abs=1)
    assert np.abs(heard[0, -24000:]).max() > 0.9


def test_without_the_extra_a_sentence_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(embeddings, "available", lambda: False)
    with pytest.raises(UserError, match=r"pip install -e '.\[embeddings\]'"):
        embeddings.birdnet(np.zeros((1, 4000), np.float32), 2000, 4)
    assert cli.main(["study", "run", "--classifiers", "birdnet"]) == 2
    assert "CC BY-NC-SA" in capsys.readouterr().err


def test_embeddings_are_computed_once_clip_by_clip(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CACHE", tmp_path)
    monkeypatch.setattr(embeddings, "KEPT", 40)
    dataset = data.simulated(n_clips=100)
    asked = []

    def loudest(audio, rate, speed):
        asked.append((len(audio), rate, speed))
        return np.abs(audio).max(1, keepdims=True) * speed

    monkeypatch.setattr(embeddings, "birdnet", loudest)
    found = embeddings.of_dataset(dataset, (4, 8))
    peaks = np.abs(dataset.audio).max(1)
    np.testing.assert_allclose(found, np.stack([4 * peaks, 8 * peaks], 1), rtol=1e-6)
    assert asked == [(n, 2000, speed) for n in (40, 40, 20) for speed in (4, 8)]
    np.testing.assert_array_equal(embeddings.of_dataset(dataset, (4, 8)), found)
    assert len(asked) == 6
    embeddings.of_dataset(dataset, (4, 2))
    assert [speed for *_, speed in asked[6:]] == [2, 2, 2]


def test_a_row_learns_from_embeddings_of_its_own_clips(tmp_path, monkeypatch):
    """With the answer among its embeddings a row is perfect; without, it is a guess, which it would
    not be if test clips had been learned from: so many numbers would tell them apart."""
    place = study.Study(data.simulated(n_clips=900, seed=3, name="small"))
    monkeypatch.setattr(place, "path", tmp_path / "study.csv")
    cell = study.Cell(0, 25, 100, "real", 0.0)
    rng = np.random.default_rng(0)
    for table, low, high in (
        (np.float32(place.labels)[:, None] + 0.1 * rng.random((900, 3)), 1.0, 1.0),
        (rng.random((900, 2000)), 0.3, 0.7),
    ):
        monkeypatch.setattr(embeddings, "of_dataset", lambda *_, table=table: np.float32(table))
        study.Study.heard.cache_clear()
        (row,) = place.run(cell, [study.EMBEDDED])
        assert row.get("error") is None and low <= row["roc_auc"] <= high, number(row["roc_auc"])


def test_the_network_gives_what_lies_before_its_output():
    """Of another tone other numbers, of the same clip the same."""
    if not embeddings.available():
        pytest.skip("the extra is not installed")
    times = np.arange(4000) / 2000
    clips = np.sin(2 * np.pi * np.array([[100.0], [300.0], [100.0]]) * times).astype(np.float32)
    found = embeddings.birdnet(clips, 2000, 4)
    assert found.shape == (3, embeddings.SIZE) and np.isfinite(found).all()
    np.testing.assert_allclose(found[0], found[2], atol=1e-4)
    assert np.abs(found[0] - found[1]).mean() > 0.01


def test_what_is_not_measured_beside_it_is_left_empty():
    rows = told(0.03)
    rows = rows[(rows["arm"] != "ocean") | (rows["n_positive"] == 50)]
    one = SimpleNamespace(told=rows, seeds=range(12), found=SimpleNamespace(name="planted"))
    beside = summary.beside_pretrained(one)["frente a clásico + hidrófono"]
    assert beside[25] == beside[100] == "–" and beside[50].endswith("gana")


def test_neighbours_of_a_recipe_are_compared_by_seed():
    rows = told(0.0)
    own = rows[(rows["classifier"] == "random_forest") & (rows["arm"] == "classical")]
    own = own[["seed", "n_positive", "roc_auc"]].assign(C=0.001)
    faster = own.assign(speeds="4 8", roc_auc=own["roc_auc"] + 0.01)
    table = pd.concat([own.assign(speeds="4"), faster])
    found = pretrained.recipes_against(rows, table, "classical")
    for size in study.PROTOCOL["primary"]["sizes"]:
        assert found.loc[("4", 0.001), size][0] == pytest.approx(0.0, abs=1e-9)
        assert found.loc[("4 8", 0.001), size][0] == pytest.approx(0.01)


def test_an_advantage_is_worth_the_calls_that_a_forest_needs_for_it():
    rows = planted.rows(seeds=12, noise=0.002, parts=("main", "curve"))
    real = rows[(rows["classifier"] == "random_forest") & (rows["arm"] == "real")]
    at = real.set_index(["n_positive", "seed"])["roc_auc"]
    own = real[(real["n_positive"] == 25) & (real["part"] == "main")]
    own = own.assign(classifier=study.EMBEDDED, roc_auc=at[100].loc[own["seed"]].to_numpy())
    worth, low, high = pretrained.equivalent(pd.concat([rows, own]), 25)
    assert worth == pytest.approx(100, rel=0.05) and low <= worth <= high


def test_a_recipe_is_scored_on_what_its_own_speeds_hear():
    rng = np.random.default_rng(0)
    labels = np.repeat([1, 0], 100)
    clear, blind = labels[:, None] + rng.normal(0, 0.1, (200, 4)), rng.normal(0, 1, (200, 4))
    known = features.extract(rng.normal(0, 1, (200, 16, 16)).astype(np.float32))
    heard = {(4,): clear, (8,): blind, (4, 8): np.hstack([clear, blind])}
    train = np.r_[0:50, 100:150]
    place = SimpleNamespace(
        labels=labels, cell=lambda *_: None, drawn=lambda _: (train[:50], train[50:], train[:0]),
        split=lambda seed: SimpleNamespace(test=np.r_[50:100, 150:200]),
        heard=lambda speeds: replace(known, table=heard[speeds]),
    )  # fmt: skip
    rows = pretrained._scored(place, 0)
    auc = pd.DataFrame(rows).groupby("speeds")["roc_auc"].mean()
    assert auc["4"] > 0.99 and abs(auc["8"] - 0.5) < 0.2 and auc["4 8"] > 0.9


def test_embeddings_of_another_network_are_measured_once(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setitem(study.PROTOCOL, "most_seeds", 2)
    place = study.Study(data.simulated(n_clips=900, seed=3, name="small"))
    rng, order = np.random.default_rng(0), np.random.default_rng(1).permutation(900)
    table = place.labels[:, None] + rng.normal(0, 0.3, (900, 4))
    names = place.bench.dataset.clip_names
    np.savez(tmp_path / "perch.npz", embeddings=table[order], clip_names=names[order])
    rows = pretrained.others(place, tmp_path / "perch.npz")
    assert len(rows) == 2 * len(study.PROTOCOL["primary"]["sizes"]) * 2
    assert rows["roc_auc"].min() > 0.9
    monkeypatch.setattr(pretrained, "_area", lambda *_: pytest.fail("run again"))
    pd.testing.assert_frame_equal(pretrained.others(place, tmp_path / "perch.npz"), rows)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"embeddings": np.zeros((900, 2))}, "holds embeddings"),
        ({"embeddings": np.array([{}]), "clip_names": np.array(["a"])}, "without pickles"),
        ({"embeddings": np.zeros(900), "clip_names": np.arange(900)}, r"shape \(900,\)"),
        ({"embeddings": np.full((2, 2), np.nan), "clip_names": np.arange(2)}, "NaN or infinite"),
        ({"embeddings": np.zeros((2, 2)), "clip_names": np.array(["a", "a"])}, "a clip twice"),
        (
            {"embeddings": np.zeros((2, 2)), "clip_names": np.array(["a", "b"])},
            "lacks 40 of the 40",
        ),
    ],
)
def test_embeddings_that_do_not_fit_get_a_sentence(tmp_path, arrays, sentence):
    dataset = data.simulated(n_clips=40, seed=3)
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(UserError, match=sentence):
        embeddings.read(tmp_path / "other.npz", dataset)
    (tmp_path / "text.npz").write_text("no array")
    with pytest.raises(UserError, match=r"text.npz is no .npz"):
        embeddings.read(tmp_path / "text.npz", dataset)
    with pytest.raises(UserError, match="there is no file"):
        embeddings.read(tmp_path / "none.npz", dataset)
