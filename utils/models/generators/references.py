"""Generators that nobody would use, as floors: what a sample is worth that knows next to nothing.

They have the interface of `base.Generator` as far as sampling goes.
"""

from typing import Self

import numpy as np
from sklearn.decomposition import PCA


class _Floor:
    def fit(
        self,
        spectrograms: np.ndarray,
        *,
        background: np.ndarray | None = None,
        validation: np.ndarray | None = None,
        seed: int = 0,
    ) -> Self:
        """Learn from (n, f, t) clips with calls; background and validation are not used."""
        self._learn(np.asarray(spectrograms, dtype=np.float32))
        return self


class MeanNoise(_Floor):
    """Mean training call plus independent Gaussian noise of each cell's standard deviation."""

    name = "noise"

    def _learn(self, x):
        self.mean, self.deviation = x.mean(0), x.std(0)

    def sample(self, n: int, seed: int) -> np.ndarray:
        """Return (n, f, t) float32 clips."""
        noise = np.random.default_rng(seed).normal(size=(n, *self.mean.shape))
        return (self.mean + self.deviation * noise).astype(np.float32)


class PCAGaussian(_Floor):
    """A Gaussian with the training calls' covariance in all their principal components."""

    name = "pca_gaussian"

    def _learn(self, x):
        self.shape = x.shape[1:]
        self.pca = PCA(min(len(x) - 1, x[0].size), svd_solver="full").fit(x.reshape(len(x), -1))

    def sample(self, n: int, seed: int) -> np.ndarray:
        """Return (n, f, t) float32 clips."""
        scores = np.random.default_rng(seed).normal(size=(n, self.pca.n_components_))
        scores = scores * np.sqrt(self.pca.explained_variance_)
        return self.pca.inverse_transform(scores).reshape(n, *self.shape).astype(np.float32)


REFERENCES = {"noise": MeanNoise, "pca_gaussian": PCAGaussian}
