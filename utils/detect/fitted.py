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


class _Stored:
    def arrays(self) -> dict[str, np.ndarray]:
        """What `from_arrays` takes."""
        return {name: np.asarray(getattr(self, name)) for name in self.__dataclass_fields__}


@dataclass(frozen=True, eq=False)
class Forest(_Stored):
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
            value=joined((v[:, 1] / v.sum(1) for v in (tree.value[:, 0] for tree in trees)), float),
            roots=roots.astype(np.int32),
            depth=max(tree.max_depth for tree in trees),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], shape: tuple[int, int]) -> Forest:
        """Return the Forest of stored arrays for spectrograms of a shape (f, t)."""
        kinds = {"left": "i", "right": "i", "feature": "i", "threshold": "f", "value": "f"}
        if any(arrays[k].dtype.kind != kinds.get(k, "i") for k in arrays):
            raise ValueError("the arrays are not those of a forest")
        nodes = len(arrays["left"])
        if any(arrays[name].shape != (nodes,) for name in kinds):
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
        return cls(**arrays | {"depth": int(arrays["depth"])})

    def predict_proba(self, spectrograms: features.Features | np.ndarray) -> np.ndarray:
        """Return the (n,) mean share of calls in the leaves, 0..1."""
        table = features.extract(spectrograms).table
        first = table.shape[1] * np.arange(len(table))[:, None]  # of a clip, in the flat table
        flat = table.ravel()
        node = np.broadcast_to(self.roots, (len(table), len(self.roots)))
        for _ in range(self.depth):
            asked = flat.take(first + self.feature.take(node))
            goes_left = asked <= self.threshold.take(node)
            node = np.where(goes_left, self.left.take(node), self.right.take(node))
        return self.value.take(node).mean(1)


@dataclass(frozen=True, eq=False)
class Linear(_Stored):
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

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], shape: tuple[int, int]) -> Linear:
        """Return the Linear of stored arrays."""
        from utils.models.embeddings import SIZE

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


def restored(
    kind: str, arrays: Mapping[str, np.ndarray], shape: tuple[int, int]
) -> Forest | Linear:
    """Return the fitted classifier of a kind; ValueError if arrays or shape do not fit it."""
    known = {each.kind: each for each in (Forest, Linear)}
    if kind not in known:
        raise UserError(f"no classifier is called {kind!r}; train the detector again.")
    if len(shape) != 2 or not all(
        features.REGIONS <= s <= m for s, m in zip(shape, LARGEST_SHAPE, strict=True)
    ):
        raise ValueError(f"spectrograms of shape {shape} are not for this detector")
    if set(arrays) != set(known[kind].__dataclass_fields__):
        raise ValueError(f"the arrays are not those of a {kind}")
    return known[kind].from_arrays(arrays, shape)
