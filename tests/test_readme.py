"""The numbers of both READMEs are those of the stored tables."""

import re

import numpy as np
import pandas as pd
import pytest
import soundfile

from utils import (
    answer,
    arms,
    baseline,
    checkpoint,
    comparison,
    data,
    evaluation,
    judging,
    plotting,
    plotting_generators,
    plotting_study,
    sensitivity,
    study,
)

ROOT = data.ROOT
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
        useful = 100 * checkpoint.ratios(table, "usefulness", size)["mean"]
        for name in set(apart.index) - {judging.COPIES}:
            auc, share = found[plotting_generators.title(name)][2 * position : 2 * position + 2]
            assert numbers(auc) == [pytest.approx(apart[name], abs=6e-3)]
            assert numbers(share) == [pytest.approx(useful[name], abs=0.06)]


def test_the_generators_that_go_on_are_those_of_the_rule():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    sentence = re.search(
        r"Pasan el Checkpoint 3 [^:]*: (.*?) con los clips .*?; (.*?) con los", text
    )
    for dataset, named in zip(DATASETS, sentence.groups(), strict=True):
        table = stored(dataset, "quality")
        decision = checkpoint.decide(table, table["n_positive"].max())
        go = {
            plotting_generators.title(name)
            for name in judging.registry.REGISTRY
            if decision.loc[name, "goes_on"]
        }
        assert set(re.split(", | y ", named)) == go


@pytest.mark.parametrize("page", ["README.md", "README.en.md"])
def test_the_answer_is_that_of_the_results(page):
    found, table = rows(page, "answer"), stored("right_whale_upcalls", "answer")
    table = table[(table["reference"] == arms.REAL) & (table["n_positive"] == answer.ANSWER_SIZE)]
    assert list(found) == [plotting_study.title(arm) for arm in arms.ARMS if arm != arms.REAL]
    for row in table[table["classifier"].isin(answer.CLASSIFIERS)].itertuples():
        place = 2 * answer.CLASSIFIERS.index(row.classifier)
        difference, worth = found[plotting_study.title(row.arm)][place : place + 2]
        assert numbers(difference) == pytest.approx([row.mean, row.low, row.high], abs=6e-4)
        assert difference.endswith((row.verdict, WORDS[row.verdict]))
        ends = (row.equivalent_real, row.equivalent_low, row.equivalent_high)
        assert 25 <= min(ends) and max(ends) <= 1465  # the curve's ends, which the pages name
        assert [int(n) for n in re.findall(r"\d+", worth)] == [round(end) for end in ends]


def test_noise_stands_above_the_generators_as_the_pages_say():
    table = stored("right_whale_upcalls", "answer")
    table = table[(table["reference"] == arms.REAL) & (table["n_positive"] == answer.ANSWER_SIZE)]
    means = table[table["classifier"] == "cnn"].set_index("arm")["mean"]
    assert means["noise"] > means[list(judging.registry.REGISTRY)].max()


def test_the_answer_names_its_seeds():
    for page, pattern in (("README.md", r"(\d+) semillas"), ("README.en.md", r"(\d+) seeds")):
        text = (ROOT / page).read_text(encoding="utf-8")
        for dataset in DATASETS:
            assert stored(dataset, "answer")["seeds"].max() in map(int, re.findall(pattern, text))


def test_the_answer_counts_what_the_results_hold():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    for dataset in DATASETS:
        table = stored(dataset, "answer")
        table = table[table["classifier"].isin(answer.CLASSIFIERS)]
        real = table["reference"] == arms.REAL
        for rows, words in (
            (table[real & table["arm"].isin(answer.GENERATED)], "la media es negativa en {} de {}"),
            (table[~real], "la media queda por debajo en {} de {}"),
        ):
            assert words.format((rows["mean"] < 0).sum(), len(rows)) in text
            assert (rows["verdict"] != "helps").all()  # as the first sentence says
        ceiling = table[real & (table["arm"] == arms.ORACLE)]["verdict"]
        assert f"{(ceiling == 'helps').sum()} de {len(ceiling)}" in text


def verdicts(dataset):
    """How many comparisons of generators with real calls end how, and how many lose to rivals."""
    table = stored(dataset, "answer")
    table = table[table["classifier"].isin(answer.CLASSIFIERS)]
    real = table["reference"] == arms.REAL
    drawn = table[real & table["arm"].isin(answer.GENERATED)]
    counts = drawn["verdict"].value_counts().reindex(comparison.VERDICTS, fill_value=0)
    return counts.to_dict() | {"lost": (table.loc[~real, "verdict"] == "harms").sum()}


