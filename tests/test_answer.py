"""Checkpoint 4 on planted tables: what is asked of a table, its sentences and its figures."""

import re

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import planted
import pytest

from utils import paths, plotting
from utils.augmentation import answer, arms, figures, findings, robustness, study
from utils.statistics import comparison

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def found():
    table = planted.rows(parts=study.PARTS, snr=True)
    return answer.Answer("planted", table)


@pytest.fixture(scope="module")
def bare():
    return answer.Answer("bare", planted.rows(name="bare", seed=1))


# Tables


def test_parts_of_the_table_are_told_apart(found):
    main, ratios = (study.select(found.rows, part) for part in ("main", "ratios"))
    assert len(main) == 5 * 2 * len(planted.EFFECTS) * len(study.PROTOCOL["sizes"])
    assert set(main["n_negative"]) == {800}
    assert set(ratios["ratio"]) == {0.0, *study.PROTOCOL["ratios"]}
    for part in ("balanced", "challenge"):
        own = study.select(found.rows, part)
        assert set(own["n_negative"]) == {study.PROTOCOL[part]["negatives"]}
        assert set(own["arm"]) == set(planted.EFFECTS)
    assert set(study.select(found.rows, "curve")["n_positive"]) >= {600, 800}
    assert study.select(planted.rows(), "challenge").empty


def test_a_part_is_known_by_its_column_however_few_rows_of_it_there_are():
    table = planted.rows(parts=("main", "ratios", "challenge"))
    few = table["arm"].isin(("real", "vae")) & (table["n_positive"] == 50)
    few = table[few | (table["part"] == "challenge")]
    assert few["n_negative"].mode()[0] == 300  # the scenario's rows are the most frequent ones
    assert study.select(few, "main").equals(few[few["part"] == "main"])
    ratios = study.select(few, "ratios")
    assert set(ratios["part"]) == {"main", "ratios"} and set(ratios["n_negative"]) == {800}
    assert ratios.loc[ratios["part"] == "main", "arm"].eq("real").all()


def test_p_of_the_sweep_is_adjusted_over_the_arms_of_one_ratio():
    noisy = answer.Answer("planted", planted.rows(parts=("ratios", "main"), noise=0.03))
    table = answer.scenario(noisy, "ratios")
    paired = comparison.differences(noisy.part("ratios")).groupby(["classifier", "ratio", "arm"])
    alone = paired["difference"].agg(comparison.p_value)
    assert len(table) == len(alone)
    for place, own in table.groupby(["classifier", "ratio"]):
        expected = comparison.holm(alone[place][own["arm"]])
        assert own["p"].to_numpy() == pytest.approx(expected)


def test_a_seed_that_is_still_being_run_is_left_out(found):
    begun = found.rows[(found.rows["seed"] == 0) & (found.rows["n_positive"] == 25)]
    both = answer.Answer("planted", pd.concat([found.rows, begun.assign(seed=9)]))
    assert both.seeds == 5 and 9 not in set(both.curve_rows["seed"])


def test_a_failed_row_or_a_size_that_some_seeds_lack_drops_no_seed():
    table = planted.rows(seeds=6, parts=("main",))
    lost = (table["arm"] == "gan") & (table["classifier"] == "cnn") & (table["n_positive"] == 25)
    table.loc[lost & (table["seed"] < 4), ["roc_auc", "error"]] = [np.nan, "CollapseError: none"]
    found = answer.Answer("planted", table)
    assert found.seeds == 6 and len(found.main) == len(table) - 4
    sure = found.against_real.set_index(["arm", "classifier", "n_positive"])["seeds"]
    assert ("gan", "cnn", 25) not in sure and sure["vae", "cnn", 25] == 6
    few = table[(table["n_positive"] < 400) | (table["seed"] < 2)]
    assert answer.Answer("planted", few).seeds == 2  # as if the others were still being run
    calls = {seed: 900 if seed < 2 else 380 for seed in range(6)}
    assert answer.Answer("planted", few, calls).seeds == 6


