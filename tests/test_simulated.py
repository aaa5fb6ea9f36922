"""The simulated hydrophone as a source of training clips."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from utils import data, ocean, paths
from utils.augmentation import arms, simulated
from utils.errors import UserError
from utils.ocean import prior
from utils.sound import features
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram, resize

SETTINGS, SHAPE = SpectrogramSettings(), (48, 96)
SMALL = {"calls": 60, "clips": 200}


@pytest.fixture(scope="module")
def clips():
    """Grid (n, f, t) and labels of simulated clips that stand for real ones."""
    recordings = ocean.simulate(400, 3, ocean.OceanSettings(positive_fraction=0.4))
    return resize(mel_spectrogram(recordings.audio, SETTINGS), SHAPE), recordings.labels


@pytest.fixture(scope="module")
def alone():
    audio = ocean.simulate_calls(60, 0)
    return resize(10 ** (mel_spectrogram(audio, SETTINGS) / 10), SHAPE)


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Banks of few clips, kept in a folder of their own."""
    monkeypatch.setattr(simulated, "SIZES", SMALL)
    monkeypatch.setattr(paths, "CACHE", tmp_path)
    simulated.bank.cache_clear()
    yield tmp_path
    simulated.bank.cache_clear()


def band():
    return simulated.scale(data.simulated(n_clips=50), SHAPE)[0]


# The prior


