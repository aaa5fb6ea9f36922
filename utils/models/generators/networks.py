"""The small convolutional networks that the generators share, as named functional Keras models."""

from utils.models import neural
from utils.models.backend import keras, layers

LOG_DEVIATION = (-3.0, 2.0)  # limits of the learned log standard deviation


class Seeds(neural.Seeds):
    """Seeds, and layers whose first weights are drawn with them."""

    def dense(self, units: int, name: str, activation: str | None = None) -> layers.Dense:
        """Return a fully connected layer."""
        return layers.Dense(units, activation, kernel_initializer=self._initial(), name=name)

    def convolution(self, units: int, size: int, name: str, **settings) -> layers.Conv2D:
        """Return a convolution that sees zeros around the image."""
        return layers.Conv2D(
            units, size, padding="same", kernel_initializer=self._initial(), name=name, **settings
        )

    def _initial(self):
        return keras.initializers.GlorotUniform(self())


def build_encoder(shape: tuple[int, int], n_outputs: int, seed: int) -> keras.Model:
    """Return a model from an excess (f, t, 1) and a label (1,) to (n_outputs,)."""
    seeds = Seeds(seed)
    image, label = keras.Input((*shape, 1), name="excess"), keras.Input((1,), name="label")
    x = image
    for i, units in enumerate((12, 24, 48), start=1):  # (f, t, 1) -> (f/8, t/8, 48)
        x = seeds.convolution(units, 4, f"conv_{i}", strides=2, activation="swish")(x)
    x = layers.Concatenate(name="with_label")([layers.Flatten(name="flatten")(x), label])
    x = seeds.dense(128, "dense", "swish")(x)
    x = seeds.dense(n_outputs, "code")(x)
    return keras.Model([image, label], x, name="encoder")


def build_decoder(shape: tuple[int, int], latent_dim: int, seed: int) -> keras.Model:
    """Return a model from a code (latent_dim,) and a label (1,) to (f, t, 2): mean, log deviation.

    The last convolution works at half the resolution and deals its channels out to 2 x 2 cells
    (Shi et al. 2016), which costs a quarter of one at full resolution.
    """
    seeds = Seeds(seed)
    rows, columns = shape[0] // 8, shape[1] // 8
    code, label = keras.Input((latent_dim,), name="code"), keras.Input((1,), name="label")
    x = layers.Concatenate(name="with_label")([code, label])
    for i, units in enumerate((128, rows * columns * 32), start=1):
        x = seeds.dense(units, f"dense_{i}", "swish")(x)
    x = layers.Reshape((rows, columns, 32), name="image")(x)
    for i, units in enumerate((32, 16), start=1):  # (f/8, t/8) -> (f/4, t/4) -> (f/2, t/2)
        x = layers.UpSampling2D(2, name=f"grow_{i}")(x)
        x = seeds.convolution(units, 3, f"conv_{i}", activation="swish")(x)
    x = seeds.convolution(8, 3, "conv_cells")(x)
    x = layers.Reshape((shape[0] // 2, shape[1] // 2, 2, 2, 2), name="cells")(x)
    x = layers.Permute((1, 3, 2, 4, 5), name="dealt")(x)  # (f/2, 2, t/2, 2, 2)
    x = layers.Reshape((*shape, 2), name="excess")(x)
    return keras.Model([code, label], x, name="decoder")


def build_code_discriminator(latent_dim: int, seed: int) -> keras.Model:
    """Return a model from a code (latent_dim,) and a label (1,) to the logit of `prior`."""
    seeds = Seeds(seed)
    code, label = keras.Input((latent_dim,), name="code"), keras.Input((1,), name="label")
    x = layers.Concatenate(name="with_label")([code, label])
    for i in (1, 2):
        x = seeds.dense(64, f"dense_{i}", "leaky_relu")(x)
    x = seeds.dense(1, "logit")(x)
    return keras.Model([code, label], x, name="code_discriminator")
