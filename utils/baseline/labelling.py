"""What calls without a label do to a score."""

import numpy as np
from sklearn.metrics import roc_auc_score


def ceiling(share: float) -> float:
    """Return the ROC AUC of a perfect detector where this share of the negatives are calls.

    Such calls score as others do, so that each is above half of them.
    """
    return 1 - share / 2


def mislabelled_auc(
    labels: np.ndarray, probability: np.ndarray, share: float, *, seed: int
) -> float:
    """Return the ROC AUC of (n,) probabilities after random calls have lost their label.

    share: of the clips without a label that are then calls, below 1.
    """
    labels = np.array(labels)
    lost = round(share / (1 - share) * np.sum(labels == 0))
    calls = np.flatnonzero(labels == 1)
    labels[np.random.default_rng(seed).choice(calls, lost, replace=False)] = 0
    return roc_auc_score(labels, probability)
