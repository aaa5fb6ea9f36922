"""The primary comparison against other rivals and on other seeds than it was written for."""

import numpy as np
import pandas as pd
import pytest

from utils.augmentation import answer, details, front, study
from utils.statistics import comparison

PRIMARY = study.PROTOCOL["primary"]


@pytest.fixture(scope="module")
def told():
    """Rivals that tie but for the noise, and a hydrophone that gains more in the first seeds."""
    rng, rows = np.random.default_rng(0), []
    for seed in range(40):
        for size in PRIMARY["sizes"]:
            for classifier in PRIMARY["classifiers"]:
                place = {"seed": seed, "n_positive": size, "classifier": classifier}
                for arm in ("real", *PRIMARY["against"], PRIMARY["arm"]):
                    gain = 0.05 if seed < 14 else 0.01
                    level = 0.9 + gain * (arm == PRIMARY["arm"]) - 0.05 * (arm == "real")
                    part = "ocean" if arm == PRIMARY["arm"] else "main"
                    own = {"arm": arm, "part": part, "ratio": 1.0, "n_negative": 800}
                    rows.append(place | own | {"roc_auc": level + rng.normal(0, 0.01)})
    rows = pd.DataFrame(rows).reindex(columns=study.COLUMNS).astype({"error": object})
    return front.Front(answer.Answer("simulated", rows))


def test_a_fixed_rival_is_the_best_of_all_seeds_and_harder_to_beat(told):
    fixed, chosen = told.against(front.FIXED)["mean"], told.against(comparison.RIVAL)["mean"]
    rows = told.told
    for (classifier, size), gap in fixed.items():
        at = rows[(rows["classifier"] == classifier) & (rows["n_positive"] == size)]
        means = at.groupby("arm")["roc_auc"].mean()
        assert gap == pytest.approx(means["ocean"] - means[list(PRIMARY["against"])].max())
    assert len(fixed) == 6 and (chosen >= fixed - 1e-12).all() and (chosen > fixed).any()


def test_the_comparison_on_unseen_seeds_counts_these_alone(told):
    rows = told.told
    for rival in (comparison.RIVAL, "classical"):
        found = told.against(rival, seeds=front.UNSEEN)
        assert set(found["seeds"]) == {26} and found["mean"].between(0.0, 0.02).all()
    late = rows[rows["seed"].isin(front.UNSEEN) & (rows["classifier"] == "cnn")]
    means = late[late["n_positive"] == 25].groupby("arm")["roc_auc"].mean()
    assert found.loc[("cnn", 25), "mean"] == pytest.approx(means["ocean"] - means["classical"])


def test_the_table_holds_the_three_readings_side_by_side(told):
    table = details.primary_otherwise(told)
    assert list(table) == [
        "como se escribió", "solo semillas 14 a 39", "rival fijo, el de mayor media",
    ]  # fmt: skip
    gap = told.against(front.FIXED).loc[("cnn", 25), "mean"]
    assert len(table) == 6
    assert table.loc["CNN, 25", "rival fijo, el de mayor media"].startswith(
        f"+0,{1000 * gap:03.0f} ("
    )
