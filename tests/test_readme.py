"""The numbers of both READMEs are those of the stored tables."""

import re

import numpy as np
import pandas as pd
import pytest
import soundfile

from utils import data, paths, plotting
from utils.augmentation import answer, arms, replicas, sensitivity, study
from utils.augmentation import figures as plotting_study
from utils.augmentation import findings as findings_study
from utils.baseline import baseline
from utils.generative import figures as plotting_generators
from utils.quality import checkpoint, judging
from utils.statistics import comparison, evaluation

ROOT = paths.ROOT
DATASETS = ("simulated", "right_whale_upcalls")
ENGLISH = {
    "Logistic regression": "Regresión logística",
    "class weights": "pesos por clase",
    "duplicates": "duplicar",
    "classical augmentation": "aumento clásico",
    "call on sea": "llamada sobre mar",
    "diffusion": "difusión",
    "hybrid": "híbrido",
    "mean + noise": "media + ruido",
    "more real calls": "más reales",
}
FOREST = "random_forest"
WORDS = {"helps": "ayuda", "equivalent": "equivale", "harms": "perjudica", "undecided": "indeciso"}


def stored(dataset, table):
    return pd.read_csv(ROOT / "data" / "results" / dataset / f"{table}.csv")


def rows(page, table):
    """The cells of the table between the page's two marks, by row name."""
    text = (ROOT / page).read_text(encoding="utf-8")
    block = re.search(rf"<!-- (?:tabla|table): {table} -->\n(.*?)\n<!-- /", text, re.S).group(1)
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
    return {ENGLISH.get(name, name): values for name, *values in cells[2:]}


def numbers(cell):
    found = re.findall(r"[+−]?\d+[.,]\d+", cell)
    return [float(n.replace(",", ".").replace("−", "-")) for n in found]


@pytest.mark.parametrize("page", ["README.md", "README.en.md"])
def test_the_table_is_that_of_the_results(page):
    found = rows(page, "baseline")
    assert len(found) == len(baseline.MODELS) + 1
    floor = found.popitem()[1]
    for position, dataset in enumerate(DATASETS):
        checkpoint, curve = stored(dataset, "baseline"), stored(dataset, "learning_curve")
        for model in baseline.MODELS:
            few, every = found[plotting.model_title(model)][2 * position : 2 * position + 2]
            at_50 = curve[(curve["model"] == model) & (curve["size"] == 50)]["roc_auc"].mean()
            points = checkpoint[checkpoint["model"] == model]["roc_auc"]
            expected = evaluation.mean_interval(points, seed=baseline.PROTOCOL["seed"])
            assert numbers(few) == [pytest.approx(at_50, abs=6e-4)]
            assert numbers(every) == pytest.approx(expected, abs=6e-4)
        strongest = stored(dataset, "cues").groupby("cue")["roc_auc"].mean().max()
        assert numbers(floor[2 * position + 1]) == [pytest.approx(strongest, abs=6e-4)]


@pytest.mark.parametrize("dataset", DATASETS)
def test_checkpoint_1_is_complete(dataset):
    table = stored(dataset, "baseline")
    assert len(table) == len(baseline.MODELS) * baseline.PROTOCOL["n_splits"]
    assert set(table["model"]) == set(baseline.MODELS) and set(table["dataset"]) == {dataset}
    for score in ("roc_auc", "average_precision", "f1", "accuracy", "balanced_accuracy", "brier"):
        assert (table[f"{score}_low"] <= table[score]).all()
        assert (table[score] <= table[f"{score}_high"]).all()


def test_the_table_of_generators_is_that_of_the_results():
    found = rows("README.md", "quality")
    for position, dataset in enumerate(DATASETS):
        table = stored(dataset, "quality")
        size = table["n_positive"].max()
        apart = checkpoint.summary(table, "two_sample_auc", size)["mean"]
        useful = checkpoint.summary(table, "usefulness", size)["mean"]
        for name in set(apart.index) - {judging.COPIES}:
            auc, alone = found[plotting_generators.title(name)][2 * position : 2 * position + 2]
            assert numbers(auc) == [pytest.approx(apart[name], abs=6e-3)]
            assert numbers(alone) == [pytest.approx(useful[name], abs=6e-4)]


