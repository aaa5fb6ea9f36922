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
    findings_quality,
    findings_study,
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
        go = {plotting_generators.title(name) for name in findings_quality.passed(decision)}
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


def told(found):
    """Every number of the pages' answer, by name; asserts what the pages say in words."""
    own, known = found["right_whale_upcalls"], {}
    for dataset, start in (("right_whale_upcalls", ""), ("simulated", "sim_")):
        one = found[dataset]
        for table, name in ((one.against_real, "real"), (one.against_rival, "rival")):
            assert (answer.headline(table)["verdict"] != "helps").all()
            known |= {f"{start}{name}_{k}": n for k, n in judged(answer.headline(table)).items()}
        ceiling = answer.headline(one.against_real, [arms.ORACLE])
        known |= {f"{start}seen": (ceiling["verdict"] == "helps").sum()}
        known |= {f"{start}seeds": one.seeds, f"{start}ceilings": len(ceiling)}
        for (first, classifier), mean in batch_means(one).items():
            known[f"{start}batch_{first}_{classifier}"] = signed(mean)
        for (group, classifier), row in answer.averages(one).iterrows():
            for key in ("mean", "low", "high"):
                known[f"{start}{group}_{classifier}_{key}"] = signed(row[key])
    drawn = answer.headline(own.against_real)
    harms = drawn[drawn["verdict"] == "harms"]
    assert set(harms.loc[harms["n_positive"] <= 50, "arm"]) == {"gan"}
    assert harms["n_positive"].min() == 50 and set(harms["arm"]) > {"gan"}
    assert set(drawn.loc[drawn["mean"] >= 0, "n_positive"]) == {25, 50}
    assert drawn.loc[drawn["n_positive"] >= 200, "gain_excluded"].all()
    assert not drawn.loc[drawn["n_positive"] == 100, "gain_excluded"].all()
    known["harms_cnn"] = (harms["classifier"] == "cnn").sum()
    known["harms_calm"] = (harms["arm"] != "gan").sum()
    ceiling = answer.headline(own.against_real, [arms.ORACLE])
    at_100 = (ceiling["n_positive"] == 100) & (ceiling["classifier"] == "cnn")
    assert ((ceiling["verdict"] == "helps") == (ceiling["n_positive"] <= 50) | at_100).all()
    for dataset, others in (("right_whale_upcalls", []), ("simulated", [("cheap", FOREST)])):
        means = answer.averages(found[dataset])["verdict"]
        helping = [("oracle", classifier) for classifier in answer.CLASSIFIERS] + others
        assert set(means.index[means == "helps"]) == set(helping)
    check_simulated(found["simulated"])
    for classifier in answer.CLASSIFIERS:
        text = findings_study.each(own, answer.BEST, answer.ANSWER_SIZE, classifier)
        known["added"], *values = re.search(r"(\d+) añad.* (\S+) \((\S+) a (\S+)\)", text).groups()
        for key, value in zip(("mean", "low", "high"), values, strict=True):
            known[f"each_{classifier}_{key}"] = value.replace("-", "−")
        for arm in (answer.BEST, "oversample"):
            worth = findings_study.worth(own, arm, answer.ANSWER_SIZE, classifier)
            known[f"worth_{arm}_{classifier}"] = worth
        known |= dose(own, classifier)
    for dataset, start in (("right_whale_upcalls", ""), ("simulated", "sim_")):
        sweep = answer.scenario(found[dataset], "ratios")
        assert (answer.headline(sweep)["verdict"] != "helps").all()  # nor does the hybrid
        sweep = answer.headline(sweep, judging.registry.REGISTRY)
        known[f"{start}doses"], known[f"{start}doses_help"] = len(sweep), judged(sweep)["helps"]
        (known[f"{start}sweep_seeds"],) = set(sweep["seeds"])
        known |= {f"{start}{k}": n for k, n in other_scenarios(found[dataset]).items()}
        known |= {f"{start}{k}": n for k, n in other_form(found[dataset]).items()}
    assert known["doses_help"] == 0
    weak = own.row(answer.BEST, 25, "mlp")
    known |= {f"weak_{key}": signed(weak[key]) for key in ("mean", "low", "high")}
    known["weak_oversample"] = signed(own.row("oversample", 25, "mlp")["mean"])
    assert weak["verdict"] == "undecided"
    table = answer.headline(own.against_real, answer.CHEAP)
    helps = table[table["verdict"] == "helps"]
    assert set(helps["arm"]) == {"classical", "mixup"} and set(helps["n_positive"]) == {25}
    assert set(helps["classifier"]) == {"random_forest"}
    every = answer.headline(own.against_real, None)
    every = every[every["verdict"] == "helps"].groupby(["arm", "n_positive"]).size()
    assert set(every.index[every == 2].get_level_values("arm")) == {arms.ORACLE}  # both detectors
    cheap = judged(table)
    known |= {f"cheap_{key}": cheap[key] for key in ("helps", "total")}
    assert own.seeds == study.PROTOCOL["most_seeds"] > found["simulated"].seeds
    known["wide"] = f"{own.width:.3f}"
    median, overlap = own.told_widths.median(), comparison.OVERLAP
    known["median"] = f"{median:.3f}"
    never = comparison.projected(median, own.seeds, np.inf, overlap=overlap)
    assert drawn.groupby("arm")["mean"].mean().idxmin() == "gan"  # "the worst of the generators"
    return known | {"never": f"{never:.3f}"}


