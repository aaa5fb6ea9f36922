"""Checkpoint 4 on planted tables: what is asked of a table, its sentences and its figures."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import planted
import pytest

from utils import paths, plotting
from utils.augmentation import answer, arms, details, figures, study, summary
from utils.statistics import comparison


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


def unread(found):
    """How many seeds have rows of the main part that are not read: their batch is not whole."""
    return study.select(found.attempted, "main")["seed"].nunique() - found.seeds


def test_a_batch_that_is_still_being_run_is_not_read(monkeypatch):
    monkeypatch.setitem(study.PROTOCOL, "sizes", (*study.PROTOCOL["sizes"], 10))
    table = planted.rows(seeds=20, parts=study.PARTS)
    table = table[table["n_positive"] != 10]
    ten = answer.Answer("planted", table[table["seed"] < 10])
    begun = answer.Answer("planted", table[table["seed"] < 19])
    assert (ten.seeds, unread(ten), begun.seeds, unread(begun)) == (10, 0, 10, 9)
    pd.testing.assert_frame_equal(begun.table, ten.table)
    pd.testing.assert_frame_equal(
        answer.scenario(begun, "challenge"), answer.scenario(ten, "challenge")
    )
    assert answer.dose(begun, "cnn").index.tolist() == list(range(10))
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
    assert (ahead.seeds, unread(ahead)) == (20, 0)  # each part by its own batches
    assert set(answer.scenario(ahead, "ratios")["seeds"]) == {10}
    late = (table["seed"] > 9) & (table["classifier"] == "cnn") & (table["ratio"] == 16)
    slower = answer.scenario(answer.Answer("planted", table[~late]), "ratios")
    assert slower.groupby("classifier")["seeds"].unique().map(list).to_dict() == {
        "cnn": [10], "random_forest": [20]}  # fmt: skip
    few = answer.Answer("planted", table[table["seed"].between(5, 11)])
    assert (few.seeds, set(answer.scenario(few, "ratios")["seeds"])) == (7, {7})  # none is whole


def widest(found):
    """The widest half of an interval of the headline's classifiers, as the rule counts it."""
    return comparison.widest(found.main, study.PROTOCOL["most_seeds"], answer.CLASSIFIERS)


def test_planted_effects_come_out(found):
    row = found.row("aae", 50, "cnn")
    assert row["verdict"] == "helps" and row["mean"] == pytest.approx(0.04, abs=0.002)
    assert found.row("gan", 50, "cnn")["verdict"] == "harms"
    assert found.row("oversample", 50, "cnn")["verdict"] == "equivalent"
    assert found.seeds == 5 and 0 < widest(found) < 0.006


def test_the_rival_is_the_best_of_the_cheap_ones(found):
    assert set(found.against_rival["rival"]) == {"classical"}
    row = found.against_rival.set_index(["arm", "n_positive", "classifier"]).loc["aae", 50, "cnn"]
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


def test_costs_count_generator_and_classifier(found, bare):
    table = answer.costs(found, 50, "cnn")
    assert table.loc["vae", "seconds"] == 12 and table.loc["classical", "seconds"] == 2
    assert table.loc["vae", "mean"] == pytest.approx(0.03, abs=0.002)
    shown = summary.costs({"a": found, "b": bare}, 50, "cnn")
    assert shown["a: segundos"].astype(float).is_monotonic_increasing
    assert shown.loc["VAE", "b: segundos"] == "12" and "más reales" not in shown.index


def test_faint_calls_are_told_from_loud_ones(found, bare):
    table = answer.by_snr(found, "aae", "cnn")
    low, high = (table[name] for name in study.BY_SNR)
    assert (low - high).to_numpy() == pytest.approx(0.06, abs=1e-6)
    told = details.by_snr(found, "cnn")
    assert told.loc["AAE", "débiles menos fuertes"].startswith("+0,060 (")
    assert [told.loc["AAE", half][:6] for half in ("débiles", "fuertes")] == [
        plotting.number(side.mean(), 3, "+") for side in (low, high)
    ]
    alone = found.main[(found.main["arm"] == "real") & (found.main["classifier"] == "cnn")]
    level = alone.groupby("n_positive")["roc_auc_low_snr"].mean().mean()
    assert told.loc["solo reales, ROC AUC", "débiles"] == plotting.number(level)
    assert answer.by_snr(bare, "aae", "cnn").empty and details.by_snr(bare, "cnn").empty


