"""What notebook 04 shows of the study: its tables in Spanish, and the lesson of a single seed."""

from collections.abc import Iterable, Mapping

import pandas as pd

from utils import plotting
from utils.augmentation import answer, arms, front, operating, pretrained, study
from utils.augmentation.figures import AGAINST_RIVAL, WORDS, title
from utils.errors import UserError
from utils.models import classifiers
from utils.models.generators import registry
from utils.statistics import comparison

NAMES = {"simulated": "clips simulados", "right_whale_upcalls": "clips reales"}
SCORES = {"accuracy": "exactitud", "f1": "F1", "roc_auc": "ROC AUC"}
CHOSEN = ("classical", "mixup", "call_on_background", "vae", "aae", "gan", "diffusion", "hybrid",
          "ocean", arms.ORACLE)  # fmt: skip
_STRATEGIES = {  # of operating.STRATEGIES, in words
    "real": "solo reales",
    "classical": "aumento clásico",
    "ocean": "clásico + hidrófono",
}
AGAINST = _STRATEGIES | {comparison.RIVAL: "mejor aumento barato"}  # of pretrained.AGAINST
STRICT = _STRATEGIES | {study.EMBEDDED: "BirdNET"}  # kinds of detector in operating.csv
MECHANISM = {"taken": "¿son llamadas?", "reach": "¿traen variedad?"}  # of mechanism.csv
SEEN = "se vería con un 80 %"  # the effect that the seeds show with comparison.POWER
TOLERANCE, SMALL_TOLERANCE = 0.05, 0.01  # of ROC AUC on another processor: networks, the others


def name(dataset: str) -> str:
    """The name of a data set in figures and tables."""
    return NAMES.get(dataset, dataset)


def ranged(mean: float, low: float, high: float, digits: int = 3) -> str:
    """A difference with its interval, such as "+0,012 (+0,003 a +0,021)"."""
    mean, low, high = (signed(value, digits) for value in (mean, low, high))
    return _between(mean, low, high)


def _between(middle, low, high):
    """A value and its interval, which no line break divides."""
    return f"{middle} ({low}\N{NO-BREAK SPACE}a\N{NO-BREAK SPACE}{high})"


def signed(value: float, digits: int = 3) -> str:
    """A difference; one that rounds to zero has a digit more, and no sign if that is zero, too."""
    for places in (digits, digits + 1):
        text = plotting.number(value, places, "+")
        if text.strip("+−0,"):
            return text
    return plotting.number(0, digits)


def judged(row: Mapping, words: Mapping[str, str] = WORDS) -> str:
    """A difference with its interval and verdict; row: of `comparison.verdicts`."""
    told = ranged(row["mean"], row["low"], row["high"])
    return f"{told}, {words[row['verdict']]}"


def protocol() -> pd.DataFrame:
    """The protocol as a table, from `study.PROTOCOL` itself."""
    asked = study.PROTOCOL
    rows = {
        "llamadas reales": ", ".join(map(str, asked["sizes"])),
        "clips reales sin llamada": asked["negatives"],
        "llamadas en total tras añadir": asked["fill"],
        "estrategias que se comparan": sum(arm not in arms.WITH_CLASSICAL for arm in arms.ARMS),
        "detectores": ", ".join(map(plotting.model_title, asked["classifiers"])),
        "semillas": f"de {asked['batch']} en {asked['batch']} hasta que los intervalos son "
        f"estrechos, {asked['most_seeds']} como mucho",
        "medida principal": "ROC AUC en prueba real",
        "menor efecto que importa": plotting.number(asked["smallest_effect"], 2),
    }
    return pd.DataFrame({"valor": rows}).astype(str)


def verdicts(
    told: front.Front, size: int | None = None, names: Iterable[str] = CHOSEN
) -> pd.DataFrame:
    """Verdicts against real calls alone of some strategies, at a size or at all."""
    every = told.found.against_real
    every = every[every["arm"].isin(names)]
    return every if size is None else comparison.where(every, n_positive=size)