def test_a_batch_that_is_still_being_run_is_not_read(monkeypatch):
    monkeypatch.setitem(study.PROTOCOL, "sizes", (*study.PROTOCOL["sizes"], 10))
    table = planted.rows(seeds=20, parts=study.PARTS)
    table = table[table["n_positive"] != 10]
    ten = answer.Answer("planted", table[table["seed"] < 10])
    begun = answer.Answer("planted", table[table["seed"] < 19])
    assert (ten.seeds, ten.unread, begun.seeds, begun.unread) == (10, 0, 10, 9)
    pd.testing.assert_frame_equal(begun.table, ten.table)
    pd.testing.assert_frame_equal(
        answer.scenario(begun, "challenge"), answer.scenario(ten, "challenge")
    )
    assert answer.dose(begun, "cnn").index.tolist() == list(range(10))
    assert "no se leen" not in findings.projection(ten)
    every = answer.Answer("planted", planted.rows(seeds=40, parts=("main",)))
    assert "con 40 semillas, el máximo del protocolo. La" in findings.projection(every)
    assert "con 40 y" not in findings.projection(every)
    assert "filas de 9 semillas de un lote sin terminar" in findings.projection(begun)
    tried = table[table["arm"] == "vae"].assign(arm="new")
    tried = tried[tried["seed"].isin(range(3)) & (tried["n_positive"] == 25)]
    alone = table[table["seed"] == 0]
    for name, value, rows in (
        ("arm", "new", tried),  # an arm on three seeds, a classifier on one, a size on six
        ("classifier", "new", alone[alone["classifier"] == "cnn"]),
        ("n_positive", 10, table[(table["seed"] < 6) & (table["n_positive"] == 25)]),
    ):
        rows = rows.assign(**{name: value})
        filled = rows["ratio"] == 31
        rows["ratio"] = rows["ratio"].mask(filled, 800 / rows["n_positive"] - 1)
        beside = answer.Answer("planted", pd.concat([ten.attempted, rows]))
        assert len(study.select(beside.attempted, "main")) > len(ten.main)
        pd.testing.assert_frame_equal(beside.table, ten.table)
        assert len(beside.curve_rows) == len(ten.curve_rows)
    main = study.select(table, "main")
    ahead = answer.Answer("planted", pd.concat([table[table["seed"] < 10], main]).drop_duplicates())
    assert (ahead.seeds, ahead.unread) == (20, 0)  # each part by its own batches
    assert set(answer.scenario(ahead, "ratios")["seeds"]) == {10}
    late = (table["seed"] > 9) & (table["classifier"] == "cnn") & (table["ratio"] == 16)
    slower = answer.scenario(answer.Answer("planted", table[~late]), "ratios")
    assert slower.groupby("classifier")["seeds"].unique().map(list).to_dict() == {
        "cnn": [10], "random_forest": [20]}  # fmt: skip
    few = answer.Answer("planted", table[table["seed"].between(5, 11)])
    assert (few.seeds, set(answer.scenario(few, "ratios")["seeds"])) == (7, {7})  # none is whole


def test_batches_of_seeds_are_compared(found):
    assert findings.replicated(found).endswith("no hay dos lotes de 10 semillas que comparar.")
    table = planted.rows(seeds=20, parts=("main",))
    both = answer.Answer("planted", table)
    wide = robustness.batches(both)
    assert wide.columns.tolist() == [0, 10]
    assert len(wide) == 2 * len(planted.GENERATED) * len(study.PROTOCOL["sizes"])
    assert wide.loc[("cnn", "aae", 50), 10] == pytest.approx(planted.EFFECTS["aae"], abs=2e-3)
    told = findings.replicated(both)
    mean = np.mean([planted.EFFECTS[arm] for arm in planted.GENERATED])
    assert "semillas 10 a 19, " in told and told.count(f"{mean:+.3f} con CNN") == 2
    assert told.count("negativa en 10") == 2  # the GAN's
    turned = table.copy()
    drawn = turned["arm"].isin(planted.GENERATED) & (turned["seed"] > 9)
    turned.loc[drawn, "roc_auc"] -= 2 * turned.loc[drawn, "arm"].map(planted.EFFECTS)
    told = findings.replicated(answer.Answer("turned", turned))
    assert re.search(
        r"semillas 0 a 9.*negativa en 10; semillas 10.*negativa en 50\. .*, -0\.9", told
    )


def test_planted_effects_come_out(found):
    row = found.row("aae", 50, "cnn")
    assert row["verdict"] == "helps" and row["mean"] == pytest.approx(0.04, abs=0.002)
    assert found.row("gan", 50, "cnn")["verdict"] == "harms"
    assert found.row("oversample", 50, "cnn")["verdict"] == "equivalent"
    assert found.seeds == 5 and 0 < found.width < 0.006


def test_the_rival_is_the_best_of_the_cheap_ones(found):
    assert set(found.against_rival["rival"]) == {"classical"}
    row = found.row("aae", 50, "cnn", rival=True)
    assert row["mean"] == pytest.approx(0.04 - 0.012, abs=0.002) and row["verdict"] == "helps"
    assert set(found.against_rival["arm"]) == set(planted.GENERATED)


def test_equivalents_follow_the_planted_curve(found):
    alike = found.equivalents(50, "cnn")
    assert alike.loc["aae", "real"] == pytest.approx(200, rel=0.1)  # two doublings of 0.02
    assert alike.loc["oversample", "real"] == pytest.approx(50, rel=0.1)
    assert (alike["low"] <= alike["real"]).all() and (alike["real"] <= alike["high"]).all()


def test_the_checkpoint_is_written_once_and_compared(found, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    table = found.store()
    path = paths.results_dir("planted") / "answer.csv"
    assert path.is_file() and len(table) == len(found.store())
    assert set(table["reference"]) == {"real", "classical"}
    known = table["equivalent_real"].notna()
    assert known.sum() == 2 * (len(planted.EFFECTS) - 1)
    assert set(table.loc[known, "n_positive"]) == {answer.ANSWER_SIZE}
    table["mean"] += 0.01
    table.to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"answer\.csv"):
        answer.Answer("planted", found.rows).store()


