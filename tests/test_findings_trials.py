"""Sentences of the trials follow their tables, and say so where there is none."""

import pandas as pd
import pytest

from utils import findings_trials as findings
from utils import trials

NAMES = findings.GENERATORS


@pytest.mark.parametrize("trial", ["forms", "stability", "draws"])
def test_a_trial_that_was_not_run_says_how_to_run_it(trial):
    assert f"python -m utils.trials {trial} --dataset" in getattr(findings, trial)(None)


def test_forms_name_where_the_one_in_use_is_best():
    rows = [
        {"generator": name, "form": form, "split": split, "n_positive": 200}
        | {"usefulness": value - 0.01 * split, "real": 0.9}
        for name in NAMES
        for form, value in zip(("shared", "conditional", "calls"), (0.85, 0.84, 0.86), strict=True)
        for split in range(2)
        if not (name == "gan" and form != "shared")
    ]
    table = pd.DataFrame(rows)
    text = findings.forms(table)
    assert (
        "De los 4 modelos con varias, no es la mejor en ninguno: queda a 0.010 como mucho." in text
    )
    assert "| VAE | 0.845 | 0.835 | 0.855 |" in text and "| GAN | 0.845 |  |  |" in text
    table.loc[(table["generator"] == "ae") & (table["form"] == "shared"), "usefulness"] = 0.9
    assert "es la mejor en: AE; en los demás queda a 0.010" in findings.forms(table)
    table.loc[table["form"] == "shared", "usefulness"] = 0.95
    assert "es la mejor en todos." in findings.forms(table)


def test_stability_counts_collapses_and_what_is_not_finite():
    table = pd.DataFrame(
        [
            {"generator": name, "seed": seed, "n_positive": 100, "collapsed": 0}
            | {"finite": True, "variation": 0.8 + 0.1 * seed}
            for name in NAMES
            for seed in range(2)
        ]
    )
    text = findings.stability(table)
    assert "2 semillas" in text and "0 colapsos en 10 entrenamientos, 0 con" in text
    assert "GAN 0.85" in text
    table["finite"] = table["finite"].astype(object)
    table.loc[0, ["collapsed", "finite", "variation"]] = [1, None, None]
    table.loc[3, "finite"] = False
    text = findings.stability(table)
    assert "1 colapsos en 10 entrenamientos, 1 con" in text and "AE 0.90" in text


def test_draws_set_each_count_beside_the_real_calls():
    gains = dict.fromkeys(NAMES, 0.0) | {"aae": 0.009}
    rows = [
        {"generator": name, "split": split, "n_positive": 800, "real": 0.9}
        | {"times_1": 0.81, "times_2": 0.81, "times_4": 0.81 + gains[name]}
        for name in NAMES
        for split in range(3)
    ]
    text = findings.draws(pd.DataFrame(rows))
    assert "| clips dibujados | 800 | 1600 | 3200 |" in text
    assert "| AAE | 0.810 (90.0 %) | 0.810 (90.0 %) | 0.819 (91.0 %) |" in text
    assert "entre +0.000 y +0.009. Lo más alto de 15 valores: AAE con 3200, el 91.0 %" in text
    assert "(+0.009, +0.009 a +0.009, frente a 800 clips)" in text

    rows = [row | {"times_4": 0.8} for row in rows]
    assert findings.draws(pd.DataFrame(rows)).endswith("AE con 800, el 90.0 %.")


def test_draws_pass_over_a_collapse():
    rows = [
        {"generator": name, "split": split, "n_positive": 800, "real": 0.9, "collapsed": 0}
        | {"times_1": 0.81, "times_2": 0.81, "times_4": 0.82 if name == "aae" else 0.81}
        for name in NAMES
        for split in range(4)
    ]
    table = pd.DataFrame(rows)
    lost = (table["generator"] == "aae") & (table["split"] == 0)
    table.loc[lost, ["times_1", "times_2", "times_4", "collapsed"]] = [None, None, None, 1]
    assert "AAE con 3200, el 91.1 % (+0.010, +0.010 a +0.010" in findings.draws(table)
    table.loc[table["generator"] == "gan", ["times_1", "times_2", "times_4"]] = None
    assert "| GAN | colapsa | colapsa | colapsa |" in findings.draws(table)
    assert "utils.trials draws" in findings.draws(table[table["split"] == 1])


def test_only_rows_of_these_clips_and_this_code_count(tmp_path):
    class Bench:
        content = "abc"

        @staticmethod
        def results(name):
            return tmp_path / f"{name}.csv"

    assert trials.stored(Bench, "draws") is None
    rows = pd.DataFrame({"generator": NAMES, "split": 0, "content": "abc-1"})
    old = rows.assign(content="old-1", split=5)
    begun = rows[:2].assign(split=1)  # a split that is still being run
    pd.concat([old, rows, begun]).to_csv(Bench.results("draws"), index=False)
    found = trials.stored(Bench, "draws")
    assert found["generator"].tolist() == NAMES and set(found["split"]) == {0}
    pd.concat([old, begun]).to_csv(Bench.results("draws"), index=False)
    assert trials.stored(Bench, "draws") is None
    rows.to_csv(Bench.results("forms"), index=False)  # one form of each is not all
    assert trials.stored(Bench, "forms") is None
