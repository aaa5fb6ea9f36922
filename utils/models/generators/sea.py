"""The sea under a generated call: what of a clip is level, and which real seas calls are heard in.

A clip is split into its *level*, a profile over frequency plus a profile over time (medians, which
a short call hardly moves), and the *excess* above it: the call and the texture of the noise.
Generators model the excess and borrow the level and the texture of real background clips. Clips
without calls come from other seas than clips with calls (ships and bursts are mostly without), so
background clips are drawn with the odds that a Random Forest, which sees nothing but the level and
the clip's edges, takes them for a clip with a call (propensity weights; Rosenbaum and Rubin 1983).
Where no sea is like those with calls (dB are relative to a clip's loudest cell, and a loud call is
louder than any noise), each takes the loudness of a random training clip with a call.
"""

import warnings
from typing import Self

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from utils.sound.spectrograms import level, resize

FAR = 1.0  # standard deviations of the calls' loudness that drawn seas may be away from its mean
EDGE = 0.15  # share of a clip at either end, where there is hardly any call


def descriptors(spectrograms: np.ndarray) -> np.ndarray:
    """Return (n, d) float32 of what is not the call: level profiles, edges and their spread."""
    x = np.asarray(spectrograms, dtype=np.float32)
    n, _, frames = x.shape
    width = max(1, round(EDGE * frames))
    ends = (x[:, :, :width], x[:, :, -width:])
    coarse = [resize(end, (12, 2)).reshape(n, -1) for end in ends]
    spread = [resize(end.std(2)[:, :, None], (12, 1))[:, :, 0] for end in ends]
    bands = resize(np.median(x, axis=2)[:, :, None], (24, 1))[:, :, 0]
    moments = resize(np.median(x, axis=1)[:, None, :], (1, 16))[:, 0]
    return np.concatenate([*coarse, *spread, bands, moments, x.std((1, 2))[:, None]], axis=1)


def propensity_weights(calls: np.ndarray, background: np.ndarray, *, seed: int) -> np.ndarray:
    """Return (n_background,) weights, sum 1: the odds that a sea belongs to a clip with a call.

    Out-of-bag votes of a Random Forest on `descriptors`, with both classes weighing the same.
    """
    odds = membership_odds(descriptors(calls), descriptors(background), seed=seed)
    return odds / odds.sum()


def membership_odds(
    members: np.ndarray, others: np.ndarray, *, seed: int, n_estimators: int = 400, n_jobs: int = -1
) -> np.ndarray:
    """Return (n_others,) odds, 1/99 to 19, with which rows (n, d) of others belong to the members.

    Out-of-bag votes of a Random Forest, with both sides weighing the same.
    """
    forest = RandomForestClassifier(
        n_estimators,
        min_samples_leaf=3,
        class_weight="balanced",
        oob_score=True,
        n_jobs=n_jobs,
        random_state=seed,
    )
    labels = np.repeat([1, 0], [len(members), len(others)])
    with warnings.catch_warnings():
        # Where members are few, balancing draws them into every tree; only others' votes are used.
        warnings.filterwarnings("ignore", "Some inputs do not have OOB scores")
        forest.fit(np.concatenate([members, others]), labels)
    votes = np.nan_to_num(forest.oob_decision_function_[len(members) :, 1], nan=0.5)
    votes = np.clip(votes, 0.01, 0.95)
    return votes / (1 - votes)


class Sea:
    """Levels of real background clips, and the odds with which each is drawn."""

    def fit(self, calls: np.ndarray, background: np.ndarray, *, seed: int) -> Self:
        """Learn from (n, f, t) training clips with calls and (m, f, t) without."""
        self.weights = propensity_weights(calls, background, seed=seed)
        self.levels = level(background)
        quiet = level(calls)
        own, there = (part.mean((1, 2)) for part in (quiet, self.levels))
        if abs(own.mean() - self.weights @ there) > FAR * own.std():
            given = np.random.default_rng(seed).choice(own, len(there))
            self.levels += (given - there)[:, None, None]
        self.scale = float((calls - quiet).std())
        return self

    def above(self, spectrograms: np.ndarray) -> np.ndarray:
        """Return the (n, f, t) excess in units of the training calls' standard deviation."""
        return (spectrograms - level(spectrograms)) / self.scale

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return (n,) numbers of background clips; none comes twice before its weight asks it to.

        Systematic resampling: clip i is drawn n times its weight, rounded up or down.
        """
        positions = (rng.random() + np.arange(n)) / n
        order = rng.permutation(len(self.weights))
        drawn = np.searchsorted(np.cumsum(self.weights[order]), positions)
        return rng.permutation(order[np.minimum(drawn, len(order) - 1)])
