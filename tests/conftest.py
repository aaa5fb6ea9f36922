"""What all tests share: forests that tell seas apart have a tenth of their trees, and figures are
closed."""

import functools

import matplotlib.pyplot as plt
import pytest

from utils.models.generators import sea


@pytest.fixture(scope="session", autouse=True)
def few_trees():
    few = functools.partial(sea.membership_odds, n_estimators=40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sea, "membership_odds", few)
        yield


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")
