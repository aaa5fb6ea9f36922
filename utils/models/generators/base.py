"""What every generator shares: checks, training of a Keras network, composition, saving.

A synthetic clip is made of three things, and `sample` adds them up:

    clip = level of a real background clip
         + scale * (mean(code) + deviation(code) * texture of that clip, rolled in time)

`mean` and `deviation` are images that the generator's decoder draws from a random code: the call,
and how much of the sea is heard beside it. The texture is the background clip's excess,
standardised by the decoder's own account of that clip, so that calls and bursts in it do not come
along. Nothing of a training call is stored but through the network's weights and the density of the
codes; the sea of a sample is real and known (`sample_with_seas`).
"""

import functools
import inspect
import json
import operator
import os
import shutil
import time
import zlib
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import ops

from utils.errors import CollapseError, UserError
from utils.models import classifiers
from utils.models.generators import density as densities
from utils.models.generators.networks import LOG_DEVIATION, build_decoder, build_encoder
from utils.models.generators.sea import Sea, level

BATCH_SIZE = 32
CHUNK = 256  # clips that a trained network takes at a time
ROUNDS = 10  # parts of a training after which it is validated and checked
PATIENCE = 4  # rounds without a better validation before training ends
FORMS = ("shared", "conditional", "calls")  # what is made of the background clips in training
SHIFT = 8 / 96  # largest shift in time of a training clip, share of its frames
MIN_CALLS, MIN_BACKGROUND = 10, 50
COLLAPSED = 0.05  # samples that differ by less than this share of their mean's contrast


class Network(keras.Model):
    """A Keras model that computes its own loss from named terms, each tracked an epoch.

    Inputs are a dict of `excess` (b, f, t, 1), `label` (b, 1), 1 call and 0 sea, and `warmup`
    (b, 1), which grows from 0 to 1 during training. Subclasses fill `parts`, `terms`, `losses_of`.
    """

    terms = ()

    def __init__(self, parts, seed):
        super().__init__()
        self.parts = parts
        self.noise = keras.random.SeedGenerator(seed)
        self.trackers = [keras.metrics.Mean(name=term) for term in self.terms]

    def call(self, inputs, training=False):
        return inputs["label"]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        total, values = self.losses_of({key: ops.convert_to_tensor(x[key]) for key in x})
        for tracker, value in zip(self.trackers, values, strict=True):
            tracker.update_state(value)
        return total

    def normal(self, shape):
        return keras.random.normal(shape, seed=self.noise)


def split_decoder(output):
    """Return mean and log deviation (b, f, t) of a decoder's (b, f, t, 2) output."""
    return output[..., 0], ops.clip(output[..., 1], *LOG_DEVIATION)


def negative_log_likelihood(excess, output):
    """Return the mean negative log-likelihood a cell, without its constant: Gaussian, learned
    deviation."""
    mean, log_deviation = split_decoder(output)
    z = (excess[..., 0] - mean) * ops.exp(-log_deviation)
    return ops.mean(log_deviation + 0.5 * ops.square(z))


def frozen(part, *inputs):
    """Apply a Keras model without letting gradients reach its weights."""
    weights = [ops.stop_gradient(v.value) for v in part.trainable_variables]
    state = [v.value for v in part.non_trainable_variables]
    return part.stateless_call(weights, state, inputs[0] if len(inputs) == 1 else list(inputs))[0]


def binary_loss(logits, target):
    """Mean cross-entropy of logits against one target, 0 or 1."""
    return ops.mean(ops.softplus(logits) - target * logits)