def test_calls_drawn_again_are_told_apart_as_the_page_says():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    told = []
    for dataset in DATASETS:
        table = stored(dataset, "quality")
        size = table["n_positive"].max()
        copied = checkpoint.margins(table, size, judging.REAL, metric="two_sample_auc")
        beside = checkpoint.margins(table, size, judging.COPIES, metric="two_sample_auc")
        best = checkpoint.summary(table, "usefulness", size)
        best = best["mean"].reindex(judging.registry.REGISTRY).idxmax()
        assert copied.loc[judging.COPIES, "low"] > 0  # the copies are told from real calls
        assert copied.loc[judging.COPIES, "mean"] > 2 * beside.loc[best, "mean"]
        apart = checkpoint.summary(table, "two_sample_auc", size)["mean"]
        told.append(f"{apart[judging.COPIES]:.2f}".replace(".", ","))
    assert f"ya se distinguen de las reales (AUC {told[0]} y {told[1]})" in text


def test_the_generators_that_go_on_are_those_of_the_rule():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    sentence = re.search(
        r"Pasan el Checkpoint 3 [^:]*: (.*?) con los clips .*?; (.*?) con los", text
    )
    for dataset, named in zip(DATASETS, sentence.groups(), strict=True):
        table = stored(dataset, "quality")
        decision = checkpoint.decide(table, table["n_positive"].max())
        go = {plotting_generators.title(name) for name in checkpoint.passed(decision)}
        assert set(re.split(", | y ", named)) == go


@pytest.fixture(scope="module")
def found():
    """{name: Answer} of the published data sets."""
    return {name: answer.found(name) for name in DATASETS}


@pytest.mark.parametrize(("page", "to"), [("README.md", "a"), ("README.en.md", "to")])
def test_the_answer_is_that_of_the_results(page, to, found):
    own, size = found["right_whale_upcalls"], answer.ANSWER_SIZE
    shown, table = rows(page, "answer"), answer.headline(own.against_real, None)
    read = [arm for arm in arms.ARMS if arm in set(table["arm"])]
    assert list(shown) == [plotting_study.title(arm) for arm in read]
    for row in table[table["n_positive"] == size].itertuples():
        place = 2 * answer.CLASSIFIERS.index(row.classifier)
        difference, worth = shown[plotting_study.title(row.arm)][place : place + 2]
        assert numbers(difference) == pytest.approx([row.mean, row.low, row.high], abs=6e-4)
        assert difference.endswith((row.verdict, WORDS[row.verdict]))
        expected = findings_study.worth(own, row.arm, size, row.classifier)
        assert worth == expected.replace(" a ", f" {to} ")
    text = (ROOT / page).read_text(encoding="utf-8")
    for classifier in answer.CLASSIFIERS:
        alike = own.equivalents(size, classifier).loc[arms.ORACLE]
        assert alike["low"] <= study.PROTOCOL["fill"] <= alike["high"]  # as README.md says
        first, last = own.ends(classifier)
        assert f"(≤{first} {'y' if to == 'a' else 'and'} ≥{last} " in text


def test_noise_stands_where_the_pages_say(found):
    table = found["right_whale_upcalls"].against_real
    table = table[table["n_positive"] == answer.ANSWER_SIZE]
    drawn = set(judging.registry.REGISTRY) & set(table["arm"])
    for classifier in answer.CLASSIFIERS:
        means = table[table["classifier"] == classifier].set_index("arm")["mean"]
        below = {arm for arm in drawn if means[arm] < means["noise"]}
        assert below == (drawn if classifier == "cnn" else {"gan"})


def judged(rows):
    """How many of some comparisons end how, are negative in the mean, and rule a gain out."""
    counts = rows["verdict"].value_counts().reindex(comparison.VERDICTS, fill_value=0).to_dict()
    negative, excluded = (rows["mean"] < 0).sum(), rows["gain_excluded"].sum()
    return counts | {"total": len(rows), "negative": negative, "excluded": excluded}


def in_page(text, page):
    """A number or an interval as a page writes it."""
    return text.replace(".", ",") if page == "README.md" else text.replace(" a ", " to ")


