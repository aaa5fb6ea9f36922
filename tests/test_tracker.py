"""The call tracker: known lines, the simulator's truth, clips without a call."""

import numpy as np
import pytest

from utils import data
from utils.sound import call_track

FREQUENCIES, TIMES = np.linspace(5, 495, 50), np.linspace(0.01, 1.99, 100)
BAND = (50, 350)


def line(start_hz, slope, begin, duration, level=40.0, seed=0):
    x = np.random.default_rng(seed).normal(0, 4, (1, 50, 100))
    for i, time in enumerate(TIMES):
        if begin <= time <= begin + duration:
            band = np.abs(FREQUENCIES - start_hz - slope * (time - begin)).argmin()
            x[0, band, i] += level
    return x


@pytest.mark.parametrize(("start", "slope", "duration"), [(90, 120, 0.8), (150, 60, 1.1)])
def test_a_line_is_read_off(start, slope, duration):
    found = call_track.call_parameters(
        line(start, slope, 0.4, duration), FREQUENCIES, TIMES, BAND
    ).iloc[0]
    assert found["start_hz"] == pytest.approx(start, abs=12)
    assert found["slope_hz_s"] == pytest.approx(slope, abs=12)
    assert found["duration_s"] == pytest.approx(duration, abs=0.15)
    assert found["snr_db"] == pytest.approx(40, abs=6)


def test_a_clip_without_peaks_gets_nan():
    found = call_track.call_parameters(np.zeros((2, 50, 100)), FREQUENCIES, TIMES, BAND)
    assert list(found) == list(call_track.COLUMNS) and found.isna().all(axis=None)


def test_the_tracker_follows_the_simulators_truth():
    dataset = data.simulated(n_clips=2000, seed=5)
    heard = (dataset.labels == 1) & (dataset.truth["snr_db"] > 0).to_numpy()
    found = call_track.call_parameters(
        dataset.spectrograms[heard], dataset.frequencies, dataset.times, dataset.band
    )
    truth = dataset.truth[heard].reset_index(drop=True)
    slope = (truth["end_hz"] - truth["start_hz"]) / truth["duration_seconds"]
    for name, true in (
        ("snr_db", truth["snr_db"]),
        ("duration_s", truth["duration_seconds"]),
        ("start_hz", truth["start_hz"]),
        ("slope_hz_s", slope),
    ):
        assert found[name].corr(true, method="spearman") > 0.35, name
