"""The tables of the appendix, 04b_details: what stands behind the answer, as text in Spanish."""

from collections.abc import Mapping

import pandas as pd

from utils import data, plotting
from utils.augmentation import amounts as pool
from utils.augmentation import (
    answer,
    arms,
    background,
    front,
    joined,
    operating,
    pretrained,
    simulated,
    study,
)
from utils.augmentation import from_pixels as learned
from utils.augmentation import replicas as deployments
from utils.augmentation import transfer as heard
from utils.augmentation.figures import AGAINST_RIVAL, WORDS, title
from utils.augmentation.summary import AGAINST, SEEN, STRICT, counted, judged, name, ranged, signed
from utils.models.generators import registry
from utils.plotting import number
from utils.statistics import comparison

SCENARIOS = {"balanced": "equilibrado", "challenge": "proporción del reto"}  # of study.PARTS
GROUPS = {  # of answer.GROUPS
    "generated": "con generador",
    "generated_without_gan": "los mismos, sin la GAN",
    "cheap": "rivales baratos",
    "oracle": "más reales",
}
JOINED = {  # of joined.FORMS
    "simulated clips": "clips simulados, con menos peso",
    "features in a forest": "las características de siempre, en Random Forest",
    "mean with a forest": "media con Random Forest y aumento clásico",
}
DEPLOYMENTS = (  # of operating.ELSEWHERE
    "otro registrador, llamadas más débiles",
    "mar con más barcos y cañones",
    "llamadas más graves y largas",
    "yubartas, también entre las llamadas",
)
HIDDEN = {"whole": "clip entero", "background": "solo bordes", "foreground": "sin bordes"}
CALM = [name for name in answer.WITHOUT_GAN if name in registry.REGISTRY]  # without the hybrid
Answers = Mapping[str, answer.Answer]  # name of a data set to its Answer


def checkpoint(rows: pd.DataFrame) -> pd.DataFrame:
    """Some rows of answer.csv of one classifier and size, as a table for people."""
    (classifier,), (size,) = rows["classifier"].unique(), rows["n_positive"].unique()
    table = rows.set_index("arm")[["seeds", "mean", "low", "high", "p", "verdict"]]
    table = table.loc[[arm for arm in arms.ARMS if arm in table.index]]
    table["verdict"] = table["verdict"].map(WORDS)
    table["p"] = table["p"].map(plotting.p_value)
    for column in ("mean", "low", "high"):
        table[column] = table[column].map(signed)
    table.columns = ["semillas", "diferencia", "desde", "hasta", "p ajustada", "veredicto"]
    about = f"{name(rows['dataset'].iloc[0])}, {plotting.model_title(classifier)}, {size} llamadas"
    return table.rename(index=title).rename_axis(about)


def tallies(groups: Mapping[str, pd.DataFrame], words: Mapping[str, str] = WORDS) -> pd.DataFrame:
    """How often each verdict occurs in some tables of them, in how many the mean is below zero,
    and in how many a gain that matters is ruled out: a row a table."""
    found = {}
    for group, rows in groups.items():
        counts = rows["verdict"].value_counts().reindex(comparison.VERDICTS, fill_value=0)
        found[group] = {"comparaciones": len(rows)} | {words[w]: counts[w] for w in counts.index}
        found[group]["media negativa"] = int((rows["mean"] < 0).sum())
        excluded = f"no llega a +{number(comparison.SMALLEST_EFFECT, 2)}"
        found[group][excluded] = int(rows["gain_excluded"].sum())
    return pd.DataFrame.from_dict(found, orient="index")


def headline(found: Answers) -> pd.DataFrame:
    """`tallies` of groups of arms against real calls alone, all sizes, of each data set."""
    groups = {}
    for dataset, one in found.items():
        for group, text in GROUPS.items():
            rows = answer.headline(one.against_real, answer.GROUPS[group])
            groups[f"{name(dataset)}: {text}"] = rows
    return tallies(groups)


def beside_rival(found: Answers) -> pd.DataFrame:
    """`tallies` of what is generated against the best cheap rival, all sizes, of each data set."""
    groups = {name(dataset): answer.headline(one.against_rival) for dataset, one in found.items()}
    return tallies(groups, AGAINST_RIVAL)


def power(found: Answers) -> pd.DataFrame:
    """The gain of what is generated that the seeds would have shown with the usual power, in the
    median of strategies and classifiers: a row a number of calls, a column a data set."""
    columns = {
        name(dataset): answer.headline(one.against_real)
        .groupby("n_positive")["detectable"]
        .median()
        for dataset, one in found.items()
    }
    return pd.DataFrame(columns).map(number).rename_axis(f"llamadas: {SEEN} una ganancia de")


