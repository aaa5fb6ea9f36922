"""The networks among the study's classifiers: an MLP and a CNN.

Backend-neutral Keras 3. One compiled network a shape is kept and its weights are drawn anew from
the seed in each fit, so that hundreds of fits trace it once.
"""

import functools
import inspect
import time
from collections.abc import Sequence
from typing import Self

import numpy as np

from utils.errors import UserError
from utils.models.backend import keras, layers
from utils.models.classifiers import BATCH_SIZE, STEPS, checked
from utils.sound import features

COMPILED = keras.backend.backend() == "jax"  # XLA: what JAX needs and TensorFlow does not
PREDICTED = 256  # clips at a time
EPOCHS = 12  # a network's steps are reported, and validated, in this many equal parts


class Seeds:
    """An endless source of integer seeds for initialisers and dropout, from one seed."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def __call__(self):
        return int(self.rng.integers(2**31))


def renew(
    network: keras.Model, fresh: Sequence[keras.Variable | np.ndarray], start: Sequence[np.ndarray]
) -> None:
    """Give a compiled network fresh variables, and its optimiser those of its start."""
    for variables, values in ((network.variables, fresh), (network.optimizer.variables, start)):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def copied(variables: Sequence[keras.Variable]) -> list[np.ndarray]:
    """Return copies of the values of Keras variables."""
    return [keras.ops.convert_to_numpy(variable).copy() for variable in variables]


def build_mlp(
    shapes: Sequence[tuple[int, ...]],
    seed: int,
    hidden: Sequence[int] = (128, 64),
    dropout: float = 0.5,
) -> keras.Model:
    """Return a named Keras MLP without convolutions; shapes holds that of the spectrogram."""
    seeds = Seeds(seed)
    (shape,) = shapes
    inputs = keras.Input(shape, name="spectrogram")
    x = layers.Flatten(name="flatten")(inputs)
    for i, units in enumerate(hidden, start=1):
        x = layers.Dense(
            units, kernel_initializer=keras.initializers.HeNormal(seeds()), name=f"dense_{i}"
        )(x)
        x = layers.BatchNormalization(name=f"norm_{i}")(x)
        x = layers.Activation("relu", name=f"relu_{i}")(x)
        x = layers.Dropout(dropout, seed=seeds(), name=f"dropout_{i}")(x)
    return keras.Model([inputs], _call_probability(x, seeds), name="mlp")


def build_cnn(
    shapes: Sequence[tuple[int, ...]], seed: int, filters: int = 24, dropout: float = 0.4
) -> keras.Model:
    """Return the study's named CNN; shapes: (frequency, time, channels) of the maps, (d,) table.

    The maps come from `features.extract`: a fixed first layer of oriented ridge filters and block
    statistics. Learned convolutions follow; the last one spans all frequencies, since where a
    call lies in frequency matters, while maximum and mean over time forget when it came. The
    table's statistics of the whole clip join them before the last layer.
    """
    seeds = Seeds(seed)

    def initial():
        return keras.initializers.HeNormal(seeds())

    def activated(x, name):
        x = layers.BatchNormalization(name=f"norm_{name}")(x)
        return layers.Activation("relu", name=f"relu_{name}")(x)

    def convolution(x, units, size, padding, name):
        x = layers.Conv2D(
            units,
            size,
            padding=padding,
            use_bias=False,
            kernel_initializer=initial(),
            name=f"conv_{name}",
        )(x)
        return activated(x, name)

    def standardised(x):
        return layers.BatchNormalization(center=False, scale=False, name=f"norm_{x.name}")(x)

    maps, table = (keras.Input(s, name=n) for s, n in zip(shapes, ("maps", "table"), strict=True))
    x = convolution(standardised(maps), filters, 3, "same", "1")
    x = layers.MaxPooling2D(2, name="pool_1")(x)
    x = layers.SpatialDropout2D(dropout / 4, seed=seeds(), name="dropout_1")(x)
    x = convolution(x, filters, 3, "same", "2")
    x = convolution(x, 2 * filters, (x.shape[1], 3), "valid", "3")
    strongest = layers.GlobalMaxPooling2D(name="maximum_over_time")(x)
    average = layers.GlobalAveragePooling2D(name="mean_over_time")(x)
    y = layers.Dropout(dropout / 2, seed=seeds(), name="dropout_table")(standardised(table))
    y = layers.Dense(2 * filters, use_bias=False, kernel_initializer=initial(), name="dense")(y)
    y = layers.Dropout(dropout, seed=seeds(), name="dropout_dense")(activated(y, "dense"))
    x = layers.Concatenate(name="penultimate")([strongest, average, y])
    x = layers.Dropout(dropout, seed=seeds(), name="dropout_2")(x)
    return keras.Model([maps, table], _call_probability(x, seeds), name="cnn")


def build_spectrogram_cnn(
    shapes: Sequence[tuple[int, ...]], seed: int, filters: int = 16, dropout: float = 0.4
) -> keras.Model:
    """Return a named CNN whose filters are all learned; shapes holds that of the spectrogram.

    Its last convolution spans all frequencies, and maximum and mean over time follow, as in
    `build_cnn`.
    """
    seeds = Seeds(seed)
    (shape,) = shapes
    inputs = keras.Input(shape, name="spectrogram")
    x = layers.Reshape((*shape, 1), name="image")(inputs)
    for i, units in enumerate((filters, 2 * filters, 3 * filters, 4 * filters), start=1):
        last = i == 4
        x = layers.Conv2D(
            units,
            (x.shape[1], 3) if last else 3,
            padding="valid" if last else "same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seeds()),
            name=f"conv_{i}",
        )(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm_{i}")(x)
        x = layers.Activation("relu", name=f"relu_{i}")(x)
        if i < 3:
            x = layers.MaxPooling2D(2, name=f"pool_{i}")(x)
    strongest = layers.GlobalMaxPooling2D(name="maximum_over_time")(x)
    average = layers.GlobalAveragePooling2D(name="mean_over_time")(x)
    x = layers.Concatenate(name="penultimate")([strongest, average])
    x = layers.Dropout(dropout, seed=seeds(), name="dropout")(x)
    return keras.Model([inputs], _call_probability(x, seeds), name="spectrogram_cnn")


def _call_probability(x, seeds):
    initial = keras.initializers.GlorotUniform(seeds())
    return layers.Dense(1, activation="sigmoid", kernel_initializer=initial, name="call")(x)


class _Batches(keras.utils.PyDataset):
    """Full batches of a fixed size: clips are dealt out in fresh random order, over and over.

    The first deal is never learned from, and the last one twice: so the study's rows were made.
    """

    def __init__(self, inputs, labels, weights, steps, batch_size, seed):
        super().__init__()
        rng = np.random.default_rng(seed)
        deals = -(-steps * batch_size // len(labels))
        order = np.concatenate([rng.permutation(len(labels)) for _ in range(deals)])
        self.order = order[: steps * batch_size].reshape(EPOCHS, -1, batch_size)
        self.inputs, self.epoch = inputs, 0
        self.targets = (labels[:, None],) if weights is None else (labels[:, None], weights)

    def __len__(self):
        return self.order.shape[1]

    def __getitem__(self, step):
        index = self.order[self.epoch, step]
        inputs = tuple(array[index] for array in self.inputs)
        return inputs, *(array[index] for array in self.targets)

    def turn(self, epoch):
        """Deal out the batches of an epoch; Keras' own calls differ between backends."""
        self.epoch = min(epoch + 1, EPOCHS - 1)


