"""Measures of samples: references, known answers, bad input."""

import numpy as np
import pytest

from utils.quality import quality

CLIPS = np.random.default_rng(0).normal(size=(9, 16, 32))


def points(n, d=4, shift=0.0, scale=1.0, seed=0):
    return shift + scale * np.random.default_rng(seed).normal(size=(n, d))


def test_frechet_distance_of_shifted_and_widened_gaussians_is_the_formula():
    # N(0, I) and N(3, 4 I) in two dimensions: |mu|^2 = 18, trace 2 (1 + 4 - 2 * 2) = 2
    found = quality.frechet_distance(points(40_000, 2), points(40_000, 2, 3.0, 2.0, seed=1))
    assert found == pytest.approx(20, rel=0.02)


def test_frechet_distance_of_a_sample_to_itself_is_zero():
    sample = points(50)
    assert quality.frechet_distance(sample, sample) == pytest.approx(0, abs=1e-6)


def test_kernel_distance_equals_a_loop_over_pairs():
    a, b = points(7, 3), points(9, 3, 0.5, seed=1)

    def kernel(x, y):
        return (x @ y / 3 + 1) ** 3

    same = np.mean([kernel(x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j])
    other = np.mean([kernel(x, y) for i, x in enumerate(b) for j, y in enumerate(b) if i != j])
    between = np.mean([kernel(x, y) for x in a for y in b])
    assert quality.kernel_distance(a, b) == pytest.approx(same + other - 2 * between)


def test_kernel_distance_is_unbiased_for_equal_distributions():
    found = [
        quality.kernel_distance(points(40, seed=2 * i), points(40, seed=2 * i + 1))
        for i in range(200)
    ]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(200)
    assert min(found) < 0 < max(found)


def test_a_few_copies_among_new_samples_escape_and_many_do_not():
    rng = np.random.default_rng(0)
    new, held_out = (np.abs(rng.normal(5, 1, n)) for n in (400, 200))
    power = quality.copying_power(np.zeros(50), new, held_out, (0, 0.02, 0.5, 1), seed=0)
    assert list(power) == [0, 0.02, 0.5, 1]
    assert min(power[0], power[0.02]) > 0.01 > max(power[0.5], power[1])
    assert power[0] == quality.stats.mannwhitneyu(new, held_out, alternative="less").pvalue


def test_density_and_coverage_equal_their_definition():
    real, synthetic, k = points(12, 2), points(9, 2, 0.3, seed=1), 3
    radius = [np.sort([np.linalg.norm(a - b) for b in real])[k] for a in real]
    other = [np.sort([np.linalg.norm(a - b) for b in synthetic])[k] for a in synthetic]
    inside = np.array(
        [[np.linalg.norm(a - b) < r for b in synthetic] for a, r in zip(real, radius, strict=True)]
    )
    back = np.array(
        [[np.linalg.norm(a - b) < r for b, r in zip(synthetic, other, strict=True)] for a in real]
    )
    found = quality.density_and_coverage(real, synthetic, k)
    assert found["density"] == pytest.approx(inside.sum() / (k * len(synthetic)))
    assert found["coverage"] == pytest.approx(inside.any(1).mean())
    assert found["precision"] == pytest.approx(inside.any(0).mean())
    assert found["recall"] == pytest.approx(back.any(1).mean())


def test_a_collapsed_sample_is_dense_but_covers_little():
    real = points(300)
    collapsed = 0.01 * points(300, seed=1)
    found = quality.density_and_coverage(real, collapsed)
    assert found["density"] > 1 and found["coverage"] < 0.3
    fresh = quality.density_and_coverage(real, points(300, seed=2))
    assert 0.8 < fresh["density"] < 1.2 and fresh["coverage"] > 0.9


def test_copies_are_found_and_fresh_draws_are_not():
    training, held_out = points(300), points(200, seed=1)
    copied = training[:200] + 0.01 * points(200, seed=2)
    found = quality.copying(training, held_out, copied)
    assert found["copying_p"] < 1e-6 and found["copying_z"] < -5 and found["authenticity"] < 0.05
    fresh = quality.copying(training, held_out, points(200, seed=3))
    assert fresh["copying_p"] > 0.01 and abs(fresh["copying_z"]) < 2.5
    assert fresh["authenticity"] > 0.3


def test_copying_z_is_the_standardised_statistic():
    training, held_out, synthetic = points(60), points(40, seed=1), points(50, 4, 0.4, seed=2)
    near = quality.nearest_distances(synthetic, training)[0]
    reference = quality.nearest_distances(held_out, training)[0]
    wins = np.mean([a > b for a in near for b in reference])
    expected = (wins - 0.5) * 50 * 40 / np.sqrt(50 * 40 * 91 / 12)
    assert quality.copying(training, held_out, synthetic)["copying_z"] == pytest.approx(expected)


def clips(n, seed, slope=0.8, level=30.0):
    """Noise with one rising line a clip."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 5, (n, 24, 48))
    start = rng.integers(2, 8, n)
    for i in range(n):
        for t in range(10, 30):
            x[i, int(start[i] + slope * (t - 10) * 0.6), t] += level
    return x.astype(np.float32)


def test_two_sample_auc_is_near_half_for_equals_and_high_for_others():
    real, groups = clips(120, 0), np.repeat(np.arange(12), 10)
    equal = quality.two_sample_auc(real, groups, clips(120, 1), np.arange(120), seed=0, steps=60)
    other = quality.two_sample_auc(
        real, groups, clips(120, 1, slope=-0.4), np.arange(120), seed=0, steps=60
    )
    assert 0.35 < equal < 0.68 and other > 0.9


def test_halves_share_no_name():
    names = np.random.default_rng(0).integers(0, 20, 300)
    half = quality._halves(names, np.random.default_rng(1))
    assert not set(names[half]) & set(names[~half])
    assert 0.35 < half.mean() < 0.65


def test_usefulness_tells_calls_from_nothing():
    sea = clips(120, 2, level=0.0)
    test = (np.concatenate([clips(60, 3), clips(60, 4, level=0.0)]), np.repeat([1, 0], 60))
    good = quality.usefulness(clips(120, 1), sea, test, test, seed=0, model="logistic")
    useless = quality.usefulness(
        clips(120, 5, level=0.0), sea, test, test, seed=0, model="logistic"
    )
    assert good > 0.9 and useless < 0.75


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: quality.frechet_distance(points(5, 3), points(5, 2)), "shapes"),
        (lambda: quality.frechet_distance(points(5, 3), points(1, 3)), "at least two of each"),
        (lambda: quality.kernel_distance(points(1, 3), points(5, 3)), "at least two of each"),
        (lambda: quality.copying(points(1, 3), points(5, 3), points(5, 3)), "at least two"),
        (
            lambda: quality.two_sample_auc(CLIPS, np.zeros(9), CLIPS, np.arange(9), seed=0),
            "can't be halved",
        ),
        (lambda: quality.kernel_distance(points(5) * np.nan, points(5)), "NaN"),
        (lambda: quality.density_and_coverage(points(5), points(9)), "too few"),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()
