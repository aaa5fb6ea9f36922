"""Sentences of Checkpoint 1 follow their numbers."""

import pandas as pd

from utils import findings_baseline as findings

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
    assert "De 25 a 400 clips por clase, la CNN gana 0.080" in told and "dan 375 clips" in told