def test_a_generator_that_collapses_is_left_out_of_the_answer():
    table = planted.rows(seeds=6, parts=("main", "curve"))
    lost = (table["arm"] == "gan") & (table["n_positive"] == 50) & (table["seed"] < 4)
    table.loc[lost, ["roc_auc", "error"]] = [np.nan, "CollapseError: the samples are all alike"]
    one = answer.Answer("planted", table)
    assert one.seeds == 6 and "gan" not in one.equivalents(50, "cnn").index
    assert len(one.table) == len(one.against_real) + len(one.against_rival)
    told = details.headline({"planted": one})
    assert told.loc["planted: con generador", "comparaciones"] == 58  # judged at the other sizes
    best = table["arm"].isin(("aae", "hybrid"))
    table.loc[best, ["roc_auc", "error"]] = [np.nan, "CollapseError: the samples are all alike"]
    with pytest.raises(ValueError, match="fewer than 3 seeds of aae with 50 calls and cnn.*retry"):
        answer.Answer("planted", table).row("aae", 50, "cnn")


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
    told = details.doses({"planted": one})
    assert told.shape == (4, 3) and "planted, CNN, sin la GAN" in told.index
    assert told.loc["planted, CNN", "con 16, menos con 0,5"].startswith("−0,050 (")
    assert told.loc["planted, CNN", "con 16, menos con 0,5"].endswith("perjudica")
    calm = answer.dose_beside(one, "cnn", 16, details.CALM)
    assert calm.mean() == pytest.approx(0.03 - 0.05 - 0.012, abs=1e-3)
    assert told.loc["planted, CNN, sin la GAN", "con 16, menos el clásico"].startswith(
        f"{plotting.number(calm.mean(), 3, '+')} ("
    )
    gap = answer.dose_beside(one, "cnn", 16)
    expected = np.mean([planted.EFFECTS[g] for g in planted.GENERATORS]) - 0.05
    assert gap.mean() == pytest.approx(expected - planted.EFFECTS["classical"], abs=1e-3)
    assert (
        f"{plotting.number(gap.mean(), 3, '+')} ("
        in told.loc["planted, CNN", "con 16, menos el clásico"]
    )
    bare = answer.Answer("dosed", rows[rows["arm"] != "classical"])
    beside = details.doses({"planted": bare})["con 16, menos el clásico"]
    assert set(beside) == {""}
    few = answer.Answer("dosed", rows[(rows["seed"] < 2) | (rows["ratio"] != 16)])
    assert len(answer.dose(few, "cnn")) == 2
    assert set(details.doses({"planted": few})["con 16, menos con 0,5"]) == {""}


def test_one_sees_on_which_side_of_zero_an_interval_ends():
    assert (
        summary.ranged(0.012, 0.0003, 0.024)
        == "+0,012 (+0,0003\N{NO-BREAK SPACE}a\N{NO-BREAK SPACE}+0,024)"
    )
    assert (
        summary.ranged(-0.0004, -0.01, 0.00001)
        == "−0,0004 (−0,010\N{NO-BREAK SPACE}a\N{NO-BREAK SPACE}0,000)"
    )


def test_ends_of_the_curve_are_marked(found):
    ends = found.ends("cnn")
    assert (
        summary.counted(found.equivalents(50, "cnn").loc["gan"], ends)
        == "≤25 (≤25\N{NO-BREAK SPACE}a\N{NO-BREAK SPACE}≤25)"
    )
    told = details.equivalents({"planted": found}, {}, 50)
    assert told.loc["GAN", "planted: CNN"] == "≤25 (≤25\N{NO-BREAK SPACE}a\N{NO-BREAK SPACE}≤25)"
    assert (
        summary.counted({"real": 900, "low": 60.2, "high": 900}, (25, 900))
        == "≥900 (60\N{NO-BREAK SPACE}a\N{NO-BREAK SPACE}≥900)"
    )


def test_what_hangs_on_the_constant_that_widens_intervals():
    noisy = answer.Answer("noisy", planted.rows(parts=("main", "curve"), noise=0.02))
    told = answer.by_overlap(noisy)
    wide = {overlap: (own["high"] - own["low"]).mean() for overlap, own in told.items()}
    assert list(told) == list(answer.OVERLAPS) and comparison.OVERLAP in told
    for overlap in answer.OVERLAPS:  # five seeds: sqrt(1 + 5 overlap) times as wide
        assert wide[overlap] / wide[0.0] == pytest.approx(np.sqrt(1 + 5 * overlap))
    own = told[comparison.OVERLAP]
    kept = answer.headline(noisy.against_real)
    pd.testing.assert_frame_equal(own.reset_index(drop=True), kept.reset_index(drop=True))
    bare, widest = (told[end]["verdict"] for end in (0.0, 1.0))
    assert (bare == "undecided").sum() < (widest == "undecided").sum()
    table = details.by_overlap(noisy)
    assert table.loc["0,29 (la del estudio)", "generadores: ayuda"] == str(
        (own["verdict"] == "helps").sum()
    )
    undecided = table.loc["1,00 (contando solo los clips usados)", "generadores: indeciso"]
    assert undecided == str((widest == "undecided").sum())


