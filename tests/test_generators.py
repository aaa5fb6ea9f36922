"""Generators: one interface, no copies, no collapse, files, bad input, another backend."""

import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from utils.errors import UserError
from utils.models.generators import base, density, diffusion, references, registry, sea

SHAPE = (16, 32)
FAST = {"steps": 20, "latent_dim": 4}


def clips(n, seed, level=25.0):
    """Sea with its own level a clip, and in calls one rising line."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 5, (n, *SHAPE)) + rng.normal(100, 20, (n, 1, 1))
    start, first = rng.integers(2, 8, n), rng.integers(4, 12, n)
    for i in range(n):
        for t in range(12):
            x[i, start[i] + t // 2, first[i] + t] += level
    return x.astype(np.float32)


@pytest.fixture(scope="module", autouse=True)
def short_flow():
    """Diffusion learns its flow in a tenth of the steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diffusion, "FLOW_ROUND_STEPS", 10)
        yield


CALLS, SEA, VALIDATION = clips(40, 0), clips(80, 1, level=0.0), clips(20, 2)


@pytest.fixture(scope="module")
def fitted():
    return {
        name: registry.build(name, **FAST).fit(CALLS, background=SEA, validation=VALIDATION, seed=3)
        for name in registry.REGISTRY
    }


@pytest.mark.parametrize("name", registry.REGISTRY)
def test_samples_have_the_datas_shape_and_scale_and_follow_the_seed(fitted, name):
    generator = fitted[name]
    samples, seas = generator.sample_with_seas(50, seed=1)
    assert samples.shape == (50, *SHAPE) and samples.dtype == np.float32
    assert abs(samples.mean() - SEA.mean()) < 15 and 0.5 < samples.std() / SEA.std() < 2
    assert samples.min() >= generator.limits[0] and samples.max() <= generator.limits[1]
    assert seas.shape == (50,) and seas.max() < len(SEA)
    np.testing.assert_array_equal(samples, generator.sample(50, seed=1))
    assert not np.array_equal(samples, generator.sample(50, seed=2))


def nearest(parts, training):
    """Mean distance of drawn calls (n, f, t), without their sea, to the nearest drawn again from
    training codes, as a share of how far those lie from one another."""
    apart = np.abs(training[:, None] - training).mean((2, 3))
    gaps = np.abs(parts[:, None] - training).mean((2, 3)).min(1)
    return gaps.mean() / apart[np.triu_indices(len(training), 1)].mean()


@pytest.mark.parametrize("name", registry.REGISTRY)
def test_nothing_is_a_copy(fitted, name):
    generator = fitted[name]
    samples = generator.sample(60, seed=1)
    assert len(np.unique(samples.round(2), axis=0)) == 60
    for sample in samples:  # no real clip as it is
        assert min(np.abs(side - sample).mean((1, 2)).min() for side in (CALLS, SEA)) > 0.3
    if hasattr(generator, "encode"):
        calls = generator.decode(generator.encode(CALLS))
        drawn = generator.sea.scale * generator.drawn_parts(60, seed=1)[0]
        assert nearest(drawn, calls) > 0.1


def test_the_test_of_copies_finds_them(fitted):
    copier = registry.build("vae", density="copies", **FAST)
    copier.fit(CALLS, background=SEA, validation=VALIDATION, seed=3, autoencoder=fitted["vae"])
    drawn = copier.sea.scale * copier.drawn_parts(60, seed=1)[0]
    assert nearest(drawn, copier.decode(copier.encode(CALLS))) < 0.05


@pytest.mark.parametrize("name", registry.REGISTRY)
def test_one_seed_gives_the_same_generator_and_another_seed_another(fitted, name):
    def again(seed):
        generator = registry.build(name, **FAST)
        generator.fit(CALLS, background=SEA, validation=VALIDATION, seed=seed)
        return generator.sample(5, seed=1)

    first = fitted[name].sample(5, seed=1)
    np.testing.assert_allclose(again(3), first, atol=0.02)  # an adversary amplifies rounding
    assert not np.allclose(again(4), first, atol=0.5)


