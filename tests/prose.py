"""The numbers in the notebooks' findings, and the committed tables that they are taken from.

Findings are Markdown cells tagged with the data sets that they speak of. NUMBERS[notebook][cell id]
lists the numbers of such a cell in the order in which they are read, as they are written, each with
the value (or the values) that it rounds. `test_prose.py` compares both with the cells.
"""

import functools
import json

import pandas as pd

from utils import paths, tables
from utils.augmentation import (
    answer,
    from_pixels,
    joined,
    operating,
    replicas,
    study,
)
from utils.baseline import baseline, labelling
from utils.models.generators import registry
from utils.quality import checkpoint, judging
from utils.statistics import comparison

S, R = "simulated", "right_whale_upcalls"


@functools.cache
def table(dataset, name):
    return pd.read_csv(paths.results_dir(dataset) / f"{name}.csv")


@functools.cache
def eda(dataset):
    """Numbers of the exploration by (topic, name)."""
    return table(dataset, "eda").set_index(["topic", "name"])["value"]


def floor(dataset, cue, clips="all", split="group"):
    return eda(dataset)[f"cue, {clips}, {split}", cue]


def percent(dataset, topic, name):
    return 100 * eda(dataset)[topic, name]


def of_call(dataset, name):
    return eda(dataset)["acoustic", f"{name}_call"]


@functools.cache
def means(dataset):
    """Mean scores over the splits: by model, and columns."""
    return table(dataset, "baseline").groupby("model").mean(numeric_only=True)


def learned(dataset, model, size):
    rows = table(dataset, "learning_curve")
    return rows[(rows["model"] == model) & (rows["size"] == size)]["roc_auc"].mean()


def beside(size):
    """What each form of joined.csv changes, on the real clips."""
    return joined.against_alone(table(R, "joined"))[size].map(lambda gap: gap[0])


def heard_simulated_alone():
    """The ROC AUC of embeddings of simulated clips alone; as the forest that heard them has it."""
    rows, grid = table(R, "joined"), table(R, "study")
    found = rows[rows["form"] == joined.WITHOUT_REAL]["roc_auc"].mean()
    others = grid[(grid["arm"] == "ocean_prior") & (grid["n_positive"] == 0)]
    forest = others[others["classifier"] == "random_forest"]["roc_auc"].mean()
    assert abs(found - forest) < 0.002
    return found


def by_split(dataset, model, end):
    """The ROC AUC of a model in the first split, if it is the smallest or largest of the five."""
    rows = table(dataset, "baseline").set_index(["model", "seed"])["roc_auc"][model]
    assert rows[0] == end(rows)
    return rows[0]


def best_cue(dataset):
    return table(dataset, "cues").groupby("cue")["roc_auc"].mean().max()


@functools.cache
def drawn(dataset):
    """The numbers of the second notebook, by (measure, generator)."""
    return table(dataset, "generative").set_index(["measure", "generator"])["value"]


def taken(dataset, name):
    """The share of clips taken for a call, in percent."""
    return 100 * drawn(dataset)["taken for a call", name]


@functools.cache
def quality(dataset):
    """quality.csv, and the most calls in it."""
    rows = table(dataset, "quality")
    return rows, rows["n_positive"].max()


def judged(dataset, metric, name, size=None):
    """A measure of quality.csv, mean over the splits; with the most calls if no size is given."""
    rows, largest = quality(dataset)
    return checkpoint.values(rows, metric, size or largest).loc[name].mean()


def heard(dataset, name, size=None):
    """The share of clips taken for a call, in percent, mean over the splits."""
    return 100 * judged(dataset, "taken", name, size)


def best_taught(dataset, size):
    """How much the best generator's samples teach that learned from so many calls."""
    return max(judged(dataset, "usefulness", name, size) for name in registry.REGISTRY)


def median_p(dataset, metric, name):
    rows, size = quality(dataset)
    return checkpoint.values(rows, metric, size).loc[name].median()


def below(limit, *values):
    """A limit, if all values lie below it."""
    assert max(values) < limit
    return limit