def equivalents(found: Answers, told: Mapping[str, front.Front], size: int) -> pd.DataFrame:
    """How many real calls score as `size` and what is added to them do, with the interval: a row a
    strategy, and the detector on embeddings; a column a data set and classifier."""
    columns = {}
    for dataset, one in found.items():
        for classifier in answer.CLASSIFIERS:
            ends = one.ends(classifier)
            own = {
                title(arm): counted(alike, ends)
                for arm, alike in one.equivalents(size, classifier).iterrows()
            }
            if classifier == pretrained.BESIDE and dataset in told:
                worth = pretrained.equivalent(told[dataset].told, size)
                own[STRICT[study.EMBEDDED]] = counted(
                    dict(zip(("real", "low", "high"), worth, strict=True)), ends
                )
            columns[f"{name(dataset)}: {plotting.model_title(classifier)}"] = own
    return pd.DataFrame(columns).fillna("–").rename_axis(f"{size} llamadas y…")


def primary_otherwise(told: front.Front) -> pd.DataFrame:
    """The primary comparison as it was written, with the seeds of front.UNSEEN alone, and with the
    rival that has the highest mean of all: a row a classifier and number of calls."""
    columns = {
        "como se escribió": told.against(comparison.RIVAL),
        f"solo semillas {front.UNSEEN[0]} a {front.UNSEEN[-1]}": told.against(
            comparison.RIVAL, seeds=front.UNSEEN
        ),
        "rival fijo, el de mayor media": told.against(front.FIXED),
    }
    table = {
        text: {
            f"{plotting.model_title(classifier)}, {size}": judged(row, AGAINST_RIVAL)
            for (classifier, size), row in own.iterrows()
        }
        for text, own in columns.items()
    }
    about = f"{name(told.found.name)}, con ajuste: hidrófono menos rival"
    return pd.DataFrame(table).rename_axis(about)


def by_overlap(found: answer.Answer) -> pd.DataFrame:
    """What the answer would be with other constants for what seeds share: of what is generated,
    against real calls alone; of the hydrophone and of the detector on embeddings, in how many of
    their comparisons they win."""
    told, rows = front.fronts({found.name: found}).get(found.name), {}
    for overlap, verdicts in answer.by_overlap(found).items():
        note = {0.0: " (sin ensanchar)", comparison.OVERLAP: " (la del estudio)",
                1.0: " (contando solo los clips usados)"}.get(overlap, "")  # fmt: skip
        counts = tallies({"": verdicts}).drop(columns=["media negativa"]).iloc[0]
        counts.index = [f"generadores: {text}" for text in counts.index]
        rows[f"{number(overlap, 2)}{note}"] = counts.astype(str).to_dict()
        if told is not None:
            outside = {
                "hidrófono gana": told.against(comparison.RIVAL, overlap),
                "hidrófono gana, con un rival fijo": told.against(front.FIXED, overlap),
            }
            embedded = pretrained.compared(told.told, overlap)
            for arm, own in embedded.groupby(level="arm", sort=False) if len(embedded) else ():
                outside[f"BirdNET gana, frente a {AGAINST[arm]}"] = own
            rows[f"{number(overlap, 2)}{note}"] |= {
                text: f"{int((own['verdict'] == 'helps').sum())} de {len(own)}"
                for text, own in outside.items() if len(own)
            }  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(f"{name(found.name)}: constante")


def replicas(rows: pd.DataFrame) -> pd.DataFrame:
    """What independent deployments of the simulated hydrophone say of that constant, and how often
    their intervals hold the mean of the others; rows: of `replicas.stored`."""
    told = {
        "despliegues independientes": rows["replica"].nunique(),
        "semillas de cada uno": rows["seed"].nunique(),
    }
    each = {plotting.model_title(c): (c,) for c in deployments.CLASSIFIERS}
    for text, names in ({"los dos detectores": deployments.CLASSIFIERS} | each).items():
        asked = deployments.overlap(rows, seed=answer.SEED, classifiers=names)
        value, low, high = (number(one, 2) for one in asked)
        told[f"constante medida, {text}"] = f"{value} ({low} a {high})"
    for text, overlap in (("con la del estudio", comparison.OVERLAP), ("sin ensanchar", 0.0)):
        held, total = deployments.coverage(rows, overlap=overlap)
        told[f"intervalos del 95 % que contienen la media de los demás, {text}"] = (
            f"{held} de {total} ({plotting.percent(held / total)})"
        )
    return pd.DataFrame({"valor": told}).astype(str)


