"""Sentences of the trials follow their tables, and say so where there is none."""

import pandas as pd
import pytest

from utils.generative import findings, trials

NAMES = findings.GENERATORS


@pytest.mark.parametrize("trial", ["forms", "stability", "draws"])
def test_a_trial_that_was_not_run_says_how_to_run_it(trial):
    assert f"whales generative {trial} --dataset" in getattr(findings, trial)(None)


def test_forms_are_set_beside_the_one_in_use_and_the_rule_looks_at_filled_calls():
    levels = {"shared": 0.85, "conditional": 0.84, "calls": 0.86}
    rows = [
        {"generator": name, "form": form, "split": split, "n_positive": size, "real": 0.9}
        | {"usefulness": value - 0.01 * split}
        | {f"filled_{model}": value + 0.01 * split for model in ("cnn", "random_forest")}
        for name in ("ae", "vae", "aae", "gan", "diffusion")
        for form, value in levels.items()
        for size, splits in {50: 5, 200: 2}.items()
        for split in range(splits)
        if not (name == "gan" and form != "shared")
    ]
    table = pd.DataFrame(rows)
    text = findings.forms(table)
    assert (
        "De 8 diferencias, la media es positiva en 4. El intervalo queda por encima de cero en 4 y "
        "por debajo en 4. La regla pide otra forma en: AE solo llamadas, VAE solo llamadas, AAE "
        "solo llamadas, difusión solo llamadas." in text
    )
    assert "| VAE | 0.870 | -0.010 (-0.010 a -0.010) | +0.010 (+0.010 a +0.010) |" in text
    assert "| VAE | 0.830 | -0.010 (" in text  # drawn alone, 50 calls
    assert "| VAE | 0.845 | -0.010 | +0.010 |" in text  # 200 calls: two splits have no interval
    assert "positiva en 4. Con tan pocas particiones, la regla no decide." in text
    assert "| GAN" not in text and text.count("De 8 diferencias") == 2

    table.loc[table["form"] == "calls", "filled_cnn"] -= 0.04
    text = findings.forms(table)
    assert "en 0 y por debajo en 8. Se mantiene la forma compartida" in text
    assert "(el intervalo más alto llega a -0.010)" in text
    table.loc[table["n_positive"] == 200, "filled_cnn"] = None  # measured for drawn calls alone
    text = findings.forms(table)
    assert text.count("Completadas hasta") == 1
    undecided = (
        "Con 200 llamadas no se midió el caso *Completadas*, así que la regla no decide aquí."
    )
    assert f"la media es positiva en 4. {undecided}" in text


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
    assert "2 semillas" in text and f"0 colapsos en {len(table)} entrenamientos, 0 con" in text
    assert "GAN 0.85" in text
    table["finite"] = table["finite"].astype(object)
    table.loc[0, ["collapsed", "finite", "variation"]] = [1, None, None]
    table.loc[3, "finite"] = False
    text = findings.stability(table)
    assert f"1 colapsos en {len(table)} entrenamientos, 1 con" in text and "AE 0.90" in text


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
    assert "| AAE | 0.810 | 0.810 | 0.819 |" in text
    assert f"Lo más alto de {3 * len(NAMES)} valores: AAE con 3200, 0.819 (" in text
    assert "entre +0.000 y +0.009 (antes de redondear). Lo más" in text
    assert "(+0.009, +0.009 a +0.009, frente a 800 clips)" in text

    rows = [row | {"times_4": 0.8} for row in rows]
    assert findings.draws(pd.DataFrame(rows)).endswith("AE con 800, 0.810.")


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
    assert "AAE con 3200, 0.820 (+0.010, +0.010 a +0.010" in findings.draws(table)
    table.loc[table["generator"] == "gan", ["times_1", "times_2", "times_4"]] = None
    assert "| GAN | colapsa | colapsa | colapsa |" in findings.draws(table)
    assert "whales generative draws" in findings.draws(table[table["split"] == 1])


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
    rows = rows.assign(n_positive=50)
    rows.to_csv(Bench.results("forms"), index=False)  # one form of each is not all
    assert trials.stored(Bench, "forms") is None
    forms = ("shared", "conditional", "calls")
    both = [
        rows.assign(form=form, n_positive=size)[rows["generator"].ne("gan") | (form == "shared")]
        for size, complete in {50: forms, 200: forms[:2]}.items()
        for form in complete
    ]
    pd.concat(both).to_csv(Bench.results("forms"), index=False)
    found = trials.stored(Bench, "forms")
    assert len(found) == 3 * len(NAMES) - 2 and set(found["n_positive"]) == {50}
