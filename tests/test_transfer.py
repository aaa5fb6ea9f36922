"""Generators that have heard the simulated ocean before the row's own calls."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from utils import data, paths
from utils.augmentation import details, simulated, study, transfer
from utils.errors import UserError
from utils.models.generators import diffusion, registry


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A small study, whose generators take few steps."""
    found = transfer.Transfer(data.simulated(n_clips=900, seed=3, name="small"))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(simulated, "SIZES", {"calls": 300, "clips": 300})
    monkeypatch.setattr(diffusion, "FLOW_ROUND_STEPS", 10)
    monkeypatch.setattr(transfer, "SIZES", (50,))
    monkeypatch.setattr(transfer, "SEEDS", range(1))
    monkeypatch.setattr(transfer, "CLASSIFIERS", ("logistic",))
    original = registry.build

    def build(name, **settings):
        return original(name, **{"steps": 20, "latent_dim": 4} | settings)

    monkeypatch.setattr(registry, "build", build)
    return found


def test_a_generator_begins_from_what_it_learned_of_the_ocean(place):
    cell = study.Cell(1, 50, place.n_sea, "vae", 1.0)
    generator = place.build("vae", cell)
    assert generator.learning_rate == transfer.TUNING * generator.start.learning_rate
    network = generator.start.network()
    generator.shape, generator.seed, generator.used_steps = generator.start.shape, 1, 20
    before = [np.copy(weights) for weights in network.get_weights()]
    for ours, theirs in zip(generator._reset().get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    again = place.build("vae", study.Cell(1 + simulated.OCEANS, 50, place.n_sea, "vae", 1.0))
    for ours, theirs in zip(again.start.weights, generator.start.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)  # the same ocean, out of its folder


def test_each_arm_has_a_row(place):
    rows = transfer.run(place)
    assert set(rows["arm"]) == {*transfer.ARMS} and len(rows) == len(transfer.ARMS)
    assert rows["roc_auc"].between(0.3, 1).all()
    pd.testing.assert_frame_equal(study.latest("small", "transfer").reset_index(drop=True), rows)


def test_a_planted_gain_over_scratch_and_rival_is_found():
    rng, rows, grid = np.random.default_rng(0), [], []
    for seed in range(10):
        own = rng.normal(0.9, 0.02)  # shared by the arms of a seed
        key = {"seed": seed, "n_positive": 25, "classifier": "cnn"}
        rows.append(key | {"arm": "vae", "roc_auc": own + 0.03 + rng.normal(0, 0.001)})
        for arm, part, auc in (
            ("vae", "main", own), ("classical", "main", own + 0.03), ("vae", "ratios", 0.5),
        ):  # fmt: skip
            grid.append(key | {"arm": arm, "part": part, "roc_auc": auc})
    found = transfer.compared(pd.DataFrame(rows), pd.DataFrame(grid)).loc["vae"]
    mean, low, high = found["scratch", 25, "cnn"]
    assert mean == pytest.approx(0.03, abs=0.002) and 0 < low < high
    _, low, high = found["classical", 25, "cnn"]
    assert low < 0 < high
    one = SimpleNamespace(told=pd.DataFrame(grid), found=SimpleNamespace(name="simulated"))
    scratch, classical = details.transfer(one, pd.DataFrame(rows))
    assert (
        scratch.columns.name
        == "clips simulados, 10 semillas, sin ajuste: menos el mismo sin océano"
    )
    assert scratch.loc["VAE", "25 llamadas, CNN"].startswith("+0,030 (+0,029")
    rows += [row | {"arm": "gan", "n_positive": n} for row in rows for n in (25, 50)]
    grid += [row | {"n_positive": 50} for row in grid if row["arm"] == "classical"]
    scratch, _ = details.transfer(one, pd.DataFrame(rows))
    assert scratch.loc["GAN", "25 llamadas, CNN"] == "–"  # its own rows are not there
    assert details.transfer(one, pd.DataFrame()) == []


def test_clips_that_the_hydrophone_cannot_stand_for_get_a_sentence(place, monkeypatch):
    real = place.bench.dataset
    wide = SimpleNamespace(
        name="wide", settings=real.settings, times=real.times, frequencies=4 * real.frequencies
    )
    monkeypatch.setattr(place, "bench", SimpleNamespace(dataset=wide))
    with pytest.raises(UserError, match="wide: the simulated hydrophone has clips of 2 s"):
        transfer.run(place)
