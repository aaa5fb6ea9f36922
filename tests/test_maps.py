"""Maps keep two clearly different kinds of clips apart, and the seed decides."""

import numpy as np
import pytest

from utils.eda import maps
from utils.statistics import evaluation


@pytest.fixture(scope="module")
def clips():
    """(120, 8, 10) clips of two kinds, at very different levels."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((120, 8, 10))
    x[60:, 3] += 4
    return x * rng.uniform(1, 20, (120, 1, 1)) + rng.uniform(-50, 50, (120, 1, 1))


KIND = np.repeat([0, 1], 60)


def test_principal_components_ignore_the_level(clips):
    scores, ratios = maps.principal_components(clips, 6, seed=0)
    assert scores.shape == (120, 6) and ratios.shape == (6,)
    assert (np.diff(ratios) <= 1e-9).all() and 0.2 < ratios[0] < ratios.sum() < 1
    assert evaluation.neighbour_purity(scores, KIND) > 0.95
    louder, _ = maps.principal_components(5 * clips + 3, 6, seed=0)
    np.testing.assert_allclose(scores, louder, atol=1e-2)


def test_no_more_components_than_clips(clips):
    assert maps.principal_components(clips[:7], 50, seed=0)[0].shape == (7, 7)


def test_the_map_separates_the_kinds_and_repeats(clips):
    """UMAP, whose compilation takes longer than all other tests, is checked in its notebook."""
    scores, _ = maps.principal_components(clips, 6, seed=0)
    points = maps.tsne(scores, seed=3)
    assert points.shape == (120, 2)
    assert evaluation.neighbour_purity(points, KIND) > 0.9
    np.testing.assert_array_equal(points, maps.tsne(scores, seed=3))