@functools.cache
def facts():
    """The numbers of the pages, which a test holds to study.csv."""
    return json.loads((paths.ROOT / "pages" / "facts.json").read_text(encoding="utf-8"))


def alone(kind, size, classifier):
    return facts()["auc"][classifier][kind][str(size)]


@functools.cache
def changed(dataset, arm, size, classifier, seed=None):
    """What an arm changes against real calls alone: the mean of the seeds, or one seed's."""
    rows = answer.headline(table(dataset, "study"), (arm, "real"))
    rows = rows[(rows["part"] == "main") & (rows["n_positive"] == size)]
    wide = rows[rows["classifier"] == classifier].pivot(index="seed", columns="arm")["roc_auc"]
    change = wide[arm] - wide["real"]
    return change.mean() if seed is None else change[seed]


def by_snr(arm, classifier, score):
    """What an arm changes on simulated clips for one half of the calls, mean of sizes and seeds."""
    rows = table(S, "study")
    rows = rows[(rows["part"] == "main") & (rows["classifier"] == classifier)]
    wide = rows.pivot_table(score, ["seed", "n_positive"], "arm")
    return (wide[arm] - wide["real"]).mean()


def scored(dataset, arm, size, classifier):
    """Mean ROC AUC of an arm in the main part of the study, or in the hydrophone's."""
    rows = table(dataset, "study")
    rows = rows[rows["part"].isin(("main", "ocean")) & (rows["n_positive"] == size)]
    return rows[(rows["arm"] == arm) & (rows["classifier"] == classifier)]["roc_auc"].mean()


def real(dataset, size):
    """Mean ROC AUC of the forest that has real calls alone."""
    return scored(dataset, "real", size, "random_forest")


@functools.cache
def unheard(dataset, classifier):
    """ROC AUC of a classifier that has heard no real call, by seed."""
    rows = table(dataset, "study")
    rows = rows[(rows["arm"] == "ocean_prior") & (rows["n_positive"] == 0)]
    return rows[rows["classifier"] == classifier]["roc_auc"]


@functools.cache
def tallied(constant):
    """How often each verdict on what is generated occurs, on the real clips, with a constant by
    which intervals are widened."""
    return answer.by_overlap(answer.found(R))[constant]["verdict"].value_counts()


def one_more_with(constant):
    """A constant with which one comparison with what is generated would be conclusive."""
    assert tallied(constant)["helps"] == 1
    return constant


@functools.cache
def beside_the_rival(dataset):
    """The verdicts on what is generated against the best cheap rival."""
    return answer.headline(answer.found(dataset).against_rival)


def below_the_rival(dataset=R):
    """In how many comparisons what is generated lies below the best cheap rival, in the mean."""
    return int((beside_the_rival(dataset)["mean"] < 0).sum())


def lost_to_the_rival(dataset):
    """In how many of them that is conclusive."""
    return int((beside_the_rival(dataset)["verdict"] == "harms").sum())


def overlap(classifiers=replicas.CLASSIFIERS):
    """The constant that simulated replicas ask for."""
    rows = tables.latest(paths.results_dir(S) / "replicas.csv")
    return replicas.overlap(rows, seed=answer.SEED, classifiers=classifiers)[0]


def held_by_the_study():
    """The share of the replicas' intervals that hold the others' mean with the study's constant."""
    rows = tables.latest(paths.results_dir(S) / "replicas.csv")
    held, total = replicas.coverage(rows, overlap=comparison.OVERLAP)
    return held / total


def after_the_cut(kind, size, score="roc_auc", dataset=R):
    """Mean score of a kind of detector on what comes after the cut in time; of simulated clips, on
    other deployments."""
    rows = operating.stored(dataset, operating.LATER)
    return rows[(rows["kind"] == kind) & (rows["n_positive"] == size)][score].mean()


@functools.cache
def recall(kind, size, score="recall_at_5_percent"):
    """The share of calls, in percent, that a kind of detector finds at few false alarms."""
    rows = operating.stored(R)
    return 100 * rows[(rows["kind"] == kind) & (rows["n_positive"] == size)][score].mean()


