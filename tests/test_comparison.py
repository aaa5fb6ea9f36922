"""Statistics of the study: planted effects, null tables, and curves whose answer is known."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from utils.statistics import comparison, evaluation


def rows(arm, values, *, n_positive=50, ratio=0.0, classifier="cnn"):
    return pd.DataFrame(
        {
            "n_positive": n_positive,
            "n_negative": 800,
            "classifier": classifier,
            "seed": np.arange(len(values)),
            "arm": arm,
            "ratio": ratio,
            "roc_auc": values,
        }
    )


def table(effects, *, seeds=20, noise=0.004, seed=0):
    """Scores of `real` and of arms with planted effects, paired by a common part a seed."""
    rng = np.random.default_rng(seed)
    common = 0.9 + 0.03 * rng.normal(size=seeds)
    parts = [rows("real", common)]
    for arm, effect in effects.items():
        parts.append(rows(arm, common + effect + noise * rng.normal(size=seeds), ratio=15.0))
    return pd.concat(parts, ignore_index=True)


def test_planted_effects_get_their_verdict():
    effects = {"good": 0.03, "bad": -0.03, "nothing": 0.0}
    found = comparison.verdicts(table(effects)).set_index("arm")
    assert found["verdict"].to_dict() == {
        "good": "helps",
        "bad": "harms",
        "nothing": "equivalent",
    }
    assert found["mean"].to_dict() == pytest.approx(effects, abs=0.003)
    assert (found["seeds"] == 20).all()
    noisy = comparison.verdicts(table({"noisy": 0.0}, noise=0.1))
    assert noisy["verdict"].tolist() == ["undecided"]


def test_pairing_goes_by_seed_and_place():
    base = table({"good": 0.02}, noise=0.0)
    shuffled = base.sample(frac=1, random_state=1)
    found = comparison.differences(shuffled)
    assert len(found) == 20
    np.testing.assert_allclose(found["difference"], 0.02)
    other = pd.concat([base, rows("good", [0.5] * 20, n_positive=100, ratio=15.0)])
    assert len(comparison.differences(other)) == 20  # no partner at 100 calls


def test_a_reference_that_adds_clips_is_paired_by_ratio():
    low, high = rows("classical", [0.8] * 4, ratio=1.0), rows("classical", [0.9] * 4, ratio=2.0)
    both = [rows("vae", [0.85] * 4, ratio=1.0), rows("vae", [0.85] * 4, ratio=2.0)]
    found = comparison.differences(pd.concat([low, high, *both]), "classical")
    by_ratio = found.groupby("ratio")["difference"].mean()
    assert by_ratio.to_dict() == pytest.approx({1.0: 0.05, 2.0: -0.05})


@pytest.mark.parametrize("seeds", [5, 10, 30])
def test_a_null_table_is_judged_right_at_the_nominal_rate(seeds):
    rng = np.random.default_rng(seeds)
    correlation = comparison.OVERLAP / (1 + comparison.OVERLAP)
    n_tables, wrong, outside = 600, 0, 0
    for _ in range(n_tables):
        shared = np.sqrt(correlation) * rng.normal()
        values = 0.02 * (shared + np.sqrt(1 - correlation) * rng.normal(size=seeds))
        wrong += comparison.p_value(values) < 0.05
        _, low, high = comparison.interval(values)
        outside += not low <= 0 <= high
    assert 0.02 < wrong / n_tables < 0.085
    assert 0.02 < outside / n_tables < 0.095


@pytest.mark.parametrize(("effect", "least", "most"), [(0.01, 0.0, 0.05), (-0.01, 0.9, 1.0)])
def test_a_gain_is_excluded_where_there_is_none_and_seldom_where_it_is_real(effect, least, most):
    excluded = [
        comparison.verdicts(table({"arm": effect}, seeds=10, seed=seed))["gain_excluded"][0]
        for seed in range(200)
    ]
    assert least <= np.mean(excluded) <= most


def test_excluding_a_gain_is_adjusted_for_the_arms():
    values = 0.0093 * np.linspace(-1, 1, 10) - 0.001
    own = [rows("real", np.zeros(10)), rows("a", values, ratio=1.0)]
    alone = comparison.verdicts(pd.concat(own)).iloc[0]
    assert alone["gain_excluded"] and alone["p_gain"] == comparison.p_gain(values)
    more = [rows(f"b{i}", values + 0.02, ratio=1.0) for i in range(9)]
    beside = comparison.verdicts(pd.concat([*own, *more])).set_index("arm").loc["a"]
    assert beside["p_gain"] == pytest.approx(10 * alone["p_gain"])
    assert beside["high"] < 0.01 and not beside["gain_excluded"]


def test_the_p_of_a_gain_is_that_of_scipy_without_overlap():
    values = np.random.default_rng(0).normal(0.0, 0.02, size=12)
    expected = stats.ttest_1samp(values, 0.01, alternative="less").pvalue
    assert comparison.p_gain(values, overlap=0) == pytest.approx(expected)
    assert comparison.p_gain(np.zeros(5)) == 0 and comparison.p_gain(np.ones(5)) == 1


def test_holm_equals_its_definition_and_keeps_the_family_rate():
    np.testing.assert_allclose(comparison.holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    rng = np.random.default_rng(0)
    any_wrong = [(comparison.holm(rng.random(12)) < 0.05).any() for _ in range(2000)]
    assert 0.035 < np.mean(any_wrong) < 0.065


@pytest.mark.parametrize(
    ("low", "high", "p", "word"),
    [
        (0.002, 0.008, 0.001, "equivalent"),
        (0.004, 0.02, 0.01, "helps"),
        (0.004, 0.02, 0.2, "undecided"),
        (-0.02, -0.001, 0.01, "harms"),
        (-0.02, 0.02, 0.9, "undecided"),
        (-0.0099, 0.0099, 1.0, "equivalent"),
    ],
)
def test_words_of_verdicts(low, high, p, word):
    assert comparison.verdict(low, high, p) == word


def test_the_widest_interval_counts_the_first_seeds_of_the_named_classifiers():
    mixed = pd.concat([table({"a": 0.0}, noise=0.001), rows("b", [0.5] * 2, ratio=1.0)])
    assert comparison.widest(mixed, 20, ["cnn"]) == np.inf  # two seeds of b say nothing
    narrow = comparison.widest(table({"a": 0.0}, noise=0.001), 20, ["cnn"])
    wide = comparison.widest(table({"a": 0.0}, noise=0.01), 20, ["cnn"])
    assert 0 < narrow < 0.001 < wide < 0.01
    assert comparison.widest(table({"a": 0.0}), 20, ["random_forest"]) == np.inf


def curve_table(seeds=12, noise=0.0):
    rng = np.random.default_rng(0)
    parts = []
    for size in (25, 50, 100, 200, 400, 800):
        scores = 0.6 + 0.05 * np.log2(size / 25) + noise * rng.normal(size=seeds)
        parts.append(rows("real", scores, n_positive=size))
    return parts


def test_real_equivalents_on_an_analytic_curve():
    # AUC grows by 0.05 a doubling: +0.075 at 50 calls is one and a half doublings, 141 calls
    arm = rows("vae", np.full(12, 0.65 + 0.075), ratio=15.0)
    found = comparison.real_equivalents(pd.concat([*curve_table(), arm]), "vae", 50, "cnn")
    np.testing.assert_allclose(found, 50 * 2**1.5, rtol=1e-6)
    noisy = pd.concat([*curve_table(noise=0.01), arm])
    k, low, high = comparison.real_equivalents(noisy, "vae", 50, "cnn")
    assert low < k < high and low == pytest.approx(141, rel=0.2) == high


def test_real_equivalents_end_where_the_curve_ends():
    for score, end in ((0.2, 25), (0.99, 800)):
        both = pd.concat([*curve_table(), rows("vae", np.full(12, score), ratio=15.0)])
        found = comparison.real_equivalents(both, "vae", 50, "cnn")
        np.testing.assert_allclose(found, end)


def test_more_seas_do_not_pass_for_more_calls():
    whole = rows("real", np.full(12, 0.95), n_positive=1500).assign(n_negative=1500)
    arm = rows("vae", np.full(12, 0.9), ratio=15.0)
    found = comparison.real_equivalents(pd.concat([*curve_table(), whole, arm]), "vae", 50, "cnn")
    np.testing.assert_allclose(found, 800)


@pytest.mark.parametrize("size", [0, 50])
def test_the_interval_of_equivalents_holds_the_truth_as_often_as_it_says(size):
    # +0.05 a doubling, so that 0.725 is worth 141 calls; seeds share part of their noise, as splits
    rng, sizes = np.random.default_rng(0), np.array([25, 50, 100, 200, 400, 800])
    shared, held = 0.2 / 0.9, []
    for _ in range(200):
        noise = np.sqrt(shared) * rng.normal(size=7)
        noise = 0.02 * (noise + np.sqrt(1 - shared) * rng.normal(size=(10, 7)))
        curve = [rows("real", 0.6 + 0.05 * np.log2(n / 25) + own, n_positive=n)
                 for n, own in zip(sizes, noise.T[:6], strict=True)]  # fmt: skip
        arm = rows("vae", 0.725 + noise[:, 6], n_positive=size, ratio=15.0)
        _, low, high = comparison.real_equivalents(pd.concat([*curve, arm]), "vae", size, "cnn")
        held.append(low <= 50 * 2**1.5 <= high)
    assert 0.91 < np.mean(held) < 0.99


def test_an_interval_of_equivalents_is_what_the_paired_test_does_not_reject():
    drawn = pd.concat([*curve_table(noise=0.01), rows("vae", np.full(12, 0.725), ratio=15.0)])
    _, low, high = comparison.real_equivalents(drawn, "vae", 50, "cnn")
    curve = comparison.learning_curve(drawn, "cnn")

    def p(k):  # between 100 and 200 calls
        at = np.log2(k / 100)
        return comparison.p_value(0.725 - (1 - at) * curve[100] - at * curve[200])

    assert 100 < low < high < 200
    assert p(low) == pytest.approx(0.05, abs=0.01) == p(high)
    assert p(low / 1.02) < 0.05 > p(high * 1.02)


def test_few_seeds_are_refused():
    with pytest.raises(ValueError, match="at least 3"):
        comparison.interval([0.1, 0.2])
    with pytest.raises(ValueError, match="seeds hold both"):
        comparison.real_equivalents(pd.concat(curve_table()), "vae", 50, "cnn")


@pytest.mark.parametrize(("d", "k"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_the_detectable_effect_of_independent_seeds_is_that_of_the_t_test(d, k):
    # paired t test, 5 % two-sided, power 0.8: sample sizes of G*Power (Faul et al. 2007)
    below, above = (comparison.detectable(2.0, n, overlap=0) for n in (k - 1, k))
    assert above < 2 * d < below


@pytest.mark.parametrize(("seeds", "tests"), [(5, 1), (10, 6), (40, 14)])
def test_a_detectable_effect_is_found_with_the_power_it_says(seeds, tests):
    rng, shared = np.random.default_rng(0), comparison.OVERLAP / (1 + comparison.OVERLAP)
    deviation = np.sqrt(1 - shared)  # of seeds about the mean that they share
    effect = comparison.detectable(deviation, seeds, tests=tests)
    values = effect + np.sqrt(shared) * rng.normal(size=(4000, 1))
    values = values + deviation * rng.normal(size=(4000, seeds))
    found = [comparison.p_value(own) < 0.05 / tests and own.mean() > 0 for own in values]
    assert np.mean(found) == pytest.approx(0.8, abs=0.02)
    assert comparison.detectable(2 * deviation, seeds, tests=tests) == pytest.approx(2 * effect)


def test_verdicts_tell_what_they_could_have_shown():
    effects = dict.fromkeys("abc", 0.0)
    drawn = table(effects, noise=0.02)
    found = comparison.verdicts(drawn).set_index("arm")
    gap = drawn.pivot(index="seed", columns="arm", values="roc_auc")
    for arm in effects:
        deviation = (gap[arm] - gap["real"]).std()
        expected = comparison.detectable(deviation, 20, tests=3)
        assert found.loc[arm, "detectable"] == pytest.approx(expected)
    assert (found["detectable"] > found["high"] - found["mean"]).all()


def primary(effects, seeds=40):
    """Two detectors at three sizes: an arm and two rivals, the better of which brings +0.01."""
    parts = []
    for number, (n, classifier) in enumerate(itertools.product((25, 50, 100), ("cnn", "forest"))):
        own = {"a": 0.0, "b": 0.01, "ocean": 0.01 + effects[number]}
        drawn = table(own, seeds=seeds, noise=0.002, seed=number)
        parts.append(drawn.assign(n_positive=n, classifier=classifier))
    return pd.concat(parts, ignore_index=True)


def test_a_primary_comparison_is_one_family():
    drawn = primary([0.02, 0.0015, 0.0, 0.0, -0.0015, -0.02])
    alone = comparison.against_best(drawn, ("a", "b"), ("ocean",))
    one = comparison.against_best(drawn, ("a", "b"), ("ocean",), family=())
    assert len(one) == 6 and (one["rival"] == "b").all()
    np.testing.assert_allclose(one["p"], comparison.holm(alone["p"]))
    np.testing.assert_allclose(one["p_gain"], comparison.holm(alone["p_gain"]))
    same = ["n_positive", "classifier", "mean", "low", "high", "rival"]
    pd.testing.assert_frame_equal(one[same], alone[same])
    assert one["verdict"].iloc[0] == "helps" and one["verdict"].iloc[-1] == "harms"
    assert (one["detectable"] > alone["detectable"]).all()


def whole(sizes, scores, first=0):
    """Rows of whole training sides, one a seed."""
    return [rows("real", [score], n_positive=size).assign(seed=first + k, n_negative=max(size, 800))
            for k, (size, score) in enumerate(zip(sizes, scores, strict=True))]  # fmt: skip


def curve_of(*ends):
    """The curve of ten seeds up to 400 calls, and what ends it."""
    return comparison.learning_curve(pd.concat([*curve_table(seeds=10)[:5], *ends]), "cnn")


def test_the_end_of_the_curve_is_each_seeds_own_whole():
    # a size that only the seeds with more clips have is not their end
    some = whole([600] * 4, [0.8] * 4) + whole([700] * 4, [0.9] * 4)
    found = curve_of(*some, *whole([610] * 6, [0.9] * 6, first=4))
    assert found.columns.tolist() == [25, 50, 100, 200, 400, 646] and (found[646] == 0.9).all()
    # whole sides of one size in most seeds are still the end of all seeds
    ends = whole([500] * 6 + [505] * 4, [0.9] * 6 + [0.8] * 4)
    found = curve_of(*ends)
    assert found.columns.tolist() == [25, 50, 100, 200, 400, 502] and len(found) == 10
    assert found[502].tolist() == [0.9] * 6 + [0.8] * 4
    # a seed whose end is still to be run is left out
    assert curve_of(*ends[:7]).index.tolist() == list(range(7))


def test_an_interval_of_a_score_is_one_of_scores():
    mean, low, high = evaluation.score_interval([0.9, 1.0, 1.0, 1.0])
    assert high == 1 and 0 < low < mean
    assert comparison.interval([0.9, 1.0, 1.0, 1.0])[2] > 1


def test_the_rival_is_chosen_for_each_place():
    weak = table({"a": 0.01, "b": 0.0, "vae": 0.03}, noise=0.001)
    strong = table({"a": 0.0, "b": 0.05, "vae": 0.03}, noise=0.001).assign(n_positive=100)
    found = comparison.against_best(pd.concat([weak, strong]), ("a", "b"), ("vae",))
    found = found.set_index("n_positive")
    assert found["rival"].to_dict() == {50: "a", 100: "b"}
    assert found["verdict"].to_dict() == {50: "helps", 100: "harms"}
    nothing = comparison.against_best(weak, ("none",), ("vae",))
    assert nothing.empty and "rival" in nothing


def test_a_failed_row_leaves_its_rival_out_of_that_seed_alone():
    whole = table({"a": 0.03, "b": 0.0, "vae": 0.01}, noise=0.001)
    failed = (whole["arm"] == "a") & (whole["seed"] == whole["seed"].min())
    found = comparison.against_best(whole[~failed], ("a", "b"), ("vae",))
    assert found["rival"].item() == "a" and found["seeds"].item() == whole["seed"].nunique()
    assert found["mean"].item() < -0.005  # against b alone it would be +0.01


def test_luck_does_not_choose_the_rival():
    equal = ("a", "b", "c", "d")
    gaps = []
    for seed in range(150):
        drawn = table(dict.fromkeys((*equal, "vae"), 0.0), seeds=5, noise=0.02, seed=seed)
        found = comparison.against_best(drawn, equal, ("vae",))
        assert found["rival"].isin(equal).all() and len(found) == 1
        gaps.append(found["mean"].item())
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / np.sqrt(len(gaps))
    assert np.std(gaps) / np.sqrt(len(gaps)) < 0.0015  # the highest of four would be 0.009 better


def test_rank_correlation_knows_order_and_its_uncertainty():
    rng = np.random.default_rng(0)
    order = np.arange(6.0)[:, None]
    names = list("abcdef")
    sure = pd.DataFrame(order + 0.01 * rng.normal(size=(6, 5)), index=names)
    assert comparison.rank_correlation(sure, sure, seed=0) == pytest.approx((1, 1, 1))
    assert comparison.rank_correlation(sure, -sure, seed=0)[0] == pytest.approx(-1)
    noise = pd.DataFrame(rng.normal(size=(6, 5)), index=names)
    _, low, high = comparison.rank_correlation(sure, noise, seed=0)
    assert high - low > 0.5
    half = pd.DataFrame([0, 2, 1, 3, 5, 4], index=names).astype(float)  # without any noise of seeds
    value, low, high = comparison.rank_correlation(sure, half, seed=0)
    assert value == pytest.approx(0.886, abs=1e-3) and low < 0.5 and high == pytest.approx(1)
    with pytest.raises(ValueError, match="at least three"):
        comparison.rank_correlation(sure.iloc[:2], noise, seed=0)