class _Batches(keras.utils.PyDataset):
    """Half calls, half sea, shifted in time by a few frames, in an order drawn from the seed."""

    def __init__(self, calls, sea, steps, seed, form):
        super().__init__()
        self.sides = (calls, calls if form == "calls" else sea)
        self.steps, self.round, self.form = steps, 0, form
        self.rng = np.random.default_rng([seed, 1])
        self.largest = round(SHIFT * calls.shape[2])
        half, self.orders = BATCH_SIZE // 2, []
        for side in self.sides:
            deals = -(-steps * half // len(side))
            order = np.concatenate([self.rng.permutation(len(side)) for _ in range(deals)])
            self.orders.append(order[: steps * half].reshape(steps, half))
        self.shifts = self.rng.integers(-self.largest, self.largest + 1, (steps, BATCH_SIZE))

    def __len__(self):
        return self.steps // ROUNDS

    def __getitem__(self, number):
        step = self.round * len(self) + number
        clips = [side[order[step]] for side, order in zip(self.sides, self.orders, strict=True)]
        excess = shifted(np.concatenate(clips), self.shifts[step])
        labels = np.repeat(np.float32([self.form == "conditional", 0]), BATCH_SIZE // 2)
        warmup = np.full((BATCH_SIZE, 1), min(1.0, 2 * step / self.steps), np.float32)
        return ({"excess": excess[..., None], "label": labels[:, None], "warmup": warmup},)


def default_steps(n_calls):
    """Gradient steps for a number of training calls: 100 more than calls, from 240 to 900."""
    return int(np.clip((100 + n_calls) // ROUNDS * ROUNDS, 240, 900))


def shifted(clips, frames):
    """Return (n, f, t) clips, each rolled by its number of frames."""
    columns = (np.arange(clips.shape[2]) - np.asarray(frames)[:, None]) % clips.shape[2]
    return np.take_along_axis(clips, columns[:, None, :], axis=2)


class KeepBest(keras.callbacks.Callback):
    """Counts the rounds of `batches`, and keeps the averaged weights of the best, or of the last.

    `rows` holds a dict a round; `kept` the number of the round that is kept, from 0.
    """

    def __init__(self, batches):
        super().__init__()
        self.batches = batches
        self.best, self.waited, self.rows = np.inf, 0, []

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.round = epoch  # Keras' own calls to a data set differ between backends

    def keep(self, epoch, value):
        """Keep the weights if value, which is to become small, is the best; else lose patience."""
        if value < self.best:
            self.best, self.waited, self.kept = value, 0, epoch
            self.weights = self.model.get_weights()
        else:
            self.waited += 1
            self.model.stop_training = self.waited >= PATIENCE


class _Watch(KeepBest):
    """After each round: validates the averaged weights, keeps the best, stops what collapses."""

    def __init__(self, generator, validate, batches):
        super().__init__(batches)
        self.generator, self.validate = generator, validate

    def on_epoch_end(self, epoch, logs=None):
        logs = dict(logs or {})
        if not np.isfinite(list(logs.values())).all():
            raise CollapseError(
                f"{self.generator.name}: the loss is no longer finite after round {epoch + 1}; "
                "lower learning_rate."
            )
        self.generator.check_collapse(epoch)
        value = self.validate() if self.validate else -epoch
        if self.validate:
            logs["validation"] = value
        self.rows.append({"round": epoch + 1} | logs)
        self.keep(epoch, value)


def compiled(network, learning_rate, **averaging):
    """Compile a network with Adam and averaged weights; return it and its optimiser's start."""
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate, clipnorm=1.0, use_ema=True, **averaging),
        jit_compile=classifiers.COMPILED,
    )
    network.optimizer.build(network.trainable_variables)
    return network, [ops.convert_to_numpy(v).copy() for v in network.optimizer.variables]


def renew(network, initial, fresh):
    """Give a compiled network the variables of a fresh one, and its optimiser's start."""
    for variable, value in zip(network.variables, fresh.variables, strict=True):
        variable.assign(value)
    for variable, value in zip(network.optimizer.variables, initial, strict=True):
        variable.assign(value)


def train(network, batches, rounds, keep):
    """Train a compiled network; `keep`, a KeepBest, sees its averaged weights after each round."""
    network.fit(
        batches,
        epochs=rounds,
        callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=True), keep],
        shuffle=False,
        verbose=0,
    )


@functools.lru_cache(maxsize=16)
def _compiled(build, shape, settings, steps, learning_rate):
    """One compiled network an architecture; its weights are drawn anew in each fit."""
    network = build(shape, 0, **dict(settings))
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps, alpha=0.05)
    return compiled(network, schedule, beta_1=0.8, ema_momentum=0.97)