def by_size(own, page):
    """{real calls: the other cells} of the pages' table by number of calls."""
    drawn, rival = answer.headline(own.against_real), answer.headline(own.against_rival)
    curve = answer.curves(own).set_index(["arm", "classifier", "n_positive"])["mean"]
    found = {}
    for size, at in drawn.groupby("n_positive"):
        alone = [f"{curve[arms.REAL, c, size]:.3f}" for c in answer.CLASSIFIERS]
        ceiling = [own.row(arms.ORACLE, size, c) for c in answer.CLASSIFIERS]
        words = [
            WORDS[row["verdict"]] if page == "README.md" else row["verdict"] for row in ceiling
        ]
        more = [f"{signed(row['mean'])} {word}" for row, word in zip(ceiling, words, strict=True)]
        cells = [
            "; ".join(alone),
            ", ".join(str((at["verdict"] == word).sum()) for word in comparison.VERDICTS),
            str(at["gain_excluded"].sum()),
            str((rival[rival["n_positive"] == size]["verdict"] == "harms").sum()),
            "; ".join(more),
        ]
        found[str(size)] = [in_page(cell, page) for cell in cells]
    return found


@pytest.mark.parametrize("page", ["README.md", "README.en.md"])
def test_the_table_by_number_of_calls_is_that_of_the_results(page, found):
    assert rows(page, "sizes") == by_size(found["right_whale_upcalls"], page)


def signed(value):
    return f"{value:+z.3f}".replace("-", "−")


def ranged(row):
    """A difference with its interval, of a row or of (mean, low, high)."""
    mean, low, high = row if isinstance(row, tuple) else (row["mean"], row["low"], row["high"])
    return f"{signed(mean)} ({signed(low)} a {signed(high)})"


def excluded(own):
    """Where a gain that matters is ruled out: with few calls, with more, and where not even real
    calls give it."""
    drawn = answer.headline(own.against_real)
    ceiling = answer.headline(own.against_real, [arms.ORACLE]).set_index(PLACE)["gain_excluded"]
    idle = ceiling.index[ceiling]
    assert set(idle) == {(200, FOREST), (400, FOREST), (400, "cnn")}
    few, many = (drawn[sign] for sign in (drawn["n_positive"] <= 50, drawn["n_positive"] >= 100))
    assert set(few.loc[few["gain_excluded"], "arm"]) == {"gan"}
    rival = answer.headline(own.against_rival)
    beside = rival[rival["n_positive"] <= 50]
    at_idle = drawn.set_index(PLACE).index.isin(idle)
    stuck = [pair for size, pair in answer.never_equivalent(own).items() if size <= 100]
    return {
        "few_excluded": few["gain_excluded"].sum(), "few_total": len(few),
        "few_rival_total": len(beside), "few_rival_harms": (beside["verdict"] == "harms").sum(),
        "few_rival_excluded": beside["gain_excluded"].sum(),
        "many_excluded": many["gain_excluded"].sum(), "many_total": len(many),
        "idle_excluded": drawn.loc[at_idle, "gain_excluded"].sum(),
        "stuck": sum(pair[1] for pair in stuck), "stuck_total": sum(pair[0] for pair in stuck),
    }  # fmt: skip


PLACE = ["n_positive", "classifier"]


def rows_told(own):
    """The single comparisons that the pages name, and each cheap rival by itself."""
    drawn = answer.headline(own.against_real)
    top = drawn.loc[drawn["mean"].idxmax()]
    assert (top["arm"], top["n_positive"], top["classifier"]) == ("hybrid", 25, FOREST)
    classical = own.row("classical", 25, FOREST)
    assert (top["verdict"], classical["verdict"]) == ("undecided", "helps")
    assert top["mean"] < classical["mean"]
    known = {"hybrid": ranged(top), "hybrid_p": f"{top['p']:.3f}", "classical": ranged(classical)}
    for name, means in answer.beside_each_rival(own).items():
        assert len(means) == len(drawn)
        known[f"beside_{name}"] = (means < 0).sum()
    for size in (25, 50):
        scores, means = answer.detectors(own, size), answer.detector_means(own, size)
        assert means.index[:2].tolist() == [(FOREST, "mixup"), (FOREST, "classical")]
        assert len(means) == 30
        known |= {f"top_{size}": f"{means.iloc[0]:.3f}", f"second_{size}": f"{means.iloc[1]:.3f}"}
        assert scores.columns[0] == "gradient_boosting"
        for classifier in answer.CLASSIFIERS:
            gap = comparison.interval(scores.iloc[:, 0] - scores[classifier], seed=answer.SEED)
            known[f"detector_{size}_{classifier}"] = ranged(gap)
    for classifier in answer.CLASSIFIERS:
        known[f"more_{classifier}"] = ranged(answer.more_calls(own, classifier, 50, 100))
    return known