def counted(alike: Mapping, ends: tuple[float, float]) -> str:
    """Real-equivalents with their interval, such as "80 (61 a 120)"; "≤25" at the curve's end."""
    texts = []
    for key in ("real", "low", "high"):
        mark = "≤" if alike[key] <= ends[0] else "≥" if alike[key] >= ends[1] else ""
        texts.append(f"{mark}{alike[key]:.0f}")
    return _between(*texts)


def primary_table(told: front.Front) -> pd.DataFrame:
    """Return the primary comparison, a row a classifier and number of calls: what the simulated
    hydrophone changes, with intervals and verdicts, beside real calls alone and its rival."""
    rows, real, rival = {}, told.against("real"), told.against("rival")
    for classifier, size in sorted(real.index):
        before = rival.loc[(classifier, size)]
        alone, against = "frente a solo reales", "frente al mejor aumento barato"
        sides = {
            alone: (real.loc[(classifier, size)], WORDS),
            against: (before, AGAINST_RIVAL),
        }
        row = {}
        for text, (found, words) in sides.items():
            row[text, "diferencia"] = ranged(found["mean"], found["low"], found["high"])
            row[text, "p"] = plotting.p_value(found["p"]).replace(" ", "\N{NO-BREAK SPACE}")
            row[text, "veredicto"] = words[found["verdict"]]
        row[against, SEEN] = plotting.number(before["detectable"])
        rows[f"{plotting.model_title(classifier)}, {size}"] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def plain(told: front.Front, size: int) -> pd.DataFrame:
    """Mean scores on test clips of five kinds of strategy with `size` calls, a row each; columns:
    detector and score. The best of a kind is that of the highest mean ROC AUC."""
    columns = {}
    for classifier in answer.CLASSIFIERS:
        cheap, learned = (
            told.best(names, size, classifier) for names in (answer.CHEAP, tuple(registry.REGISTRY))
        )
        for score, word in SCORES.items():
            every = comparison.learning_curve(told.curve_rows, classifier, score).mean().iloc[-1]
            columns[plotting.model_title(classifier), word] = {
                "llamadas reales solas": told.mean(arms.REAL, size, classifier, score),
                "+ mejor aumento barato": told.mean(cheap, size, classifier, score),
                "+ mejor generador entrenado": told.mean(learned, size, classifier, score),
                "+ clásico e hidrófono": told.mean("ocean", size, classifier, score),
                "todas las llamadas reales": every,
            }
    heard = comparison.where(told.told, classifier=study.EMBEDDED)
    if len(heard):
        whole = heard.groupby("seed")["n_positive"].transform("max") == heard["n_positive"]
        few = comparison.where(heard, part="main", n_positive=size)
        for score, word in SCORES.items():
            columns[plotting.model_title(study.EMBEDDED), word] = {
                "llamadas reales solas": few[score].mean(),
                "todas las llamadas reales": heard.loc[whole, score].mean(),
            }
    return pd.DataFrame(columns)


def detectors(told: front.Front, size: int) -> pd.DataFrame:
    """Mean ROC AUC of every detector with `size` calls: alone, with classical augmentation, and
    with the simulated hydrophone besides."""
    return pd.DataFrame(
        {
            plotting.model_title(classifier): {
                text: told.mean(arm, size, classifier) for arm, text in _STRATEGIES.items()
            }
            for classifier in study.PROTOCOL["classifiers"]
        }
    ).T.rename_axis(f"{name(told.found.name)}, {size} llamadas: ROC AUC")


