"""Recipes: what is fitted to calls that are labelled, and to others that are described.

A recipe is a function of Clips that returns a classifier of `fitted`, and a line of RECIPES;
`training` says which one is taken. In the study (data/results/*/study.csv, ROC AUC, mean over
seeds, 25 to 400 calls), the Random Forest with classical augmentation is at most 0.003 below the
best of all classifiers and cheap strategies on the real clips and at most 0.009 on the simulated
ones. The mean of its log odds and the CNN's, which two development splits preferred by
0.002, gave 0.931 with 200 and 0.933 with 400 calls on the study's forty splits of the real clips,
where the forest alone gives 0.932 and 0.935: it is not among the recipes.

Simulated clips of a described call beside few labelled ones, on real clips of held-out blocks
(three seeds): 0.937 against 0.927 with 25 calls, 0.942 against 0.937 with 50, 0.944 against 0.936
with 90; of a call that was described wrongly (a downsweep), 0.911 against 0.927 with 25, which is
why `training` lets held-out clips decide.
"""

from dataclasses import dataclass

import numpy as np

from utils.augmentation import arms, simulated
from utils.augmentation.protocol import EMBEDDED, PROTOCOL
from utils.detect.fitted import Forest, Linear
from utils.models import classifiers
from utils.sound import augmentations, features

FEW = 100  # labelled calls from which simulated ones bring nothing any more
FILL = 800  # calls, known and added, that are filled up to, as in the study


@dataclass(frozen=True, eq=False)
class Simulated:
    """Simulated clips of a described call.

    alone (k, f, t): power of calls without a sea; whole: a Bank of clips with their labels; band
    (f,) bool: where the call lies; stretched: see `augmentation.simulated.calls_in_seas`.
    """

    alone: np.ndarray
    whole: simulated.Bank
    band: np.ndarray
    stretched: bool


@dataclass(frozen=True, eq=False)
class Clips:
    """What a recipe learns from: spectrograms (n, f, t) in a unit that is linear in dB, and what
    was simulated beside them."""

    calls: np.ndarray
    seas: np.ndarray
    seed: int
    simulated: Simulated | None = None
    speeds: tuple[int, ...] = ()  # of `birdnet`, whose clips are embeddings (n, d)

    def augmented(self) -> np.ndarray:
        """Return the calls and copies of them by `augmentations.classical`, up to FILL and never
        more than there are seas."""
        count = max(0, min(FILL, len(self.seas)) - len(self.calls))
        if not count:
            return self.calls
        rng = np.random.default_rng([self.seed, 1])
        calls, seas = (arms.turns(n, count, rng) for n in (len(self.calls), len(self.seas)))
        added = augmentations.classical(self.calls[calls], self.seas[seas], rng)
        return np.concatenate([self.calls, added])


def _joined(calls, seas):
    """Calls and seas one behind the other, and their labels."""
    return np.concatenate([calls, seas]), np.repeat([1, 0], [len(calls), len(seas)])


def _fitted(clips, table, labels):
    fitted = classifiers.build("random_forest", seed=clips.seed).fit(table, labels)
    return Forest.of(fitted.estimator)


def forest(clips: Clips) -> Forest:
    """A Random Forest on the calls, those of classical augmentation, and the seas."""
    return _fitted(clips, *_joined(clips.augmented(), clips.seas))


def forest_and_simulated(clips: Clips) -> Forest:
    """A Random Forest on the same, simulated calls in the seas, and whole simulated clips.

    They are drawn as in the study's strategy `ocean`, in proportion to the seas: where these are
    few, many faint calls in each would make calls of them.
    """
    grid, labels = _joined(clips.augmented(), clips.seas)
    table = features.extract(grid)
    own = {1: table.table[: len(clips.calls)], 0: table.table[labels == 0]}
    given, rng = clips.simulated, np.random.default_rng([clips.seed, 2])
    share = min(1, len(clips.seas) / FILL)
    made = simulated.calls_in_seas(
        given.alone, given.band, clips.calls, clips.seas, rng, stretched=given.stretched
    )
    sources = [(made, features.extract(made).table, 1, arms.SIMULATED)]
    for label in (1, 0):
        rows = given.whole.labels == label
        sources.append((given.whole.grid[rows], given.whole.table[rows], label, arms.WHOLE))
    for grid, known, label, usual in sources:
        odds = simulated.importance(known, own[label], seed=clips.seed)
        drawn = rng.choice(len(grid), round(share * usual), replace=False, p=odds)
        table = table + features.extract(grid[drawn])
        labels = np.concatenate([labels, np.full(len(drawn), label)])
    return _fitted(clips, table, labels)


def birdnet(clips: Clips) -> Linear:
    """The study's logistic regression on embeddings of BirdNET."""
    regularisation = PROTOCOL["classifiers"][EMBEDDED]["C"]
    model = classifiers.build("logistic", seed=clips.seed, C=regularisation).estimator
    return Linear.of(model.fit(*_joined(clips.calls, clips.seas)), clips.speeds)


RECIPES = {
    "forest": forest,
    "forest_and_simulated": forest_and_simulated,
    EMBEDDED: birdnet,  # where it is asked for
}