@pytest.mark.parametrize("name", registry.REGISTRY)
def test_history_holds_each_term_a_round(fitted, name):
    history = fitted[name].history
    terms = type(fitted[name]).build_network(SHAPE, 0, latent_dim=4, **fitted[name].settings).terms
    assert set(terms) <= set(history) and history["round"].is_unique
    values = history[list(terms)].dropna()
    assert len(values) and np.isfinite(values.to_numpy()).all()


@pytest.mark.parametrize("name", ["ae", "vae", "aae", "diffusion"])
def test_codes_and_reconstructions_have_their_shapes(fitted, name):
    codes = fitted[name].encode(CALLS)
    assert codes.shape == (40, 4) and np.isfinite(codes).all() and codes.std(0).max() > 0.01
    assert fitted[name].decode(codes).shape == CALLS.shape
    error = fitted[name].reconstruct(CALLS) - CALLS
    assert error.std() < CALLS.std()


@pytest.mark.parametrize("name", registry.REGISTRY)
def test_a_saved_generator_draws_the_same_samples(fitted, name, tmp_path):
    (tmp_path / "stored").mkdir()  # an empty folder is taken
    fitted[name].save(tmp_path / "stored")
    expected = fitted[name].sample(6, seed=5)
    registry.build(name, **FAST).fit(CALLS[:20], background=SEA, seed=9)  # takes the network
    stored = registry.load(tmp_path / "stored")
    np.testing.assert_allclose(stored.sample(6, seed=5), expected, atol=1e-3)
    assert list(stored.history) == list(fitted[name].history)
    kept = {path.name for path in (tmp_path / "stored").iterdir()}
    assert not list(tmp_path.glob(".*"))
    assert kept == {"arrays.npz", "generator.json", "history.csv"}  # nothing that holds code


def test_weights_of_another_architecture_are_one_sentence(fitted, tmp_path):
    fitted["vae"].save(tmp_path / "vae")
    settings = json.loads((tmp_path / "vae" / "generator.json").read_text())
    settings["settings"]["latent_dim"] += 1
    (tmp_path / "vae" / "generator.json").write_text(json.dumps(settings))
    with pytest.raises(UserError, match=r"does not hold the weights of a vae"):
        registry.load(tmp_path / "vae")


def test_without_validation_the_last_round_is_kept():
    generator = registry.build("vae", **FAST).fit(CALLS, background=SEA, seed=0)
    assert generator.kept == base.ROUNDS == len(generator.history)


@pytest.mark.parametrize("form", base.FORMS)
def test_each_form_of_background_trains(form):
    generator = registry.build("vae", form=form, **FAST).fit(CALLS, background=SEA, seed=0)
    assert np.isfinite(generator.sample(5, seed=0)).all()


def test_the_gradient_penalty_and_spectral_normalisation_both_train():
    for penalty in ("gradient", "spectral"):
        generator = registry.build("gan", penalty=penalty, **FAST)
        generator.fit(CALLS, background=SEA, seed=0)
        on = generator.history["penalty"].abs().max() > 0
        assert on == (penalty == "gradient")


def test_a_network_that_draws_one_image_is_stopped(fitted, monkeypatch):
    def same(self, codes, label, network=None):
        image = np.random.default_rng(0).normal(size=SHAPE)
        return np.repeat(image[None], len(codes), 0), np.ones((len(codes), *SHAPE))

    monkeypatch.setattr(base.Generator, "_decoded", same)
    with pytest.raises(base.CollapseError, match="differ from one another by 0.000"):
        registry.build("gan", **FAST).fit(CALLS, background=SEA, seed=0)


