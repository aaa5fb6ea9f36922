"""The protocol of the study: sizes, arms, seeds, classifiers, and what a row holds."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from utils.augmentation import arms
from utils.baseline import baseline
from utils.models.generators import registry
from utils.statistics import comparison

PROTOCOL = {
    "sizes": (25, 50, 100, 200, 400),  # real calls
    "negatives": 800,  # real clips of sea beside them
    "control_sizes": (25, 50),  # of arms.CONTROLS
    "fill": 800,  # calls, real and added, that every arm that adds fills up to
    "curve": (600, 800),  # further sizes of `real` alone; the whole training side comes last
    "balanced": {"size": 100, "negatives": 100, "fill": 200},
    "challenge": {"size": 100, "negatives": 300, "fill": 300},
    "ratio_size": 50,
    "ratios": (0.5, 1, 2, 4, 8, 16),  # added calls a real one
    "ratio_arms": ("classical", *registry.REGISTRY, "hybrid"),
    "classifiers": {
        "cnn": {"steps": 240, "batch_size": 32},
        "mlp": {"steps": 120},
        "random_forest": {"n_estimators": 100, "n_jobs": 1},
        "gradient_boosting": {"max_iter": 100, "learning_rate": 0.12},
        "logistic": {},
        "birdnet": {"C": 0.001, "speeds": (4, 8)},
    },
    "primary": {  # comparison of the simulated hydrophone, written before its rows were run
        "arm": "ocean",
        "against": ("class_weight", "oversample", "classical", "mixup", "call_on_background"),
        "classifiers": ("cnn", "random_forest"),
        "sizes": (25, 50, 100),
    },
    "smallest_effect": comparison.SMALLEST_EFFECT,  # of ROC AUC; less counts as none
    "batch": 10,  # seeds
    "most_seeds": 40,
    "width": 0.006,  # of the interval to either side, at which no further seeds are run
    "width_classifiers": ("cnn", "random_forest"),
    "n_splits": 5,
    "split_seed": 1000,  # other splits than those that generators were developed on
    "shape": baseline.PROTOCOL["shape"],
    "revision": 1,  # raised when the code changes what the rows mean
}
SHARED = (  # of PROTOCOL, what all rows follow from; doses, since they size a generator's draw
    "fill", "ratio_size", "ratios", "n_splits", "split_seed", "shape", "revision",
)  # fmt: skip
EMBEDDED = "birdnet"  # classifier: logistic regression on `embeddings`, of real clips alone
PARTS = ("main", "curve", "ratios", "ocean", "balanced", "challenge")
SCORES = ("roc_auc", "average_precision", "f1", "accuracy", "brier")
BY_SNR = ("roc_auc_low_snr", "roc_auc_high_snr")  # where the truth is known, else empty
KEY = ("n_positive", "n_negative", "seed", "arm", "ratio", "classifier", "settings")
COLUMNS = (
    "dataset", "part", "n_positive", "n_negative", "seed", "arm", "ratio", "classifier", "n_train",
    *SCORES, *BY_SNR, "generator_seconds", "seconds", "clips", "settings", "versions", "error",
)  # fmt: skip


def seen_by(arm: str, size: int, names: Iterable[str]) -> list[str]:
    """Return those of some classifiers that have a row of an arm at a size: EMBEDDED adds no clip;
    controls, and the hydrophone with seas alone, are for those of the primary comparison."""
    primary = PROTOCOL["primary"]
    if arm in arms.CONTROLS or (arm == primary["arm"] and not size):
        return [name for name in names if name in primary["classifiers"]]
    return [name for name in names if name != EMBEDDED or arm == "real"]


@dataclass(frozen=True, order=True)
class Cell:
    """One training set: all classifiers learn from it."""

    seed: int
    n_positive: int
    n_negative: int
    arm: str
    ratio: float  # calls asked for a real one
    part: str = field(default="main", compare=False)  # of PARTS: the first that asks for it

    @property
    def count(self) -> int:
        """Calls that the arm is asked to add."""
        return round(self.ratio * self.n_positive)
