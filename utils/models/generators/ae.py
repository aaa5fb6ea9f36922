"""Convolutional autoencoder with a Gaussian mixture on its codes.

The code is deterministic; a penalty on its length and the decoder's learned deviation keep it
smooth (regularised autoencoder; Ghosh et al. 2020). An autoencoder has no prior to draw from, so
a Gaussian mixture is fitted on the training calls' codes afterwards.
"""

from utils.models.backend import ops
from utils.models.generators.base import Encoding, build_parts
from utils.models.generators.training import Network, negative_log_likelihood

CODE_PENALTY = 1e-3  # weight of half the squared length of a code


class Autoencoder(Network):
    """Reconstruction and the codes' length."""

    terms = ("reconstruction", "code_length")

    def losses_of(self, x):
        code = self.parts["encoder"]([x["excess"], x["label"]])
        output = self.parts["decoder"]([code + 0.1 * self.normal(ops.shape(code)), x["label"]])
        reconstruction = negative_log_likelihood(x["excess"], output)
        length = 0.5 * ops.mean(ops.sum(ops.square(code), axis=1))
        return reconstruction + CODE_PENALTY * length, (reconstruction, length)


class AE(Encoding):
    """Autoencoder, sampled from a Gaussian mixture on the codes."""

    name = "ae"

    @staticmethod
    def build_network(shape: tuple[int, int], seed: int, latent_dim: int) -> Autoencoder:
        return Autoencoder(build_parts(shape, seed, latent_dim, latent_dim), seed)
