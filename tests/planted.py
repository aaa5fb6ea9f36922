"""A study.csv whose answer is known: planted effects a arm, noise a row, five seeds."""

import numpy as np
import pandas as pd

from utils.augmentation import arms, study

EFFECTS = {
    "real": 0.0, "class_weight": 0.0, "oversample": 0.0, "classical": 0.012, "mixup": 0.004,
    "call_on_background": 0.0, "ae": 0.02, "vae": 0.03, "aae": 0.04, "gan": -0.04,
    "diffusion": 0.03, "hybrid": 0.04, "noise": -0.02, "oracle": 0.06,
}  # fmt: skip
GENERATED = ("ae", "vae", "aae", "gan", "diffusion", "hybrid")
GENERATORS = GENERATED[:-1]
CLASSIFIERS = ("cnn", "random_forest")


def rows(*, seeds=5, noise=0.0005, name="planted", parts=("main", "curve"), snr=False, seed=0):
    """Rows of `study.csv`: AUC grows by 0.02 a doubling of real calls, plus the arm's effect."""
    rng, found = np.random.default_rng(seed), []
    for number in range(seeds):
        common = 0.01 * rng.normal()
        for part, n_positive, n_negative, arm, ratio in _cells(parts):
            auc = 0.8 + 0.02 * np.log2(n_positive / 25) + common + EFFECTS.get(arm, 0.0)
            for classifier in CLASSIFIERS:
                value = auc + noise * rng.normal()
                row = {
                    "dataset": name, "part": part, "n_positive": n_positive,
                    "n_negative": n_negative, "seed": number, "arm": arm, "ratio": round(ratio, 4),
                    "classifier": classifier, "n_train": n_positive + n_negative,
                    "roc_auc": value, "average_precision": value, "f1": value, "accuracy": value,
                    "brier": 0.1, "generator_seconds": 10.0 if arms.generators(arm) else 0.0,
                    "seconds": 2.0, "clips": f"c{number}",
                    "settings": study.settings_of("planted", arm, classifier),
                }  # fmt: skip
                if snr:
                    low = 1.5 * (arm == "aae") * EFFECTS["aae"]
                    row |= {"roc_auc_low_snr": value + low, "roc_auc_high_snr": value}
                found.append(row)
    return pd.DataFrame(found).reindex(columns=study.COLUMNS).astype({"error": object})


def _cells(parts):
    protocol = study.PROTOCOL
    if "main" in parts:
        for size in protocol["sizes"]:
            yield from _filled("main", size, protocol["negatives"], protocol["fill"])
    if "curve" in parts:
        for size in protocol["curve"]:
            yield "curve", size, protocol["negatives"], "real", 0.0
    if "ratios" in parts:
        for ratio in protocol["ratios"]:
            for arm in (arm for arm in protocol["ratio_arms"] if arm in EFFECTS):
                yield "ratios", protocol["ratio_size"], protocol["negatives"], arm, ratio
    for part in ("balanced", "challenge"):
        if part in parts:
            own = protocol[part]
            yield from _filled(part, own["size"], own["negatives"], own["fill"])


def _filled(part, size, n_negative, fill):
    for arm in EFFECTS:
        ratio = 0.0 if arm in ("real", "class_weight") else fill / size - 1
        yield part, size, n_negative, arm, ratio