def test_what_the_seeds_could_have_shown_is_told(found):
    scattered = found.rows.copy()
    at = scattered["n_positive"] == 50
    scattered.loc[at, "roc_auc"] += (
        0.1 * (scattered.loc[at, "arm"] == "vae") * (scattered.loc[at, "seed"] % 2)
    )
    one = answer.Answer("planted", scattered)
    seen = answer.headline(one.against_real).query("n_positive == 50")["detectable"].median()
    assert details.power({"planted": one}).loc[50, "planted"] == plotting.number(seen)
    assert widest(one) > study.PROTOCOL["width"]


def test_the_protocol_is_shown_as_it_is():
    table = summary.protocol()["valor"]
    assert table["llamadas reales"] == ", ".join(map(str, study.PROTOCOL["sizes"]))
    compared = [arm for arm in arms.ARMS if arm not in (arms.REAL, *arms.WITH_CLASSICAL)] + [
        "ocean"
    ]
    assert table["estrategias que se comparan"] == str(len(compared))


def test_rows_that_do_not_agree_stop_the_notebook(found):
    stored = found.rows
    row = stored[(stored["arm"] == "aae") & (stored["n_positive"] == 25)].iloc[0].to_dict()
    real = stored[(stored["arm"] == "real") & (stored["classifier"] == row["classifier"])]
    real = real[(real["n_positive"] == 25) & (real["seed"] == row["seed"])].iloc[0].to_dict()
    again = summary.live([real, row | {"roc_auc": row["roc_auc"] + 0.02}], stored)
    told = again.loc[(plotting.model_title(row["classifier"]), "AAE")]
    assert told["cambia, ahora"] - told["cambia, guardada"] == pytest.approx(0.02)
    assert again.xs("solo reales", level="estrategia").filter(like="cambia").isna().all(axis=None)
    for wrong in (row["roc_auc"] + 0.06, np.nan):
        with pytest.raises(ValueError, match="revision"):
            summary.live([real, row | {"roc_auc": wrong}], stored)


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
    axes = labelled(figures.verdict_grid({"a": cnn, "b": cnn}, excluded=False))
    shown = [text.get_text() for text in axes[0].texts]
    assert (
        len(shown) == len(cnn)
        and sum(text.endswith("▲") for text in shown) == (cnn["verdict"] == "helps").sum()
    )
    sweep = answer.sweeps({"planted": found})["planted"]
    sweep = sweep[sweep["classifier"] == "cnn"]
    axes = figures.verdict_grid(dict.fromkeys("abc", sweep), columns="ratio", xlabel="added")
    assert [ax.get_xlabel() for ax in axes] == ["", "", "added"]  # six columns: a panel a line
    axes = figures.verdict_grid(dict.fromkeys("abc", cnn), xlabel="calls", excluded=False)
    assert [ax.get_xlabel() for ax in axes] == ["", "calls", "calls"]
    axes = figures.verdict_grid({"a": cnn, "b": cnn}, xlabel="calls")  # wide marks: the same
    assert [ax.get_xlabel() for ax in axes] == ["", "calls"]
    labelled(figures.verdict_grid({"a": rows[rows["arm"] == "aae"]}, rows="classifier"))


def test_scenarios_are_tabled_where_they_are_measured(found, bare):
    told = details.scenarios(found)
    assert told.loc["AAE", "equilibrado, CNN"].startswith("+0,0")
    assert "proporción del reto, Random Forest" in told.columns and len(told.columns) == 4
    assert details.scenarios(bare).empty


def test_one_seed_is_set_beside_all(found):
    changes = summary.by_seed(found, "aae", 25, "cnn")
    assert changes.index.tolist() == list(range(5))
    assert changes.mean() == pytest.approx(0.04, abs=2e-3)
    assert summary.seeds_title(found, changes).startswith("Planted: la semilla 0 dice +0,0")
    labelled(figures.seeds({"CNN": changes}, chosen=0))