def test_a_loss_that_is_not_finite_is_stopped():
    with pytest.raises(base.CollapseError, match="no longer finite"):
        registry.build("vae", learning_rate=1e20, **FAST).fit(CALLS, background=SEA, seed=0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"spectrograms": CALLS[:3]}, "spectrograms holds 3 clips"),
        ({"background": SEA[:9]}, "background holds 9 clips"),
        ({"spectrograms": CALLS[0]}, "give \\(clips, frequency, time\\)"),
        ({"background": SEA[:, :, :24]}, "resize them to one grid"),
        ({"validation": VALIDATION[:, :8]}, "resize them to one grid"),
        ({"spectrograms": CALLS * np.nan}, "NaN"),
        ({"spectrograms": np.ones_like(CALLS)}, "flat clips only"),
        ({"spectrograms": CALLS[:, :15], "background": SEA[:, :15]}, "multiples of 8"),
    ],
)
def test_bad_clips_get_a_sentence_before_training(arguments, words):
    given = {"spectrograms": CALLS, "background": SEA} | arguments
    with pytest.raises(ValueError, match=words):
        registry.build("vae", **FAST).fit(**given)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: registry.build("magic"), "no generator is called 'magic'"),
        (lambda: registry.build("vae", steps=25), "multiple of 10"),
        (lambda: registry.build("vae", latent=16), "vae has no setting 'latent'"),
        (lambda: registry.build("vae", form="mine"), "no form is called"),
        (lambda: registry.build("gan", penalty="none"), "no penalty is called"),
        (lambda: registry.build("vae", density="none"), "no density is called"),
        (lambda: registry.build("diffusion", density="mixture"), "takes no density"),
        (lambda: registry.build("gan").sample(3, seed=0), "this gan has not learned anything yet"),
        (lambda: registry.build("vae").encode(CALLS), "call fit first"),
        (lambda: registry.build("vae").save("stored"), "call fit first"),
    ],
)
def test_bad_settings_get_a_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_saving_never_deletes_what_is_not_a_generator(fitted, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("too")
    for name in ("mine", "file"):
        with pytest.raises(ValueError, match=f"^{name} holds other things than a generator"):
            fitted["ae"].save(tmp_path / name)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    assert (tmp_path / "file").read_text() == "too"
    fitted["ae"].save(tmp_path / "ours")
    fitted["gan"].save(tmp_path / "ours")
    assert registry.load(tmp_path / "ours").name == "gan"


@pytest.mark.parametrize(
    ("clips", "words"),
    [
        (CALLS[0], "give \\(clips"),
        (CALLS[:, :8], "give \\(clips"),
        (CALLS[:0], "give \\(clips"),
        (CALLS * np.nan, "NaN"),
    ],
)
def test_bad_clips_to_encode_get_a_sentence(fitted, clips, words):
    with pytest.raises(ValueError, match=words):
        fitted["vae"].encode(clips)


def test_a_generator_learns_anew_whatever_it_learned_before(monkeypatch):
    assert base.default_steps(len(CALLS)) == 240 and base.default_steps(200) == 300
    monkeypatch.setattr(base, "default_steps", lambda n_calls: 20 if n_calls < 200 else 30)
    settings = {"latent_dim": 4, "background": SEA, "seed": np.int64(0)}
    more = np.concatenate([clips(160, 5), CALLS])
    generator = registry.build("ae", latent_dim=settings.pop("latent_dim"))
    assert generator.fit(CALLS, **settings).used_steps == 20
    assert generator.fit(more, **settings).used_steps == 30
    assert generator.steps is None and generator.seed == 0


def test_a_folder_without_a_generator_gets_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="generator.json"):
        registry.load(tmp_path)


def test_asking_for_no_sample_gets_a_sentence(fitted):
    with pytest.raises(ValueError, match="at least one"):
        fitted["vae"].sample(0, seed=0)


# The sea


def test_level_and_excess_add_up_and_the_level_ignores_a_short_call():
    quiet = np.zeros((1, *SHAPE), np.float32) + np.arange(16)[:, None]
    loud = quiet.copy()
    loud[0, 4:6, 10:20] += 50
    np.testing.assert_allclose(sea.level(loud), quiet, atol=1e-4)