def test_stored_rows_are_those_of_the_settings_without_failures(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert answer.found("planted") is None
    table = planted.rows(parts=("main",))
    old = table.head(3)
    old = old.assign(settings=old["settings"].str.replace("planted", "old"))
    failed = table.tail(1).assign(seed=99, error="ValueError: no", roc_auc=np.nan)
    study.add(
        paths.results_dir("planted") / "study.csv",
        pd.concat([old, table, failed]).to_dict("records"),
    )
    assert len(answer.found("planted").rows) == len(table)
    assert len(answer.found("planted").attempted) == len(table) + 1
    assert len(answer.found("planted", "old").rows) == 3
    assert answer.found("planted", "none") is None


class Place:
    name, settings, n_sea = "planted", "planted", 800

    def __init__(self, calls=900):
        self.calls = calls

    def available(self, seed):
        return self.calls - seed, 3000


def test_a_table_of_few_seeds_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    path = paths.results_dir("planted") / "study.csv"
    study.add(path, planted.rows(seeds=2, parts=("main",)).to_dict("records"))
    with pytest.raises(ValueError, match=r"fewer than 3 seeds.*whales study run"):
        answer.stored(Place())
    with pytest.raises(ValueError, match=r"holds 81 calls.*with 50 and with 100"):
        answer.stored(Place(120))
    monkeypatch.setattr(Place, "n_sea", 80)
    with pytest.raises(ValueError, match=r"holds 80 clips of sea"):
        answer.stored(Place())
    monkeypatch.undo()
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    study.add(path, planted.rows(seeds=3, parts=("main",)).to_dict("records"))
    study.add(
        paths.results_dir("simulated") / "study.csv",
        planted.rows(name="simulated").to_dict("records"),
    )
    assert list(answer.stored(Place())) == ["planted", "simulated"]
    other = planted.rows(name="simulated")
    cnn = other["classifier"] == "cnn"
    other.loc[cnn, "settings"] = "planted-" + 12 * "0"  # rows of a CNN with other settings
    study.tables.write(other, paths.results_dir("simulated") / "study.csv")
    assert list(answer.stored(Place())) == ["planted"]


def test_two_data_sets_agree_or_not(found, bare):
    same = robustness.agreement(found, found)
    assert same["rows"] == same["same"] == 2 * 5 * (len(planted.EFFECTS) - 1)
    assert same["opposed"] == 0 and same["rho"] == pytest.approx(1)
    turned = bare.rows.copy()
    real = turned["arm"] == "real"
    keys = ["n_positive", "seed", "classifier"]
    at = turned[real].groupby(keys)["roc_auc"].first()
    base = at.loc[list(turned[keys].itertuples(index=False, name=None))].to_numpy()
    turned["roc_auc"] = 2 * base - turned["roc_auc"]
    against = robustness.agreement(found, answer.Answer("turned", turned))
    assert against["opposed"] > 0 and against["rho"] < -0.8


def test_quality_is_set_against_gain(found):
    names = (*planted.GENERATORS, "noise")
    values = [planted.EFFECTS[name] for name in names]
    rows = [("utility", name, size, seed, value + 0.001 * seed) for name, value in
            zip(names, values, strict=True) for size in (50, 800) for seed in range(3)]  # fmt: skip
    quality = pd.DataFrame(rows, columns=["metric", "generator", "n_positive", "seed", "value"])
    pair = answer.quality_and_gain(found, quality, "utility", 50, "cnn")
    assert [side.shape for side in pair] == [(6, 3), (6, 5)]
    part = quality[quality["generator"] != "gan"]  # which quality.csv lacks yet
    pair_of_part = answer.quality_and_gain(found, part, "utility", 50, "cnn")
    assert [len(side) for side in pair_of_part] == [5, 5]
    rho, low, high = comparison.rank_correlation(*pair, seed=0)
    assert low <= rho <= high and rho > 0.9
    text = findings.quality(found, quality, {"utility": ("utilidad", 1)}, 50, "cnn")
    assert f"- utilidad, {rho:+.2f}" in text and "Predicen el cambio: utilidad." in text
    shuffled = quality.assign(value=quality["value"].sample(frac=1, random_state=3).to_numpy())
    unsure = findings.quality(found, shuffled, {"utility": ("u", 1)}, 50, "cnn")
    assert "No se puede saber" in unsure
    turned = findings.quality(found, quality, {"utility": ("u", -1)}, 50, "cnn")
    assert f"- u, {-rho:+.2f}" in turned and "Ordenan al revés: u." in turned
    assert "Predicen" not in turned


def test_costs_count_generator_and_classifier(found):
    table = answer.costs(found, 50, "cnn")
    assert table.loc["vae", "seconds"] == 12 and table.loc["classical", "seconds"] == 2
    assert table.loc["vae", "mean"] == pytest.approx(0.03, abs=0.002)


def test_faint_calls_are_told_from_loud_ones(found, bare):
    table = answer.by_snr(found, "aae", "cnn")
    low, high = (table[name] for name in study.BY_SNR)
    assert (low - high).to_numpy() == pytest.approx(0.06, abs=1e-6)
    assert "sale mejor parada la débil" in findings.by_snr(found, "cnn")
    assert answer.by_snr(bare, "aae", "cnn").empty and "no se mide" in findings.by_snr(bare, "cnn")


# Sentences


def test_the_answer_names_its_numbers_and_how_many_seeds_it_rests_on(found):
    text = findings.summary(found)
    assert "5 semillas de las 10" in text and "provisional" in text
    assert "+0.040" in text and "ayuda" in text and "aumento clásico" in text
    assert "de 60 comparaciones" in text and "perjudica en 10" in text  # the GAN, everywhere
    assert "negativa en 10)" in text and "se ve en 10 de 10." in text
    assert "mejora de 0.01 o más** en 10 de 60 frente a «solo reales», y en 19 de 60 " in text
    blind = answer.Answer("planted", planted.rows(parts=("main",), noise=0.1))
    assert "no dice que no haya efecto" in findings.overall(blind)
    many = answer.Answer("planted", planted.rows(seeds=10, parts=("main",)))
    assert "como pide la regla" in findings.provisional(many)
    wide = answer.Answer("planted", planted.rows(seeds=10, parts=("main",), noise=0.02))
    assert "faltan semillas" in findings.provisional(wide)


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ((), "0 de 8"),
        ((25, 50, 100, 200), "8 de 8"),
        ((100, 200), "4 de 8 (entre ellas, todas las de 100 y 200 llamadas)"),
        ((25, 100, 200), "6 de 8 (las otras, con 50 llamadas)"),
    ],
)
def test_where_a_gain_is_ruled_out_is_told_by_size(sizes, told):
    rows = pd.DataFrame({"n_positive": [25, 50, 100, 200] * 2})
    assert findings.excluded(rows.assign(gain_excluded=rows["n_positive"].isin(sizes))) == told


