"""Workers of the study: one thread each, however much they grow, and none is left behind."""

import os
import time

import joblib
import numpy as np
import pytest
from threadpoolctl import threadpool_info

from utils.augmentation import running
from utils.errors import UserError
from utils.models.generators import sea

held = []


def busy():
    """Return (cores used, cores seen, most threads of a library) while a forest grows."""
    clips = np.random.default_rng(0).normal(size=(2, 400, 60))
    wall, processor = time.perf_counter(), time.process_time()
    sea.membership_odds(*clips, seed=0)
    cores = (time.process_time() - processor) / (time.perf_counter() - wall)
    return cores, joblib.cpu_count(), max(each["num_threads"] for each in threadpool_info())


def grown(_):
    """Hold 0.2 GB more, and return the number of this process."""
    held.append(np.ones(25_000_000))
    time.sleep(1.1)  # loky looks once a second
    return os.getpid()


def refused(number):
    raise UserError(f"{number} is refused.")


def test_a_worker_has_one_thread_and_lives_however_much_it_grows(monkeypatch):
    for name in running.ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    with running.workers(2) as each:
        ((cores, seen, threads),) = each(busy, [()])
        assert cores < 1.3 and (seen, threads) == (1, 1)
        assert len({pid for _ in range(3) for pid in each(grown, [(0,)])}) == 1
    assert dict(os.environ) == before


def test_what_a_worker_raises_ends_the_rest():
    with pytest.raises(UserError, match="refused"), running.workers(2) as each:
        list(each(refused, [(number,) for number in range(50)]))
