"""Fitted classifiers as arrays: what a detector's folder holds, and what is made of it again.

Each has `predict_proba` for (n, f, t) spectrograms, or for the embeddings that it takes instead,
`arrays()` for an .npz without pickles, and `from_arrays`, which takes a stranger's arrays and
raises ValueError where they do not fit together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from utils.errors import UserError
from utils.sound import features

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import Pipeline

FASTEST = 64  # times that sound is played faster
LARGEST_SHAPE = (256, 512)  # of a grid of spectrograms: a damaged number asks for no more memory


@dataclass(frozen=True, eq=False)
class Forest:
    """A forest of binary trees, one behind the other in arrays (nodes,).

    left, right: the node's children, itself in a leaf; feature, threshold: go left where
    table[feature] <= threshold; value: share of calls in a leaf; roots (trees,).
    """

    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    value: np.ndarray
    roots: np.ndarray
    depth: int

    kind = "forest"

    @classmethod
    def of(cls, estimator: RandomForestClassifier) -> Forest:
        """Return the Forest of a fitted scikit-learn RandomForestClassifier of classes 0 and 1."""
        trees = [each.tree_ for each in estimator.estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1]

        def child(tree, side, root):
            found = getattr(tree, side)
            own = np.arange(tree.node_count)
            return root + np.where(found < 0, own, found)

        def joined(parts, dtype):
            return np.concatenate(list(parts)).astype(dtype)

        pairs = list(zip(trees, roots, strict=True))
        return cls(
            left=joined((child(tree, "children_left", root) for tree, root in pairs), np.int32),
            right=joined((child(tree, "children_right", root) for tree, root in pairs), np.int32),
            feature=joined((np.maximum(tree.feature, 0) for tree in trees), np.int32),
            threshold=joined((tree.threshold for tree in trees), np.float64),
            value=joined((_share(tree.value[:, 0]) for tree in trees), np.float64),
            roots=roots.astype(np.int32),
            depth=max(tree.max_depth for tree in trees),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """What `from_arrays` takes."""
        names = ("left", "right", "feature", "threshold", "value", "roots")
        return {name: getattr(self, name) for name in names} | {"depth": np.array(self.depth)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], shape: tuple[int, int]) -> Forest:
        """Return the Forest of stored arrays for spectrograms of a shape (f, t)."""
        kinds = {"left": "i", "right": "i", "feature": "i", "threshold": "f", "value": "f"}
        kinds |= {"roots": "i", "depth": "i"}
        if set(arrays) != set(kinds) or any(arrays[k].dtype.kind != v for k, v in kinds.items()):
            raise ValueError("the arrays are not those of a forest")
        nodes = len(arrays["left"])
        if any(arrays[name].shape != (nodes,) for name in list(kinds)[:5]):
            raise ValueError("the arrays of a forest differ in length")
        n_features = features.extract(np.zeros((1, *shape), np.float32)).table.shape[1]
        limits = {"left": nodes, "right": nodes, "roots": nodes, "feature": n_features}
        for name, limit in limits.items():
            found = arrays[name]
            if not found.size or found.min() < 0 or found.max() >= limit:
                raise ValueError(f"{name} points out of the forest")
        if arrays["roots"].ndim != 1 or not 0 <= arrays["depth"].reshape(()) < nodes:
            raise ValueError("the forest has no roots or no depth")
        if not (arrays["value"] >= 0).all() or not (arrays["value"] <= 1).all():
            raise ValueError("leaves hold no shares")
        return cls(**{name: arrays[name] for name in list(kinds)[:6]}, depth=int(arrays["depth"]))

    def predict_proba(self, spectrograms: features.Features | np.ndarray) -> np.ndarray:
        """Return the (n,) mean share of calls in the leaves, 0..1."""
        table = features.extract(spectrograms).table
        first = table.shape[1] * np.arange(len(table))[:, None]  # of a clip, in the flat table
        node = np.broadcast_to(self.roots, (len(table), len(self.roots)))
        for _ in range(self.depth):
            asked = table.ravel().take(first + self.feature.take(node))
            goes_left = asked <= self.threshold.take(node)
            node = np.where(goes_left, self.left.take(node), self.right.take(node))
        return self.value.take(node).mean(1)


def _share(counts):
    return counts[:, 1] / counts.sum(1)


class Network:
    """The study's CNN (`neural.build_cnn`), whose weights are given as arrays."""

    kind = "cnn"

    def __init__(self, classifier):
        self.classifier = classifier

    def arrays(self) -> dict[str, np.ndarray]:
        """What `from_arrays` takes: the weights in Keras' order."""
        return {f"weight_{i:03d}": w for i, w in enumerate(self.classifier.weights)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], shape: tuple[int, int]) -> Network:
        """Return the Network of stored arrays for spectrograms of a shape (f, t)."""
        from utils.models import neural  # Keras takes seconds, which a forest need not wait for

        classifier = neural.CNN(seed=0)
        known = features.extract(np.zeros((1, *shape), np.float32))
        classifier.shapes = (known.maps.shape[1:], known.table.shape[1:])
        expected = neural.build_cnn(classifier.shapes, 0).weights
        names = [f"weight_{i:03d}" for i in range(len(expected))]
        if sorted(arrays) != names:
            raise ValueError("the arrays are not the network's")
        for name, weight in zip(names, expected, strict=True):
            if arrays[name].shape != tuple(weight.shape) or arrays[name].dtype != np.float32:
                raise ValueError(f"{name} has another shape than the network's")
        classifier.weights = [arrays[name] for name in names]
        return cls(classifier)

    def predict_proba(self, spectrograms: features.Features | np.ndarray) -> np.ndarray:
        """Return the (n,) probability of a call, 0..1."""
        return self.classifier.predict_proba(spectrograms)