def strict(place: str) -> list[pd.DataFrame]:
    """Percentage of the calls that detectors find, a table for each of FALSE_ALARMS: mean of seeds,
    a row a number of calls, and by how much the one on embeddings finds more than classical
    augmentation does, with its interval. place: name of a data set; none if not measured."""
    rows, found = operating.stored(place), []
    for score, share in operating.FALSE_ALARMS.items() if len(rows) else ():
        means, columns = 100 * rows.pivot_table(score, "n_positive", "kind"), {}
        for kind, text in STRICT.items():
            if kind in means:
                columns[text] = means[kind].map("{:.0f}".format).where(means[kind].notna())
        gaps = {}
        for size, own in rows.groupby("n_positive"):
            wide = 100 * own.pivot_table(score, "seed", "kind").reindex(columns=list(STRICT))
            gap = (wide[study.EMBEDDED] - wide["classical"]).dropna()
            if len(gap) >= comparison.FEWEST:
                gaps[size] = ranged(*comparison.interval(gap), 0)
        if gaps:
            columns["BirdNET menos clásico"] = pd.Series(gaps)
        told = f"{name(place)}, {rows['seed'].nunique()} semillas, {100 * share:.0f} % de falsas"
        found.append(pd.DataFrame(columns).fillna("–").rename_axis(columns=f"llamadas ({told})"))
    return found


def beside_pretrained(told: front.Front) -> pd.DataFrame:
    """What the detector on embeddings of a pretrained network changes against Random Forest and
    its strategies, a row a number of calls; empty if it is not measured."""
    table, curve, found = pretrained.compared(told.told), pretrained.curve(told.told), {}
    if table.empty:
        return table
    for size, rows in table.groupby("n_positive"):
        rows = rows.droplevel("n_positive")
        against = {
            f"frente a {text}": judged(rows.loc[arm], AGAINST_RIVAL)
            for arm, text in AGAINST.items()
            if arm in rows.index
        }
        found[size] = {"ROC AUC": plotting.number(curve[size])} | against
    table = pd.DataFrame.from_dict(found, orient="index").fillna("–")
    return table.rename_axis(
        f"{name(told.found.name)}, {len(told.seeds)} semillas: llamadas reales"
    )


def by_seed(found: answer.Answer, arm: str, size: int, classifier: str) -> pd.Series:
    """What an arm changes against real calls alone, by seed."""
    rows = comparison.differences(found.main)
    rows = comparison.where(rows, arm=arm, n_positive=size, classifier=classifier)
    return rows.set_index("seed")["difference"]


def measured(told: Mapping[str, front.Front]) -> tuple[front.Front, pd.DataFrame]:
    """The first data set whose mechanism.csv is there, and its rows."""
    rows = {key: study.latest(key, "mechanism") for key in told}
    key = next(key for key, own in rows.items() if len(own))
    return told[key], rows[key]


def mechanism(told: front.Front, rows: pd.DataFrame, classifier: str) -> pd.DataFrame:
    """A row an arm: the means of the measures of mechanism.csv, and what the arm changes."""
    table = verdicts(told, answer.ANSWER_SIZE, names=rows["arm"].unique())
    table = comparison.where(table, classifier=classifier).set_index("arm")
    return table[["mean", "low", "high"]].join(rows.groupby("arm")[list(MECHANISM)].mean()).dropna()


def mechanism_correlations(told: front.Front, rows: pd.DataFrame) -> pd.DataFrame:
    """Rank correlation, over arms, of each measure of mechanism.csv with what the arms change of
    each classifier; its interval redraws the arms, and the seeds of either."""
    gains, found = comparison.differences(told.found.with_ocean), {}
    gains = comparison.where(gains, n_positive=answer.ANSWER_SIZE)
    for classifier in answer.CLASSIFIERS:
        own = comparison.where(gains, classifier=classifier)
        own = own.pivot_table("difference", "arm", "seed")
        found[plotting.model_title(classifier)] = {
            text: ranged(
                *comparison.rank_correlation(
                    rows.pivot_table(measure, "arm", "seed"), own, seed=answer.SEED
                ),
                2,
            )
            for measure, text in MECHANISM.items()
        }
    return pd.DataFrame(found).rename_axis("correlación de rangos con lo que cambia")


