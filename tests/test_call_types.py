"""Described calls: where they lie, how loud they are, and what is refused."""

from unittest import mock

import numpy as np
import pytest

from utils.errors import UserError
from utils.ocean import call_types

RATE, SECONDS = 1000, 3.0
UPCALL = call_types.PRESETS["right_whale_upcall"]


def tracks(call, rate=RATE, n=40):
    """Seconds and Hz of the loudest frequency in each sounding frame of the clips with a call."""

    def silent(count, _):
        return 1e-6 * np.random.default_rng(0).standard_normal((count, round(rate * SECONDS)))

    with mock.patch.object(call_types, "SNR_DB", (60.0, 60.0)):
        clips, labels = call_types.simulate(
            call, n, rate, SECONDS, np.random.default_rng(1), silent
        )
    size = max(rate // 8, round(6 * rate / call.band[0]))
    for clip in clips[labels == 1]:
        frames = np.lib.stride_tricks.sliding_window_view(clip, size)[:: size // 4]
        spectrum = np.abs(np.fft.rfft(frames * np.hanning(size), 8 * size, axis=1))
        loud = np.flatnonzero(spectrum.max(1) > 0.3 * spectrum.max())
        yield loud * (size // 4) / rate, spectrum[loud].argmax(1) * rate / (8 * size)


@pytest.mark.parametrize("preset", sorted(call_types.PRESETS))
def test_presets_have_a_source_and_lie_in_their_band(preset):
    call = call_types.PRESETS[preset]
    assert any(year in call.source for year in ("19", "20"))
    rate = RATE if call.band[1] < RATE / 2 else 48_000
    low, high = call.band
    hertz = np.concatenate([hertz for _, hertz in tracks(call, rate)])
    inside = (hertz > 0.8 * low - 8) & (hertz < 1.1 * high + 8)
    assert inside.mean() > 0.85  # the rest is a harmonic, where an echo dims the call


@pytest.mark.parametrize(("preset", "sign"), [("right_whale_upcall", 1), ("blue_whale_d_call", -1)])
def test_sweeps_go_their_way(preset, sign):
    rises = [
        np.median(hertz[-len(hertz) // 3 :]) - np.median(hertz[: len(hertz) // 3])
        for _, hertz in tracks(call_types.PRESETS[preset])
        if len(hertz) > 5
    ]
    assert len(rises) > 15 and (sign * np.array(rises) > 0).all()


def test_calls_are_as_loud_as_said():
    """Power in the band with a call over that without, whose clips share a sea."""

    def even(n, rng):
        return rng.standard_normal((n, round(RATE * SECONDS)))

    gains = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        clips, labels = call_types.simulate(UPCALL, 20, RATE, SECONDS, rng, even)
        power = call_types._power_in(clips, RATE, UPCALL.band)
        gains.append(power[labels == 1].mean() / power[labels == 0].mean())
    # A call lasts about a third of the clip: what it adds is its SNR less 5 dB, echoes more.
    assert 0.2 < min(gains) - 1 and max(gains) - 1 < 10 ** (20 / 10)
    assert max(gains) > 3 * min(gains)


def test_calls_alone_lie_in_their_band():
    sound = call_types.simulate_alone(UPCALL, 20, RATE, SECONDS, np.random.default_rng(2))
    assert sound.shape == (20, 3000) and sound.dtype == np.float32
    inside = call_types._power_in(sound, RATE, UPCALL.band)
    assert (inside > 0.7 * (sound.astype(float) ** 2).mean(1)).all()


def test_the_same_seed_gives_the_same_clips():
    first, second = (
        call_types.simulate(UPCALL, 6, RATE, SECONDS, np.random.default_rng(5))[0] for _ in range(2)
    )
    other = call_types.simulate(UPCALL, 6, RATE, SECONDS, np.random.default_rng(6))[0]
    np.testing.assert_array_equal(first, second)
    assert np.isfinite(first).all() and not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("chirp", (80, 180), (150, 300), (0.5, 1.5)), "no call is called 'chirp'; choose from"),
        (("upsweep", (180, 80), (150, 300), (0.5, 1.5)), "--from 180 80: give two numbers"),
        (("upsweep", (80, 180), (150, 300), (0, 1.5)), "--duration 0 1.5: give two numbers"),
        (("downsweep", (80, 180), (150, 300), (1, 1)), "from 130 to 225 Hz, which is no downsweep"),
    ],
)
def test_descriptions_that_fit_no_call(given, words):
    with pytest.raises(UserError, match=words):
        call_types.CallType("mine", *given)


@pytest.mark.parametrize("simulate", [call_types.simulate, call_types.simulate_alone])
def test_a_rate_that_cannot_hold_the_call(simulate):
    with pytest.raises(UserError, match="needs a sample rate above 600 Hz, not 500"):
        simulate(UPCALL, 4, 500, SECONDS, np.random.default_rng(0))