def test_the_average_of_a_group_is_paired_by_seed(found, bare):
    average = robustness.averages(found)
    assert set(average.index) == {(g, c) for g in answer.GROUPS for c in answer.CLASSIFIERS}
    for group, names in answer.GROUPS.items():
        planted_mean = np.mean([planted.EFFECTS[name] for name in names if name in planted.EFFECTS])
        assert average.loc[group]["mean"].to_list() == pytest.approx([planted_mean] * 2, abs=1e-3)
    assert (average.loc["oracle", "verdict"] == "helps").all()
    assert (average.loc["noise", "verdict"] == "harms").all()
    table = found.rows.copy()
    lost = (table["arm"] == "gan") & (table["seed"] == 0) & (table["n_positive"] == 25)
    worse = (table["arm"] == "gan") & (table["n_positive"] == 25) & ~lost
    table.loc[worse, "roc_auc"] -= 0.3  # told nowhere, since a seed lacks it
    table.loc[lost, ["roc_auc", "error"]] = [np.nan, "CollapseError: none"]
    again = robustness.averages(answer.Answer("planted", table))
    kept = again.loc["generated", "mean"] - average.loc["generated", "mean"]
    assert (kept.abs() < 0.005).all()
    shown = findings.averages({"planted": found, "bare": bare})
    assert shown.shape == (len(answer.GROUPS), 4)
    assert shown.loc["más reales", "planted: CNN"].endswith("ayuda")
    table = table[table["arm"] != "noise"]
    shown = findings.averages({"planted": answer.Answer("planted", table), "bare": bare})
    assert (shown.loc["media + ruido"] == "sin medir").to_list() == [True, True, False, False]


def test_a_generator_that_collapses_is_left_out_of_the_answer():
    table = planted.rows(seeds=6, parts=("main", "curve"))
    lost = (table["arm"] == "gan") & (table["n_positive"] == 50) & (table["seed"] < 4)
    table.loc[lost, ["roc_auc", "error"]] = [np.nan, "CollapseError: the samples are all alike"]
    one = answer.Answer("planted", table)
    assert one.seeds == 6 and "gan" not in one.equivalents(50, "cnn").index
    assert "GAN" not in findings.answers({"planted": one}, 50, "cnn").index
    assert len(one.table) == len(one.against_real) + len(one.against_rival)
    assert "de 58 comparaciones" in findings.summary(one)  # it is judged at the other sizes
    best = table["arm"].isin(("aae", "hybrid"))
    table.loc[best, ["roc_auc", "error"]] = [np.nan, "CollapseError: the samples are all alike"]
    with pytest.raises(ValueError, match="fewer than 3 seeds of aae with 50 calls and cnn.*retry"):
        findings.summary(answer.Answer("planted", table))


