"""GAN whose generator draws the call and the gate through which a real sea is heard beside it.

Non-saturating loss (Goodfellow et al. 2014). The discriminator never sees a generated sea: real
calls in their sea stand against generated calls in a real background clip's texture. It is held
back by spectral normalisation (Miyato et al. 2018) or by a penalty on its gradient at real clips
(R1; Mescheder et al. 2018), here estimated from differences along random directions, which needs no
second derivatives. It also sees how much the clips of a batch differ (Karras et al. 2018).
"""

from utils.errors import UserError
from utils.models.backend import keras, layers, ops
from utils.models.generators.base import Generator
from utils.models.generators.networks import Seeds, build_decoder
from utils.models.generators.training import BATCH_SIZE, Network, binary_loss, frozen, split_decoder

PENALTIES = ("spectral", "gradient")
STEP = 0.1  # of the differences that estimate a gradient, in standard deviations of the excess
R1 = 0.5


@keras.saving.register_keras_serializable("whale")
class BatchSpread(layers.Layer):
    """Appends to each row of (b, d) the mean standard deviation over the batch."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        spread = ops.mean(ops.sqrt(ops.var(x, axis=0) + 1e-6))
        return ops.concatenate([x, ops.broadcast_to(spread, (ops.shape(x)[0], 1))], axis=1)


def build_discriminator(shape: tuple[int, int], seed: int, penalty: str) -> keras.Model:
    """Return a model from an excess (f, t, 1) to the logit of `real`."""
    seeds = Seeds(seed)

    def normalised(layer):
        return layers.SpectralNormalization(layer) if penalty == "spectral" else layer

    image = keras.Input((*shape, 1), name="excess")
    x = image
    for i, units in enumerate((16, 32, 64), start=1):
        convolution = seeds.convolution(units, 4, f"conv_{i}", strides=2)
        x = layers.LeakyReLU(0.2, name=f"relu_{i}")(normalised(convolution)(x))
    x = BatchSpread(name="batch_spread")(layers.Flatten(name="flatten")(x))
    logit = normalised(seeds.dense(1, "logit"))(x)
    model = keras.Model(image, logit, name="discriminator")
    for layer in model.layers:
        if isinstance(layer, layers.SpectralNormalization):  # whose own draw takes no seed
            layer.vector_u.assign(0.02 * seeds.rng.normal(size=layer.vector_u.shape))
    return model


class Adversaries(Network):
    """Deception, the discriminator's error and how often it is right."""

    terms = ("deception", "discrimination", "penalty", "discriminator_accuracy")

    def __init__(self, parts, seed, latent_dim, penalty):
        super().__init__(parts, seed)
        self.latent_dim, self.penalty = latent_dim, penalty

    def losses_of(self, x):
        half = BATCH_SIZE // 2  # calls first, then sea
        real, texture, label = x["excess"][:half], x["excess"][half:], x["label"][:half]
        discriminator = self.parts["discriminator"]
        code = self.normal((half, self.latent_dim))
        mean, log_deviation = split_decoder(self.parts["decoder"]([code, label]))
        fake = mean[..., None] + ops.exp(log_deviation)[..., None] * texture
        deception = binary_loss(frozen(discriminator, fake), 1.0)
        on_real = discriminator(real, training=True)
        on_fake = discriminator(ops.stop_gradient(fake), training=True)
        discrimination = binary_loss(on_real, 1.0) + binary_loss(on_fake, 0.0)
        penalty = ops.zeros(())
        if self.penalty == "gradient":
            step = STEP * self.normal(ops.shape(real))
            slope = (discriminator(real + step) - discriminator(real - step)) / (2 * STEP)
            penalty = R1 * ops.mean(ops.square(slope))
        right = 0.5 * (
            ops.mean(ops.cast(on_real > 0, "float32")) + ops.mean(ops.cast(on_fake < 0, "float32"))
        )
        total = deception + discrimination + penalty
        return total, (deception, discrimination, penalty, right)


class GAN(Generator):
    """Generative adversarial network, sampled from its prior."""

    name = "gan"

    def __init__(self, *, penalty="spectral", learning_rate=1e-3, **settings):
        if penalty not in PENALTIES:
            raise UserError(f"no penalty is called {penalty!r}; choose from {PENALTIES}.")
        super().__init__(penalty=penalty, learning_rate=learning_rate, **settings)

    @staticmethod
    def build_network(
        shape: tuple[int, int], seed: int, latent_dim: int, penalty: str
    ) -> Adversaries:
        parts = {
            "decoder": build_decoder(shape, latent_dim, seed + 1),
            "discriminator": build_discriminator(shape, seed + 2, penalty),
        }
        return Adversaries(parts, seed, latent_dim, penalty)

    def _finish(self, excess, sea, held_out):
        self.texture = sea
