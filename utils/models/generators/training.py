"""Training of a generator's network: loss terms, batches of calls and sea, the round kept."""

import functools
from collections.abc import Callable, Mapping

import numpy as np

from utils.models import neural
from utils.models.backend import keras, ops
from utils.models.generators.networks import LOG_DEVIATION

BATCH_SIZE = 32
ROUNDS = 10  # parts of a training after which it is validated and checked
PATIENCE = 4  # rounds without a better validation before training ends
SHIFT = 8 / 96  # largest shift in time of a training clip, share of its frames


class Network(keras.Model):
    """A Keras model that computes its own loss from named terms, each tracked an epoch.

    Inputs are a dict of `excess` (b, f, t, 1), `label` (b, 1), 1 call and 0 sea, and `warmup`
    (b, 1), which grows from 0 to 1 during training. Subclasses fill `parts`, `terms`, `losses_of`.
    """

    terms = ()

    def __init__(self, parts, seed):
        super().__init__()
        self.parts = parts
        self.noise = keras.random.SeedGenerator(seed)
        self.trackers = [keras.metrics.Mean(name=term) for term in self.terms]

    def call(
        self, inputs: Mapping[str, keras.KerasTensor], training: bool = False
    ) -> keras.KerasTensor:
        return inputs["label"]

    def compute_loss(
        self, x: Mapping[str, keras.KerasTensor], *_: object, **__: object
    ) -> keras.KerasTensor:
        total, values = self.losses_of({key: ops.convert_to_tensor(x[key]) for key in x})
        for tracker, value in zip(self.trackers, values, strict=True):
            tracker.update_state(value)
        return total

    def normal(self, shape: tuple[int, ...]) -> keras.KerasTensor:
        return keras.random.normal(shape, seed=self.noise)


def split_decoder(output: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return mean and log deviation (b, f, t) of a decoder's (b, f, t, 2) output."""
    return output[..., 0], ops.clip(output[..., 1], *LOG_DEVIATION)


def negative_log_likelihood(excess, output):
    """Return the mean negative log-likelihood a cell, without its constant: Gaussian, learned
    deviation."""
    mean, log_deviation = split_decoder(output)
    residual = (excess[..., 0] - mean) * ops.exp(-log_deviation)
    return ops.mean(log_deviation + 0.5 * ops.square(residual))


def frozen(part: keras.Model, *inputs: keras.KerasTensor) -> keras.KerasTensor:
    """Apply a Keras model without letting gradients reach its weights."""
    weights = [ops.stop_gradient(v.value) for v in part.trainable_variables]
    state = [v.value for v in part.non_trainable_variables]
    return part.stateless_call(weights, state, inputs[0] if len(inputs) == 1 else list(inputs))[0]


def binary_loss(logits: keras.KerasTensor, target: float) -> keras.KerasTensor:
    """Mean cross-entropy of logits against one target, 0 or 1."""
    return ops.mean(ops.softplus(logits) - target * logits)


class Batches(keras.utils.PyDataset):
    """Half calls, half sea, shifted in time by a few frames, in an order drawn from the seed."""

    def __init__(self, calls, sea, steps, seed, form):
        super().__init__()
        self.sides = (calls, calls if form == "calls" else sea)
        self.steps, self.round, self.form = steps, 0, form
        self.rng = np.random.default_rng([seed, 1])
        self.largest = round(SHIFT * calls.shape[2])
        half, self.orders = BATCH_SIZE // 2, []
        for side in self.sides:
            deals = -(-steps * half // len(side))
            order = np.concatenate([self.rng.permutation(len(side)) for _ in range(deals)])
            self.orders.append(order[: steps * half].reshape(steps, half))
        self.shifts = self.rng.integers(-self.largest, self.largest + 1, (steps, BATCH_SIZE))

    def __len__(self):
        return self.steps // ROUNDS

    def __getitem__(self, number):
        step = self.round * len(self) + number
        clips = [side[order[step]] for side, order in zip(self.sides, self.orders, strict=True)]
        excess = shifted(np.concatenate(clips), self.shifts[step])
        labels = np.repeat(np.float32([self.form == "conditional", 0]), BATCH_SIZE // 2)
        warmup = np.full((BATCH_SIZE, 1), min(1.0, 2 * step / self.steps), np.float32)
        return ({"excess": excess[..., None], "label": labels[:, None], "warmup": warmup},)


def default_steps(n_calls: int) -> int:
    """Gradient steps for a number of training calls: 100 more than calls, from 240 to 900."""
    return int(np.clip((100 + n_calls) // ROUNDS * ROUNDS, 240, 900))


def shifted(clips: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Return (n, f, t) clips, each rolled by its number of frames."""
    columns = (np.arange(clips.shape[2]) - np.asarray(frames)[:, None]) % clips.shape[2]
    return np.take_along_axis(clips, columns[:, None, :], axis=2)


class Watch(keras.callbacks.Callback):
    """Counts the rounds of `batches`, checks and validates the averaged weights after each, and
    keeps those of the best round, or of the last where nothing is validated.

    validate(): what is to become small, or None; check(epoch, logs): raises what ends a training.
    `rows` holds a dict a round; `kept` the number of the round that is kept, from 0.
    """

    def __init__(self, batches, validate=None, check=None):
        super().__init__()
        self.batches, self.validate, self.check = batches, validate, check
        self.best, self.waited, self.rows = np.inf, 0, []

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.batches.round = epoch  # Keras' own calls to a data set differ between backends

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if self.check:
            self.check(epoch, logs)
        value = self.validate() if self.validate else -epoch
        told = {"validation": value} if self.validate else {}
        self.rows.append({"round": epoch + 1} | logs | told)
        if value < self.best:
            self.best, self.waited, self.kept = value, 0, epoch
            self.weights = self.model.get_weights()
        else:
            self.waited += 1
            self.model.stop_training = self.waited >= PATIENCE


def compiled(
    network: Network,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
    **averaging,
) -> tuple[Network, list[np.ndarray]]:
    """Compile a network with Adam and averaged weights; return it and its optimiser's start."""
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate, clipnorm=1.0, use_ema=True, **averaging),
        jit_compile=neural.COMPILED,
    )
    network.optimizer.build(network.trainable_variables)
    return network, neural.copied(network.optimizer.variables)


def train(network: Network, watch: Watch) -> None:
    """Train a compiled network on the batches of a Watch, which sees its averaged weights."""
    network.fit(
        watch.batches,
        epochs=ROUNDS,
        callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=True), watch],
        shuffle=False,
        verbose=0,
    )


@functools.lru_cache(maxsize=16)
def compiled_once(
    build: Callable[..., Network],
    shape: tuple[int, int],
    settings: tuple[tuple[str, str | float], ...],
    steps: int,
    learning_rate: float,
) -> tuple[Network, list[np.ndarray]]:
    """One compiled network an architecture; its weights are drawn anew in each fit."""
    network = build(shape, 0, **dict(settings))
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps, alpha=0.05)
    return compiled(network, schedule, beta_1=0.8, ema_momentum=0.97)