def by_constant(found):
    """What other constants than OVERLAP would say of the real recordings, and what independent
    deployments of the simulated hydrophone say of the constant."""
    known, never = {}, []
    names = dict(zip(answer.OVERLAPS, ("bare", "tenth", "own", "wide"), strict=True))
    assert list(names) == [0.0, 0.1, 0.2 / 0.7, 1.0]
    for constant, (verdicts, averages) in answer.by_overlap(found["right_whale_upcalls"]).items():
        counts = judged(verdicts)
        known |= {f"{names[constant]}_{word}": counts[word] for word in comparison.VERDICTS}
        helps = verdicts[verdicts["verdict"] == "helps"]
        if names[constant] == "tenth":
            assert helps[["arm", *PLACE]].to_numpy().tolist() == [["hybrid", 25, FOREST]]
        own = averages.loc["generated", "verdict"]
        never += [(names[constant], c) for c in answer.CLASSIFIERS if own[c] != "harms"]
    assert never == [("wide", FOREST)]
    rows = replicas.stored(found["simulated"].settings)
    value, low, high = replicas.overlap(rows, seed=answer.SEED)
    known["replicas"] = rows["replica"].nunique()
    assert high < comparison.OVERLAP  # "rather wide"
    return known | {"replica_overlap": f"{value:.2f} ({low:.2f} a {high:.2f})".replace("-", "−")}