@pytest.mark.parametrize(
    ("page", "phrases"),
    [
        (
            "README.md",
            (
                "perjudica en {harms}, equivale en {equivalent}, {undecided} quedan",
                "ninguna ayuda, {sim_harms} perjudica, {sim_equivalent} equivalen",
                "frente al rival pierde en {sim_lost} y la media",
                "pierde en {lost} y la media",
                "generadores cambia {mean} ({low} a {high}; {seeds} semillas) con CNN",
                "y {mean_rf} ({low_rf} a {high_rf}) con Random Forest",
                "(sin la GAN, {calm} y {calm_rf}, ambos indecisos)",
                "añadir más empeora a Random Forest y con la CNN queda indeciso",
                "tampoco ayuda ninguna de {other} comparaciones ({other_seeds} semillas)",
                "{helped} de {scenarios} ayudan y la media es negativa en {worse}. - **El techo**",
                "con 40 el más ancho aún sería de ±{wide}",
            ),
        ),
        (
            "README.en.md",
            (
                "{harms} harm, {equivalent} are equivalent, {undecided} are",
                "none helps, {sim_harms} harms, {sim_equivalent} are equivalent",
                "against the rival {sim_lost} lose and the mean",
                "{lost} lose and the mean",
                "the five generators by {mean} ({low} to {high}; {seeds} seeds) for the CNN",
                "by {mean_rf} ({low_rf} to {high_rf}) for Random Forest",
                "(without the GAN, {calm} and {calm_rf}, both undecided)",
                "adding more harms Random Forest and stays undecided for the CNN",
                "none of {other} comparisons helps either ({other_seeds} seeds)",
                "{helped} of {scenarios} help and the mean is negative in {worse}. "
                "- **The ceiling**",
                "the widest would still be ±{wide} with 40",
            ),
        ),
    ],
)
def test_the_answer_tells_the_verdicts_and_the_dose_of_real_clips(page, phrases):
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    known = {f"sim_{name}": count for name, count in verdicts("simulated").items()}
    known |= verdicts("right_whale_upcalls")
    table = stored("right_whale_upcalls", "answer")
    table = table[table["classifier"].isin(answer.CLASSIFIERS) & (table["reference"] == arms.REAL)]
    ceiling = table[(table["arm"] == arms.ORACLE) & (table["n_positive"] == 25)]
    assert len(ceiling) == 2 and (ceiling["verdict"] == "helps").all()  # as both pages say
    drawn = table[table["arm"].isin(answer.GENERATED)]
    assert set(drawn.loc[drawn["verdict"] == "harms", "n_positive"]) == {100, 200}
    found, numbers = answer.found("right_whale_upcalls"), {}
    calm = [name for name in judging.registry.REGISTRY if name != "gan"]
    sweep = answer.sweeps({"real": found})["real"]
    assert (sweep.loc[sweep["arm"] != "classical", "verdict"] != "helps").all()
    for classifier, end in zip(answer.CLASSIFIERS, ("", "_rf"), strict=True):
        change = answer.dose(found, classifier)
        judged = answer.change(change)
        assert judged["verdict"] == {"cnn": "undecided", "random_forest": "harms"}[classifier]
        numbers |= {f"{key}{end}": judged[key] for key in ("mean", "low", "high")}
        rest = answer.change(answer.dose(found, classifier, calm))
        assert rest["verdict"] == "undecided"  # as both pages say
        numbers[f"calm{end}"] = rest["mean"]
    known = {name: f"{value:+.3f}".replace("-", "−") for name, value in numbers.items()} | known
    known["wide"] = f"{comparison.projected(found.width, found.seeds, 40):.3f}"
    known["seeds"] = len(change)
    rows = sensitivity.stored("right_whale_upcalls", found.settings)
    other, change = sensitivity.compared(rows, found.main)
    assert (other["verdict"] != "helps").all()  # as both pages say
    means = stored("right_whale_upcalls", "forms").pivot_table(
        "usefulness", ["n_positive", "generator"], "form"
    )
    better = (means[sensitivity.FORM] - means["shared"]).dropna() > 0  # the GAN has one form
    assert better[200].all() and not better[50].any()  # as both pages say
    known |= {"other": len(other), "other_seeds": len(change)}
    found = pd.concat(
        comparison.verdicts(study.select(found.rows, part), seed=answer.SEED)
        for part in ("balanced", "challenge")
    )
    found = found[found["classifier"].isin(answer.CLASSIFIERS)]
    found = found[found["arm"].isin(answer.GENERATED)]
    known |= {"scenarios": len(found), "worse": (found["mean"] < 0).sum()}
    known["helped"] = (found["verdict"] == "helps").sum()
    assert set(found["seeds"]) == {known["other_seeds"]}
    if page == "README.md":
        known = {name: str(value).replace(".", ",") for name, value in known.items()}
    for phrase in phrases:
        assert phrase.format(**known) in text


@pytest.mark.parametrize("dataset", DATASETS)
def test_checkpoint_4_is_that_of_the_study(dataset):
    kept, computed = stored(dataset, "answer")[answer.COLUMNS], answer.found(dataset).table
    pd.testing.assert_frame_equal(kept, computed, atol=1e-5, check_dtype=False)


def test_what_calls_are_worth_alone_is_that_of_the_table():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    for dataset in DATASETS:
        table = stored(dataset, "quality")
        size = table["n_positive"].max()
        decision, margins = checkpoint.decide(table, size), checkpoint.margins(table, size)
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
def test_checkpoint_3_is_complete(dataset):
    table = stored(dataset, "quality")
    jobs = table.groupby(["n_positive", "generator"])["seed"].nunique()
    largest = table["n_positive"].max()
    assert (jobs[largest] == baseline.PROTOCOL["n_splits"]).all()
    assert set(jobs[largest].index) == set(judging.NAMES)
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
