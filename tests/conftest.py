"""What all tests share: a cache of their own where they ask for it, forests that tell seas apart
with a tenth of their trees, and figures that are closed."""

import functools

import matplotlib.pyplot as plt
import pytest

from utils import paths
from utils.models.generators import sea


@pytest.fixture(scope="session", autouse=True)
def few_trees():
    few = functools.partial(sea.membership_odds, n_estimators=40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sea, "membership_odds", few)
        yield


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")
