"""Classical augmentation: what moves, what is hidden, what is heard, and what stays."""

import numpy as np
import pytest

from utils.sound import augmentations


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def clips(n, seed, *, line=True):
    """Unit noise around 20, with a rising line of 12 in the middle."""
    x = np.random.default_rng(seed).normal(20, 1, (n, 32, 64)).astype(np.float32)
    if line:
        for t in range(24, 40):
            x[:, 8 + (t - 24) // 2, t] += 12
            x[:, 9 + (t - 24) // 2, t] += 12
    return x


def test_shift_moves_a_clip_and_wraps_nothing(rng):
    x = np.zeros((50, 8, 40), np.float32)
    x[:, :, 0], x[:, :, 20] = 7, 5
    seas = np.full_like(x, 1)
    moved = augmentations.shift(x, seas, rng)
    places = np.argwhere(moved[:, 0] == 5)[:, 1]
    assert places.min() >= 14 and places.max() <= 26 and len(np.unique(places)) > 5
    assert 20 not in places  # every clip moves
    assert not (moved[:, :, 34:] == 7).any()  # the first frame never comes in at the end
    for clip, place in zip(moved[:, 0], places, strict=True):
        gone = clip[: max(0, place - 20)]
        assert (gone == 0).all()  # the sea, at the clip's own level


def test_a_mask_hides_at_most_its_share_with_the_level(rng):
    x = clips(40, 1)
    masked = augmentations.mask(x, rng)
    changed = (masked != x).mean((1, 2))
    assert changed.max() <= 0.12 + 0.12 + 0.02 and changed.max() > 0.1
    hidden = masked[masked != x]
    assert abs(hidden.mean() - 20) < 0.1 and hidden.std() < 0.6


def test_a_mix_lets_the_louder_be_heard(rng):
    x, loud = clips(10, 1), clips(10, 2, line=False)
    loud[:, 20, 10] += 30
    mixed = augmentations.mix(x, loud, rng)
    assert (mixed >= x - 1e-4).all()
    assert (mixed[:, 20, 10] > 20 + 30 - 12).all()
    below = augmentations.mix(x, np.full_like(x, 50), rng)  # a level alone adds no texture
    assert (below != x).mean() < 0.2


def test_an_isolated_call_is_the_line_and_hardly_anything_else():
    found = augmentations.isolate(clips(10, 3)) > 0
    line = clips(1, 0)[0] - clips(1, 0, line=False)[0] > 6
    assert found[:, line].mean() > 0.8
    assert found[:, ~line].mean() < 0.06


def test_a_call_on_background_is_that_sea_but_for_the_call(rng):
    x, seas = clips(10, 4), clips(10, 5, line=False)
    made = augmentations.call_on_background(x, seas, rng)
    assert (made >= seas).all()
    assert 0.01 < (made != seas).mean() < 0.12
    assert ((made - seas).max((1, 2)) > 8).all()


def test_classical_makes_new_clips_of_the_same_kind(rng):
    x, seas = clips(30, 6), clips(30, 7, line=False)
    made = augmentations.classical(x, seas, rng)
    assert made.shape == x.shape and made.dtype == np.float32 and np.isfinite(made).all()
    assert (np.abs(made - x).max((1, 2)) > 1).all()
    assert abs(made.mean() - x.mean()) < 0.5
    again = augmentations.classical(x, seas, np.random.default_rng(0))
    np.testing.assert_array_equal(again, made)


def test_blends_add_up(rng):
    x, others = np.ones((200, 4, 4)), np.zeros((200, 4, 4))
    blends, share = augmentations.mixup(x, others, rng)
    np.testing.assert_allclose(blends, np.broadcast_to(share[:, None, None], blends.shape))
    assert 0.5 <= share.min() < 0.6 and 0.9 < share.max() <= augmentations.LARGEST_SHARE
    assert len(np.unique(share)) == len(share)  # so that no blend comes twice
