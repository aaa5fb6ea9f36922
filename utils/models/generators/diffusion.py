"""Flow matching on the codes of a variational autoencoder: a latent diffusion model.

A network learns the velocity along straight lines from noise to codes, for calls and sea by their
label (Lipman et al. 2023; latent space: Rombach et al. 2022). Integrating it in a few steps turns
noise into codes of calls, whatever shape their density has; the autoencoder's decoder draws them.
"""

import functools

import numpy as np
import pandas as pd

from utils.errors import UserError
from utils.models.backend import keras, layers, ops
from utils.models.generators.base import Encoding, applied
from utils.models.generators.networks import Seeds
from utils.models.generators.training import ROUNDS, Network, Watch, compiled, train
from utils.models.generators.vae import VAE
from utils.models.neural import renew

FLOW_BATCH, FLOW_ROUND_STEPS = 256, 100
SAMPLING_STEPS = 16  # of Heun's method


def build_velocity(latent_dim: int, seed: int) -> keras.Model:
    """Return a model from a point (latent_dim,), time (1,) and label (1,) to a velocity."""
    seeds = Seeds(seed)
    sizes = {"point": latent_dim, "time": 1, "label": 1}
    inputs = [keras.Input((size,), name=name) for name, size in sizes.items()]
    point, time, label = inputs
    clock = seeds.dense(16, "clock", "swish")(time)
    x = layers.Concatenate(name="point_clock_label")([point, clock, label])
    for i in (1, 2, 3):
        x = seeds.dense(256, f"dense_{i}", "swish")(x)
    x = layers.Dense(latent_dim, kernel_initializer="zeros", name="velocity")(x)
    return keras.Model(inputs, x, name="velocity")


class Flow(Network):
    """The squared error of the velocity."""

    terms = ("flow",)

    def losses_of(self, x):
        code, label = x["code"], x["label"]
        noise = self.normal(ops.shape(code))
        time = keras.random.uniform(ops.shape(label), seed=self.noise)
        velocity = self.parts["velocity"]([noise + time * (code - noise), time, label])
        error = ops.mean(ops.square(velocity - (code - noise)))
        return error, (error,)


def _flow(latent_dim, seed):
    return Flow({"velocity": build_velocity(latent_dim, seed)}, seed)


@functools.lru_cache(maxsize=4)
def _compiled_flow(latent_dim):
    return compiled(_flow(latent_dim, 0), 1e-3, ema_momentum=0.99)


def _flow_validation(network, code, rng):
    """A function that returns the error of the velocity towards held-out codes (k, latent_dim)."""
    noise = rng.normal(size=(8, *code.shape)).astype(np.float32)
    time = rng.random((8, len(code), 1)).astype(np.float32)
    points = (noise + time * (code - noise)).reshape(-1, code.shape[1])
    inputs = [points, time.reshape(-1, 1), np.ones((len(points), 1), np.float32)]

    def loss():
        velocity = applied(network.parts["velocity"], *inputs)
        return float(np.mean((velocity - (code - noise).reshape(points.shape)) ** 2))

    return loss


class Diffusion(VAE):
    """Variational autoencoder whose codes are drawn by flow matching."""

    name = "diffusion"
    borrows = "vae"

    def __init__(self, **settings):
        if "density" in settings:
            raise UserError("diffusion draws its codes by flow matching and takes no density.")
        super().__init__(**settings)

    def description(self) -> dict[str, str | float | None]:
        return {key: value for key, value in super().description().items() if key != "density"}

    def _finish(self, excess, sea, held_out):
        self.sea_codes = self._encoded(sea, 0)
        super()._finish(excess, sea, held_out)

    def _fit_density(self, codes, held_out):
        self.centre, self.spread = codes.mean(0), codes.std(0) + 1e-6
        sides = [(side - self.centre) / self.spread for side in (codes, self.sea_codes)]
        rng = np.random.default_rng([self.seed, 2])
        total = ROUNDS * FLOW_ROUND_STEPS * FLOW_BATCH // 2
        chosen = [side[rng.integers(0, len(side), total)] for side in sides]
        inputs = {
            "code": np.stack(chosen, axis=1).reshape(-1, self.latent_dim).astype(np.float32),
            "label": np.tile(np.float32([1, 0]), total)[:, None],
        }
        network, start = _compiled_flow(self.latent_dim)
        renew(network, _flow(self.latent_dim, self.seed).variables, start)
        if self.start is not None:
            network.set_weights(self.start.flow_weights)
        validate = None
        if held_out is not None:
            held_out = ((held_out - self.centre) / self.spread).astype(np.float32)
            validate = _flow_validation(network, held_out, rng)
        watch = Watch(_Rounds(inputs), validate)
        train(network, watch)
        self.flow_weights = watch.weights
        flow = pd.DataFrame(watch.rows).drop(columns="loss")
        flow = flow.rename(columns={"validation": "flow_validation"})
        self.history = self.history.merge(flow, on="round", how="outer")

    def draw_codes(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Integrate the velocity from noise at time 0 to codes of calls at time 1 (Heun)."""
        network = _compiled_flow(self.latent_dim)[0]
        network.set_weights(self.flow_weights)
        label = np.ones((n, 1), np.float32)
        point = rng.normal(size=(n, self.latent_dim)).astype(np.float32)

        def velocity(point, time):
            inputs = [point, np.full((n, 1), time, np.float32), label]
            return applied(network.parts["velocity"], *inputs)

        times = np.linspace(0, 1, SAMPLING_STEPS + 1)
        for now, then in zip(times[:-1], times[1:], strict=True):
            first = velocity(point, now)
            second = velocity(point + (then - now) * first, then)
            point = point + (then - now) * (first + second) / 2
        return (self.centre + self.spread * point).astype(np.float32)

    def _arrays(self):
        arrays = {f"flow_{i:02d}": w for i, w in enumerate(self.flow_weights)}
        arrays |= {"centre": self.centre, "spread": self.spread}
        return super(Encoding, self)._arrays() | arrays

    def _take_arrays(self, arrays):
        super(Encoding, self)._take_arrays(arrays)
        self.centre, self.spread = arrays["centre"], arrays["spread"]
        self.flow_weights = [arrays[key] for key in sorted(arrays) if key.startswith("flow_")]


class _Rounds(keras.utils.PyDataset):
    """The prepared codes in batches, a fresh part of them in each round."""

    def __init__(self, inputs):
        super().__init__()
        self.inputs, self.round = inputs, 0

    def __len__(self):
        return FLOW_ROUND_STEPS

    def __getitem__(self, number):
        start = (self.round * FLOW_ROUND_STEPS + number) * FLOW_BATCH
        return ({key: array[start : start + FLOW_BATCH] for key, array in self.inputs.items()},)
