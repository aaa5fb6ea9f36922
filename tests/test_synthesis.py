"""What the second notebook looks at, the files it writes, and the table that judges generators."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from utils import data, paths
from utils.baseline import baseline
from utils.generative import lessons, synthesis
from utils.models.generators import registry
from utils.models.generators.gan import GAN
from utils.models.generators.vae import VAE
from utils.quality import judging, quality
from utils.statistics import evaluation

FAST = {"steps": 20, "latent_dim": 4}


@pytest.fixture(scope="module")
def bench():
    return baseline.prepare(data.simulated(n_clips=900, seed=3, name="small"), (16, 32))


@pytest.fixture(scope="module")
def found(bench):
    return judging.fold(bench, 1, 40)


@pytest.fixture(scope="module")
def generator(found):
    return registry.build("vae", **FAST).fit(
        found.calls, background=found.sea, validation=found.validation_calls, seed=0
    )


def test_a_fold_keeps_the_sides_apart(bench, found):
    labels, groups = bench.dataset.labels, bench.dataset.groups
    assert len(found.calls) == 40 and (labels[found.call_index] == 1).all()
    assert (labels[found.sea_index] == 0).all()
    assert not set(groups[found.call_index]) & set(found.test_groups)
    assert not set(groups[found.sea_index]) & set(found.test_groups)
    np.testing.assert_array_equal(found.calls, bench.grid[found.call_index])
    assert len(found.held_out) == len(found.held_out_groups) == found.test[1].sum()
    assert found.calls.shape[1:] == (len(found.frequencies), len(found.times))


def test_folds_of_one_split_are_nested(bench, found):
    smaller = judging.fold(bench, 1, 20)
    np.testing.assert_array_equal(smaller.call_index, found.call_index[:20])
    np.testing.assert_array_equal(smaller.sea_index, found.sea_index)


def test_sizes_end_with_what_every_split_has(bench):
    most = min(bench.dataset.labels[split.train].sum() for split in bench.splits)
    found = judging.sizes(bench)
    assert found == sorted(found) and found[0] == 50 and most - 50 < found[-1] <= most


@pytest.mark.parametrize(
    ("calls", "sizes"), [(60, [50]), (210, [50, 200]), (260, [50, 250]), (900, [50, 800])]
)
def test_no_size_is_measured_twice(bench, calls, sizes):
    assert judging.sizes(of_calls(bench, calls)) == sizes


def test_too_few_calls_for_quality_get_a_sentence(bench):
    with pytest.raises(ValueError, match="holds 40 calls; the quality of generators"):
        judging.sizes(of_calls(bench, 40))


def of_calls(bench, calls):
    """A bench whose only training side holds so many calls."""
    dataset = SimpleNamespace(name=bench.dataset.name, labels=np.ones(calls, dtype=int))
    return SimpleNamespace(dataset=dataset, splits=[SimpleNamespace(train=np.arange(calls))])


def test_the_parts_of_a_sample_add_up_to_it(generator):
    parts = synthesis.composition(generator, seed=4)
    total = parts["level"] + parts["call"] + parts["deviation"] * parts["texture"]
    total = np.clip(total, *generator.limits)
    np.testing.assert_allclose(total, parts["sample"], atol=1e-2)
    np.testing.assert_array_equal(parts["sample"], generator.sample(1, seed=4)[0])


def test_a_sea_alone_is_the_sample_less_what_the_network_draws(generator):
    n, seed = 6, 4
    mean, deviation = generator.drawn_parts(n, seed)
    _, texture = generator.drawn_seas(n, seed)
    drawn = generator.sea.scale * (mean + (deviation - 1) * texture)
    alone = np.clip(synthesis.seas_alone(generator, n, seed=seed) + drawn, *generator.limits)
    np.testing.assert_allclose(alone, generator.sample(n, seed=seed), atol=1e-3)


def test_codes_order_what_follows_from_them_across_groups():
    rng = np.random.default_rng(0)
    codes, groups = rng.normal(size=(400, 2)), np.arange(400) % 10
    values = codes[:, 0] + 0.1 * rng.normal(size=400)
    values[:5] = np.nan
    assert synthesis.ordered(codes, values, groups) > 0.8
    of_group = rng.normal(size=10)[groups]  # known within a group, not across
    apart = codes + 10 * rng.normal(size=(10, 2))[groups]
    assert synthesis.ordered(apart, of_group, groups) < 0.3


def test_properties_are_the_true_ones_or_the_trackers(bench, found):
    true = synthesis.call_properties(bench, found)["snr_db"]
    assert (true == bench.dataset.truth["snr_db"].iloc[found.call_index]).all()
    blind = SimpleNamespace(dataset=replace(bench.dataset, truth=None))
    read = synthesis.call_properties(blind, found)
    assert len(read) == len(found.calls) and {*synthesis.PROPERTIES} <= set(read)


def test_a_walk_begins_and_ends_with_the_two_calls(generator, found):
    steps = synthesis.walk(generator, found.calls[0], found.calls[1], steps=5)
    ends = generator.decode(generator.encode(found.calls[:2]))
    np.testing.assert_allclose(steps[[0, -1]], ends, atol=1e-3)


def test_directions_pass_through_the_mean_code(generator, found):
    images, share = synthesis.directions(generator, found.calls)
    assert images.shape == (3, 5, 16, 32) and 0 < share[2] <= share[1] <= share[0] < 1
    np.testing.assert_allclose(images[0, 2], images[1, 2], atol=1e-3)


def test_a_shared_map_keeps_sources_apart_that_differ_in_shape_alone():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 60, 12, 12)).astype(np.float32)
    sources = {"a": first, "louder": 40 + 3 * second, "other": second + 4 * np.eye(12)}
    plane, names = synthesis.shared_map(sources, seed=0)
    assert plane.shape == (180, 2) and names.tolist() == sum(([k] * 60 for k in sources), [])
    purity = {
        other: evaluation.neighbour_purity(plane[chosen], names[chosen])
        for other in ("louder", "other")
        for chosen in [np.isin(names, ("a", other))]
    }
    assert purity["louder"] < 0.65 and purity["other"] > 0.9


def test_simulated_clips_have_the_grid_and_the_unit_of_the_data(bench):
    clips = lessons.hydrophone(bench, 30, seed=0)
    assert clips.shape == (30, *bench.grid.shape[1:]) and clips.max() <= 0
    stretched = replace(bench.dataset, unit="dB, 0..255", spectrograms=bench.dataset.spectrograms)
    again = lessons.hydrophone(replace(bench, dataset=stretched), 5, seed=0)
    low, high = (float(end(bench.dataset.spectrograms)) for end in (np.min, np.max))
    np.testing.assert_allclose(again.min((1, 2)), low, rtol=1e-4)
    np.testing.assert_allclose(again.max((1, 2)), high, atol=1e-3)


def test_a_lesson_shows_the_lines_of_the_package():
    whole = lessons.source(synthesis.walk).data
    assert whole.startswith("```python\ndef walk(") and whole.endswith("codes[1])\n```")
    part = lessons.source(synthesis.walk, first="codes =", last="share =").data.splitlines()
    assert part[1].startswith("codes = ") and part[-2].startswith("share = ") and len(part) == 4


def test_explained_variance_is_one_for_a_perfect_reconstruction(generator, found, monkeypatch):
    assert synthesis.explained(generator, found.calls) < 1
    monkeypatch.setattr(type(generator), "reconstruct", lambda self, clips: clips)
    monkeypatch.setattr(type(generator), "decode", lambda self, codes: found.calls)
    assert synthesis.explained(generator, found.calls) == pytest.approx(1)


def test_a_generator_is_lent_the_one_that_it_borrows(found, monkeypatch):
    given = {}
    names = {"vae": None, "ae": None, "own": "ae"}
    registered = {name: SimpleNamespace(name=name, borrows=lent) for name, lent in names.items()}

    def fit(_, generator, *, seed, autoencoder=None):
        given[generator.name] = autoencoder and autoencoder.name
        return generator

    monkeypatch.setattr(registry, "REGISTRY", registered)
    monkeypatch.setattr(registry, "build", registered.get)
    monkeypatch.setattr(judging.Fold, "fit", fit)
    synthesis.train(found, seed=0)
    assert given == names


def test_stored_clips_are_read_back_with_their_provenance(
    bench, found, generator, tmp_path, monkeypatch
):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    path = synthesis.write(bench, found, generator, n=30, seed=7)
    assert path == tmp_path / "data" / "synthetic" / "small" / "vae.npz"
    again = data.load(path)
    assert again.labels.tolist() == [1] * 30 + [0] * len(found.sea)
    np.testing.assert_allclose(again.spectrograms[:30], generator.sample(30, seed=7), atol=1e-4)
    np.testing.assert_allclose(again.frequencies, found.frequencies)
    written = again.provenance["written"]
    assert "generator: vae" in written and '"beta": 1.0' in written and "samples 7" in written
    assert set(again.groups) <= set(bench.dataset.groups[found.sea_index])


def test_stored_samples_are_used_only_if_they_are_those(bench, found, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    registered = {"vae": lambda **settings: VAE(**(FAST | settings))}
    monkeypatch.setattr(registry, "REGISTRY", registered)
    first = synthesis.stored_or_trained(bench, found, training_seed=0, seed=1)["vae"]
    assert first.shape == found.calls.shape
    monkeypatch.setattr(judging.Fold, "fit", lambda *_, **__: pytest.fail("trained again"))
    again = synthesis.stored_or_trained(bench, found, training_seed=0, seed=1)["vae"]
    np.testing.assert_array_equal(again, first)
    shifted = replace(bench.dataset, spectrograms=bench.dataset.spectrograms + 40)
    louder = replace(bench, dataset=shifted)
    fewer = replace(found, calls=found.calls[1:], call_index=found.call_index)
    for place, clips, training_seed, seed in (
        (bench, found, 1, 1),
        (bench, found, 0, 11),
        (louder, found, 0, 1),
        (bench, fewer, 0, 1),
    ):
        with pytest.raises(pytest.fail.Exception, match="trained again"):
            synthesis.stored_or_trained(place, clips, training_seed=training_seed, seed=seed)


def test_the_table_is_filled_once_and_resumed(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    calls = []

    def counted(judge, name):
        calls.append(name)
        return {"two_sample_auc": 0.5, "usefulness": 0.9}

    monkeypatch.setattr(judging, "measures", counted)
    monkeypatch.setattr(judging, "Judge", stub)
    arguments = {"generators": ["real", "noise"], "seeds": [0], "table_sizes": [50]}
    first = judging.quality_table(bench, **arguments)
    assert calls == ["real", "noise"] and len(first) == 4
    again = judging.quality_table(bench, **arguments)
    assert calls == ["real", "noise"]
    pd.testing.assert_frame_equal(first, again)
    more = judging.quality_table(bench, **(arguments | {"generators": ["real", "vae"]}))
    assert calls == ["real", "noise", "vae"] and set(more["generator"]) == {"real", "vae"}
    monkeypatch.setitem(registry.REGISTRY, "gan", Slower)
    judging.quality_table(bench, **(arguments | {"generators": ["real", "gan"]}))
    monkeypatch.setitem(registry.REGISTRY, "gan", GAN)
    judging.quality_table(bench, **(arguments | {"generators": ["real", "gan"]}))
    assert calls[3:] == ["gan", "gan"]  # whose settings changed; the rest stays as it is
    monkeypatch.setitem(registry.REGISTRY, "vae", Narrower)
    assert judging.stored_rows(bench).empty  # it is the lens on copies of all


class Slower(GAN):
    def __init__(self, **settings):
        super().__init__(**{"steps": 900, **settings})


class Narrower(VAE):
    def __init__(self, **settings):
        super().__init__(**{"beta": 4.0, **settings})


def stub(_, found, seed):
    return SimpleNamespace(fold=found, seed=seed)


def test_a_collapse_is_recorded_instead_of_measures(found, monkeypatch):
    def fail(self, *arguments, **keywords):
        raise judging.CollapseError("no longer differ")

    monkeypatch.setattr(registry.REGISTRY["ae"], "fit", fail)
    assert judging.measures(stub(None, found, 0), "ae") == {"collapsed": 1.0}


@pytest.fixture(scope="module")
def judge(bench):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "TRAINING", judging.TRAINING | {"steps": 120})
        found = judging.Judge(bench, judging.fold(bench, 0, 80), 0)
        found.detector = baseline.run(bench, 0, "random_forest")  # in place of the CNN
        yield found


def test_the_judge_measures_floors_below_real_clips(judge):
    real, floor = judging.measures(judge, "real"), judging.measures(judge, "noise")
    assert floor["two_sample_auc"] > 0.95 > real["two_sample_auc"]
    assert floor["frechet_pca"] > real["frechet_pca"]
    assert floor["usefulness"] < real["usefulness"]
    assert 1 >= real["taken"] > real["taken_sea"] and 0 <= floor["taken"] <= 1
    learned = judge.fold.calls, judge.fold.sea  # which the detector's forest knows by heart
    assert judge.detector.taken(learned[0]) > 0.9 > 0.1 > judge.detector.taken(learned[1])
    assert real["copying_p"] > 0.01
    spaces = judge.spaces(judge.fold.calls[:3])
    assert spaces["pca"].shape == (3, judging.COMPONENTS) and spaces["cnn"].ndim == 2
    covered = quality.density_and_coverage(judge.training["pca"], judge.training["pca"])
    assert covered["coverage"] == covered["precision"] == 1


def test_a_collapse_of_the_lens_leaves_the_references_their_measures(bench, monkeypatch):
    judge = judging.Judge(bench, judging.fold(bench, 0, 80), 0)
    judge.detector = baseline.run(bench, 0, "logistic")  # in place of the CNN

    def fail(*_, **__):
        raise judging.CollapseError("none differ")

    monkeypatch.setattr(registry.REGISTRY["vae"], "fit", fail)
    found = judging.measures(judge, "noise")
    assert "copying_p" in found and "copying_p_alone" not in found and found["usefulness"] > 0
    assert judging.measures(judge, "vae") == {"collapsed": 1.0}
    assert judging.measures(judge, judging.COPIES) == {"collapsed": 1.0}


def test_copied_calls_over_other_seas_are_found_by_the_calls_alone(judge):
    copies = judging.measures(judge, judging.COPIES)
    assert copies["copying_p"] > 0.01 > copies["copying_p_alone"]
    assert copies["authenticity_alone"] < copies["authenticity"]