def told(found):
    """Every number of the pages' answer, by name; asserts what the pages say in words."""
    own, known = found["right_whale_upcalls"], {}
    for dataset, start in (("right_whale_upcalls", ""), ("simulated", "sim_")):
        one = found[dataset]
        for table, name in ((one.against_real, "real"), (one.against_rival, "rival")):
            assert (answer.headline(table)["verdict"] != "helps").all()  # as the pages begin
            known |= {f"{start}{name}_{k}": n for k, n in judged(answer.headline(table)).items()}
        ceiling = answer.headline(one.against_real, [arms.ORACLE])
        known |= {f"{start}seen": (ceiling["verdict"] == "helps").sum()}
        known |= {f"{start}seeds": one.seeds, f"{start}ceilings": len(ceiling)}
        for (first, classifier), mean in batch_means(one).items():
            known[f"{start}batch_{first}_{classifier}"] = signed(mean)
        for (group, classifier), row in answer.averages(one).iterrows():
            known[f"{start}{group}_{classifier}_mean"] = signed(row["mean"])
            known[f"{start}{group}_{classifier}"] = ranged(row)
    drawn = answer.headline(own.against_real)
    harms = drawn[drawn["verdict"] == "harms"]
    assert harms.loc[harms["arm"] != "gan", "n_positive"].min() == 100
    alike = own.equivalents(answer.ANSWER_SIZE, FOREST).loc["gan"]
    assert alike["high"] < answer.ANSWER_SIZE  # "less than zero"
    assert harms["n_positive"].min() == 50 and set(harms["arm"]) > {"gan"}
    assert set(drawn.loc[drawn["mean"] >= 0, "n_positive"]) == {25, 50}
    known |= excluded(own) | rows_told(own) | by_constant(found)
    known["harms_cnn"] = (harms["classifier"] == "cnn").sum()
    known["harms_calm"] = (harms["arm"] != "gan").sum()
    ceiling = answer.headline(own.against_real, [arms.ORACLE])
    at_100 = (ceiling["n_positive"] == 100) & (ceiling["classifier"] == "cnn")
    assert ((ceiling["verdict"] == "helps") == (ceiling["n_positive"] <= 50) | at_100).all()
    for dataset, others in (("right_whale_upcalls", []), ("simulated", [("cheap", FOREST)])):
        means = answer.averages(found[dataset])["verdict"]
        helping = [("oracle", classifier) for classifier in answer.CLASSIFIERS] + others
        assert set(means.index[means == "helps"]) == set(helping)
    means = answer.averages(own)["verdict"]
    assert means["generated_without_gan", FOREST] == "undecided"  # "because of the GAN"
    assert means["generated_without_gan", "cnn"] == means["generated", FOREST] == "harms"
    curve = stored("right_whale_upcalls", "learning_curve")
    few = curve[curve["size"] == 50].groupby("model")["roc_auc"].mean()
    for classifier in answer.CLASSIFIERS:  # with as many clips of sea as calls
        assert few["gradient_boosting"] < few[classifier] + 0.001
    check_simulated(found["simulated"])
    whole = comparison.learning_curve(own.curve_rows, "cnn").iloc[:, -1].mean()
    table = stored("right_whale_upcalls", "baseline").groupby("model")["roc_auc"].mean()
    assert whole < table["cnn"] - 0.005  # "somewhat lower" than that of stage 1
    for size in (25, 50):
        scores = answer.detectors(found["simulated"], size)
        assert scores.columns[0] == "logistic"  # the best on simulated calls alone
        for classifier in answer.CLASSIFIERS:  # from which it is not told
            gap = scores["logistic"] - scores[classifier]
            low, high = comparison.interval(gap, seed=answer.SEED)[1:]
            assert low < 0 < high
    for classifier in answer.CLASSIFIERS:
        text = findings_study.each(own, answer.BEST, answer.ANSWER_SIZE, classifier)
        known["added"], *values = re.search(r"(\d+) añad.* (\S+) \((\S+) a (\S+)\)", text).groups()
        for key, value in zip(("mean", "low", "high"), values, strict=True):
            known[f"each_{classifier}_{key}"] = value.replace("-", "−")
        worth = findings_study.worth(own, answer.BEST, answer.ANSWER_SIZE, classifier)
        known[f"worth_{answer.BEST}_{classifier}"] = worth
        known |= dose(own, classifier)
    for dataset, start in (("right_whale_upcalls", ""), ("simulated", "sim_")):
        sweep = answer.scenario(found[dataset], "ratios")
        assert (answer.headline(sweep)["verdict"] != "helps").all()  # nor does the hybrid
        cheap = answer.headline(sweep, answer.CHEAP)
        helps = cheap[cheap["verdict"] == "helps"]
        told_help = [] if start else [("classical", ratio, FOREST) for ratio in (2, 4, 8)]
        told_of = helps[["arm", "ratio", "classifier"]].itertuples(index=False, name=None)
        assert list(told_of) == told_help and set(cheap["arm"]) == {"classical"}
        known |= {f"classical_{row['ratio']:g}": ranged(row) for _, row in helps.iterrows()}
        sweep = answer.headline(sweep, judging.registry.REGISTRY)
        known[f"{start}doses"], known[f"{start}doses_help"] = len(sweep), judged(sweep)["helps"]
        (known[f"{start}sweep_seeds"],) = set(sweep["seeds"])
        known |= {f"{start}{k}": n for k, n in other_scenarios(found[dataset]).items()}
        known |= {f"{start}{k}": n for k, n in other_form(found[dataset]).items()}
    weak = own.row(answer.BEST, 25, "mlp")
    known |= {f"weak_{key}": signed(weak[key]) for key in ("mean", "low", "high")}
    known["weak_oversample"] = signed(own.row("oversample", 25, "mlp")["mean"])
    assert weak["verdict"] == "undecided"
    logistic = own.row(answer.BEST, 25, "logistic")
    assert logistic["verdict"] == "harms"
    known |= {"weak_p": f"{weak['p']:.3f}", "logistic": ranged(logistic)}
    for size in (25, 50):
        boosting = own.row(answer.BEST, size, "gradient_boosting")
        assert boosting["verdict"] == "undecided"
        known[f"boosting_{size}"] = ranged(boosting)
    rival = own.against_rival  # with all five detectors
    assert rival["classifier"].nunique() == 5
    known |= {f"all_{key}": judged(rival)[key] for key in ("helps", "total", "negative")}
    table = answer.headline(own.against_real, answer.CHEAP)
    helps = table[table["verdict"] == "helps"]
    assert set(helps["arm"]) == {"classical", "mixup"} and set(helps["n_positive"]) == {25}
    assert set(helps["classifier"]) == {"random_forest"}
    every = answer.headline(own.against_real, None)
    every = every[every["verdict"] == "helps"].groupby(["arm", "n_positive"]).size()
    assert set(every.index[every == 2].get_level_values("arm")) == {arms.ORACLE}  # both detectors
    cheap = judged(table)
    known |= {f"cheap_{key}": cheap[key] for key in ("helps", "total")}
    assert own.seeds == study.PROTOCOL["most_seeds"] == found["simulated"].seeds
    known["wide"] = f"{own.width:.3f}"
    median, overlap = own.told_widths.median(), comparison.OVERLAP
    known["median"] = f"{median:.3f}"
    never = comparison.projected(median, own.seeds, np.inf, overlap=overlap)
    assert drawn.groupby("arm")["mean"].mean().idxmin() == "gan"  # "the worst of the generators"
    return known | {"never": f"{never:.3f}"}


