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
import time
import zlib
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from utils import paths
from utils.errors import CollapseError, UserError
from utils.models.backend import keras, ops
from utils.models.generators import density as densities
from utils.models.generators.networks import LOG_DEVIATION, build_decoder, build_encoder
from utils.models.generators.sea import Sea
from utils.models.generators.training import (
    ROUNDS,
    Batches,
    Network,
    Watch,
    compiled_once,
    default_steps,
    shifted,
    train,
)
from utils.models.neural import renew
from utils.sound.spectrograms import level

CHUNK = 256  # clips that a trained network takes at a time
FORMS = ("shared", "conditional", "calls")  # what is made of the background clips in training
MIN_CALLS, MIN_BACKGROUND = 10, 50
STATE = ("shape", "seed", "limits", "kept", "used_steps", "seconds")  # in a file of text
COLLAPSED = 0.05  # samples that differ by less than this share of their mean's contrast


class Generator:
    """A generator of spectrograms with calls; see the module's text for what a sample is made of.

    After `fit`: `history`, a row a round and a column a loss term; `seconds`; `kept`, the round
    that is used (from 1).
    """

    name = ""
    borrows = None  # name of a generator whose `fit` need not be repeated: see VAE.fit
    start = None  # a generator of the same kind, fitted on other clips, that training begins from

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

    def fit(
        self,
        spectrograms: np.ndarray,
        *,
        background: np.ndarray,
        validation: np.ndarray | None = None,
        seed: int = 0,
    ) -> Self:
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
        batches = Batches(excess, sea, self.used_steps, self.seed, self.form)
        check = functools.partial(self._check, network)
        watch = Watch(batches, self._validation(network, held_out), check)
        train(network, watch)
        self.weights, self.kept = watch.weights, watch.kept + 1
        self.history = pd.DataFrame(watch.rows)
        network.set_weights(self.weights)

    def _validation(self, network, held_out):
        """A function that returns what is to become small, or None."""
        return None

    def _finish(self, excess, sea, held_out):
        """Whatever is learned after the network."""

    def _check(self, network, epoch, logs):
        """CollapseError if the loss is not finite, or draws from random codes hardly differ."""
        if not np.isfinite(list(logs.values())).all():
            raise CollapseError(
                f"{self.name}: the loss is no longer finite after round {epoch + 1}; lower "
                "learning_rate."
            )
        if epoch + 1 < ROUNDS // 2:
            return
        rng = np.random.default_rng(self.seed)
        codes = rng.normal(size=(32, self.latent_dim)).astype(np.float32)
        means = self._decoded(codes, 1, network)[0]
        spread = float(means.std(0).mean() / (means.mean(0).std() + 1e-6))
        if spread < COLLAPSED:
            raise CollapseError(
                f"{self.name}: after round {epoch + 1} samples differ from one another by "
                f"{spread:.3f} of their own contrast; use more clips or another seed."
            )

    # The network

    @classmethod
    def build_network(cls, shape: tuple[int, int], seed: int, **settings) -> Network:
        """Return the uncompiled network of this generator for spectrograms of a shape (f, t)."""
        raise NotImplementedError

    def _key(self):
        settings = tuple(sorted({"latent_dim": self.latent_dim, **self.settings}.items()))
        return type(self).build_network, self.shape, settings, self.used_steps, self.learning_rate

    def _reset(self):
        network, start = compiled_once(*self._key())
        fresh = self.build_network(
            self.shape, self.seed, latent_dim=self.latent_dim, **self.settings
        )
        renew(network, fresh.variables, start)
        if self.start is not None:
            network.set_weights(self.start.weights)
        return network

    def network(self) -> Network:
        """The trained network (shared by all generators of one architecture: use it at once)."""
        network = compiled_once(*self._key())[0]
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

    def draw_codes(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return (n, latent_dim) random codes of calls."""
        return rng.normal(size=(n, self.latent_dim)).astype(np.float32)

    def sample(self, n: int, seed: int) -> np.ndarray:
        """Return (n, f, t) float32 synthetic clips with calls, in the unit of the training clips.

        The same seed gives the same clips; values stay within the training clips' limits.
        """
        return self.sample_with_seas(n, seed)[0]

    def sample_with_seas(self, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
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

    def drawn_seas(self, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (n,) numbers of background clips, and their textures (n, f, t), each rolled in
        time by a random number of frames, so that no sample repeats a real clip's noise."""
        rng = np.random.default_rng([seed, 1])
        seas = self.sea.draw(n, rng)
        return seas, shifted(self.texture[seas], rng.integers(1, self.shape[1], n))

    def drawn_parts(self, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and deviation (n, f, t) of the calls of `sample`, in units of the scale."""
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        return self._decoded(self.draw_codes(n, rng), 1)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return (n, f, t): the mean excess of calls with these codes, in the data's unit."""
        return self.sea.scale * self._decoded(codes, 1)[0]

    # Files

    def save(self, folder: str | Path) -> None:
        """Write the generator into a folder: arrays, its weights among them, and settings as text.

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
        weights = {f"weight_{k}": value for k, value in enumerate(self.weights)}
        settings = {"generator": self.name} | self.description()
        state = {name: getattr(self, name) for name in STATE}
        text = json.dumps({"settings": settings, "state": state})
        with paths.replacing(folder) as partial:
            partial.mkdir()
            np.savez_compressed(partial / "arrays.npz", **self._arrays(), **weights)
            self.history.to_csv(partial / "history.csv", index=False)
            (partial / "generator.json").write_text(text, encoding="utf-8")

    def description(self) -> dict[str, str | float | None]:
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
        for name in STATE:
            value = state[name]
            setattr(self, name, tuple(value) if isinstance(value, list) else value)
        self.history = pd.read_csv(folder / "history.csv")
        with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
            arrays = dict(stored)
        own = compiled_once(*self._key())[0].get_weights()
        self.weights = [arrays.pop(f"weight_{k}", None) for k in range(len(own))]
        for stored, value in zip(self.weights, own, strict=True):
            if stored is None or stored.shape != value.shape:
                raise UserError(
                    f"arrays.npz of {folder.name} does not hold the weights of a {self.name} with "
                    "these settings; save the generator anew."
                )
        self._take_arrays(arrays)
        return self

    def _take_arrays(self, arrays):
        self.sea = Sea()
        self.sea.levels, self.sea.weights = arrays["levels"], arrays["sea_weights"]
        self.sea.scale, self.texture = float(arrays["scale"]), arrays["texture"]


class Encoding(Generator):
    """A generator with an encoder: reconstruction, codes, and a texture freed from its calls.

    density: where codes of calls are found to lie: "mixture", "kernel", or "copies" for themselves.
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

    def draw_codes(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.density.sample(n, rng)

    def description(self) -> dict[str, str | float | None]:
        return super().description() | {"density": self.density_name}

    def _arrays(self):
        return super()._arrays() | {f"density_{k}": v for k, v in vars(self.density).items()}

    def _take_arrays(self, arrays):
        super()._take_arrays(arrays)
        self.density = densities.DENSITIES[self.density_name]()
        for name in ("weights", "means", "factors"):
            setattr(self.density, name, arrays[f"density_{name}"])

    def _encoded(self, excess, label, network=None):
        encoder = (network or self.network()).parts["encoder"]
        output = applied(encoder, excess[..., None], self._labels(len(excess), label))
        return output[:, : self.latent_dim]

    def encode(self, spectrograms: np.ndarray) -> np.ndarray:
        """Return (n, latent_dim) codes of (n, f, t) clips with calls; ValueError for other shapes
        than those of training, no clip, or values that are not finite."""
        self._has_learned()
        clips = np.asarray(spectrograms, np.float32)
        if clips.ndim != 3 or clips.shape[1:] != self.shape or not len(clips):
            raise UserError(f"spectrograms has shape {clips.shape}; give (clips, *{self.shape}).")
        if not np.isfinite(clips).all():
            raise UserError("spectrograms holds NaN or infinite values; remove those clips first.")
        return self._encoded(self.sea.above(clips), 1)

    def reconstruct(self, spectrograms: np.ndarray) -> np.ndarray:
        """Return (n, f, t): each clip's own level and the mean excess of its code."""
        return level(spectrograms) + self.decode(self.encode(spectrograms))


def applied(part: keras.Model, *inputs: np.ndarray) -> np.ndarray:
    """The output of a Keras model, as an array, for any number of rows."""
    chunks = [
        ops.convert_to_numpy(part([array[i : i + CHUNK] for array in inputs], training=False))
        for i in range(0, len(inputs[0]), CHUNK)
    ]
    return np.concatenate(chunks)


def build_parts(
    shape: tuple[int, int], seed: int, latent_dim: int, n_outputs: int
) -> dict[str, keras.Model]:
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