@functools.cache
def mechanism(dataset):
    """Means over the seeds, in percent, by (measure, arm)."""
    rows = table(dataset, "mechanism").groupby("arm")[["taken", "reach"]].mean()
    return 100 * rows.unstack()


FEW = baseline.PROTOCOL["sizes"][0]

NUMBERS = {
    "00_eda": {
        "found-simulated": [
            ("0,83", eda(S)["roc_auc", "together"]),
            ("0,5", 0.5),
            ("1", 1),
            ("0,69", floor(S, "loudness")),
            ("82", percent(S, "balance", "same_as_previous")),
            ("65", percent(S, "balance", "same_as_previous_chance")),
            ("0,82", floor(S, "neighbour label", split="random")),
            ("0,51", floor(S, "neighbour label")),
        ],
        "found-real": [
            ("0,91", eda(R)["roc_auc", "together"]),
            ("0,5", 0.5),
            ("1", 1),
            ("0,81", floor(R, "edges")),
            ("0,75", floor(R, "edges", "matched")),
            ("81", percent(R, "balance", "same_as_previous")),
            ("57", percent(R, "balance", "same_as_previous_chance")),
            ("0,71", floor(R, "neighbour label", "matched", "random")),
            ("0,50", floor(R, "neighbour label", "matched")),
        ],
        "balance-found-simulated": [
            ("4000", eda(S)["balance", "clips"]),
            ("920", eda(S)["balance", "calls"]),
        ],
        "balance-found-real": [
            ("3071", eda(R)["balance", "calls"]),
            ("9828", eda(R)["balance", "clips"]),
            ("4194", table(R, "baseline").groupby("model")["n_test"].sum()["cnn"]),
        ],
        "acoustic-found-simulated": [
            ("108", of_call(S, "start_hz")),
            ("179", of_call(S, "end_hz")),
            ("0,74", of_call(S, "duration_s")),
            ("0,77", eda(S)["acoustic", "duration_s_auc"]),
        ],
        "acoustic-found-real": [
            ("96", of_call(R, "start_hz")),
            ("184", of_call(R, "end_hz")),
            ("0,89", of_call(R, "duration_s")),
            ("0,69", eda(R)["acoustic", "duration_s_auc"]),
        ],
        "effects-found-simulated": [("0,83", eda(S)["roc_auc", "together"])],
        "effects-found-real": [("0,91", eda(R)["roc_auc", "together"])],
        "mean-found-simulated": [],
        "mean-found-real": [],
        "similar-found-simulated": [
            ("43", percent(S, "purity", "group")),
            ("1,2", percent(S, "purity", "group_chance")),
            ("82", percent(S, "purity", "class")),
            ("65", percent(S, "purity", "class_chance")),
        ],
        "similar-found-real": [
            ("5,6", percent(R, "purity", "group")),
            ("1,0", percent(R, "purity", "group_chance")),
            ("83", percent(R, "purity", "class")),
            ("57", percent(R, "purity", "class_chance")),
        ],
        "cues-found-simulated": [
            ("0,69", floor(S, "loudness")),
            ("0,68", floor(S, "edges")),
            ("0,51", floor(S, "neighbour label")),
            ("0,52", floor(S, "clip order")),
            ("0,82", floor(S, "neighbour label", split="random")),
            ("0,71", floor(S, "clip order", split="random")),
        ],
        "cues-found-real": [
            ("0,75", floor(R, "edges", "matched")),
            ("0,78", floor(R, "clip order")),
            ("0,50", floor(R, "clip order", "matched")),
            ("0,50", floor(R, "neighbour label", "matched")),
            ("0,71", floor(R, "neighbour label", "matched", "random")),
        ],
        "hard-found": [
            ("0,66", eda(S)["auc by snr"].iloc[0]),
            ("0,91", eda(S)["auc by snr"].iloc[-1]),
            ("0,90", eda(S)["auc beside", "none"]),
            ("0,42", eda(S)["auc beside", "ship"]),
        ],
    },
    "01_baseline": {
        "found-simulated": [
            ("0,923", means(S)["roc_auc"].max()),
            ("88", 100 * means(S)["accuracy"]["gradient_boosting"]),
            ("0,922", means(S)["roc_auc"]["cnn"]),
            ("25", FEW),
            ("0,897", learned(S, "random_forest", FEW)),
            ("0,69", best_cue(S)),
        ],
        "found-real": [
            ("0,942", means(R)["roc_auc"].max()),
            ("88", 100 * means(R)["accuracy"]["gradient_boosting"]),
            ("0,938", means(R)["roc_auc"]["cnn"]),
            ("25", FEW),
            ("0,901", learned(R, "random_forest", FEW)),
            ("0,75", best_cue(R)),
            ("10", 10),
            ("0,95", labelling.ceiling(0.1)),
        ],
        "five-found-simulated": [
            ("0,952", by_split(S, "cnn", max)),
            ("0,934", table(S, "leak")["roc_auc"].mean()),
            ("0,923", means(S)["roc_auc"]["gradient_boosting"]),
        ],
        "five-found-real": [
            ("0,911", by_split(R, "cnn", min)),
            ("0,940", table(R, "leak")["roc_auc"].mean()),
            ("0,942", means(R)["roc_auc"]["gradient_boosting"]),
        ],
        "clips-found-simulated": [
            ("25", FEW),
            ("0,897", learned(S, "random_forest", FEW)),
            ("0,884", learned(S, "cnn", FEW)),
        ],
        "clips-found-real": [
            ("25", FEW),
            ("0,901", learned(R, "random_forest", FEW)),
            ("0,887", learned(R, "cnn", FEW)),
            ("25", FEW),
            ("800", study.PROTOCOL["negatives"]),
            ("0,885", alone("real", FEW, "random_forest")),
            ("0,907", scored(R, "real", FEW, "gradient_boosting")),
        ],
        "errors-found-simulated": [],
        "errors-found-real": [],
    },
    "02_generative": {
        "found-simulated": [
            ("100", len(table(S, "stability"))),
            ("58", taken(S, "vae")),
            ("54", taken(S, "aae")),
            ("12", taken(S, "gan")),
            ("82", taken(S, "real")),
            ("76", taken(S, "hydrophone")),
        ],
        "found-real": [
            ("100", len(table(R, "stability"))),
            ("68", taken(R, "vae")),
            ("58", taken(R, "aae")),
            ("29", taken(R, "gan")),
            ("91", taken(R, "real")),
            ("78", taken(R, "hydrophone")),
        ],
        "side-found-simulated": [
            ("19", 100 * drawn(S)["explained variance", "vae"]),
            ("5", taken(S, "sea")),
        ],
        "side-found-real": [
            ("25", 100 * drawn(R)["explained variance", "vae"]),
            ("58", taken(R, "aae")),
            ("21", taken(R, "sea")),
        ],
    },
    "03_quality": {
        "found-simulated": [
            ("0,69", judged(S, "two_sample_auc", "aae")),
            ("69", heard(S, "vae")),
            ("25", heard(S, "gan")),
            ("79", heard(S, "real")),
            ("8", 100 * judged(S, "taken_sea", "real")),
            ("0,909", judged(S, "usefulness", "aae")),
            ("0,921", judged(S, "usefulness", "real")),
            ("50", judging.SIZES[0]),
            ("0,901", best_taught(S, judging.SIZES[0])),
            ("0,903", judged(S, "usefulness", "real", judging.SIZES[0])),
            ("0,904", judged(S, "usefulness", "pca_gaussian")),
        ],
        "found-real": [
            ("0,68", judged(R, "two_sample_auc", "vae")),
            ("81", heard(R, "vae")),
            ("50", heard(R, "gan")),
            ("95", heard(R, "real")),
            ("21", 100 * judged(R, "taken_sea", "real")),
            ("0,897", judged(R, "usefulness", "aae")),
            ("0,927", judged(R, "usefulness", "real")),
            ("50", judging.SIZES[0]),
            ("0,884", best_taught(R, judging.SIZES[0])),
            ("0,902", judged(R, "usefulness", "real", judging.SIZES[0])),
            ("0,871", judged(R, "usefulness", "pca_gaussian")),
        ],
        "contours-found": [],
        "card-found-simulated": [],
        "card-found-real": [],
        "varied-found-simulated": [
            ("0,47", judged(S, "coverage_cnn", "gan")),
            ("0,94", judged(S, "coverage_cnn", "real")),
            ("0,16", judged(S, "coverage_pca", "noise")),
        ],
        "varied-found-real": [
            ("0,58", judged(R, "coverage_cnn", "gan")),
            ("0,96", judged(R, "coverage_cnn", "real")),
            ("0,18", judged(R, "coverage_pca", "noise")),
        ],
        "copies-found-simulated": [
            ("1,00", median_p(S, "copying_p", "copies")),
            ("0,001", below(0.001, median_p(S, "copying_p_alone", "copies"))),
            ("0,66", judged(S, "authenticity_alone", "gan")),
            ("0,00", judged(S, "authenticity_alone", "copies")),
            ("0,59", judged(S, "authenticity_alone", "real")),
            ("0,01", checkpoint.RULE["copying"]),
        ],
        "copies-found-real": [
            ("1,00", median_p(R, "copying_p", "copies")),
            ("0,001", below(0.001, median_p(R, "copying_p_alone", "copies"))),
            ("0,00", judged(R, "authenticity_alone", "copies")),
            ("0,70", judged(R, "authenticity_alone", "real")),
            ("0,01", checkpoint.RULE["copying"]),
        ],
        "useful-found-simulated": [
            ("0,909", judged(S, "usefulness", "aae")),
            ("0,921", judged(S, "usefulness", "real")),
            ("0,907", judged(S, "usefulness", "copies")),
            ("0,904", judged(S, "usefulness", "pca_gaussian")),
            ("0,826", judged(S, "usefulness", "gan")),
            ("0,919", judged(S, "topped_up", "aae")),
        ],
        "useful-found-real": [
            ("0,897", judged(R, "usefulness", "aae")),
            ("0,927", judged(R, "usefulness", "real")),
            ("0,916", judged(R, "usefulness", "copies")),
            ("0,871", judged(R, "usefulness", "pca_gaussian")),
            ("0,779", judged(R, "usefulness", "gan")),
            ("0,924", judged(R, "topped_up", "aae")),
        ],
        "fewer-found-simulated": [
            ("64", heard(S, "vae", judging.SIZES[0])),
            ("0,80", judged(S, "two_sample_auc", "vae", judging.SIZES[0])),
            ("0,901", judged(S, "usefulness", "ae", judging.SIZES[0])),
            ("50", judging.SIZES[0]),
            ("0,903", judged(S, "usefulness", "real", judging.SIZES[0])),
        ],
        "fewer-found-real": [
            ("77", heard(R, "vae", judging.SIZES[0])),
            ("0,78", judged(R, "two_sample_auc", "vae", judging.SIZES[0])),
            ("0,884", judged(R, "usefulness", "diffusion", judging.SIZES[0])),
            ("50", judging.SIZES[0]),
            ("0,902", judged(R, "usefulness", "real", judging.SIZES[0])),
        ],
        "predict-found-simulated": [
            ("0,90", judged(S, "two_sample_auc", "pca_gaussian")),
            ("0,91", judged(S, "two_sample_auc", "gan")),
            ("89", heard(S, "pca_gaussian")),
            ("25", heard(S, "gan")),
        ],
        "predict-found-real": [
            ("0,88", [judged(R, "two_sample_auc", name) for name in ("pca_gaussian", "gan")]),
            ("87", heard(R, "pca_gaussian")),
            ("50", heard(R, "gan")),
        ],
    },
    "04_augmentation": {
        "found-simulated": [
            ("60", facts()["generated"]["comparisons"]),
            ("25", FEW),
            ("25", FEW),
            ("0,021", changed(S, "mixup", FEW, "random_forest")),
            ("0,025", scored(S, "ocean", FEW, "random_forest") - real(S, FEW)),
            ("25", FEW),
            ("0,907", scored(S, "real", FEW, "birdnet")),
            ("0,904", scored(S, "classical", FEW, "random_forest")),
            ("0,903", scored(S, "real", FEW, "logistic")),
            ("0,915", unheard(S, "cnn").mean()),
            ("25", FEW),
            ("0,867", unheard(R, "cnn").mean()),
        ],
        "found-real": [
            ("25", FEW),
            ("0,937", facts()["pretrained"]["auc"]["25"]),
            ("0,939", facts()["auc"]["random_forest"]["all"]),
            ("60", [facts()["generated"]["comparisons"], below_the_rival()]),
            ("14", tallied(comparison.OVERLAP)["harms"]),
            ("25", FEW),
            ("0,05", facts()["generated"]["detectable"]["25"]),
            ("34", lost_to_the_rival(R)),
            ("25", FEW),
            ("0,032", changed(R, "classical", FEW, "random_forest")),
            ("0,040", facts()["gain"]["random_forest"]["25"]["mean"]),
            ("0,907", scored(R, "real", FEW, "gradient_boosting")),
        ],
        "curves-found-simulated": [
            ("25", FEW),
            ("0,887", real(S, FEW)),
            ("0,912", scored(S, "ocean", FEW, "random_forest")),
            ("0,907", scored(S, "mixup", FEW, "random_forest")),
            ("0", 0),
            ("0,915", unheard(S, "cnn").mean()),
            ("0,914", unheard(S, "random_forest").mean()),
            ("25", FEW),
        ],
        "curves-found-real": [
            ("25", FEW),
            ("0,885", alone("real", FEW, "random_forest")),
            ("0,925", alone("ocean", FEW, "random_forest")),
            ("0,867", [facts()["auc"][c]["zero"] for c in ("cnn", "random_forest")]),
            ("0,80", unheard(R, "random_forest").min()),
            ("0,93", unheard(R, "random_forest").max()),
            ("0,871", scored(R, "ocean", 0, "random_forest")),
            ("0,873", scored(R, "ocean", 0, "cnn")),
        ],
        "primary-found": [],
        "plain-found": [("25", FEW)],
        "pretrained-found-simulated": [
            ("25", FEW),
            ("0,907", scored(S, "real", FEW, "birdnet")),
            ("0,904", scored(S, "classical", FEW, "random_forest")),
        ],
        "pretrained-found-real": [
            ("25", FEW),
            ("800", facts()["pretrained"]["equivalent"]["25"]["k"]),
            ("131", facts()["pretrained"]["equivalent"]["25"]["low"]),
            ("0,896", scored(R, "real", FEW, "logistic")),
        ],
        "forest-found-simulated": [],
        "forest-found-real": [],
        "strict-found-real": [
            ("25", FEW),
            ("5", 5),
            ("40", recall("real", FEW)),
            ("51", recall("classical", FEW)),
            ("53", recall("ocean", FEW)),
            ("62", recall("birdnet", FEW)),
            ("1", 1),
            ("15", recall("real", FEW, "recall_at_1_percent")),
            ("28", recall("birdnet", FEW, "recall_at_1_percent")),
        ],
        "seeds-found-real": [
            ("0", 0),
            ("0,036", changed(R, "aae", FEW, "cnn", 0)),
            ("−0,025", changed(R, "aae", FEW, "cnn")),
            ("25", FEW),
        ],
        "seeds-found-simulated": [
            ("0", 0),
            ("0,057", -changed(S, "aae", FEW, "random_forest", 0)),
            ("−0,004", changed(S, "aae", FEW, "random_forest")),
            ("25", FEW),
        ],
        "why-found-simulated": [
            ("12", mechanism(S)["taken", "gan"]),
            ("72", mechanism(S)["taken", "oracle"]),
            ("63", mechanism(S)["taken", "ocean"]),
            ("47", mechanism(S)["taken", "vae"]),
        ],
        "why-found-real": [
            ("33", mechanism(R)["taken", "gan"]),
            ("93", mechanism(R)["taken", "oracle"]),
            ("73", mechanism(R)["taken", "ocean"]),
            ("71", mechanism(R)["taken", "vae"]),
            ("50", answer.ANSWER_SIZE),
        ],
    },
    "04b_details": {
        "found": [
            ("0,10", one_more_with(0.10)),
            ("100", 100),
            ("25", FEW),
            ("0,052", facts()["generated"]["detectable"]["25"]),
            ("80", 100 * comparison.POWER),
        ],
        "rival-found": [
            ("60", [below_the_rival(name) for name in (S, R)]),
            ("34", lost_to_the_rival(R)),
            ("10", lost_to_the_rival(S)),
        ],
        "control-found-simulated": [],
        "control-found-real": [],
        "recipes-found-real": [
            ("0,023", -beside(25)["simulated clips"]),
            ("25", FEW),
            ("0,028", -beside(25)["features in a forest"]),
            ("0,866", heard_simulated_alone()),
        ],
        "background-found-real": [
            ("0,738", facts()["hidden"]["background"]["birdnet"]),
            ("25", FEW),
            ("0,570", facts()["hidden"]["background"]["random_forest"]),
            ("0,936", facts()["hidden"]["foreground"]["birdnet"]),
            ("0,888", facts()["hidden"]["foreground"]["random_forest"]),
        ],
        "overlap-found": [
            ("3", tallied(0.0)["helps"]),
            ("60", facts()["generated"]["comparisons"]),
            ("34", tallied(0.0)["harms"]),
            ("0,11", overlap()),
            ("98", 100 * held_by_the_study()),
            ("95", 95),
            ("0,16", overlap(("random_forest",))),
        ],
        "who-found": [
            ("0,016", by_snr("vae", "random_forest", "roc_auc_low_snr")),
            ("0,011", -by_snr("vae", "random_forest", "roc_auc_high_snr")),
            ("25", FEW),
            ("0,715", scored(R, "real", FEW, "mlp")),
            ("0,130", scored(R, "aae", FEW, "mlp") - scored(R, "real", FEW, "mlp")),
            ("0,845", scored(R, "aae", FEW, "mlp")),
            ("0,045", from_pixels.against_real(table(R, "from_pixels")).loc["ocean", FEW][0]),
            ("25", FEW),
            ("0,034", from_pixels.against_real(table(R, "from_pixels")).loc["ocean", 50][0]),
            ("50", answer.ANSWER_SIZE),
        ],
        "doses-found-simulated": [],
        "doses-found-real": [],
        "transfer-found-real": [],
        "later-found-simulated": [
            ("25", FEW),
            ("0,795", after_the_cut("real", FEW, dataset=S)),
            ("0,887", scored(S, "real", FEW, "random_forest")),
            ("400", study.PROTOCOL["sizes"][-1]),
            ("0,823", after_the_cut("real", 400, dataset=S)),
            ("0,835", after_the_cut("ocean", 0, dataset=S)),
            (
                "0,015",
                after_the_cut("ocean", FEW, dataset=S) - after_the_cut("classical", FEW, dataset=S),
            ),
            ("25", FEW),
        ],
        "later-found-real": [
            ("25", FEW),
            ("0,923", after_the_cut("real", FEW)),
            ("0,955", after_the_cut("classical", FEW)),
            ("0,962", after_the_cut("ocean", FEW)),
            ("0,969", after_the_cut("birdnet", FEW)),
            ("5", 5),
            ("54", 100 * after_the_cut("real", FEW, "recall_at_5_percent")),
            ("66", 100 * after_the_cut("classical", FEW, "recall_at_5_percent")),
            ("70", 100 * after_the_cut("ocean", FEW, "recall_at_5_percent")),
            ("81", 100 * after_the_cut("birdnet", FEW, "recall_at_5_percent")),
            ("0,951", after_the_cut("ocean", 0)),
            ("25", FEW),
        ],
    },
}
