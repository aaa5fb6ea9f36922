"""The committed tables are complete, and follow from one another."""

import pandas as pd
import pytest

from utils import paths
from utils.augmentation import answer, study, transfer
from utils.baseline import baseline
from utils.quality import judging

ROOT = paths.ROOT
DATASETS = ("simulated", "right_whale_upcalls")


def stored(dataset, table):
    return pd.read_csv(ROOT / "data" / "results" / dataset / f"{table}.csv")


@pytest.mark.parametrize("dataset", DATASETS)
def test_checkpoint_1_is_complete(dataset):
    table = stored(dataset, "baseline")
    assert len(table) == len(baseline.MODELS) * baseline.PROTOCOL["n_splits"]
    assert set(table["model"]) == set(baseline.MODELS) and set(table["dataset"]) == {dataset}
    for score in ("roc_auc", "average_precision", "f1", "accuracy", "balanced_accuracy", "brier"):
        assert (table[f"{score}_low"] <= table[score]).all()
        assert (table[score] <= table[f"{score}_high"]).all()


@pytest.fixture(scope="module")
def found():
    """{name: Answer} of the published data sets."""
    return {name: answer.found(name) for name in DATASETS}


@pytest.mark.parametrize("dataset", DATASETS)
def test_checkpoint_4_is_that_of_the_study(dataset, found):
    kept, computed = stored(dataset, "answer")[answer.COLUMNS], found[dataset].table
    pd.testing.assert_frame_equal(kept, computed, atol=1e-5, check_dtype=False)


def test_what_04b_says_of_generators_that_heard_the_ocean(found):
    rows = study.latest("right_whale_upcalls", "transfer")
    assert set(rows["seed"]) == set(transfer.SEEDS)
    gaps = transfer.compared(rows, found["right_whale_upcalls"].rows)
    changes = gaps[transfer.SCRATCH].stack([0, 1], future_stack=True).dropna()
    assert all(low < 0 < high for _, low, high in changes) and len(changes) == 6 * 2 * 2
    alone = gaps[transfer.RIVAL].drop(index="vae_filtered").stack([0, 1], future_stack=True)
    assert all(mean < 0 for mean, *_ in alone) and len(alone) == 5 * 2 * 2


@pytest.mark.parametrize("dataset", DATASETS)
def test_checkpoint_3_is_complete(dataset, found):
    table = stored(dataset, "quality")
    jobs = table.groupby(["n_positive", "generator"])["seed"].nunique()
    largest = table["n_positive"].max()
    assert (jobs[largest] == baseline.PROTOCOL["n_splits"]).all()
    tried_out = set(judging.registry.REGISTRY) - set(found[dataset].main["arm"])
    assert set(judging.NAMES) - tried_out <= set(jobs[largest].index) <= set(judging.NAMES)
    assert set(table["n_positive"]) == {*judging.SIZES[:-1], largest}
    assert not table.duplicated(["generator", "n_positive", "seed", "metric"]).any()


def test_what_04_says_of_faint_and_loud_simulated_calls(found):
    for arm in answer.GENERATED:
        low, high = answer.by_snr(found["simulated"], arm, "random_forest").mean()
        assert (low < 0 if arm == "gan" else low > 0) and high < 0, arm