def by_snr(found: answer.Answer, classifier: str) -> pd.DataFrame:
    """What each arm, and the detector on embeddings, changes for the fainter and for the louder
    half of the calls, mean of sizes, with intervals, below what real calls alone give; empty where
    no truth is known."""
    others = ("noise", arms.ORACLE, study.PROTOCOL["primary"]["arm"], study.EMBEDDED)
    rows = {}
    for arm in (*answer.CHEAP, *answer.GENERATED, *others):
        table = answer.by_snr(found, arm, classifier)
        if len(table) >= comparison.FEWEST:
            text = STRICT[arm] if arm == study.EMBEDDED else title(arm)
            low, high = (table[score] for score in study.BY_SNR)
            sides = {"débiles": low, "fuertes": high, "débiles menos fuertes": low - high}
            rows[text] = {half: ranged(*comparison.interval(own)) for half, own in sides.items()}
    if not rows:
        return pd.DataFrame()
    alone = comparison.where(found.main, arm=arms.REAL, classifier=classifier)
    levels = alone.groupby("n_positive")[list(study.BY_SNR)].mean().mean()
    start = dict(zip(("débiles", "fuertes"), levels.map(number), strict=True))
    table = pd.DataFrame({f"{title(arms.REAL)}, ROC AUC": start} | rows).T.fillna("")
    about = f"{name(found.name)}, {plotting.model_title(classifier)}, sin ajuste"
    return table.rename_axis(columns=about)


def doses(found: Answers) -> pd.DataFrame:
    """What the highest ratio of the sweep changes, and how the generators stand beside the
    classical arm at both ends of it: two rows a data set and classifier. p is not adjusted."""
    ends = [study.PROTOCOL["ratios"][end] for end in (0, -1)]
    rows = {}
    for dataset, one in found.items():
        for classifier in answer.CLASSIFIERS:
            for text, names in (("", registry.REGISTRY), (", sin la GAN", CALM)):
                change = answer.dose(one, classifier, names)
                beside = [answer.dose_beside(one, classifier, ratio, names) for ratio in ends]
                told = {f"con {ends[1]:g}, menos con {number(ends[0], 1)}": _changed(change, WORDS)}
                for ratio, own in zip(ends, beside, strict=True):
                    told[f"con {number(ratio, 1 if ratio < 1 else 0)}, menos el clásico"] = (
                        _changed(own, AGAINST_RIVAL)
                    )
                rows[f"{name(dataset)}, {plotting.model_title(classifier)}{text}"] = told
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(
        "generadores, añadidas por llamada real; sin ajuste"
    )


def _changed(values, words):
    """`judged` of one (seeds,) change; empty if its seeds are too few."""
    return "" if len(values) < comparison.FEWEST else judged(comparison.change(values), words)


def scenarios(found: answer.Answer) -> pd.DataFrame:
    """Every arm's difference to real calls alone in the secondary scenarios, a column a scenario
    and classifier; empty if none is measured."""
    columns = {}
    for part, text in SCENARIOS.items():
        rows = answer.headline(answer.scenario(found, part), None)
        for classifier, own in rows.groupby("classifier"):
            told = own.set_index("arm").apply(judged, axis=1)
            columns[f"{text}, {plotting.model_title(classifier)}"] = told
    table = pd.DataFrame(columns)
    table = table.reindex([arm for arm in arms.ARMS if arm in table.index]).fillna("–")
    return table.rename(index=title).rename_axis(f"{name(found.name)}, con ajuste")


def after_the_cut(dataset: str) -> pd.DataFrame:
    """Mean ROC AUC of detectors on what `operating.later` tests, a row a number of calls; what the
    hydrophone and the one on embeddings change beside classical augmentation, and in how many draws
    it is a gain. Empty if it is not measured; dataset: its name."""
    rows = operating.stored(dataset, operating.LATER)
    sizes = rows.groupby("n_positive") if len(rows) else ()
    found = _beside_classical({size: own for size, own in sizes})
    where = "en otros despliegues" if dataset == data.SIMULATED else "después del corte"
    return found.rename_axis(f"{name(dataset)}, {where}: llamadas")


