"""The small convolutional networks that the generators share, as named functional Keras models."""

from collections.abc import Sequence

from utils.models import neural
from utils.models.backend import keras, layers

LOG_DEVIATION = (-3.0, 2.0)  # limits of the learned log standard deviation


class Seeds(neural.Seeds):
    """Seeds, and initialisers that use them."""

    def initial(self) -> keras.initializers.Initializer:
        """A fresh initialiser of weights."""
        return keras.initializers.GlorotUniform(self())


def build_encoder(
    shape: tuple[int, int], n_outputs: int, seed: int, filters: Sequence[int] = (12, 24, 48)
) -> keras.Model:
    """Return a model from an excess (f, t, 1) and a label (1,) to (n_outputs,)."""
    seeds = Seeds(seed)
    image, label = keras.Input((*shape, 1), name="excess"), keras.Input((1,), name="label")
    x = image
    for i, units in enumerate(filters, start=1):  # (f, t, 1) -> (f/8, t/8, 48)
        x = layers.Conv2D(
            units,
            4,
            strides=2,
            padding="same",
            activation="swish",
            kernel_initializer=seeds.initial(),
            name=f"conv_{i}",
        )(x)
    x = layers.Concatenate(name="with_label")([layers.Flatten(name="flatten")(x), label])
    x = layers.Dense(128, activation="swish", kernel_initializer=seeds.initial(), name="dense")(x)
    x = layers.Dense(n_outputs, kernel_initializer=seeds.initial(), name="code")(x)
    return keras.Model([image, label], x, name="encoder")


def build_decoder(
    shape: tuple[int, int], latent_dim: int, seed: int, filters: Sequence[int] = (32, 16)
) -> keras.Model:
    """Return a model from a code (latent_dim,) and a label (1,) to (f, t, 2): mean, log deviation.

    The last convolution works at half the resolution and deals its channels out to 2 x 2 cells
    (Shi et al. 2016), which costs a quarter of one at full resolution.
    """
    seeds = Seeds(seed)
    rows, columns = shape[0] // 8, shape[1] // 8
    code, label = keras.Input((latent_dim,), name="code"), keras.Input((1,), name="label")
    x = layers.Concatenate(name="with_label")([code, label])
    for i, units in enumerate((128, rows * columns * filters[0]), start=1):
        x = layers.Dense(
            units, activation="swish", kernel_initializer=seeds.initial(), name=f"dense_{i}"
        )(x)
    x = layers.Reshape((rows, columns, filters[0]), name="image")(x)
    for i, units in enumerate(filters, start=1):  # (f/8, t/8) -> (f/4, t/4) -> (f/2, t/2)
        x = layers.UpSampling2D(2, name=f"grow_{i}")(x)
        x = layers.Conv2D(
            units,
            3,
            padding="same",
            activation="swish",
            kernel_initializer=seeds.initial(),
            name=f"conv_{i}",
        )(x)
    x = layers.Conv2D(8, 3, padding="same", kernel_initializer=seeds.initial(), name="conv_cells")(
        x
    )
    x = layers.Reshape((shape[0] // 2, shape[1] // 2, 2, 2, 2), name="cells")(x)
    x = layers.Permute((1, 3, 2, 4, 5), name="dealt")(x)  # (f/2, 2, t/2, 2, 2)
    x = layers.Reshape((*shape, 2), name="excess")(x)
    return keras.Model([code, label], x, name="decoder")


def build_code_discriminator(latent_dim: int, seed: int, units: int = 64) -> keras.Model:
    """Return a model from a code (latent_dim,) and a label (1,) to the logit of `prior`."""
    seeds = Seeds(seed)
    code, label = keras.Input((latent_dim,), name="code"), keras.Input((1,), name="label")
    x = layers.Concatenate(name="with_label")([code, label])
    for i in (1, 2):
        x = layers.Dense(
            units, activation="leaky_relu", kernel_initializer=seeds.initial(), name=f"dense_{i}"
        )(x)
    x = layers.Dense(1, kernel_initializer=seeds.initial(), name="logit")(x)
    return keras.Model([code, label], x, name="code_discriminator")