@functools.lru_cache(maxsize=8)
def _compiled(builder, shapes, settings, steps, learning_rate):
    """One compiled network an architecture, whose weights `_Network` draws anew in each fit; the
    start of its optimiser; and, where it has one, the same network up to its penultimate layer."""
    network = builder(shapes, 0, **dict(settings))
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    network.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=1e-3),
        loss="binary_crossentropy",
        metrics=[keras.metrics.AUC(name="roc_auc")],
        jit_compile=COMPILED,
        steps_per_execution=steps // EPOCHS,  # an epoch at a time: a fifth less time
    )
    network.optimizer.build(network.trainable_variables)
    start = copied(network.optimizer.variables)
    penultimate = [layer.output for layer in network.layers if layer.name == "penultimate"]
    seen = keras.Model(network.inputs, penultimate[0]) if penultimate else None
    return network, start, seen


@functools.lru_cache(maxsize=8)
def _initial(builder, shapes, settings, seed):
    """The values with which a network of this seed starts; all arms of a study share them."""
    return copied(builder(shapes, seed, **dict(settings)).variables)


class _Network:
    """A Keras network.

    `fit` leaves loss and ROC AUC an epoch in `history`, the epoch that is used (from 0) in `kept`,
    and the time in `seconds`.
    """

    def __init__(self, *, seed, steps=STEPS, batch_size=BATCH_SIZE, learning_rate=2e-3, **settings):
        if steps % EPOCHS:
            raise UserError(f"steps is {steps}; give a multiple of {EPOCHS}.")
        known = inspect.signature(type(self).builder).parameters
        if unknown := sorted({*settings} - {*known}):
            raise UserError(f"this network has no setting {unknown[0]!r}; see its builder.")
        self.seed, self.steps, self.learning_rate = seed, steps, learning_rate
        self.batch_size = batch_size
        self.settings = tuple(sorted(settings.items()))

    def fit(
        self,
        spectrograms: features.Features | np.ndarray,
        labels: np.ndarray,
        validation: tuple[features.Features | np.ndarray, np.ndarray] | None = None,
        weights: np.ndarray | None = None,
    ) -> Self:
        """Fit on (n, f, t) and (n,) for a fixed number of gradient steps; weights (n,) or None.

        With validation (spectrograms, labels), the epoch of the highest validation ROC AUC is
        kept, as Keras estimates it from 200 thresholds, of equals the last; without, the last one.
        """
        labels = checked(spectrograms, labels)
        inputs = self._inputs(spectrograms)
        self.shapes = tuple(array.shape[1:] for array in inputs)
        if weights is not None:
            weights = np.asarray(weights, dtype=np.float32)
        network, start, _ = self._shared()
        fresh = _initial(type(self).builder, self.shapes, self.settings, self.seed)
        renew(network, fresh, start)
        held_out = None
        if validation is not None:
            held_out = (
                self._inputs(validation[0]),
                np.asarray(validation[1], dtype=np.float32)[:, None],
            )
        batches = _Batches(inputs, labels, weights, self.steps, self.batch_size, self.seed)
        keep = _KeepBest("val_roc_auc" if held_out else None, batches)
        begun = time.perf_counter()
        history = network.fit(
            batches,
            epochs=EPOCHS,
            validation_data=held_out,
            validation_batch_size=PREDICTED,
            callbacks=[keep],
            shuffle=False,
            verbose=0,
        )
        self.seconds = time.perf_counter() - begun
        self.history = {name: np.array(values) for name, values in history.history.items()}
        self.weights, self.kept = keep.weights, keep.epoch
        return self

    def predict_proba(self, spectrograms: features.Features | np.ndarray) -> np.ndarray:
        """Return the (n,) probability of a call, 0..1."""
        network, inputs = self._trained()[0], self._inputs(spectrograms)
        if len(inputs[0]) <= PREDICTED:  # for so few, Keras' pipeline costs as much as the work
            return network.predict_on_batch(inputs)[:, 0]
        return network.predict(inputs, batch_size=PREDICTED, verbose=0)[:, 0]

    def _shared(self):
        """What `_compiled` keeps of this architecture."""
        return _compiled(
            type(self).builder, self.shapes, self.settings, self.steps, self.learning_rate
        )

    def _trained(self):
        """What `_compiled` keeps, with this classifier's weights: use it at once."""
        if not hasattr(self, "weights"):
            raise UserError("this network has not learned yet; call fit first.")
        shared = self._shared()
        shared[0].set_weights(self.weights)
        return shared