def check_simulated(one):
    """Assert what the pages say in words of the simulated clips."""
    drawn, rival = answer.headline(one.against_real), answer.headline(one.against_rival)
    assert set(drawn[drawn["verdict"] == "harms"]["arm"]) == {"gan"}
    assert set(drawn.groupby("n_positive")["gain_excluded"].all().loc[lambda all_: all_].index) == {
        400
    }
    above = rival[rival["mean"] >= 0]
    assert above[["n_positive", "classifier"]].to_numpy().tolist() == [[400, FOREST]]


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
    beside = answer.change(answer.dose_beside(own, classifier, ends[1]))
    assert rest["verdict"] == "undecided" and beside["verdict"] == "harms"
    known = {key: signed(change[key]) for key in ("mean", "low", "high")}
    known |= {"calm": signed(rest["mean"]), "beside": signed(beside["mean"])}
    known = {f"dose_{classifier}_{key}": value for key, value in known.items()}
    return known | {"dose_seeds": len(answer.dose(own, classifier))}


def other_form(own):
    """What the pages tell of generators that learn from calls alone."""
    table, change = sensitivity.compared(sensitivity.stored(own.name, own.settings), own.main)
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
    return {f"scenario_{key}": counted[key] for key in ("helps", "total", "negative", "seeds")}