def test_every_sentence_is_said_of_any_table(found, bare):
    for one in (found, bare):
        for sentence in (findings.rivals, findings.profit, findings.monday):
            assert findings.name(one.name) in sentence(one)
        assert "Con generador se tarda 6 veces lo que" in findings.cost(one, 50, "cnn")
    shown = findings.costs({"a": found, "b": bare}, 50, "cnn")
    assert shown["a: segundos"].astype(float).is_monotonic_increasing
    assert shown.loc["VAE", "b: segundos"] == "12" and "más reales" not in shown.index
    assert shown.loc["VAE", "a: diferencia"].startswith("+0.030 (")
    sweeps = answer.sweeps({"planted": found, "bare": bare})
    assert list(sweeps) == ["planted"]
    text = findings.sweep(found, sweeps["planted"])
    assert "(5 semillas)" in text
    told = "30 comparaciones entre un generador (sin el híbrido) y «solo reales», "
    told += "24 ayudan, 6 perjudican"
    assert f"CNN: {told} (media negativa en 6)" in text and f"Random Forest: {told}" in text
    cnn = sweeps["planted"][sweeps["planted"]["classifier"] == "cnn"]
    assert "Random Forest" not in findings.sweep(found, cnn)
    assert "La dosis de la media mayor de cada brazo: aumento clásico con" in text
    assert text.count("\n") == 2
    weak = sweeps["planted"].replace({"classifier": {"cnn": "mlp", "random_forest": "logistic"}})
    both = findings.sweep(found, pd.concat([sweeps["planted"], weak]))
    assert "- Regresión logística, MLP: 60 comparaciones, 48 ayudan, 12 perjudican (media" in both
    assert "16 por real en vez de 0.5" in findings.sweep_title({"a": found, "b": bare})
    assert findings.sweep_title({"a": found, "b": bare}).count("planted") == 1


def test_the_dose_is_paired_by_seed(found):
    rows = found.rows.copy()
    most = (rows["ratio"] == 16) & rows["arm"].isin(planted.GENERATORS)
    rows.loc[most & (rows["n_positive"] == 50), "roc_auc"] -= 0.05
    change = answer.dose(answer.Answer("dosed", rows), "cnn")
    assert len(change) == 5 and change.mean() == pytest.approx(-0.05, abs=1e-3)
    gan = (rows["arm"] == "gan") & (rows["n_positive"] == 50) & (rows["ratio"] == 16)
    begun = rows[(rows["ratio"] != 16) | gan | (rows["n_positive"] != 50)].assign(seed=9)
    one = answer.Answer("dosed", pd.concat([rows, begun[begun["clips"] == "c0"]]))
    pd.testing.assert_series_equal(answer.dose(one, "cnn"), change)  # seed 9 lacks the others
    assert answer.dose(one, "cnn", ["gan"]).index.tolist() == [0, 1, 2, 3, 4, 9]
    sweep = answer.sweeps({"a": found})["a"]
    told = findings.doses({"planted": one})
    assert told.shape == (4, 4) and "planted, CNN, sin la GAN" in told.index
    assert told.loc["planted, CNN", "16 menos 0.5"].startswith("-0.050 (")
    assert told.loc["planted, CNN", "16 menos 0.5"].endswith("perjudica")
    assert set(told["semillas"]) == {"5 a 6"}  # seed 9 has the GAN alone at the highest dose
    assert set(findings.doses({"planted": found})["semillas"]) == {"5"}
    calm = answer.dose_beside(one, "cnn", 16, findings.CALM)
    assert calm.mean() == pytest.approx(0.03 - 0.05 - 0.012, abs=1e-3)
    assert told.loc["planted, CNN, sin la GAN", "con 16, menos el clásico"].startswith(
        f"{calm.mean():+.3f} ("
    )
    assert "la media es positiva en 4 con cada dosis." in findings.sweep(one, sweep)
    rows.loc[most & (rows["n_positive"] == 50), "roc_auc"] -= 0.05
    worse = answer.Answer("dosed", rows)
    told_worse = findings.sweep(worse, answer.scenario(worse, "ratios"))
    assert "positiva por dosis, en 4 (0.5), 4 (1), 4 (2), 4 (4), 4 (8), 0 (16)." in told_worse
    gap = answer.dose_beside(one, "cnn", 16)
    expected = np.mean([planted.EFFECTS[g] for g in planted.GENERATORS]) - 0.05
    assert gap.mean() == pytest.approx(expected - planted.EFFECTS["classical"], abs=1e-3)
    assert f"{gap.mean():+.3f} (" in told.loc["planted, CNN", "con 16, menos el clásico"]
    bare = answer.Answer("dosed", rows[rows["arm"] != "classical"])
    beside = findings.doses({"planted": bare})["con 16, menos el clásico"]
    assert set(beside) == {"sin medir"}
    few = answer.Answer("dosed", rows[(rows["seed"] < 2) | (rows["ratio"] != 16)])
    assert len(answer.dose(few, "cnn")) == 2
    assert set(findings.doses({"planted": few})["16 menos 0.5"]) == {"sin medir"}