class Generator:
    """A generator of spectrograms with calls; see the module's text for what a sample is made of.

    After `fit`: `history`, a row a round and a column a loss term; `seconds`; `kept`, the round
    that is used (from 1).
    """

    name = ""
    borrows = None  # name of a generator whose `fit` need not be repeated: see VAE.fit

    def __init__(self, *, form="shared", steps=None, learning_rate=4e-3, latent_dim=32, **settings):
        if form not in FORMS:
            raise UserError(f"no form is called {form!r}; choose from {', '.join(FORMS)}.")
        if steps is not None and (steps % ROUNDS or steps < ROUNDS):
            raise UserError(f"steps is {steps}; give a multiple of {ROUNDS}.")
        known = inspect.signature(type(self).build_network).parameters
        if unknown := sorted({*settings} - {*known}):
            raise UserError(f"{self.name} has no setting {unknown[0]!r}; see its class.")
        self.form = form
        self.steps, self.learning_rate, self.latent_dim = steps, learning_rate, latent_dim
        self.settings = settings

    def fit(self, spectrograms, *, background, validation=None, seed=0):
        """Learn from (n, f, t) clips with calls and (m, f, t) without; return self.

        validation: (k, f, t) other clips with calls, which choose when training ends where there is
        a reconstruction and the density of the codes where one is fitted, or None. ValueError if
        shapes differ or are not multiples of 8, clips are too few or all flat, or values are not
        finite; CollapseError if training fails.
        """
        calls, background = _checked(spectrograms, background, validation)
        start = time.perf_counter()
        self.shape, self.seed = calls.shape[1:], operator.index(seed)
        self.used_steps = self.steps or default_steps(len(calls))
        self.limits = (
            float(min(calls.min(), background.min())),
            float(max(calls.max(), background.max())),
        )
        self.sea = Sea().fit(calls, background, seed=self.seed)
        if not self.sea.scale > 0:
            raise UserError("spectrograms holds flat clips only; give clips with calls in them.")
        excess, sea = self.sea.above(calls), self.sea.above(background)
        held_out = None if validation is None else self.sea.above(np.float32(validation))
        self._train(excess, sea, held_out)
        self._finish(excess, sea, held_out)
        self.seconds = time.perf_counter() - start
        return self

    def _train(self, excess, sea, held_out):
        network = self._reset()
        validate = self._validation(network, held_out)
        batches = _Batches(excess, sea, self.used_steps, self.seed, self.form)
        watch = _Watch(self, validate, batches)
        self.watched = network
        train(network, batches, ROUNDS, watch)
        self.weights, self.kept = watch.weights, watch.kept + 1
        self.history = pd.DataFrame(watch.rows)
        network.set_weights(self.weights)

    def _validation(self, network, held_out):
        """A function that returns what is to become small, or None."""
        return None

    def _finish(self, excess, sea, held_out):
        """Whatever is learned after the network."""

    def check_collapse(self, epoch):
        """CollapseError if what the network draws from random codes hardly differs."""
        if epoch + 1 < ROUNDS // 2:
            return
        rng = np.random.default_rng(self.seed)
        codes = rng.normal(size=(32, self.latent_dim)).astype(np.float32)
        means = self._decoded(codes, 1, self.watched)[0]
        spread = float(means.std(0).mean() / (means.mean(0).std() + 1e-6))
        if spread < COLLAPSED:
            raise CollapseError(
                f"{self.name}: after round {epoch + 1} samples differ from one another by "
                f"{spread:.3f} of their own contrast; use more clips or another seed."
            )

    # The network

    @classmethod
    def build_network(cls, shape, seed, **settings):
        """Return the uncompiled network of this generator for spectrograms of a shape (f, t)."""
        raise NotImplementedError

    def _key(self):
        settings = tuple(sorted({"latent_dim": self.latent_dim, **self.settings}.items()))
        return type(self).build_network, self.shape, settings, self.used_steps, self.learning_rate

    def _reset(self):
        network, initial = _compiled(*self._key())
        build, shape, settings, *_ = self._key()
        renew(network, initial, build(shape, self.seed, **dict(settings)))
        return network

    def network(self):
        """The trained network (shared by all generators of one architecture: use it at once)."""
        network = _compiled(*self._key())[0]
        network.set_weights(self.weights)
        return network

    def _decoded(self, codes, label, network=None):
        """Mean and deviation (n, f, t) of the excess that belongs to codes, in units of scale."""
        decoder = (network or self.network()).parts["decoder"]
        output = applied(decoder, np.float32(codes), self._labels(len(codes), label))
        return output[..., 0], np.exp(np.clip(output[..., 1], *LOG_DEVIATION))

    def _labels(self, n, label):
        """(n, 1) labels as the network knows them: only a conditional one is told the class."""
        return np.full((n, 1), label if self.form == "conditional" else 0, np.float32)

    # Sampling

    def draw_codes(self, n, rng):
        """Return (n, latent_dim) random codes of calls."""
        return rng.normal(size=(n, self.latent_dim)).astype(np.float32)

    def sample(self, n, seed):
        """Return (n, f, t) float32 synthetic clips with calls, in the unit of the training clips.

        The same seed gives the same clips; values stay within the training clips' limits.
        """
        return self.sample_with_seas(n, seed)[0]

    def sample_with_seas(self, n, seed):
        """Return the clips of `sample`, and (n,) numbers of the background clips in them."""
        self._has_learned()
        if n < 1:
            raise UserError(f"{n} samples were asked for; ask for at least one.")
        mean, deviation = self.drawn_parts(n, seed)
        seas, texture = self.drawn_seas(n, seed)
        excess = mean + deviation * texture
        clips = self.sea.levels[seas] + self.sea.scale * excess
        return np.clip(clips, *self.limits).astype(np.float32), seas

    def _has_learned(self):
        if not hasattr(self, "weights"):
            raise UserError(f"this {self.name} has not learned anything yet; call fit first.")

    def drawn_seas(self, n, seed):
        """Return (n,) numbers of background clips, and their textures (n, f, t), each rolled in
        time by a random number of frames, so that no sample repeats a real clip's noise."""
        rng = np.random.default_rng([seed, 1])
        seas = self.sea.draw(n, rng)
        return seas, shifted(self.texture[seas], rng.integers(1, self.shape[1], n))

    def drawn_parts(self, n, seed):
        """Return mean and deviation (n, f, t) of the calls of `sample`, in units of the scale."""
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        return self._decoded(self.draw_codes(n, rng), 1)

    def decode(self, codes):
        """Return (n, f, t): the mean excess of calls with these codes, in the data's unit."""
        return self.sea.scale * self._decoded(codes, 1)[0]

    # Files

    def save(self, folder):
        """Write the generator into a folder: Keras models, arrays, settings. No pickles.

        A generator that was saved there is replaced. ValueError if other things lie there.
        """
        self._has_learned()
        folder = Path(folder)
        taken = folder.exists() and not (folder / "generator.json").is_file()
        if taken and (folder.is_file() or any(folder.iterdir())):
            raise UserError(
                f"{folder.name} holds other things than a generator; name a folder that is new or "
                "empty, so that nothing of yours is lost."
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for part, model in self.network().parts.items():
            model.save(partial / f"{part}.keras")
        np.savez_compressed(partial / "arrays.npz", **self._arrays())
        self.history.to_csv(partial / "history.csv", index=False)
        settings = {"generator": self.name} | self.description()
        state = {"shape": self.shape, "seed": self.seed, "limits": self.limits, "kept": self.kept}
        state["used_steps"] = self.used_steps
        text = json.dumps({"settings": settings, "state": state | {"seconds": self.seconds}})
        (partial / "generator.json").write_text(text, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(partial, folder)

    def description(self):
        """Return the settings with which `registry.build` makes the same generator."""
        return {
            "form": self.form,
            "steps": self.steps,
            "learning_rate": self.learning_rate,
            "latent_dim": self.latent_dim,
            **self.settings,
        }

    def _arrays(self):
        return {
            "levels": self.sea.levels,
            "sea_weights": self.sea.weights,
            "scale": np.float64(self.sea.scale),
            "texture": self.texture,
        }

    def _restore(self, folder, state):
        """Take the state that `save` wrote from a folder."""
        self.shape, self.limits = tuple(state["shape"]), tuple(state["limits"])
        self.seed, self.kept, self.seconds = state["seed"], state["kept"], state["seconds"]
        self.used_steps = state["used_steps"]
        self.history = pd.read_csv(folder / "history.csv")
        network = _compiled(*self._key())[0]
        for part, model in network.parts.items():
            stored = keras.models.load_model(folder / f"{part}.keras", safe_mode=True)
            model.set_weights(stored.get_weights())
        self.weights = network.get_weights()
        with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
            self._take_arrays({key: arrays[key] for key in arrays.files})
        return self

    def _take_arrays(self, arrays):
        self.sea = Sea()
        self.sea.levels, self.sea.weights = arrays["levels"], arrays["sea_weights"]
        self.sea.scale, self.texture = float(arrays["scale"]), arrays["texture"]


class Encoding(Generator):
    """A generator with an encoder: reconstruction, codes, and a texture freed from its calls.

    density: "prior", or where codes of calls are found to lie: "mixture" or "kernel".
    """

    def __init__(self, *, density="mixture", **settings):
        super().__init__(**settings)
        if density not in densities.DENSITIES:
            names = ", ".join(densities.DENSITIES)
            raise UserError(f"no density is called {density!r}; choose from {names}.")
        self.density_name = density

    def _validation(self, network, held_out):
        if held_out is None:
            return None

        def loss():
            codes = self._encoded(held_out, 1, network)
            mean, deviation = self._decoded(codes, 1, network)
            return float((np.log(deviation) + 0.5 * ((held_out - mean) / deviation) ** 2).mean())

        return loss

    def _finish(self, excess, sea, held_out):
        mean, deviation = self._decoded(self._encoded(sea, 0), 0)
        self.texture = ((sea - mean) / deviation).astype(np.float32)
        held_out = None if held_out is None else self._encoded(held_out, 1)
        self._fit_density(self._encoded(excess, 1), held_out)

    def _fit_density(self, codes, held_out):
        """Learn where calls lie among the codes."""
        self.density = densities.DENSITIES[self.density_name]()
        self.density.fit(codes, held_out, seed=self.seed)

    def draw_codes(self, n, rng):
        return self.density.sample(n, rng)

    def description(self):
        return super().description() | {"density": self.density_name}

    def _arrays(self):
        return super()._arrays() | densities.arrays(self.density)

    def _take_arrays(self, arrays):
        super()._take_arrays(arrays)
        self.density = densities.from_arrays(self.density_name, arrays)

    def _encoded(self, excess, label, network=None):
        encoder = (network or self.network()).parts["encoder"]
        output = applied(encoder, excess[..., None], self._labels(len(excess), label))
        return output[:, : self.latent_dim]

    def encode(self, spectrograms):
        """Return (n, latent_dim) codes of (n, f, t) clips with calls; ValueError for other shapes
        than those of training, no clip, or values that are not finite."""
        self._has_learned()
        clips = np.asarray(spectrograms, np.float32)
        if clips.ndim != 3 or clips.shape[1:] != self.shape or not len(clips):
            raise UserError(f"spectrograms has shape {clips.shape}; give (clips, *{self.shape}).")
        if not np.isfinite(clips).all():
            raise UserError("spectrograms holds NaN or infinite values; remove those clips first.")
        return self._encoded(self.sea.above(clips), 1)

    def reconstruct(self, spectrograms):
        """Return (n, f, t): each clip's own level and the mean excess of its code."""
        return level(spectrograms) + self.decode(self.encode(spectrograms))


def applied(part, *inputs):
    """The output of a Keras model, as an array, for any number of rows."""
    chunks = [
        ops.convert_to_numpy(part([array[i : i + CHUNK] for array in inputs], training=False))
        for i in range(0, len(inputs[0]), CHUNK)
    ]
    return np.concatenate(chunks)


def build_parts(shape, seed, latent_dim, n_outputs):
    """Return the encoder and the decoder of a network."""
    return {
        "encoder": build_encoder(shape, n_outputs, seed),
        "decoder": build_decoder(shape, latent_dim, seed + 1),
    }


def _checked(spectrograms, background, validation):
    """Both training sides as float32; ValueError, in one sentence, if something is wrong."""
    calls, sea = np.asarray(spectrograms, np.float32), np.asarray(background, np.float32)
    for what, clips, least in (
        ("spectrograms", calls, MIN_CALLS),
        ("background", sea, MIN_BACKGROUND),
        ("validation", calls if validation is None else np.asarray(validation), 1),
    ):
        if clips.ndim != 3:
            raise UserError(f"{what} has shape {clips.shape}; give (clips, frequency, time).")
        if clips.shape[1:] != calls.shape[1:]:
            raise UserError(
                f"{what} has {clips.shape[1:]} cells a clip and spectrograms {calls.shape[1:]}; "
                "resize them to one grid with utils.sound.spectrograms.resize."
            )
        if len(clips) < least:
            raise UserError(f"{what} holds {len(clips)} clips; at least {least} are needed.")
        if not np.isfinite(clips).all():
            raise UserError(f"{what} holds NaN or infinite values; remove those clips first.")
    if calls.shape[1] % 8 or calls.shape[2] % 8:
        raise UserError(
            f"spectrograms have {calls.shape[1:]} cells; the networks need multiples of 8: "
            "resize them with utils.sound.spectrograms.resize, to (48, 96) for example."
        )
    return calls, sea
