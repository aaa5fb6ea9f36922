"""Densities of the codes of training calls, from which new ones are drawn (Ghosh et al. 2020).

All are mixtures of Gaussians: a few fitted ones (`Mixture`), one around each code (`Kernel`), or
the codes themselves (`Copies`), which is how copying looks.
"""

from typing import Self

import numpy as np
from sklearn.mixture import GaussianMixture

COMPONENTS = (1, 2, 4, 8, 16)
# Of `Kernel`, in standard deviations; with less, calls lie too near to training ones.
BANDWIDTH = 0.75


class Mixture:
    """A Gaussian mixture (scikit-learn)."""

    def fit(self, codes: np.ndarray, held_out: np.ndarray | None = None, *, seed: int) -> Self:
        """Learn from (n, d) codes; (k, d) held-out codes, or BIC, choose components and form."""
        fitted = []
        for kind in ("full", "diag"):
            for count in COMPONENTS:
                if len(codes) < 5 * count:
                    continue
                model = GaussianMixture(
                    count,
                    covariance_type=kind,
                    reg_covar=1e-2 * float(codes.var(0).mean()),
                    random_state=seed,
                ).fit(codes)
                score = model.score(held_out) if held_out is not None else -model.bic(codes)
                fitted.append((score, model))
        model = max(fitted, key=lambda pair: pair[0])[1]
        covariances = model.covariances_
        if model.covariance_type == "diag":
            covariances = np.stack([np.diag(row) for row in covariances])
        self.weights, self.means = model.weights_, model.means_
        self.factors = np.linalg.cholesky(covariances)
        return self

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return (n, d) float32 codes."""
        number = rng.choice(len(self.weights), n, p=self.weights / self.weights.sum())
        noise = rng.normal(size=(n, self.means.shape[1], 1))
        return (self.means[number] + (self.factors[number] @ noise)[..., 0]).astype(np.float32)


class Kernel:
    """A Gaussian around each code, shrunk towards the mean so that the variance stays (West 1993).

    Codes are used in turn, so that n samples start from n different calls as long as there are n.
    """

    def fit(self, codes: np.ndarray, held_out: np.ndarray | None = None, *, seed: int) -> Self:
        """Learn from (n, d) codes; held-out codes are not used."""
        covariance = np.cov(codes.T) + 1e-4 * codes.var() * np.eye(codes.shape[1])
        centre = codes.mean(0)
        self.means = centre + np.sqrt(1 - BANDWIDTH**2) * (codes - centre)
        self.factors = BANDWIDTH * np.linalg.cholesky(np.atleast_2d(covariance))[None]
        self.weights = np.full(len(codes), 1 / len(codes))
        return self

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return (n, d) float32 codes."""
        turns = [rng.permutation(len(self.means)) for _ in range(-(-n // len(self.means)))]
        number = np.concatenate(turns)[:n]
        noise = rng.normal(size=(n, self.means.shape[1]))
        return (self.means[number] + noise @ self.factors[0].T).astype(np.float32)


class Copies(Kernel):
    """The codes themselves, in turn: no generator, but what a test of copying has to find."""

    def fit(self, codes: np.ndarray, held_out: np.ndarray | None = None, *, seed: int) -> Self:
        """Keep (n, d) codes; held-out codes are not used."""
        super().fit(codes, seed=seed)
        self.means, self.factors = np.asarray(codes, dtype=float), 0 * self.factors
        return self


DENSITIES = {"mixture": Mixture, "kernel": Kernel, "copies": Copies}
