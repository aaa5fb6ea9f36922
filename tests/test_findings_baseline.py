"""Sentences of Checkpoint 1 follow their numbers."""

import numpy as np
import pandas as pd
import pytest

from utils.baseline import findings

MEANS = pd.Series({"logistic": 0.9, "mlp": 0.8, "random_forest": 0.92, "cnn": 0.95})
FLOOR = pd.Series({"loudness": 0.6, "edges": 0.7})


def test_a_cue_as_good_as_a_model_is_a_warning():
    told = findings.floor(MEANS, FLOOR)
    assert "El peor modelo, MLP: 0.80." in told and findings.CAUTION not in told
    assert findings.floor(MEANS, FLOOR + 0.2).endswith(findings.CAUTION)


def test_models_are_counted_whose_interval_is_above_the_floor():
    summary = pd.DataFrame({"low": [0.65, 0.71, 0.9]})
    assert findings.above_floor(summary, FLOOR).startswith("2 de 3 superan")


def test_conclusions_name_the_best_and_what_further_clips_bring():
    at = pd.DataFrame([MEANS - 0.1, MEANS - 0.02], index=[25, 400])
    told = findings.conclusions(MEANS, "4 de 4 superan", at)
    assert "la media mayor es la de CNN (0.950)" in told
    assert "(Random Forest) llega a 0.820 y la CNN a 0.850" in told
    assert "la CNN gana 0.080 y Random Forest 0.080" in told and "dan 375 clips" in told


def test_ties_of_the_best_brier_are_named():
    told = findings.brier(pd.Series({"logistic": 0.0791, "mlp": 0.128, "cnn": 0.0789}))
    assert "el mejor Brier, 0.079 (Regresión logística, CNN)" in told and "0.128 (MLP)" in told


def test_a_gain_is_paired_by_split():
    rows = [
        {"split": split, "model": model, "size": size, "roc_auc": 0.8 + 0.03 * split + gain}
        for split in range(5)
        for model in ("cnn", "mlp")
        for size, gain in ((25, 0.0), (100, 0.01), (400, 0.04))
    ]
    told = findings.gain_title(pd.DataFrame(rows), ("cnn",), seed=0)
    assert told == "De 25 a 400 clips por clase: CNN +0.040 (+0.040 a +0.040)"


@pytest.mark.parametrize(
    ("more", "told"), [(0.2, "regala la fuga"), (0.001, "no se sabe si hay fuga")]
)
def test_a_leak_is_told_where_the_intervals_part(more, told):
    scores = 0.7 + 0.01 * np.arange(5)
    table = pd.DataFrame({"model": "gradient_boosting", "roc_auc": scores})
    other = pd.DataFrame({"model": "cnn", "roc_auc": scores + 0.1})
    text = findings.leak(table[["roc_auc"]] + more, pd.concat([table, other]), seed=0)
    assert told in text and f"Diferencia {more:+.3f}:" in text
