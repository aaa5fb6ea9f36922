"""Ridge filters and statistics against direct computation and planted sweeps."""

import numpy as np
import pytest
from scipy.signal import correlate2d

from utils.sound import features


def _sweep(slope, shape=(48, 96), start=15):
    """A clip of noise with a bright line whose slope is in image heights per width."""
    rng = np.random.default_rng(0)
    image = rng.normal(0, 1, shape).astype(np.float32)
    for t in range(30, 60):
        row = round(start + slope * shape[0] / shape[1] * (t - 30))
        image[row - 1 : row + 2, t] += 6
    return image


def test_responses_equal_direct_correlation():
    contrasted = features.contrast(np.random.default_rng(0).normal(0, 1, (3, 48, 96)))
    found = features.ridge_responses(contrasted)
    for k, (length, slope) in enumerate(
        (length, slope) for length in features.LENGTHS for slope in features.SLOPES
    ):
        kernel = features.ridge_kernel(slope, length, (48, 96))
        expected = correlate2d(contrasted[1], kernel, mode="same")
        np.testing.assert_allclose(found[1, k], expected, atol=1e-4)


@pytest.mark.parametrize("slope", [-0.6, 0.0, 0.4, 0.9])
def test_the_filter_of_the_sweeps_slope_answers_most(slope):
    image = _sweep(slope, start=30 if slope < 0 else 12)
    responses = features.ridge_responses(features.contrast(image[None]))[0]
    strongest = responses.max(axis=(1, 2)).argmax() % len(features.SLOPES)
    assert abs(features.SLOPES[strongest] - slope) <= 0.21


def test_kernels_have_zero_mean_and_unit_norm():
    kernel = features.ridge_kernel(0.4, 0.3, (48, 96))
    assert kernel.sum() == pytest.approx(0, abs=1e-4)
    assert np.linalg.norm(kernel) == pytest.approx(1)


def test_contrast_removes_steady_tones_and_bursts():
    image = np.random.default_rng(0).normal(0, 1, (1, 48, 96)).astype(np.float32)
    plain = features.contrast(image)
    image[:, 20] += 30
    image[:, :, 40] += 30
    found = features.contrast(image)
    assert abs(found[0, 20].mean()) < 0.5
    assert abs(found[0, :, 40].mean()) < 0.5
    untouched = np.delete(np.delete(found[0] - plain[0], 20, 0), 40, 1)
    assert np.abs(untouched).mean() < 0.2


def test_features_do_not_depend_on_level_gain_or_neighbours():
    clips = np.random.default_rng(0).normal(0, 1, (70, 48, 96)).astype(np.float32)
    whole = features.extract(clips)
    for part in (features.extract(clips[3:5]), features.extract(10 + 5 * clips[3:5])):
        np.testing.assert_allclose(part.maps, whole[3:5].maps, atol=2e-3)
        np.testing.assert_allclose(part.table, whole[3:5].table, atol=2e-3)


@pytest.mark.parametrize("shape", [(48, 96), (50, 101), (64, 64), (32, 64)])
@pytest.mark.parametrize("spread", [0, 1])
def test_shapes_of_features(shape, spread):
    found = features.extract(np.random.default_rng(0).normal(0, spread, (4, *shape)))
    assert found.pixels.shape == (4, *shape)
    assert found.maps.shape[:3] == (4, shape[0] // 4, shape[1] // 4)
    assert len(found) == 4
    assert np.isfinite(found.maps).all() and np.isfinite(found.table).all()


def test_features_add_and_index():
    found = features.extract(np.random.default_rng(0).normal(0, 1, (6, 48, 96)))
    again = found[:2] + found[np.arange(2, 6)]
    np.testing.assert_array_equal(again.table, found.table)
    assert features.extract(found) is found


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (np.zeros((4, 48)), "shape"),
        (np.zeros((4, 4, 96)), "at least"),
        (np.full((2, 48, 96), np.nan), "NaN"),
    ],
)
def test_bad_spectrograms_say_so(clips, message):
    with pytest.raises(ValueError, match=message):
        features.extract(clips)