def test_other_parts_are_said_where_they_are_measured(found, bare):
    assert "sin medir" in findings.sweep(bare, None)
    other = findings.other_scenario(found, "balanced")
    assert "AAE +0.0" in other
    assert re.search(r"equilibrado\*\* \(5 semillas\)\. \d+ comparaciones .*: \d+ ", other)
    assert "sin medir" in findings.other_scenario(bare, "challenge")
    rho = robustness.agreement(found, bare)["rho"]
    assert f"con generador: {rho:.2f}." in findings.agreement(found, bare)


def test_ends_of_the_curve_are_marked(found):
    assert findings.worth(found, "gan", 50, "cnn") == "≤25 (≤25 a ≤25)"
    assert (
        findings.counted({"real": 900, "low": 60.2, "high": 900}, (25, 900)) == "≥900 (60 a ≥900)"
    )


def test_more_seeds_are_projected(found):
    wide = comparison.projected(found.width, 5, 40)
    told = findings.projection(found)
    assert (
        wide < found.width * np.sqrt(5 / 40) and f"con 40 medirá alrededor de ±{wide:.3f}" in told
    )
    widths = found.told_widths
    never = comparison.projected(widths.max(), 5, np.inf, overlap=comparison.OVERLAP)
    assert f"el más ancho mide ±{widths.max():.3f} con 5 semillas" in told
    assert f"±{never:.3f} con infinitas; el mediano mide ±{widths.median():.3f}" in told


def test_what_hangs_on_the_constant_that_widens_intervals():
    noisy = answer.Answer("noisy", planted.rows(parts=("main", "curve"), noise=0.02))
    told = robustness.by_overlap(noisy)
    wide = {overlap: (own["high"] - own["low"]).mean() for overlap, (own, _) in told.items()}
    assert list(told) == list(robustness.OVERLAPS) and comparison.OVERLAP in told
    for overlap in robustness.OVERLAPS:  # five seeds: sqrt(1 + 5 overlap) times as wide
        assert wide[overlap] / wide[0.0] == pytest.approx(np.sqrt(1 + 5 * overlap))
    own, averages = told[comparison.OVERLAP]
    kept = answer.headline(noisy.against_real)
    pd.testing.assert_frame_equal(own.reset_index(drop=True), kept.reset_index(drop=True))
    pd.testing.assert_frame_equal(averages, robustness.averages(noisy))
    bare, widest = (told[end][0]["verdict"] for end in (0.0, 1.0))
    assert (bare == "undecided").sum() < (widest == "undecided").sum()
    table = findings.by_overlap(noisy)
    assert table.loc["0.29 (la del estudio)", "ayudan"] == str((own["verdict"] == "helps").sum())
    assert table.loc["1", "indecisas"] == str((widest == "undecided").sum())
    mean = averages.loc[("generated", "cnn"), "mean"]
    assert table["media, CNN"].str.startswith(f"{mean:+.3f} (").all()


def test_comparisons_that_can_never_be_equivalent_are_counted(found):
    assert sum(pair[1] for pair in robustness.never_equivalent(found).values()) == 0
    assert "0 de las 60 comparaciones" in findings.unreachable(found)
    scattered = found.rows.copy()
    at = (scattered["n_positive"] == 50) & (scattered["arm"] == "vae")
    scattered.loc[at, "roc_auc"] += 0.1 * (scattered.loc[at, "seed"] % 2)
    one = answer.Answer("planted", scattered)
    assert robustness.never_equivalent(one)[50] == (12, 2)  # the VAE's, of both detectors
    assert "2 de 12 con 50" in findings.projection(one)
    assert one.width > study.PROTOCOL["width"]


def test_a_rule_that_ended_at_its_most_seeds_is_not_called_met():
    every = study.PROTOCOL["most_seeds"]
    for noise, told in ((0.0005, "como pide la regla"), (0.05, "las más que la regla permite")):
        one = answer.Answer("planted", planted.rows(seeds=every, noise=noise, parts=("main",)))
        assert findings.provisional(one) == f"{every} semillas, {told}"


def test_each_rival_is_told_by_itself(found):
    beside = robustness.beside_each_rival(found)
    assert set(beside) == set(answer.CHEAP)
    for name, means in beside.items():
        assert len(means) == 60
        expected = planted.EFFECTS["aae"] - planted.EFFECTS[name]
        own = means.xs("aae", level="arm")
        assert own.to_numpy() == pytest.approx(np.full(10, expected), abs=2e-3)
    assert "10 con pesos por clase, 10 con duplicar" in findings.rivals(found)  # the GAN's


def test_another_detector_is_set_beside_the_headlines(found):
    rows = found.rows.copy()
    rows.loc[(rows["classifier"] == "random_forest") & (rows["arm"] == "real"), "roc_auc"] += 0.03
    one = answer.Answer("planted", rows)
    scores = answer.detectors(one, 50)
    assert scores.columns.tolist() == ["random_forest", "cnn"] and len(scores) == 5
    told = findings.detector_change(one, 50)
    assert re.search(r"más, Random Forest, 0\.8\d\d \(\+0\.03\d \(.*\) frente a CNN\)$", told)
    assert told in findings.monday(one) and "con 25 llamadas reales" in findings.monday(one)