def check_simulated(one):
    """Assert what the pages say in words of the simulated clips."""
    drawn = answer.headline(one.against_real)
    assert set(drawn[drawn["verdict"] == "harms"]["arm"]) == {"gan"}
    assert set(drawn.groupby("n_positive")["gain_excluded"].all().loc[lambda all_: all_].index) == {
        400
    }


def batch_means(own):
    """{(first seed of a batch, classifier): mean difference of what is generated}."""
    wide = answer.batches(own)
    assert wide.columns.tolist() == list(range(0, own.seeds, study.PROTOCOL["batch"]))
    return wide.groupby("classifier").mean().unstack().to_dict()


def dose(own, classifier):
    """What the pages tell of the highest against the lowest dose."""
    ends = [study.PROTOCOL["ratios"][end] for end in (0, -1)]
    change = answer.change(answer.dose(own, classifier))
    assert change["verdict"] == {"cnn": "undecided", "random_forest": "harms"}[classifier]
    rest = answer.change(answer.dose(own, classifier, findings_study.CALM))
    assert rest["verdict"] == "undecided"
    known = {key: signed(change[key]) for key in ("mean", "low", "high")}
    known |= {"calm": signed(rest["mean"]), "p": f"{change['p']:.3f}"}
    for key, names in (("beside", judging.registry.REGISTRY), ("beside_calm", findings_study.CALM)):
        beside = answer.change(answer.dose_beside(own, classifier, ends[1], names))
        assert beside["verdict"] == "harms"
        known[key] = signed(beside["mean"])
    known = {f"dose_{classifier}_{key}": value for key, value in known.items()}
    sweep = answer.headline(answer.scenario(own, "ratios"), findings_study.CALM)
    sweep = sweep[(sweep["classifier"] == classifier) & (sweep["ratio"] <= 4)]
    assert (sweep["mean"] > 0).all() if classifier == FOREST else (sweep["mean"] <= 0).all()
    assert set(sweep["verdict"]) <= {"undecided", "equivalent"}
    if classifier == FOREST:
        known |= {"dose_above": len(sweep), "dose_lowest": signed(sweep["mean"].min())}
        known |= {"dose_highest": signed(sweep["mean"].max())}
    return known | {"dose_seeds": len(answer.dose(own, classifier))}


def other_form(own):
    """What the pages tell of generators that learn from calls alone."""
    table, change = sensitivity.compared(sensitivity.stored(own.name, own.settings), own.main)
    assert set(table["arm"]) == {"ae", "vae", "aae", "diffusion"}
    assert set(table["n_positive"]) == {50, 100, 200}
    counted = {f"form_{key}": n for key, n in judged(table).items()}
    assert counted["form_helps"] == 0
    return counted | {"form": len(table), "form_seeds": len(change)}