@dataclass(frozen=True, eq=False)
class Linear:
    """Logistic regression on embeddings (`models.embeddings`) of sound at some speeds.

    mean, scale, weights (d,): of the embeddings; intercept (); speeds (k,), d = k * SIZE.
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    intercept: np.ndarray
    speeds: np.ndarray

    kind = "birdnet"

    @classmethod
    def of(cls, estimator: Pipeline, speeds: Sequence[int]) -> Linear:
        """Return the Linear of a fitted pipeline of StandardScaler and LogisticRegression."""
        scaler, model = (step for _, step in estimator.steps)
        return cls(
            scaler.mean_, scaler.scale_, model.coef_[0], model.intercept_[0], np.array(speeds)
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """What `from_arrays` takes."""
        return {name: np.asarray(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], shape: tuple[int, int]) -> Linear:
        """Return the Linear of stored arrays."""
        from utils.models.embeddings import SIZE

        if set(arrays) != set(cls.__dataclass_fields__):
            raise ValueError("the arrays are not those of a logistic regression")
        speeds = arrays["speeds"]
        if speeds.ndim != 1 or speeds.dtype.kind != "i" or not 1 <= len(speeds) <= FASTEST:
            raise ValueError("the speeds are no list of whole numbers")
        if speeds.min() < 1 or speeds.max() > FASTEST:
            raise ValueError(f"speeds are not between 1 and {FASTEST}")
        for name in ("mean", "scale", "weights", "intercept"):
            size = () if name == "intercept" else (len(speeds) * SIZE,)
            found = arrays[name]
            if found.shape != size or found.dtype.kind != "f" or not np.isfinite(found).all():
                raise ValueError(f"{name} does not fit the embeddings")
        if not (arrays["scale"] > 0).all():
            raise ValueError("scale holds zeros")
        return cls(**arrays)

    def predict_proba(self, embedded: np.ndarray) -> np.ndarray:
        """Return the (n,) probability of a call for (n, d) embeddings, 0..1."""
        return expit((embedded - self.mean) / self.scale @ self.weights + self.intercept)


KINDS = {kind.kind: kind for kind in (Forest, Network)}


class Mean:
    """Several fitted classifiers, whose log odds are averaged (Satopää et al. 2014)."""

    kind = "mean"
    LIMIT = 1e-3  # of a probability, so that one classifier's certainty does not decide alone

    def __init__(self, parts):
        self.parts = parts

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of all parts, each under the part's kind."""
        found = {}
        for part in self.parts:
            found |= {f"{part.kind}_{name}": array for name, array in part.arrays().items()}
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], shape: tuple[int, int]) -> Mean:
        """Return the Mean of stored arrays for spectrograms of a shape (f, t)."""
        parts = []
        for kind in KINDS.values():
            own = {
                name.removeprefix(f"{kind.kind}_"): array
                for name, array in arrays.items()
                if name.startswith(f"{kind.kind}_")
            }
            parts.append(kind.from_arrays(own, shape))
        if len(arrays) != sum(len(part.arrays()) for part in parts):
            raise ValueError("the arrays are not those of a forest and a network")
        return cls(parts)

    def predict_proba(self, spectrograms: features.Features | np.ndarray) -> np.ndarray:
        """Return the (n,) probability of a call, 0..1."""
        known = features.extract(spectrograms)
        each = [part.predict_proba(known) for part in self.parts]
        p = np.clip(each, self.LIMIT, 1 - self.LIMIT)
        return 1 / (1 + np.exp(-np.log(p / (1 - p)).mean(0)))


def restored(
    kind: str, arrays: Mapping[str, np.ndarray], shape: tuple[int, int]
) -> Forest | Network | Mean | Linear:
    """Return the fitted classifier of a kind; ValueError if arrays or shape do not fit it."""
    known = KINDS | {each.kind: each for each in (Mean, Linear)}
    if kind not in known:
        raise UserError(f"no classifier is called {kind!r}")
    if len(shape) != 2 or not all(
        features.REGIONS <= s <= m for s, m in zip(shape, LARGEST_SHAPE, strict=True)
    ):
        raise ValueError(f"spectrograms of shape {shape} are not for this detector")
    return known[kind].from_arrays(arrays, shape)
