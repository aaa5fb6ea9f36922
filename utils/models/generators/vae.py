"""beta-VAE (Kingma and Welling 2014; Higgins et al. 2017), trained on calls and sea together.

Gaussian likelihood with a deviation that the decoder learns for every cell. A code is drawn near
those of training calls, and then a clip from the likelihood, whose noise is the texture of a real
sea (see `base`).
"""

from __future__ import annotations

from typing import Self

import numpy as np

from utils.errors import UserError
from utils.models.backend import ops
from utils.models.generators.base import Encoding, build_parts
from utils.models.generators.training import Network, negative_log_likelihood


class VariationalAutoencoder(Network):
    """Reconstruction and divergence from the prior N(0, 1), both a cell."""

    terms = ("reconstruction", "divergence")

    def __init__(self, parts, seed, beta):
        super().__init__(parts, seed)
        self.beta = beta

    def losses_of(self, x):
        mean, log_variance = ops.split(self.parts["encoder"]([x["excess"], x["label"]]), 2, axis=1)
        log_variance = ops.clip(log_variance, -10.0, 4.0)
        code = mean + ops.exp(0.5 * log_variance) * self.normal(ops.shape(mean))
        output = self.parts["decoder"]([code, x["label"]])
        reconstruction = negative_log_likelihood(x["excess"], output)
        gap = 0.5 * (ops.square(mean) + ops.exp(log_variance) - log_variance - 1.0)
        cells = x["excess"].shape[1] * x["excess"].shape[2]
        divergence = ops.mean(ops.sum(gap, axis=1)) / cells
        weight = self.beta * ops.mean(x["warmup"])
        return reconstruction + weight * divergence, (reconstruction, divergence)


class VAE(Encoding):
    """beta-VAE, sampled from a kernel density of its codes."""

    name = "vae"

    def __init__(self, *, beta=1.0, density="kernel", **settings):
        super().__init__(beta=beta, density=density, **settings)

    @staticmethod
    def build_network(
        shape: tuple[int, int], seed: int, latent_dim: int, beta: float
    ) -> VariationalAutoencoder:
        parts = build_parts(shape, seed, latent_dim, 2 * latent_dim)
        return VariationalAutoencoder(parts, seed, beta)

    def fit(
        self,
        spectrograms: np.ndarray,
        *,
        background: np.ndarray,
        validation: np.ndarray | None = None,
        seed: int = 0,
        autoencoder: VAE | None = None,
    ) -> Self:
        """Learn as other generators do. autoencoder: a VAE of the same settings, fitted on the same
        clips with the same seed, whose network is taken instead of training it once more; `seconds`
        count both. ValueError if it is another one."""
        self.autoencoder = autoencoder
        super().fit(spectrograms, background=background, validation=validation, seed=seed)
        if autoencoder is not None:
            self.seconds += autoencoder.seconds
        return self

    def _train(self, excess, background, held_out):
        given = self.autoencoder
        if given is None:
            return super()._train(excess, background, held_out)
        ours = (self._key(), self.form, self.seed)
        if (given._key(), given.form, given.seed) != ours:
            raise UserError("autoencoder has other settings or another seed; fit it anew.")
        sea = self.sea
        if not np.array_equal(given.sea.levels, sea.levels) or given.sea.scale != sea.scale:
            raise UserError("autoencoder was fitted on other clips; fit it on the same ones.")
        self.weights, self.kept, self.history = given.weights, given.kept, given.history.copy()