def test_what_an_added_call_is_worth(found):
    alike, added = found.equivalents(50, "cnn").loc["aae"], study.PROTOCOL["fill"] - 50
    told = findings.each(found, "aae", 50, "cnn")
    assert told.startswith(f"cada una de las {added} añadidas vale")
    assert f"vale {(alike['real'] - 50) / added:+.2f} (" in told and told in findings.summary(found)
    told = {}
    for filled in (400, 800):  # the planted +0.06 are three doublings: 400 calls
        full = found.rows.assign(n_train=lambda rows, n=filled: rows["n_negative"] + n)
        told[filled] = findings.calibration(answer.Answer("planted", full), 50)
    assert told[400].count("intervalo contiene las 400") == 2
    assert told[800].count("no contiene las 800") == 2


def test_profit_is_told_of_every_data_set(found):
    assert "14 ayudan" not in findings.profit_title({"a": found}) and "10 ayudan" in (
        findings.profit_title({"a": found})
    )


def test_scores_themselves_are_shown(found):
    table = findings.absolute(found, plotting.MODELS)
    assert table.shape == (2, len(study.PROTOCOL["sizes"]))
    first, second = map(float, table.loc["CNN", 50].split(" → "))
    assert second - first == pytest.approx(planted.EFFECTS["classical"], abs=2e-3)


def test_what_further_calls_bring_is_paired(found):
    mean, low, high = answer.more_calls(found, "cnn", 50, 100)
    assert low < mean < high and mean == pytest.approx(0.02, abs=0.001)
    assert f"{mean:+.3f}" in findings.monday(answer.Answer("planted", found.rows))


def test_p_stands_where_the_interval_alone_would_mislead():
    row = {"mean": 0.02, "low": 0.004, "high": 0.03, "p": 0.1151, "verdict": "undecided"}
    assert findings.judged(row) == "+0.020 (+0.004 a +0.030), indeciso (p 0.115)"
    assert findings.judged(row | {"p_gain": 0.5}).endswith("indeciso (p ajustada 0.115)")
    assert findings.judged(row | {"mean": -0.0001}).startswith("+0.000 (")
    assert findings.judged(row | {"verdict": "harms"}, findings.RIVAL_WORDS).endswith("pierde")
    assert findings.judged(row | {"low": -0.004}).endswith("a +0.030), indeciso")
    assert findings.judged(row | {"verdict": "helps"}).endswith("), ayuda")


def test_cheap_arms_that_help_are_named(found, bare):
    told = findings.helping(found)
    few = answer.headline(found.against_real, answer.CHEAP)
    few = few[few["n_positive"] <= 50]
    helps = few[few["verdict"] == "helps"]
    assert len(helps) and f"de {len(few)} comparaciones" in told
    assert "aumento clásico con CNN y 50 llamadas, 16 por cada real, +0.0" in told
    assert "y 400 llamadas" not in told and told in findings.monday(found)
    flat = bare.rows.assign(roc_auc=bare.rows.groupby("seed")["roc_auc"].transform("mean"))
    jitter = np.random.default_rng(0).normal(0, 0.05, len(flat))
    idle = answer.Answer("idle", flat.assign(roc_auc=flat["roc_auc"] + jitter))
    assert "Ayudan" not in findings.helping(idle) and "otras dosis" not in findings.helping(idle)
    assert "de 20 comparaciones" in findings.helping(idle) and "indecisas." in findings.helping(
        idle
    )


def test_highest_means_are_over_the_same_seeds(found):
    rows = found.rows.copy()
    weighted = (rows["arm"] == "class_weight") & (rows["classifier"] == "cnn")
    lucky = rows.groupby("seed")["roc_auc"].mean().nlargest(3).index
    rows.loc[weighted & ~rows["seed"].isin(lucky), "roc_auc"] = np.nan
    means = answer.detector_means(answer.Answer("planted", rows), 50)
    gain = means["cnn", "class_weight"] - means["cnn", "real"]
    assert gain == pytest.approx(planted.EFFECTS["class_weight"], abs=2e-3)
    assert means.is_monotonic_decreasing


def test_arms_that_are_missing_are_not_told(found):
    without = found.rows[~found.rows["arm"].isin(answer.CHEAP)]
    lean = answer.Answer("lean", without)
    assert "sin medir" in findings.cost(lean, 50, "cnn")
    assert "sin rivales baratos" in findings.rivals(lean)
    sweep = answer.sweeps({"a": found})["a"]
    told = findings.sweep(found, sweep[sweep["arm"].isin(("classical", "gan"))])
    assert "Sin la GAN" not in told and "CNN: 6 comparaciones" in told
    told = findings.sweep(found, sweep[sweep["arm"] == "classical"])
    assert "CNN: sin generadores. La dosis" in told
    told = findings.sweep(found, sweep[sweep["arm"].isin(("vae", "aae"))])
    assert "de 2 generadores la media es positiva" in told


