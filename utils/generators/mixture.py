"""A Gaussian mixture on the codes of training calls (scikit-learn), chosen on held-out codes."""

import numpy as np
from sklearn.mixture import GaussianMixture

COMPONENTS = (1, 2, 4, 8, 16)


class Mixture:
    """Ex-post density of codes (Ghosh et al. 2020)."""

    def fit(self, codes, held_out=None, *, seed):
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
        self.weights, self.means, self.covariances = model.weights_, model.means_, covariances
        return self

    def sample(self, n, rng):
        """Return (n, d) float32 codes."""
        number = rng.choice(len(self.weights), n, p=self.weights / self.weights.sum())
        factors = np.linalg.cholesky(self.covariances)
        noise = rng.normal(size=(n, self.means.shape[1], 1))
        return (self.means[number] + (factors[number] @ noise)[..., 0]).astype(np.float32)

    def arrays(self):
        """The mixture as named arrays, for files."""
        names = ("weights", "means", "covariances")
        return {f"mixture_{name}": getattr(self, name) for name in names}

    @classmethod
    def from_arrays(cls, arrays):
        """The mixture of the arrays that `arrays` returned."""
        mixture = cls()
        for name in ("weights", "means", "covariances"):
            setattr(mixture, name, arrays[f"mixture_{name}"])
        return mixture