@pytest.mark.parametrize(
    ("page", "phrases"),
    [
        (
            "README.md",
            (
                "cambia en {generated_cnn_mean} con CNN y en {generated_random_forest_mean} con "
                "Random Forest (sin la GAN, el peor de los generadores, en "
                "{generated_without_gan_cnn_mean} y "
                "{generated_without_gan_random_forest_mean}). Comparación a comparación, "
                "{real_helps} de {real_total} ayudan, {real_equivalent} equivalen, {real_harms} "
                "perjudican y {real_undecided} no deciden;",
                "mezclar…, que cuestan segundos) da mejor media en {rival_negative} de "
                "{rival_total}.**",
                "**Grabaciones reales** ({seeds} semillas; seis brazos con generador, cinco "
                "tamaños",
                "De {real_total} comparaciones con «solo reales», ninguna ayuda, "
                "{real_equivalent} equivalen, {real_harms} perjudican (con 50 llamadas, solo "
                "la GAN; con más, también otros; {harms_cnn}, con la CNN; {harms_calm} no son de "
                "la GAN) y {real_undecided} "
                "quedan **indecisas**",
                "queda descartada en {real_excluded}, todas las de 200 y 400 llamadas entre ellas",
                "La media es negativa en {real_negative} de {real_total}; las otras están con "
                "25 o 50",
                "la media queda por debajo en {rival_negative} de {rival_total}, los brazos con "
                "generador pierden en {rival_harms} y una ventaja de 0,01 queda descartada en "
                "{rival_excluded}. Los "
                "rivales baratos ayudan en {cheap_helps} de {cheap_total}: aumento clásico y "
                "mixup, con Random Forest y 25",
                "añadir {added} del AAE rinde como {worth_aae_cnn} reales solas con CNN y como "
                "{worth_aae_random_forest} con Random Forest (duplicar las 50, como "
                "{worth_oversample_cnn} y {worth_oversample_random_forest}): cada una vale "
                "{each_cnn_mean} ({each_cnn_low} a {each_cnn_high}) y {each_random_forest_mean} "
                "({each_random_forest_low} a {each_random_forest_high}) reales",
                "después de ver las filas: {generated_cnn_mean} ({generated_cnn_low} a "
                "{generated_cnn_high}) con CNN y {generated_random_forest_mean} "
                "({generated_random_forest_low} a {generated_random_forest_high}) con Random "
                "Forest; sin la GAN, {generated_without_gan_cnn_mean} "
                "({generated_without_gan_cnn_low} a {generated_without_gan_cnn_high}) y "
                "{generated_without_gan_random_forest_mean} "
                "({generated_without_gan_random_forest_low} a "
                "{generated_without_gan_random_forest_high}). Llenar con más llamadas reales, "
                "{oracle_cnn_mean} y {oracle_random_forest_mean}.",
                "en el mismo sentido: media {batch_0_cnn}, {batch_10_cnn}, {batch_20_cnn} y "
                "{batch_30_cnn} con CNN, {batch_0_random_forest}, {batch_10_random_forest}, "
                "{batch_20_random_forest} y {batch_30_random_forest} con Random Forest.",
                "de los cinco generadores en {dose_cnn_mean} ({dose_cnn_low} a {dose_cnn_high}; "
                "{dose_seeds} semillas) con CNN, indeciso, y en {dose_random_forest_mean} "
                "({dose_random_forest_low} a {dose_random_forest_high}) con Random Forest, que "
                "empeora (sin la GAN, {dose_cnn_calm} y {dose_random_forest_calm}, ambos "
                "indecisos)",
                "a la misma dosis: la diferencia es de {dose_cnn_beside} con CNN y de "
                "{dose_random_forest_beside} con Random Forest, y ambas diferencias se distinguen",
                "de {form} comparaciones ninguna ayuda y {form_harms} perjudica ({form_seeds} "
                "semillas)",
                "o tres por llamada: {scenario_helps} de {scenario_total} ayudan y la media es "
                "negativa en {scenario_negative} ({scenario_seeds} semillas). Pero ahí ni las "
                "llamadas reales ayudan",
                "el MLP, sube {weak_mean} ({weak_low} a {weak_high}; indeciso tras ajustar) con "
                "25 llamadas y AAE; pero duplicarlas da {weak_oversample}",
                "se distingue en {seen} de {ceilings}: las de 25 y 50 llamadas y, con la CNN, la "
                "de 100",
                "**Clips simulados** ({sim_seeds} semillas). Van en el mismo sentido y deciden "
                "menos: ninguna ayuda, {sim_real_harms} perjudican, todas de la GAN, "
                "{sim_real_equivalent} equivalen, y la media es negativa en {sim_real_negative} "
                "de {sim_real_total}; una mejora de 0,01 queda descartada en "
                "{sim_real_excluded}, todas las de 400 llamadas entre ellas. Frente al rival "
                "pierden en {sim_rival_harms}, la media queda por debajo en {sim_rival_negative} "
                "de {sim_rival_total} (la otra, con 400 llamadas y Random Forest) y una "
                "ventaja de 0,01 queda descartada en {sim_rival_excluded}. En promedio, "
                "{sim_generated_cnn_mean} ({sim_generated_cnn_low} a {sim_generated_cnn_high}) "
                "con CNN y {sim_generated_random_forest_mean} "
                "({sim_generated_random_forest_low} a {sim_generated_random_forest_high}) con "
                "Random Forest; los rivales baratos ayudan con Random Forest, "
                "{sim_cheap_random_forest_mean} ({sim_cheap_random_forest_low} a "
                "{sim_cheap_random_forest_high}). Tampoco ayuda ninguna con otra dosis "
                "({sim_doses_help} de {sim_doses}; {sim_sweep_seeds} semillas), en los otros "
                "dos escenarios ({sim_scenario_helps} de {sim_scenario_total}; "
                "{sim_scenario_seeds} semillas) ni con la otra forma de aprender "
                "({sim_form_helps} de {sim_form}; {sim_form_seeds} semillas). El techo se "
                "distingue en {sim_seen} de {sim_ceilings}.",
                "con las grabaciones reales ya hay {seeds}, y el intervalo más ancho es de ±{wide}",
                "el mediano es de ±{median} y ni con infinitas semillas bajaría de ±{never}",
            ),
        ),
        (
            "README.en.md",
            (
                "changes by {generated_cnn_mean} for the CNN and by "
                "{generated_random_forest_mean} for Random Forest (without the GAN, the worst "
                "of the generators, by {generated_without_gan_cnn_mean} and "
                "{generated_without_gan_random_forest_mean}). One by one, {real_helps} of "
                "{real_total} comparisons help, {real_equivalent} are equivalent, {real_harms} "
                "harm and {real_undecided} do not decide;",
                "blending…, which cost seconds) has the better mean in {rival_negative} of "
                "{rival_total}.**",
                "**Real recordings** ({seeds} seeds; six arms with a generator, five sizes",
                "Of {real_total} comparisons with real calls alone none helps, "
                "{real_equivalent} are equivalent, {real_harms} harm (with 50 calls the GAN "
                "alone, with more, others too; {harms_cnn} with the CNN; {harms_calm} are not the "
                "GAN's) and {real_undecided} "
                "are **undecided**",
                "is ruled out in {real_excluded}, all of those with 200 and 400 calls among them",
                "The mean is negative in {real_negative} of {real_total}; the others are at 25 "
                "or 50",
                "the mean is lower in {rival_negative} of {rival_total}, {rival_harms} lose, "
                "and an advantage of 0.01 is ruled out in {rival_excluded}. The cheap rivals "
                "help in {cheap_helps} of {cheap_total}: classical augmentation and mixup, with "
                "Random Forest and 25",
                "adding {added} of the AAE does as well as {worth_aae_cnn} real ones alone for "
                "the CNN and as {worth_aae_random_forest} for Random Forest (duplicating the "
                "50, as {worth_oversample_cnn} and {worth_oversample_random_forest}): each is "
                "worth {each_cnn_mean} ({each_cnn_low} to {each_cnn_high}) and "
                "{each_random_forest_mean} ({each_random_forest_low} to "
                "{each_random_forest_high}) real ones",
                "after the rows were seen: {generated_cnn_mean} ({generated_cnn_low} to "
                "{generated_cnn_high}) for the CNN and {generated_random_forest_mean} "
                "({generated_random_forest_low} to {generated_random_forest_high}) for Random "
                "Forest; without the GAN, {generated_without_gan_cnn_mean} "
                "({generated_without_gan_cnn_low} to {generated_without_gan_cnn_high}) and "
                "{generated_without_gan_random_forest_mean} "
                "({generated_without_gan_random_forest_low} to "
                "{generated_without_gan_random_forest_high}). Filling up with more real calls, "
                "{oracle_cnn_mean} and {oracle_random_forest_mean}.",
                "point the same way: mean {batch_0_cnn}, {batch_10_cnn}, {batch_20_cnn} and "
                "{batch_30_cnn} for the CNN, {batch_0_random_forest}, {batch_10_random_forest}, "
                "{batch_20_random_forest} and {batch_30_random_forest} for Random Forest.",
                "of the five generators by {dose_cnn_mean} ({dose_cnn_low} to {dose_cnn_high}; "
                "{dose_seeds} seeds) for the CNN, undecided, and by {dose_random_forest_mean} "
                "({dose_random_forest_low} to {dose_random_forest_high}) for Random Forest, "
                "which gets worse (without the GAN, {dose_cnn_calm} and "
                "{dose_random_forest_calm}, both undecided)",
                "at the same dose: the difference is {dose_cnn_beside} for the CNN and "
                "{dose_random_forest_beside} for Random Forest, and both differences",
                "of {form} comparisons none helps and {form_harms} harms ({form_seeds} seeds)",
                "or three per call: {scenario_helps} of {scenario_total} help and the mean is "
                "negative in {scenario_negative} ({scenario_seeds} seeds). But there not even "
                "real calls help",
                "the MLP, rises by {weak_mean} ({weak_low} to {weak_high}; undecided once "
                "adjusted) with 25 calls and the AAE; but duplicating them gives "
                "{weak_oversample}",
                "shows in {seen} of {ceilings}: those with 25 and 50 calls and, for the CNN, the "
                "one with 100",
                "**Simulated clips** ({sim_seeds} seeds). They point the same way and decide "
                "less: none helps, {sim_real_harms} harm, all of the GAN, {sim_real_equivalent} "
                "are equivalent, and the mean is negative in {sim_real_negative} of "
                "{sim_real_total}; a gain of 0.01 is ruled out in {sim_real_excluded}, all of "
                "those with 400 calls among them. Against the rival {sim_rival_harms} lose, the "
                "mean is lower in {sim_rival_negative} of {sim_rival_total} (the other is at "
                "400 calls with Random Forest) and an advantage of 0.01 is ruled out in "
                "{sim_rival_excluded}. On average, {sim_generated_cnn_mean} "
                "({sim_generated_cnn_low} to {sim_generated_cnn_high}) for the CNN and "
                "{sim_generated_random_forest_mean} ({sim_generated_random_forest_low} to "
                "{sim_generated_random_forest_high}) for Random Forest; the cheap rivals help "
                "with Random Forest, {sim_cheap_random_forest_mean} "
                "({sim_cheap_random_forest_low} to {sim_cheap_random_forest_high}). None helps "
                "with another dose ({sim_doses_help} of {sim_doses}; {sim_sweep_seeds} seeds), "
                "in the two other scenarios ({sim_scenario_helps} of {sim_scenario_total}; "
                "{sim_scenario_seeds} seeds) or with the other form of learning "
                "({sim_form_helps} of {sim_form}; {sim_form_seeds} seeds) either. The ceiling "
                "shows in {sim_seen} of {sim_ceilings}.",
                "with the real recordings there are {seeds}, and the widest interval is ±{wide}",
                "the median one is ±{median} and would not fall below ±{never} with any number",
            ),
        ),
    ],
)
def test_the_answer_in_words_is_that_of_the_results(page, phrases, found):
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    known = {name: in_page(str(value), page) for name, value in told(found).items()}
    for phrase in phrases:
        assert phrase.format(**known) in text


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