def elsewhere(dataset: str, size: int) -> pd.DataFrame:
    """The same at a number of calls, a row a deployment of `operating.ELSEWHERE`, with what the
    hydrophone gives without a call. Empty for other clips than the simulated ones."""
    rows = operating.stored(dataset, operating.LATER)
    if rows.empty or dataset != data.SIMULATED:
        return pd.DataFrame()
    place = (rows["seed"] % len(operating.ELSEWHERE)).map(dict(enumerate(DEPLOYMENTS)))
    found = _beside_classical(dict(list(rows[rows["n_positive"] == size].groupby(place))))
    nothing = rows[rows["n_positive"] == 0].groupby(place)["roc_auc"].mean().map(number)
    found.insert(0, "hidrófono, sin llamadas", nothing)
    return found.loc[list(DEPLOYMENTS)].rename_axis(f"{name(dataset)}, {size} llamadas")


def _beside_classical(groups):
    """A row a group of rows: mean ROC AUC of each of STRICT, and what two of them change beside
    classical augmentation, paired by seed."""
    table = {}
    for group, own in groups.items():
        wide = own.pivot_table("roc_auc", "seed", "kind").reindex(columns=list(STRICT))
        told = {STRICT[kind]: number(area) for kind, area in wide.mean().dropna().items()}
        for kind in ("ocean", study.EMBEDDED):
            gap = (wide[kind] - wide["classical"]).dropna()
            if len(gap):
                gained = f"{number(gap.mean(), 3, '+')}; sube en {(gap > 0).sum()} de {len(gap)}"
                told[f"{STRICT[kind]} menos clásico"] = gained
        table[group] = told
    found = pd.DataFrame.from_dict(table, orient="index").fillna("–")
    places = [text for text in STRICT.values() if text in found]
    return found[places + [text for text in found if text not in places]]


def transfer(told: front.Front, rows: pd.DataFrame) -> list[pd.DataFrame]:
    """What generators that heard the simulated ocean change against themselves without it, and
    against classical augmentation, with its interval: a row a generator, a column a number of calls
    and classifier; rows: of `transfer.run`. None if not measured."""
    if rows.empty:
        return []
    found, seeds = heard.compared(rows, told.told), rows["seed"].nunique()
    tables = []
    for against, text in (
        (heard.SCRATCH, "el mismo sin océano"),
        (heard.RIVAL, "el aumento clásico"),
    ):
        table = found[against].map(lambda gap: ranged(*gap), na_action="ignore")
        table = table.fillna("–").rename(index=title)
        table.columns = [f"{n} llamadas, {plotting.model_title(c)}" for n, c in table.columns]
        about = f"{name(told.found.name)}, {seeds} semillas, sin ajuste: menos {text}"
        tables.append(table.rename_axis(columns=about))
    return tables