def other_scenarios(own):
    """What the pages tell of the secondary scenarios."""
    table = pd.concat(answer.scenario(own, part) for part in ("balanced", "challenge"))
    (seeds,) = set(table["seeds"])
    ceiling = answer.headline(table, [arms.ORACLE])
    assert len(ceiling) == 4 and (ceiling["verdict"] != "helps").all()
    counted = judged(answer.headline(table)) | {"seeds": seeds}
    return {
        f"scenario_{key}": counted[key] for key in ("helps", "harms", "total", "negative", "seeds")
    }


@pytest.mark.parametrize("page", ["README.md", "README.en.md"])
def test_the_answer_in_words_is_that_of_the_results(page, found):
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    known = {name: in_page(str(value), page) for name, value in told(found).items()}
    sentences = (ROOT / "tests" / "pages" / f"{page}.txt").read_text(encoding="utf-8")
    for sentence in sentences.splitlines():  # with names in the places of numbers
        assert sentence.format(**known) in lines


@pytest.mark.parametrize("dataset", DATASETS)
def test_checkpoint_4_is_that_of_the_study(dataset, found):
    kept, computed = stored(dataset, "answer")[answer.COLUMNS], found[dataset].table
    pd.testing.assert_frame_equal(kept, computed, atol=1e-5, check_dtype=False)


def floor_margins(table, size):
    return checkpoint.margins(table, size, checkpoint.best_floor(table, size))


def test_what_calls_are_worth_alone_is_that_of_the_table():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    for dataset in DATASETS:
        table = stored(dataset, "quality")
        size = table["n_positive"].max()
        decision, margins = checkpoint.decide(table, size), floor_margins(table, size)
        passed = decision.index[decision["goes_on"]]
        assert (margins.loc[passed, "mean"] > 0).all() and (margins.loc[passed, "low"] < 0).all()
        beside = checkpoint.margins(table, size, judging.REAL).loc[passed]
        assert (beside["high"] < 0).all() == (dataset != "simulated")
        assert (beside["high"] < 0).any() == (dataset != "simulated")
    useful = checkpoint.values(table, "usefulness", size).mean(axis=1)
    less = (useful[judging.REAL] - useful[passed]).agg(["min", "max"])
    few, many = (f"{value:.3f}".replace(".", ",") for value in less)
    assert f"de {few} a {many} de ROC AUC menos" in text


@pytest.mark.parametrize("dataset", DATASETS)
def test_checkpoint_3_is_complete(dataset, found):
    table = stored(dataset, "quality")
    jobs = table.groupby(["n_positive", "generator"])["seed"].nunique()
    largest = table["n_positive"].max()
    assert (jobs[largest] == baseline.PROTOCOL["n_splits"]).all()
    tried_out = set(judging.registry.REGISTRY) - set(found[dataset].main["arm"])
    assert set(judging.NAMES) - tried_out <= set(jobs[largest].index) <= set(judging.NAMES)
    assert set(table["n_positive"]) == {*judging.SIZES[:-1], largest}
    assert not table.duplicated(["generator", "n_positive", "seed", "metric"]).any()


def test_own_clips_are_read_and_kept_as_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("llamada", "nada"):
        (tmp_path / "mis_clips" / name).mkdir(parents=True)
        for number in range(50):
            clip = 0.1 * rng.normal(size=64_000)
            soundfile.write(tmp_path / "mis_clips" / name / f"{number:02}.wav", clip, 16_000)
    (tmp_path / "mis_clips" / "nada" / "rota.wav").write_bytes(b"not audio")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## Con sus propios clips")[1].split("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.S)
    assert len(blocks) == 3
    with pytest.raises(ValueError, match=r"rota.wav: not audio.*skip_bad=True"):
        exec(blocks[0], {})
    (tmp_path / "mis_clips" / "nada" / "rota.wav").unlink()
    namespace = {}
    exec(blocks[0], namespace)
    assert namespace["clips"].labels.sum() == 50
    exec(blocks[1], namespace)
    own = data.load("orcas.npz")
    assert own.spectrograms.shape == (100, 64, 201) and own.frequencies[-1] > 5000
    namespace["clips"] = own
    blocks[2] = blocks[2].replace('build("vae")', 'build("vae", steps=10, latent_dim=4)')
    exec(blocks[2], namespace)
    assert namespace["nuevas"].shape == (500, 48, 96) and (tmp_path / "mi_vae").exists()