def test_seas_like_those_of_calls_are_drawn_more_often():
    rng = np.random.default_rng(0)
    calm = rng.normal(100, 3, (60, *SHAPE)).astype(np.float32)
    rough = rng.normal(130, 9, (60, *SHAPE)).astype(np.float32)
    calls = rng.normal(100, 3, (40, *SHAPE)).astype(np.float32)
    found = sea.Sea().fit(calls, np.concatenate([calm, rough]), seed=0)
    assert found.weights.sum() == pytest.approx(1)
    drawn = found.draw(500, rng)
    assert (drawn < 60).mean() > 0.9
    even = sea.Sea()
    even.weights = np.full(100, 0.01)
    assert sorted(even.draw(100, rng)) == list(range(100))  # nothing twice before its turn


def test_seas_take_the_loudness_of_calls_only_where_none_is_like_theirs():
    rng = np.random.default_rng(0)
    loudness = rng.normal(0, 3, (120, 1, 1))
    clips = (rng.normal(0, 1, (120, 16, 24)) + loudness).astype(np.float32)
    near = sea.Sea().fit(clips[:40], clips[40:] + 1, seed=0)
    np.testing.assert_array_equal(near.levels, sea.level(clips[40:] + 1))
    far = sea.Sea().fit(clips[:40], clips[40:] + 12, seed=0)
    own, there = (levels.mean((1, 2)) for levels in (sea.level(clips[:40]), far.levels))
    assert np.isin(there.round(3), own.round(3)).all() and len(np.unique(there.round(3))) > 20
    profiles = far.levels - sea.level(clips[40:])
    np.testing.assert_allclose(profiles.std((1, 2)), 0, atol=1e-4)


# The mixture


def test_the_mixture_finds_two_clusters_and_draws_from_them():
    rng = np.random.default_rng(0)
    codes = rng.normal(0, 0.2, (300, 3)) + rng.choice([-3, 3], (300, 1))
    held_out = rng.normal(0, 0.2, (100, 3)) + rng.choice([-3, 3], (100, 1))
    for reference in (held_out, None):
        found = density.Mixture().fit(codes, reference, seed=0)
        drawn = found.sample(2000, rng)
        assert (np.abs(np.abs(drawn[:, 0]) - 3) < 1).mean() > 0.99
        assert drawn.mean(0) == pytest.approx(codes.mean(0), abs=0.3)


# The floors


def test_floors_have_the_calls_moments_and_nothing_else():
    noise = references.MeanNoise().fit(CALLS).sample(400, seed=0)
    assert np.abs(noise.mean(0) - CALLS.mean(0)).max() < 6
    gaussian = references.PCAGaussian().fit(CALLS).sample(400, seed=0)
    flat, drawn = CALLS.reshape(40, -1), gaussian.reshape(400, -1)
    assert drawn.var(0).sum() == pytest.approx(flat.var(0, ddof=1).sum(), rel=0.1)
    np.testing.assert_array_equal(gaussian, references.PCAGaussian().fit(CALLS).sample(400, seed=0))


JAX = """
import numpy as np
from tests.test_generators import CALLS, FAST, SEA, VALIDATION
from utils.models import classifiers
from utils.models.generators import registry
import keras
assert keras.backend.backend() == "jax"
clips = np.concatenate([CALLS, SEA])
labels = np.repeat([1, 0], [len(CALLS), len(SEA)])
for name in classifiers.NETWORKS:
    network = classifiers.build(name, seed=3, steps=12).fit(clips, labels, (clips, labels))
    assert network.history["roc_auc"][-1] > network.history["roc_auc"][0], name
for name in registry.REGISTRY:
    generator = registry.build(name, **FAST)
    generator.fit(CALLS, background=SEA, validation=VALIDATION, seed=3)
    assert np.isfinite(generator.sample(5, seed=1)).all()
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_the_same_files_train_on_jax(pytestconfig):
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [sys.executable, "-c", JAX],
        env=environment,
        cwd=pytestconfig.rootpath,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