def test_oceans_of_the_prior_follow_from_the_seed_and_differ_between_recordings():
    first, again = (ocean.simulate_prior(120, 5, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(first.audio, again.audio)
    assert len(first) == 120 and len(first.truth) == 120
    assert np.bincount(first.recording).tolist() == [50, 50, 20]
    assert not np.array_equal(first.audio, ocean.simulate_prior(120, 6).audio)
    rng = np.random.default_rng(0)
    drawn = [prior.draw_settings(rng) for _ in range(200)]
    assert np.ptp([s.snr_mean_db for s in drawn]) > 18
    assert np.ptp([s.upcall.start[0] for s in drawn]) > 80
    assert {s.positive_rate_factor for s in drawn} == {1.0}


def test_calls_of_the_prior_rise_within_the_ranges_of_literature_and_lie_anywhere():
    truth = ocean.simulate_prior(1000, 1).truth.dropna(subset=["snr_db"])
    sweep = truth["end_hz"] - truth["start_hz"]
    assert (sweep > 0).mean() > 0.99
    assert truth["start_hz"].between(25, 215).all()
    middle = (truth["start_seconds"] + truth["duration_seconds"] / 2)[~truth["cut"]]
    assert middle.min() < 0.5 and middle.max() > 1.5


def test_sources_occur_alike_in_both_classes_of_the_prior():
    recordings = ocean.simulate_prior(4000, 2)
    present = recordings.truth[list(ocean.DISTRACTORS)].mean(axis=1)
    with_call, without = (present[recordings.labels == label].mean() for label in (1, 0))
    assert abs(with_call - without) < 0.03


def test_calls_alone_hold_no_sea(alone):
    quiet = np.quantile(alone.reshape(len(alone), -1), 0.5, axis=1)
    assert (quiet < 1e-3 * alone.max((1, 2))).mean() > 0.9


# Calls in seas


def test_a_call_is_as_loud_as_its_snr_says(clips, alone, monkeypatch):
    grid, labels = clips
    calls, seas = grid[labels == 1][:30], grid[labels == 0][:200]
    made = {}
    for snr in (-80.0, 10.0):
        monkeypatch.setattr(simulated, "SNR_DB", (snr, 0.0))
        rng = np.random.default_rng(0)
        made[snr] = simulated.calls_in_seas(alone, band(), calls, seas, rng, stretched=False)
    assert made[10.0].shape == alone.shape and made[10.0].dtype == np.float32
    # The call adds 10 log10(1 + 10) = 10.4 dB of power where it sounds, relative to where it is not
    power, quiet = (10 ** (made[snr][:, band()] / 10) for snr in (10.0, -80.0))
    loudest = alone[:, band()].sum(1)
    sounding = loudest > 0.05 * loudest.max(1, keepdims=True)
    silent = alone[:, band()].max(1) < 1e-6 * alone.max((1, 2))[:, None]
    gain = [
        10 * np.log10(p[:, s].mean() / q[:, s].mean() * (q[:, o].mean() / p[:, o].mean()))
        for p, q, s, o in zip(power, quiet, sounding, silent, strict=True)
        if o.sum() > 5
    ]
    assert len(gain) > 10
    np.testing.assert_allclose(np.median(gain), 10.4, atol=0.5)


def test_a_stretched_clip_fills_the_range_of_a_real_one(clips, alone):
    grid, labels = clips
    calls, seas = grid[labels == 1][:30], grid[labels == 0][:200]
    rng = np.random.default_rng(0)
    made = simulated.calls_in_seas(alone, band(), calls, seas, rng, stretched=True)
    distance = np.abs(np.ptp(made, axis=(1, 2))[:, None] - np.ptp(calls, axis=(1, 2)))
    assert distance.min(1).max() < 1e-3


def test_without_calls_seas_keep_their_own_level(clips, alone, monkeypatch):
    grid, labels = clips
    seas = grid[labels == 0][:100]
    monkeypatch.setattr(simulated, "SNR_DB", (-80.0, 0.0))
    made = simulated.calls_in_seas(
        alone, band(), grid[:0], seas, np.random.default_rng(1), stretched=False
    )
    profiles, found = (np.median(x - x.max((1, 2), keepdims=True), axis=2) for x in (seas, made))
    nearest = np.abs(found[:, None] - profiles[None]).mean(2).min(1)
    assert np.median(nearest) < 4.0


def test_importance_favours_clips_like_the_real_ones(clips):
    grid, labels = clips
    table = features.extract(grid).table
    calls, seas = table[labels == 1], table[labels == 0]
    mixed = np.concatenate([calls[40:80], seas[40:80]])
    weights = simulated.importance(mixed, calls[:40], seed=0)
    np.testing.assert_allclose(weights.sum(), 1)
    assert weights[:40].sum() > 2 * weights[40:].sum()
    same = simulated.importance(mixed, calls[:0], seed=0)
    np.testing.assert_allclose(same, 1 / len(mixed))


# Banks and arms


def test_a_bank_is_simulated_once_and_read_from_disk_after(small, monkeypatch):
    bank = simulated.bank("prior", 0, SETTINGS, SHAPE)
    assert bank.grid.shape == (200, *SHAPE) and len(bank.table) == len(bank.labels) == 200
    simulated.bank.cache_clear()
    monkeypatch.setattr(simulated, "_simulate", None)
    np.testing.assert_array_equal(simulated.bank("prior", 0, SETTINGS, SHAPE).grid, bank.grid)


def test_downsweeps_are_the_calls_played_backwards(small):
    up, down = (simulated.bank(k, 0, SETTINGS, SHAPE).grid for k in ("calls", "downsweeps"))
    np.testing.assert_array_equal(down, up[:, :, ::-1])


def material(clips, n_calls):
    grid, labels = clips
    calls, seas = grid[labels == 1][:n_calls], grid[labels == 0][:100]
    known = features.extract(np.concatenate([calls, seas]))

    def synthetic(name, count):
        moved = 1 + np.arange(count, dtype=np.float32)[:, None, None] / count
        return calls[np.arange(count) % len(calls)] + moved

    return known, arms.Material(
        calls, seas, calls[:0], synthetic, 0, known.table,
        lambda kind: simulated.bank(kind, 0, SETTINGS, SHAPE), band(), False,
    )  # fmt: skip


@pytest.mark.parametrize("arm", arms.WITH_CLASSICAL)
def test_what_stands_beside_classical_clips_is_counted_by_kind(arm, clips, small, monkeypatch):
    monkeypatch.setattr(arms, "SIMULATED", 20)
    monkeypatch.setattr(arms, "WHOLE", 15)
    known, given = material(clips, 20)
    training = arms.prepare(arm, given, 30, known)
    kinds = [kind for kind, _ in arms.WITH_CLASSICAL[arm]]
    whole = sum(kind in ("prior", "tuned", "classical") for kind in kinds)
    placed = sum(kind in ("calls", "downsweeps", "classical") for kind in kinds)
    generated = arms.DOSE * 20 * ("vae" in kinds)
    assert (training.labels == 1).sum() == 20 + 30 + 20 * placed + generated + 15 * whole
    assert (training.labels == 0).sum() == 100 + 15 * whole


def test_the_matched_control_adds_what_ocean_adds_and_nothing_simulated(clips, monkeypatch):
    known, given = material(clips, 20)
    monkeypatch.setattr(simulated, "bank", None)
    added = arms.ARMS["ocean_matched"](given, 30)
    assert (added.labels == 1).sum() == 30 + arms.SIMULATED + arms.WHOLE
    assert (added.labels == 0).sum() == arms.WHOLE


def test_the_filter_keeps_what_sounds_like_a_call(clips, monkeypatch):
    monkeypatch.setattr(arms, "SIMULATED", 30)
    known, given = material(clips, 15)
    grid, labels = clips
    half = [grid[labels == 1][20:50], grid[labels == 0][100:130]]  # a generator that often misses
    given = replace(given, synthetic=lambda name, count: np.concatenate(half)[::-1])
    kept = arms._filtered(given, "vae")
    real = (kept[:, None] == half[0]).all((2, 3)).any(1)
    assert len(kept) == 30 and real.mean() > 0.8


@pytest.mark.parametrize("arm", ["ocean_prior", "ocean"])
def test_without_a_call_the_whole_bank_is_used(arm, clips, small):
    known, given = material(clips, 0)
    training = arms.prepare(arm, given, 0, known)
    assert (training.labels == 1).sum() >= SMALL["calls"]
    assert (training.labels == 0).sum() >= 100


def test_clips_of_another_length_or_band_are_refused():
    other = SimpleNamespace(
        name="mine", settings=None, frequencies=np.linspace(10, 900, 50), times=SETTINGS.times
    )
    with pytest.raises(UserError, match="mine: the simulated hydrophone has clips of 2 s at 2000"):
        simulated.check(other)