def test_the_protocol_is_shown_as_it_is():
    table = findings.protocol()["valor"]
    assert table["llamadas reales"] == ", ".join(map(str, study.PROTOCOL["sizes"]))
    assert table["brazos"] == str(len(arms.ARMS))


def test_rows_that_do_not_agree_stop_the_notebook(found):
    stored = found.rows
    row = stored[(stored["arm"] == "aae") & (stored["n_positive"] == 25)].iloc[0].to_dict()
    real = stored[(stored["arm"] == "real") & (stored["classifier"] == row["classifier"])]
    real = real[(real["n_positive"] == 25) & (real["seed"] == row["seed"])].iloc[0].to_dict()
    again = findings.live([real, row | {"roc_auc": row["roc_auc"] + 0.02}], stored)
    told = again.loc[(plotting.model_title(row["classifier"]), "AAE")]
    assert told["cambia, ahora"] - told["cambia, guardada"] == pytest.approx(0.02)
    assert again.xs("solo reales", level="brazo").filter(like="cambia").isna().all(axis=None)
    for wrong in (row["roc_auc"] + 0.06, np.nan):
        with pytest.raises(ValueError, match="revision"):
            findings.live([real, row | {"roc_auc": wrong}], stored)


# Figures


def test_every_arm_has_a_name_and_a_look():
    assert set(figures.ARMS) == set(arms.ARMS)
    looks = {(colour, marker) for _, colour, marker in figures.ARMS.values()}
    assert len(looks) == len(figures.ARMS)
    assert set(figures.WORDS) == set(comparison.VERDICTS)


def labelled(axes):
    for ax in axes:
        assert ax.get_xlabel() and (ax.get_title(loc="left") or ax.get_title())
    assert axes[0].get_ylabel() or axes[0].get_yticklabels()
    return axes


def test_figures_name_axes_and_show_every_arm(found, bare):
    rows = found.against_real
    at_50, cnn = rows[rows["n_positive"] == 50], rows[rows["classifier"] == "cnn"]
    axes = figures.forest({"a": at_50, "b": at_50})
    labelled(axes)
    assert [t.get_text() for t in axes[0].get_yticklabels()] == [
        figures.title(arm) for arm in planted.EFFECTS if arm != "real"
    ]
    axes = labelled(figures.verdict_grid({"a": cnn, "b": cnn}))
    shown = [text.get_text() for text in axes[0].texts]
    assert (
        len(shown) == len(cnn)
        and sum(text.endswith("▲") for text in shown) == (cnn["verdict"] == "helps").sum()
    )
    curve = answer.curves(found)
    real = curve[(curve["arm"] == "real") & (curve["classifier"] == "cnn")].set_index("n_positive")
    assert {25, 400, 600, 800} <= set(real.index)
    assert real.loc[800, "mean"] - real.loc[400, "mean"] == pytest.approx(0.02, abs=1e-3)
    labelled(figures.learning_curves({"a": curve[curve["classifier"] == "cnn"]}, ["real", "aae"]))
    ends = {"a": found.ends("cnn")}
    axes = labelled(figures.equivalents({"a": found.equivalents(50, "cnn")}, 50, ends))
    assert "<" in [line.get_marker() for line in axes[0].lines]  # the GAN's goes on
    sweep = answer.sweeps({"planted": found})["planted"]
    sweep = sweep[sweep["classifier"] == "cnn"]
    axes = figures.verdict_grid(dict.fromkeys("abc", sweep), columns="ratio", xlabel="added")
    assert [ax.get_xlabel() for ax in axes] == ["", "", "added"]  # six columns: a panel a line
    axes = figures.verdict_grid(dict.fromkeys("abc", cnn), xlabel="calls")
    assert [ax.get_xlabel() for ax in axes] == ["", "calls", "calls"]
    labelled(figures.verdict_grid({"a": rows[rows["arm"] == "aae"]}, rows="classifier"))


def test_titles_follow_the_numbers(found):
    assert "10 ayudan, 2 perj" in findings.forest_title({"planted": found}, 50)
    assert "+0.0" in findings.curve_title(found, comparison.scores_by_size(found.main))
    helps = found.against_real
    helps = answer.headline(helps[helps["verdict"] == "helps"])
    assert f"{len(helps)} ayudan" in findings.gain_title(found)
    assert "en 10 de 60" in findings.rival_title(found)  # the GAN's
    assert "AAE" in findings.equivalent_title(found, 50)
    counted = findings.counts(found)
    assert counted.iloc[:, :-1].to_numpy().sum() == len(found.against_real)
    assert counted["descarta +0.01"].to_dict()["GAN"] == 10
    assert findings.answers({"planted": found}, 50, "cnn").shape == (len(planted.EFFECTS) - 1, 2)
