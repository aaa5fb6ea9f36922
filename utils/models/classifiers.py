"""Detectors of the study behind one `fit` / `predict_proba`: three classical ones, an MLP, a CNN.

Each takes spectrograms (n, frequency, time) in any unit that is linear in dB and labels 0/1. What
is learned (weights, scales, number of boosting rounds, the epoch that is kept) comes from the
training and validation clips that are passed in. The networks are in `neural`. A new classifier is
one class, one line of REGISTRY, and its settings in the study's PROTOCOL.
"""

from __future__ import annotations

import inspect
import itertools
import warnings
from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler
from threadpoolctl import threadpool_limits

from utils.errors import UserError
from utils.models.lazy import Registry
from utils.sound import features

if TYPE_CHECKING:
    from utils.models.neural import CNN, MLP

BATCH_SIZE = 64
STEPS = 480  # gradient steps of a network, whatever the number of clips
NETWORKS = ("mlp", "cnn")  # of REGISTRY


def build(name: str, *, seed: int, **settings) -> _Tabular | MLP | CNN:
    """Return an unfitted classifier of REGISTRY; ValueError if the name is unknown."""
    if name not in REGISTRY:
        raise UserError(f"no classifier is called {name!r}; choose from {', '.join(REGISTRY)}.")
    return REGISTRY[name](seed=seed, **settings)


def defaults(name: str) -> dict[str, float | tuple[int, ...]]:
    """Return the settings, by name, with which a classifier of REGISTRY is built."""
    kind = REGISTRY[name]
    network = name in NETWORKS
    found = {}
    for function in (kind.__init__, kind.builder) if network else (kind._build,):
        for setting, parameter in inspect.signature(function).parameters.items():
            if parameter.default is not inspect.Parameter.empty and setting != "n_jobs":
                found[setting] = parameter.default
    return found


def checked(spectrograms: features.Features | np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return (n,) float32 labels; UserError unless there is one a clip, and both classes."""
    labels = np.asarray(labels)
    if len(spectrograms) != len(labels):
        raise UserError(
            f"{len(spectrograms)} spectrograms came with {len(labels)} labels; give one a clip."
        )
    if set(np.unique(labels).tolist()) != {0, 1}:
        raise UserError("training labels must hold both 0 and 1; draw clips of both classes.")
    return labels.astype(np.float32)


class _Tabular:
    """A scikit-learn estimator on the table of `features.extract`."""

    def __init__(self, *, seed, **settings):
        self.seed = seed
        self.estimator = self._build(seed, **settings)

    def fit(
        self,
        spectrograms: features.Features | np.ndarray,
        labels: np.ndarray,
        validation: tuple[features.Features | np.ndarray, np.ndarray] | None = None,
        weights: np.ndarray | None = None,
    ) -> Self:
        """Fit on (n, f, t) and (n,); validation is (spectrograms, labels) or None, weights (n,)."""
        labels = checked(spectrograms, labels)
        self._fit(features.extract(spectrograms).table, labels, validation, weights)
        return self

    def _fit(self, table, labels, validation, weights):
        self.estimator.fit(table, labels, sample_weight=weights)

    def predict_proba(self, spectrograms: features.Features | np.ndarray) -> np.ndarray:
        """Return the (n,) probability of a call, 0..1."""
        return self.estimator.predict_proba(features.extract(spectrograms).table)[:, 1]


class Logistic(_Tabular):
    """Logistic regression: the reference of low capacity. Validation clips are not needed."""

    @staticmethod
    def _build(seed, C=0.01):
        return make_pipeline(
            StandardScaler(), LogisticRegression(C=C, max_iter=1000, random_state=seed)
        )

    def _fit(self, table, labels, validation, weights):
        self.estimator.fit(table, labels, logisticregression__sample_weight=weights)


class RandomForest(_Tabular):
    """Random Forest (Breiman 2001). Validation clips are not needed."""

    @staticmethod
    def _build(seed, n_estimators=300, min_samples_leaf=2, n_jobs=2):
        return RandomForestClassifier(
            n_estimators=n_estimators,
            min_samples_leaf=min_samples_leaf,
            n_jobs=n_jobs,
            random_state=seed,
        )

    def _fit(self, table, labels, validation, weights):
        super()._fit(table, labels, validation, weights)
        self.estimator.set_params(n_jobs=1)  # threads add up the trees in the order they end in


class GradientBoosting(_Tabular):
    """Histogram gradient boosting (Ke et al. 2017); validation clips choose the rounds.

    With weights, the histograms' bins are made beforehand, by unweighted quantiles: scikit-learn's
    weighted ones take twenty times as long as all the rest.
    """

    bins = None

    @staticmethod
    def _build(seed, max_iter=250, learning_rate=0.06, max_leaf_nodes=15, max_features=0.2):
        return HistGradientBoostingClassifier(
            max_iter=max_iter,
            learning_rate=learning_rate,
            max_leaf_nodes=max_leaf_nodes,
            max_features=max_features,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=seed,
        )

    def _binned(self, table):
        return table if self.bins is None else self.bins.transform(table)

    def _fit(self, table, labels, validation, weights):
        if weights is not None:
            self.bins = KBinsDiscretizer(
                255, encode="ordinal", quantile_method="linear", subsample=None
            )
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Bins whose width are too small")  # joined
                table = self.bins.fit_transform(table)
        # Its threads wait actively for one another: on a busy machine, one alone is faster.
        with threadpool_limits(1, "openmp"):
            self.estimator.fit(table, labels, sample_weight=weights)
        self.rounds = self.estimator.n_iter_
        if validation is not None:
            held_out = self._binned(features.extract(validation[0]).table)
            truth = np.asarray(validation[1])
            loss = [
                -np.log(np.where(truth == 1, p[:, 1], p[:, 0]) + 1e-7).mean()
                for p in self.estimator.staged_predict_proba(held_out)
            ]
            self.rounds = int(np.argmin(loss)) + 1

    def predict_proba(self, spectrograms: features.Features | np.ndarray) -> np.ndarray:
        """Return the (n,) probability of a call, 0..1, after the chosen number of rounds."""
        table = self._binned(features.extract(spectrograms).table)
        staged = self.estimator.staged_predict_proba(table)
        return next(itertools.islice(staged, self.rounds - 1, None))[:, 1]


REGISTRY = Registry(
    logistic=Logistic,
    mlp="utils.models.neural:MLP",
    random_forest=RandomForest,
    gradient_boosting=GradientBoosting,
    cnn="utils.models.neural:CNN",
)
