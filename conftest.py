"""Settings of every test: the embedded default, no windows, and what nbval does not compare."""

import os

import hypothesis
import pytest

from utils.augmentation.running import ENVIRONMENT
from utils.report import KERNEL_ENVIRONMENT

# Tests are not timed, and draw the same examples everywhere.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True, max_examples=30)
hypothesis.settings.load_profile("project")

os.environ.pop("DATASET", None)
os.environ["MPLBACKEND"] = "agg"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = KERNEL_ENVIRONMENT["TF_CPP_MIN_LOG_LEVEL"]


def pytest_configure(config):
    """Find nbval_sanitize.cfg from whatever folder pytest is started in; give each of several
    processes one core, which is faster. Notebooks run as they were executed: with other threads,
    sums round otherwise, and an adversary's training goes another way."""
    if config.getoption("numprocesses", None) and not config.getoption("nbval", False):
        os.environ.update(ENVIRONMENT)
    name = config.option.nbval_sanitize_with
    if name:
        config.option.nbval_sanitize_with = str(config.rootpath / name)


@pytest.hookimpl
def pytest_collectstart(collector):
    """Run notebooks as utils.report does, and compare neither log lines nor HTML tables."""
    if collector.path.suffix == ".ipynb":
        os.environ.update(KERNEL_ENVIRONMENT)
        collector.skip_compare += ("stderr", "text/html")
