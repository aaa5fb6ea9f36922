"""Adversarial autoencoder (Makhzani et al. 2015), trained on calls and sea together.

A small network learns to tell codes from draws of the prior N(0, 1), and the encoder learns to
deceive it, so that codes fill the prior. Its weight grows from zero and stays far
below reconstruction's: an adversary that outweighs reconstruction makes every code the same.
"""

from utils.models.backend import ops
from utils.models.generators.base import Encoding, build_parts
from utils.models.generators.networks import build_code_discriminator
from utils.models.generators.training import Network, binary_loss, frozen, negative_log_likelihood


class AdversarialAutoencoder(Network):
    """Reconstruction, the encoder's deception and the discriminator's error."""

    terms = ("reconstruction", "deception", "discrimination")

    def __init__(self, parts, seed, adversarial_weight):
        super().__init__(parts, seed)
        self.adversarial_weight = adversarial_weight

    def losses_of(self, x):
        label, discriminator = x["label"], self.parts["code_discriminator"]
        code = self.parts["encoder"]([x["excess"], label])
        output = self.parts["decoder"]([code + 0.1 * self.normal(ops.shape(code)), label])
        reconstruction = negative_log_likelihood(x["excess"], output)
        prior = self.normal(ops.shape(code))
        deception = binary_loss(frozen(discriminator, code, label), 1.0)
        discrimination = 0.5 * (
            binary_loss(discriminator([prior, label]), 1.0)
            + binary_loss(discriminator([ops.stop_gradient(code), label]), 0.0)
        )
        weight = self.adversarial_weight * ops.mean(x["warmup"])
        total = reconstruction + weight * deception + discrimination
        return total, (reconstruction, deception, discrimination)


class AAE(Encoding):
    """Adversarial autoencoder, sampled from a mixture on its codes."""

    name = "aae"

    def __init__(self, *, adversarial_weight=0.02, **settings):
        super().__init__(adversarial_weight=adversarial_weight, **settings)

    @staticmethod
    def build_network(
        shape: tuple[int, int], seed: int, latent_dim: int, adversarial_weight: float
    ) -> AdversarialAutoencoder:
        parts = build_parts(shape, seed, latent_dim, latent_dim)
        parts["code_discriminator"] = build_code_discriminator(latent_dim, seed + 2)
        return AdversarialAutoencoder(parts, seed, adversarial_weight)