class _KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the highest monitored score, or of the last epoch."""

    def __init__(self, monitor, batches):
        super().__init__()
        self.monitor, self.best, self.batches = monitor, -np.inf, batches

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.turn(epoch)

    def on_epoch_end(self, epoch, logs=None):
        value = logs[self.monitor] if self.monitor else np.inf
        if value >= self.best:
            self.best, self.epoch, self.weights = value, epoch, self.model.get_weights()


class MLP(_Network):
    """A multilayer perceptron on standardised pixels, without convolutions."""

    builder = staticmethod(build_mlp)

    @staticmethod
    def _inputs(spectrograms):
        return (features.extract(spectrograms).pixels,)


class SpectrogramCNN(MLP):
    """A convolutional network on standardised pixels, which learns all its filters."""

    builder = staticmethod(build_spectrogram_cnn)


class CNN(_Network):
    """The study's convolutional network, on the maps and the table of `features.extract`."""

    builder = staticmethod(build_cnn)

    def penultimate(self, spectrograms: features.Features | np.ndarray) -> np.ndarray:
        """Return (n, d) float32: what the last layer sees of each clip."""
        return self._trained()[2].predict(
            self._inputs(spectrograms), batch_size=PREDICTED, verbose=0
        )

    @staticmethod
    def _inputs(spectrograms):
        extracted = features.extract(spectrograms)
        return extracted.maps, extracted.table
