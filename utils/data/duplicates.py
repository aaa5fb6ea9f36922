"""Clips that occur twice, exactly or nearly: on two sides of a split they would be a leak."""

import hashlib

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

_BATCH = 1000


def exact(clips: np.ndarray) -> np.ndarray:
    """Return (n,) bool: whether an earlier clip has the very same values (by SHA-256)."""
    digests = [hashlib.sha256(np.ascontiguousarray(clip)).digest() for clip in clips]
    return pd.Series(digests, dtype=object).duplicated().to_numpy()


def nearest(spectrograms: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    """Return each clip's most similar other clip: columns clip, other, correlation.

    spectrograms: (n, f, t). scores: (n, d), their coordinates in a reduced space, in which the
    candidate is sought by cosine distance; the correlation is then that of all pixels, -1..1.
    """
    search = NearestNeighbors(n_neighbors=1, metric="cosine").fit(scores)
    other = search.kneighbors(return_distance=False)[:, 0]
    correlation = np.empty(len(other))
    for start in range(0, len(other), _BATCH):
        rows = np.arange(start, min(start + _BATCH, len(other)))
        a, b = _centred(spectrograms[rows]), _centred(spectrograms[other[rows]])
        correlation[rows] = np.einsum("nd,nd->n", a, b)
    return pd.DataFrame({"clip": np.arange(len(other)), "other": other, "correlation": correlation})


def _centred(clips) -> np.ndarray:
    flat = np.asarray(clips, dtype=float).reshape(len(clips), -1)
    flat = flat - flat.mean(1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
