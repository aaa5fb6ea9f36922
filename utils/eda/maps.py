"""Spectrograms in few dimensions: principal components, and maps in two dimensions."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from utils.sound.spectrograms import normalise


def principal_components(
    spectrograms: np.ndarray, n_components: int = 50, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, n_components) scores and (n_components,) shares of explained variance.

    Each clip is standardised first, so that its level and contrast do not count.
    """
    pixels = normalise(spectrograms).reshape(len(spectrograms), -1)
    n_components = min(n_components, *pixels.shape)
    model = PCA(n_components, svd_solver="randomized", random_state=seed)
    return model.fit_transform(pixels), model.explained_variance_ratio_


def tsne(scores: np.ndarray, *, seed: int) -> np.ndarray:
    """Return a t-SNE map (n, 2) of (n, d) scores, which starts from their principal components."""
    perplexity = min(30.0, (len(scores) - 1) / 3)  # few clips have few neighbours
    model = TSNE(perplexity=perplexity, init="pca", random_state=seed, max_iter=500, n_jobs=2)
    return model.fit_transform(scores)


def umap(scores: np.ndarray, *, seed: int) -> np.ndarray:
    """Return a UMAP map (n, 2) of (n, d) scores; one thread, so that the seed decides."""
    from umap import UMAP

    neighbours = min(15, len(scores) - 1)
    model = UMAP(n_neighbors=neighbours, init="pca", random_state=seed, n_jobs=1)
    return model.fit_transform(np.asarray(scores, dtype=np.float32))
