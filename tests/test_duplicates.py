"""Planted copies are found, exact ones by hash and disguised ones by correlation."""

import numpy as np
import pytest

from utils.data import duplicates
from utils.eda import maps


@pytest.fixture
def clips():
    return np.random.default_rng(0).standard_normal((80, 12, 20)).astype(np.float32)


def test_exact_copies(clips):
    assert not duplicates.exact(clips).any()
    clips[[40, 70]] = clips[3]
    assert np.flatnonzero(duplicates.exact(clips)).tolist() == [40, 70]


def test_a_louder_noisy_copy_is_the_nearest_clip(clips):
    rng = np.random.default_rng(1)
    clips[60] = 3 * clips[5] + 7 + 0.3 * rng.standard_normal((12, 20))
    reduced, _ = maps.principal_components(clips, 20, seed=0)
    table = duplicates.nearest(clips, reduced)
    assert table["other"][60] == 5 and table["other"][5] == 60
    assert table["correlation"][60] == pytest.approx(
        np.corrcoef(clips[60].ravel(), clips[5].ravel())[0, 1], abs=1e-6
    )
    assert table["correlation"][60] > 0.98 and table["correlation"].drop([5, 60]).max() < 0.6
    assert (table["clip"] != table["other"]).all()