def from_pixels(told: front.Front, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean ROC AUC of real calls alone with a network that learns its own filters, and
    what each strategy changes, with its interval: a column a number of calls; rows: of
    `from_pixels.run`. Empty if not measured."""
    if rows.empty:
        return rows
    found = learned.against_real(rows).map(lambda gap: ranged(*gap)).rename(index=title)
    beside = comparison.against_one(rows, "arm", "classical").loc["ocean"]
    found.loc["el hidrófono, menos el clásico"] = beside.map(lambda gap: ranged(*gap))
    means = rows[rows["arm"] == arms.REAL].groupby("n_positive")["roc_auc"].mean().map(number)
    found = pd.concat([means.to_frame("solo reales, ROC AUC").T, found])
    about = (
        f"{name(told.found.name)}, {rows['seed'].nunique()} semillas, CNN sin crestas, sin ajuste"
    )
    return found.rename(columns="{} llamadas".format).rename_axis(columns=about)


def control_table(told: front.Front, size: int) -> pd.DataFrame:
    """Return what the forms of the simulated hydrophone and its controls change against classical
    augmentation alone at a size, and its headline form against as many classical clips: mean
    difference and interval, a column a classifier; empty if not measured."""
    at = comparison.where(told.found.rows, n_positive=size)
    at = at[at["part"].isin(("main", "ocean"))]
    pairs = {title(arm): (arm, "classical") for arm in arms.WITH_CLASSICAL}
    pairs["hidrófono, menos otros tantos clásicos"] = ("ocean", "ocean_matched")
    columns, seeds = {}, set()
    for classifier in study.PROTOCOL["primary"]["classifiers"]:
        wide = at[at["classifier"] == classifier].pivot_table("roc_auc", "seed", "arm")
        own = {}
        for text, (arm, other) in pairs.items():
            if {arm, other} <= set(wide):
                gap = (wide[arm] - wide[other]).dropna()
                if len(gap) >= comparison.FEWEST:
                    own[text] = ranged(*comparison.interval(gap))
                    seeds.add(len(gap))
        columns[plotting.model_title(classifier)] = own
    table = pd.DataFrame(columns).reindex(pairs).dropna(how="all").fillna("–")
    told_seeds = " a ".join(str(n) for n in sorted({min(seeds), max(seeds)})) if seeds else "–"
    about = f"{name(told.found.name)}, {size} llamadas, {told_seeds} semillas, sin ajuste"
    return table.rename_axis(about)


def loudness(found: Mapping[str, pd.DataFrame], dataset: str) -> str:
    """How far real and simulated calls rise above the sea, as the title of a figure; found: of
    `mechanism.call_parameters`."""
    real, every, drawn = (
        number(found[kind]["snr_db"].median(), 0) for kind in ("real", "simulated", "drawn")
    )
    return (
        f"{name(dataset).capitalize()}. Sobre el mar, en la mediana: reales, {real}; "
        f"todas las simuladas, {every}; las sorteadas, {drawn}"
    )


def recipes_table(told: front.Front, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what each recipe of the detector on embeddings changes against classical augmentation,
    with its interval: a row a recipe, a column a number of calls; rows: of `pretrained.recipes`."""
    if rows.empty:
        return rows
    found = pretrained.recipes_against(told.told, rows, "classical")
    found = found.map(lambda gap: ranged(*gap))
    found.index = [
        f"{speeds.replace(' ', ' y ')} veces, C {number(c)}" for speeds, c in found.index
    ]
    found = found.rename(columns="{} llamadas".format)
    return found.rename_axis(columns=f"{name(told.found.name)}, sin ajuste: más rápido, y C")


def background_table(told: front.Front) -> pd.DataFrame:
    """Return the mean ROC AUC of the detectors of `background.run` on whole clips, on their edges
    and on their middle, by number of calls, and what the one on embeddings gives beyond the other,
    with its interval. Empty if not measured."""
    parts = {table: study.latest(told.found.name, table) for table in background.TABLES}
    if any(rows.empty for rows in parts.values()):
        return pd.DataFrame()
    seeds = set.intersection(*({*rows["seed"]} for rows in parts.values()))
    whole = comparison.where(study.select(told.told, "main"), arm=arms.REAL)
    found = {}
    for table, text in HIDDEN.items():
        rows = parts.get(table, whole)
        rows = rows[rows["seed"].isin(seeds) & rows["classifier"].isin(background.DETECTORS)]
        rows = rows[rows["n_positive"].isin(study.PROTOCOL["primary"]["sizes"])]
        means = rows.groupby(["classifier", "n_positive"])["roc_auc"].mean()
        for classifier in background.DETECTORS:
            detector = STRICT.get(classifier, plotting.model_title(classifier))
            found[f"{text}: {detector}"] = means[classifier].map(number)
        gaps = comparison.against_one(rows, "classifier", pretrained.BESIDE).loc[study.EMBEDDED]
        found[f"{text}: BirdNET menos Random Forest"] = gaps.map(lambda gap: ranged(*gap))
    about = f"{name(told.found.name)}, {len(seeds)} semillas, sin ajuste"
    table = pd.DataFrame(found).T.rename(columns="{} llamadas".format)
    return table.rename_axis(columns=about)


def amounts(told: front.Front, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the hydrophone gives with so many simulated clips to draw from as the study has,
    and what fewer and more change, with intervals: a row a classifier and number of calls; rows:
    of `amounts.run`. Empty if not measured."""
    if rows.empty:
        return rows
    chosen, columns = comparison.where(rows, clips=simulated.SIZES["clips"]), {}
    for classifier in study.PROTOCOL["primary"]["classifiers"]:
        own = comparison.where(chosen, classifier=classifier).groupby("n_positive")["roc_auc"]
        gaps = pool.against_chosen(rows, classifier)
        for size, level in own.mean().items():
            column = {f"{simulated.SIZES['clips']} clips, ROC AUC": number(level)}
            column |= {f"con {n}, cambio": ranged(*gap) for n, gap in gaps[size].items()}
            columns[f"{plotting.model_title(classifier)}, {size}"] = column
    about = f"{name(told.found.name)}, {rows['seed'].nunique()} semillas, sin ajuste"
    return pd.DataFrame(columns).rename_axis(about).T


def joined_table(told: front.Front, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what each form of `joined` changes beside the detector on embeddings alone, with its
    interval: a row a form, a column a number of calls; rows: of `joined.run`."""
    if rows.empty:
        return rows
    found = joined.against_alone(rows).map(lambda gap: ranged(*gap)).rename(index=JOINED)
    found = found.rename(columns="{} llamadas".format)
    return found.rename_axis(columns=f"{name(told.found.name)}, sin ajuste: BirdNET y además")