def curve_title(told: front.Front, size: int) -> str:
    """What Random Forest gives with a number of calls, and what with help from outside, as the
    title of a figure."""
    alone, simulated = (
        plotting.number(told.mean(arm, size, pretrained.BESIDE)) for arm in (arms.REAL, "ocean")
    )
    parts = [f"Random Forest da {alone}", f"con aumento clásico e hidrófono, {simulated}"]
    if len(curve := pretrained.curve(told.told)):
        parts.append(f"BirdNET, {plotting.number(curve[size])}")
    return (
        f"{name(told.found.name).capitalize()}, {len(told.seeds)} semillas. Con {size} llamadas,\n"
        f"{'; '.join(parts)}"
    )


def forest_title(panels: Mapping[str, pd.DataFrame], size: int) -> str:
    """How many of the strategies help conclusively, as the title of a figure; further real calls
    are the ceiling, and no strategy."""
    parts = []
    for text, rows in panels.items():
        rows = answer.headline(rows[rows["arm"] != arms.ORACLE], None)
        helps = (rows["verdict"] == "helps").sum()
        parts.append(f"en {text}, {helps} de {len(rows)}")
    return (
        f"Con {size} llamadas, ayudan de forma concluyente (estrategias × detectores, sin «más "
        f"reales»):\n{'; '.join(parts)}"
    )


def seeds_title(found: answer.Answer, changes: pd.Series) -> str:
    """What one seed says and what all do, as the title of a figure."""
    one, every = (plotting.number(v, 3, "+") for v in (changes.iloc[0], changes.mean()))
    return (
        f"{name(found.name).capitalize()}: la semilla {changes.index[0]} dice {one} (CNN); "
        f"las {len(changes)}, {every}"
    )


def costs(found: Mapping[str, answer.Answer], size: int, classifier: str) -> pd.DataFrame:
    """Median seconds of generator and detector together of each arm."""
    columns = {}
    for dataset, one in found.items():
        rows = answer.costs(one, size, classifier)
        rows = rows.sort_values("seconds", kind="stable")
        columns[f"{name(dataset)}: segundos"] = rows["seconds"].map("{:.0f}".format)
    order = dict.fromkeys(arm for column in columns.values() for arm in column.index)
    table = pd.DataFrame(columns).loc[list(order)].fillna("–").rename(index=title)
    return table.rename_axis(f"{size} llamadas, {plotting.model_title(classifier)}")


def live(rows: Iterable[Mapping], stored: pd.DataFrame) -> pd.DataFrame:
    """Rows that were run anew beside the stored ones, and what either says an arm changes.

    UserError if a score does not agree.
    """
    found = []
    for row in rows:
        key = {k: row[k] for k in ("seed", "n_positive", "n_negative", "arm", "classifier")}
        same = comparison.where(stored, **key, ratio=round(row["ratio"], 4)).iloc[0]
        network = row["classifier"] in classifiers.NETWORKS or arms.generators(row["arm"])
        limit = TOLERANCE if network else SMALL_TOLERANCE
        if not abs(same["roc_auc"] - row["roc_auc"]) <= limit:
            raise UserError(
                f"{row['arm']}, {row['classifier']}: stored ROC AUC {same['roc_auc']:.3f}, now "
                f"{row['roc_auc']:.3f}; if the change is intended, raise PROTOCOL['revision'] in "
                "utils/augmentation, which makes new rows."
            )
        both = {"guardada": same["roc_auc"], "ahora": row["roc_auc"]}
        found.append({key: row[key] for key in ("classifier", "arm")} | both)
    table = pd.DataFrame(found).set_index(["classifier", "arm"])
    real = table.xs(arms.REAL, level="arm")
    for column in ("guardada", "ahora"):
        change = table[column] - real[column].reindex(table.index, level=0)
        table[f"cambia, {column}"] = change.where(table.index.get_level_values("arm") != arms.REAL)
    table = table.rename(index=plotting.model_title, level=0).rename(index=title, level=1)
    return table.rename_axis(["detector", "estrategia"])
