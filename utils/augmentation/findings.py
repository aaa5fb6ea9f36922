"""What the study found, in Spanish: sentences whose wording follows the numbers of an `Answer`."""

import numpy as np
import pandas as pd

from utils import plotting
from utils.augmentation import answer, arms, robustness, sensitivity, study
from utils.augmentation import replicas as deployments
from utils.augmentation.figures import AGAINST_RIVAL as RIVAL_WORDS
from utils.augmentation.figures import WORDS, title
from utils.errors import UserError
from utils.models import classifiers
from utils.models.generators import registry
from utils.narrative import ranged
from utils.statistics import comparison

NAMES = {"simulated": "Clips simulados", "right_whale_upcalls": "Grabaciones reales"}
TALLIED = {  # of one comparison, of more
    "helps": ("ayuda", "ayudan"),
    "equivalent": ("equivale", "equivalen"),
    "harms": ("perjudica", "perjudican"),
    "undecided": ("indecisa", "indecisas"),
}
AGAINST_RIVAL = TALLIED | {"helps": ("gana", "ganan"), "harms": ("pierde", "pierden")}
PARTS = {
    "main": "rejilla principal",
    "curve": "curva de aprendizaje",
    "ratios": "dosis",
    "balanced": "equilibrado",
    "challenge": "proporción del reto",
}
CALM = [name for name in answer.WITHOUT_GAN if name in registry.REGISTRY]  # without the hybrid
SIGNED = "+z.3f"  # of differences: none is "-0.000"
SCORES = {"average_precision": "precisión media", "f1": "F1", "brier": "Brier"}
GROUPS = {  # of answer.GROUPS
    "generated": "brazos con generador",
    "generated_without_gan": "los mismos, sin la GAN",
    "cheap": "rivales baratos",
    "noise": "media + ruido",
    "oracle": "más reales",
}


def name(dataset) -> str:
    """The name of a data set in figures and sentences."""
    return NAMES.get(dataset, dataset)


def signed(row) -> str:
    """A difference with its interval, such as "+0.012 (+0.003 a +0.021)"."""
    return ranged(row["mean"], row["low"], row["high"], SIGNED)


def judged(row, words=WORDS) -> str:
    """A difference, its interval and its verdict; with p where the interval leaves out zero and p
    does not bear it out. row: of `comparison.verdicts`, whose p is adjusted, or of
    `robustness.change`."""
    told = f"{signed(row)}, {words[row['verdict']]}"
    p = "p ajustada" if "p_gain" in row else "p"
    apart = row["low"] > 0 or row["high"] < 0
    return f"{told} ({p} {row['p']:.3f})" if apart and row["verdict"] == "undecided" else told


def provisional(found) -> str:
    """How many seeds there are, and what the protocol's rule asks for."""
    asked, width = study.PROTOCOL["batch"], study.PROTOCOL["width"]
    if found.seeds < asked:
        return (
            f"{found.seeds} semillas de las {asked} que pide el protocolo como mínimo: "
            "**resultado provisional**"
        )
    if found.width > width and found.seeds < study.PROTOCOL["most_seeds"]:
        return (
            f"{found.seeds} semillas; la regla pide que ningún intervalo, sin la corrección por "
            f"clips comunes, pase de ±{width}, y el más ancho es de ±{found.width:.3f}: "
            "**faltan semillas**"
        )
    if found.width > width:
        return f"{found.seeds} semillas, las más que la regla permite"
    return f"{found.seeds} semillas, como pide la regla"


def summary(found) -> str:
    """The answer for one data set: the paragraph that opens the notebook."""
    size, best = answer.ANSWER_SIZE, answer.BEST
    lines = [f"**{name(found.name)}** ({provisional(found)}). Con {size} llamadas reales:"]
    for classifier in answer.CLASSIFIERS:
        real = found.main[(found.main["arm"] == arms.REAL) & (found.main["n_positive"] == size)]
        real = real[real["classifier"] == classifier]["roc_auc"].mean()
        rival = found.row(best, size, classifier, rival=True)
        ceiling = found.row(arms.ORACLE, size, classifier)
        alike = worth(found, best, size, classifier)
        lines.append(
            f"- {plotting.model_title(classifier)} logra ROC AUC {real:.3f}. Añadir clips de "
            f"{title(best)}: {judged(found.row(best, size, classifier))}. Lo mismo se logra con "
            f"{alike} llamadas reales solas: {each(found, best, size, classifier)}. Frente al "
            f"mejor rival barato (el más frecuente, {title(rival['rival'])}): "
            f"{judged(rival, RIVAL_WORDS)}. "
            f"Llenar con más llamadas reales daría {judged(ceiling)}."
        )
    lines.append(f"- {overall(found)}")
    return "\n".join(lines)


def overall(found) -> str:
    """How the generators do at every size, against `real` and against the best cheap rival, and
    whether the study can see its own ceiling."""
    sides = []
    for table in (found.against_real, found.against_rival):
        rows = answer.headline(table)
        counted = rows["verdict"].value_counts().reindex(comparison.VERDICTS, fill_value=0)
        sides.append((len(rows), counted, int((rows["mean"] < 0).sum()), excluded(rows)))
    (total, real, below, no_gain), (pairs, rival, beaten, no_rival_gain) = sides
    text = (
        f"En todos los tamaños, de {total} comparaciones entre un brazo con generador y «solo "
        f"reales», ayuda en {real['helps']}, equivale en {real['equivalent']}, perjudica en "
        f"{real['harms']} y {real['undecided']} quedan indecisas (la media es negativa en "
        f"{below}); frente al mejor rival barato, gana en {rival['helps']} y pierde en "
        f"{rival['harms']} de {pairs} (media negativa en {beaten}). **Queda descartada una mejora "
        f"de {study.PROTOCOL['smallest_effect']} o más** en {no_gain} frente a «solo "
        f"reales», y en {no_rival_gain} frente al rival."
    )
    calm = [answer.headline(table, answer.WITHOUT_GAN)["verdict"]
            for table in (found.against_real, found.against_rival)]  # fmt: skip
    text += (
        f" Sin la GAN, perjudica en {(calm[0] == 'harms').sum()} de {len(calm[0])} y pierde en "
        f"{(calm[1] == 'harms').sum()} de {len(calm[1])}."
    )
    cheap = answer.headline(found.against_real, answer.CHEAP)["verdict"]
    text += f" Los rivales baratos ayudan en {(cheap == 'helps').sum()} de {len(cheap)}."
    ceiling = answer.headline(found.against_real, [arms.ORACLE])["verdict"]
    seen = int((ceiling == "helps").sum())
    text += f" El techo, «{title(arms.ORACLE)}», se ve en {seen} de {len(ceiling)}"
    if seen < len(ceiling) / 4:
        return text + ": con estas semillas, «indeciso» no dice que no haya efecto."
    return text + "."


def excluded(rows) -> str:
    """In how many verdicts a gain that matters is ruled out, and which sizes that holds for."""
    every = rows.groupby("n_positive")["gain_excluded"].all()
    number = f"{int(rows['gain_excluded'].sum())} de {len(rows)}"
    if every.nunique() < 2:
        return number
    if every.mean() > 0.5:
        return f"{number} (las otras, con {_sizes(every.index[~every])})"
    return f"{number} (entre ellas, todas las de {_sizes(every.index[every])})"


def _sizes(sizes) -> str:
    *most, last = map(str, sizes)
    return f"{', '.join(most)} y {last} llamadas" if most else f"{last} llamadas"


def averages(found) -> pd.DataFrame:
    """What each group of arms changes in the mean of arms and sizes, a column a data set and
    classifier, as text; found: {name: Answer}."""
    columns = {}
    for dataset, one in found.items():
        for classifier, own in robustness.averages(one).groupby("classifier"):
            told = own.droplevel("classifier").apply(judged, axis=1)
            columns[f"{name(dataset)}: {plotting.model_title(classifier)}"] = told
    table = pd.DataFrame(columns).reindex(list(GROUPS)).fillna("sin medir")
    return table.rename(index=GROUPS).rename_axis("media de brazos y tamaños")


def replicated(found) -> str:
    """Whether batches of seeds, each by itself, say the same of what is generated."""
    wide, size = robustness.batches(found), study.PROTOCOL["batch"]
    if wide.shape[1] < 2:
        return f"**{name(found.name)}**: no hay dos lotes de {size} semillas que comparar."
    parts = []
    for first, own in wide.items():
        means = own.groupby("classifier").mean()
        told = ", ".join(
            f"{means[c]:{SIGNED}} con {plotting.model_title(c)}" for c in answer.CLASSIFIERS
        )
        below = int((own < 0).sum())
        parts.append(f"semillas {first} a {first + size - 1}, {told}, negativa en {below}")
    ranks = wide.corr(method="spearman").to_numpy()
    least = ranks[np.triu_indices_from(ranks, 1)].min()
    return (
        f"**{name(found.name)}**, lote a lote, la media de las {len(wide)} comparaciones de un "
        f"brazo con generador: {'; '.join(parts)}. Correlación de rangos de esas {len(wide)} entre "
        f"lotes, {least:.2f}{' o más' if wide.shape[1] > 2 else ''}."
    )


def counted(alike, ends) -> str:
    """Real-equivalents with their interval, such as "80 (61 a 120)"; "≤25" at the curve's end."""
    texts = []
    for key in ("real", "low", "high"):
        texts.append(f"{_end(alike[key], ends)}{alike[key]:.0f}")
    return f"{texts[0]} ({texts[1]} a {texts[2]})"


def worth(found, arm, size, classifier) -> str:
    """`counted` of one arm of an Answer."""
    return counted(found.equivalents(size, classifier).loc[arm], found.ends(classifier))


def each(found, arm, size, classifier) -> str:
    """What one added call is worth in real calls, with its interval."""
    alike, ends = found.equivalents(size, classifier).loc[arm], found.ends(classifier)
    rows = found.main[(found.main["arm"] == arm) & (found.main["n_positive"] == size)]
    added = rows["ratio"].mean() * size
    mean, low, high = (
        f"{_end(alike[key], ends)}{(alike[key] - size) / added:+z.2f}"
        for key in ("real", "low", "high")
    )
    return f"cada una de las {added:.0f} añadidas vale {mean} ({low} a {high})"


def _end(size, ends) -> str:
    """The mark of a size at which the curve ends, and what scores the same may lie beyond."""
    return "≤" if size <= ends[0] else "≥" if size >= ends[1] else ""


def calibration(found, size) -> str:
    """Whether the arm of further real calls is worth about as many as it fills up to."""
    parts = []
    for classifier in answer.CLASSIFIERS:
        alike, last = found.equivalents(size, classifier).loc[arms.ORACLE], found.ends(classifier)
        rows = found.main[(found.main["arm"] == arms.ORACLE) & (found.main["n_positive"] == size)]
        filled = min(rows["n_train"].mean() - rows["n_negative"].mean(), last[1])
        inside = "contiene" if alike["low"] <= filled <= alike["high"] else "no contiene"
        parts.append(f"{plotting.model_title(classifier)}, {counted(alike, last)}: el intervalo "
                     f"{inside} las {filled:.0f} que hay")  # fmt: skip
    return f"**{name(found.name)}**, control con «{title(arms.ORACLE)}». {'; '.join(parts)}."


def forest_title(found, size) -> str:
    """How the arms with a generator end at one size against `real`, by data set."""
    parts = []
    for one in found.values():
        rows = answer.headline(one.against_real[one.against_real["n_positive"] == size])
        parts.append(f"{name(one.name).lower()}, {tally(rows['verdict'])}")
    return f"Con {size} llamadas, comparaciones de brazos con generador:\n{'; '.join(parts)}"


def tally(words, told=TALLIED) -> str:
    """How often each verdict occurs, such as "3 ayudan, 1 perjudica, 23 indecisas"."""
    counts = words.value_counts()
    return ", ".join(
        f"{counts[w]} {told[w][int(counts[w] > 1)]}" for w in comparison.VERDICTS if w in counts
    )


def tallied(rows) -> str:
    """`tally` of some verdicts, and how many of them have a mean below zero."""
    return f"{tally(rows['verdict'])} (media negativa en {int((rows['mean'] < 0).sum())})"


def curve_title(found, curve) -> str:
    """How far the best generator and further real calls lie above `real` at the smallest size."""
    few = curve["n_positive"].min()
    best, ceiling = (found.row(arm, few, "cnn") for arm in (answer.BEST, arms.ORACLE))
    return (
        f"{name(found.name)}, {few} llamadas, CNN: {title(answer.BEST)} cambia "
        f"{best['mean']:{SIGNED}} ({WORDS[best['verdict']]}) y más reales "
        f"{ceiling['mean']:{SIGNED}} ({WORDS[ceiling['verdict']]})"
    )


def gain_title(found) -> str:
    """How many comparisons of arms with a generator with `real` end in each verdict."""
    verdicts = answer.headline(found.against_real)["verdict"]
    many = f"de {len(verdicts)} comparaciones, {tally(verdicts)}"
    return f"{name(found.name)}, brazos con generador:\n{many}"


def rival_title(found) -> str:
    """How the comparisons of generators with the best cheap rival end."""
    rows = answer.headline(found.against_rival)
    below = int((rows["mean"] < 0).sum())
    return (
        f"{name(found.name)}: frente al rival barato, media negativa en {below} de {len(rows)} "
        "comparaciones"
    )


def equivalent_title(found, size) -> str:
    """What the best generator is worth in real calls."""
    parts = [f"{worth(found, answer.BEST, size, c)} con {plotting.model_title(c)}"
             for c in answer.CLASSIFIERS]  # fmt: skip
    added = f"{size} llamadas y las de {title(answer.BEST)}"
    return f"{name(found.name)}: {added} valen por\n{' y '.join(parts)}"


def agreement(first, second) -> str:
    """Whether two data sets say the same."""
    found = robustness.agreement(first, second)
    opposed = (
        "en ninguna ayuda en un conjunto y perjudica en el otro"
        if not found["opposed"]
        else f"en {found['opposed']} ayuda en un conjunto y perjudica en el otro"
    )
    return (
        f"**¿Coinciden los dos conjuntos?** De {found['rows']} comparaciones con «solo reales» "
        f"(brazo, tamaño, CNN o Random Forest), {found['same']} tienen el mismo veredicto "
        f"({found['undecided']}, indeciso en ambos) y {opposed}. Correlación de rangos de las "
        f"diferencias medias de los brazos con generador: {found['rho']:.2f}."
    )


def answers(found, size, classifier) -> pd.DataFrame:
    """The headline's table: a row an arm, the difference, verdict and real-equivalents of each
    data set, as text."""
    columns = {}
    for dataset, own in found.items():
        rows = own.against_real
        rows = rows[(rows["n_positive"] == size) & (rows["classifier"] == classifier)]
        alike = own.equivalents(size, classifier)
        rows = rows.set_index("arm").reindex([arm for arm in arms.ARMS if arm in set(rows["arm"])])
        columns[f"{name(dataset)}: diferencia"] = rows.apply(judged, axis=1)
        columns[f"{name(dataset)}: vale por"] = alike.loc[rows.index].apply(
            counted, axis=1, ends=own.ends(classifier)
        )
    table = pd.DataFrame(columns).rename(index=title)
    return table.rename_axis(f"{size} llamadas, {plotting.model_title(classifier)}")


def protocol() -> pd.DataFrame:
    """The protocol as a table, from `study.PROTOCOL` itself."""
    asked = study.PROTOCOL
    rows = {
        "llamadas reales": ", ".join(map(str, asked["sizes"])),
        "clips reales de mar": asked["negatives"],
        "los brazos que añaden llenan hasta": f"{asked['fill']} llamadas",
        "brazos": len(arms.ARMS),
        "detectores": len(asked["classifiers"]),
        "semillas": f"lotes de {asked['batch']}, hasta {asked['most_seeds']}",
        "se para cuando ningún intervalo pasa de": f"±{asked['width']} (CNN y Random Forest)",
        "medida principal": "ROC AUC en prueba real",
        "menor efecto que importa": asked["smallest_effect"],
        "dosis": f"{asked['ratio_size']} llamadas, por "
        + ", ".join(f"{ratio:g}" for ratio in asked["ratios"]),
        "equilibrado": "{size} llamadas, {negatives} mares, hasta {fill}".format(
            **asked["balanced"]
        ),
        "proporción del reto": "{size} llamadas, {negatives} mares, hasta {fill}".format(
            **asked["challenge"]
        ),
    }
    return pd.DataFrame({"valor": rows}).astype(str)


def sides(place) -> str:
    """How many clips, calls and groups the validation and test sides of the first seeds hold."""
    seeds, texts = range(study.PROTOCOL["batch"]), []
    for side, text in (("validation", "validación"), ("test", "prueba")):
        chosen = [getattr(place.split(seed), side) for seed in seeds]
        counted = {
            "clips": [len(one) for one in chosen],
            "llamadas": [int((place.labels[one] == 1).sum()) for one in chosen],
            "grupos": [len(set(place.bench.dataset.groups[one])) for one in chosen],
        }
        ranges = [f"de {min(n)} a {max(n)} {what}" if min(n) < max(n) else f"{n[0]} {what}"
                  for what, n in counted.items()]  # fmt: skip
        texts.append(f"{text}, {', '.join(ranges)}")
    return f"**Tamaños**, en las {len(seeds)} primeras semillas: {'; '.join(texts)}."


def projection(found) -> str:
    """How wide intervals are, and would be with the most seeds of the protocol and with any."""
    most, overlap = study.PROTOCOL["most_seeds"], comparison.OVERLAP
    if found.seeds < most:
        rule = comparison.projected(found.width, found.seeds, most)
        rest = (
            f"; si las diferencias siguen tan dispersas, con {most} medirá alrededor de "
            f"±{rule:.3f}. "
        )
        ahead = {most: most, np.inf: "infinitas"}
    else:
        rest, ahead = ", el máximo del protocolo. ", {np.inf: "infinitas"}
    told = []
    for text, width in (("más ancho", found.told_widths.max()),
                        ("mediano", found.told_widths.median())):  # fmt: skip
        wide = [
            f"±{comparison.projected(width, found.seeds, n, overlap=overlap):.3f} con {word}"
            for n, word in ahead.items()
        ]
        told.append(
            f"el {text} mide ±{width:.3f} con {found.seeds} semillas, y medirá {' y '.join(wide)}"
        )
    unread = (
        f" La tabla tiene además filas de {found.unread} semillas de un lote sin terminar, que no "
        "se leen."
    )
    return (
        f"El intervalo más ancho que mira la regla mide ±{found.width:.3f} con {found.seeds} "
        f"semillas{rest}La regla no cuenta la corrección por clips comunes, que no baja con las "
        f"semillas; los intervalos que se dan, sí. Así corregidos, {'; '.join(told)}."
        + (unread if found.unread else "")
        + f" {unreachable(found)}"
    )


def unreachable(found) -> str:
    """How many comparisons could not end as equivalent with any number of seeds."""
    sizes = robustness.never_equivalent(found)
    total, beyond = (sum(pair[k] for pair in sizes.values()) for k in (0, 1))
    by_size = ", ".join(f"{few} de {n} con {size}" for size, (n, few) in sizes.items())
    return (
        f"Aunque el efecto fuera nulo y las semillas infinitas, {beyond} de las {total} "
        f"comparaciones de un brazo con generador no cabrían en ±{comparison.SMALLEST_EFFECT} y no "
        f"podrían acabar en «equivale»: {by_size} llamadas."
    )


def by_overlap(found) -> pd.DataFrame:
    """What the answer would be with other constants for what seeds share, as text."""
    rows = {}
    for overlap, (verdicts, averages) in robustness.by_overlap(found).items():
        note = " (la del estudio)" if overlap == comparison.OVERLAP else ""
        counts = verdicts["verdict"].value_counts().reindex(comparison.VERDICTS, fill_value=0)
        told = {TALLIED[word][1]: str(counts[word]) for word in comparison.VERDICTS}
        told[f"descarta +{comparison.SMALLEST_EFFECT}"] = str(verdicts["gain_excluded"].sum())
        for classifier in answer.CLASSIFIERS:
            mean = averages.loc["generated", classifier]
            told[f"media, {plotting.model_title(classifier)}"] = judged(mean)
        rows[f"{overlap:.2g}{note}"] = told
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(f"{name(found.name)}: constante")


def replicas(rows) -> str:
    """What independent deployments of the simulated hydrophone say of that constant, and how often
    their intervals hold the mean of the others; rows: of `replicas.stored`, None: not measured."""
    if rows is None:
        return "**Clips simulados, otras grabaciones**: sin medir todavía."
    value, low, high = deployments.overlap(rows, seed=answer.SEED)
    held, bare = (
        deployments.coverage(rows, overlap=overlap) for overlap in (comparison.OVERLAP, 0.0)
    )
    names = ", ".join(title(arm) for arm in deployments.ARMS[1:])
    return (
        f"**Clips simulados, {rows['replica'].nunique()} grabaciones independientes** del mismo "
        f"hidrófono, {rows['seed'].nunique()} semillas cada una ({deployments.SIZE} llamadas; "
        f"{names}; CNN y Random Forest): lo que se dispersan sus medias pide una constante de "
        f"{value:.2f} ({low:.2f} a {high:.2f}); la del estudio es {comparison.OVERLAP:.2f}. De "
        f"{held[1]} intervalos del 95 %, {held[0]} contienen la media de las demás grabaciones "
        f"({held[0] / held[1]:.0%}); sin ensanchar, {bare[0]} ({bare[0] / bare[1]:.0%})."
    )


def done(place) -> pd.DataFrame:
    """How many rows of each part there are, of those that the protocol asks for now."""
    table = study.status(place).groupby("part", sort=False)[["rows", "done", "failed"]].sum()
    table.columns = ["filas", "hechas", "fallidas"]
    return table.rename(index=PARTS).rename_axis(name(place.name))


def counts(found) -> pd.DataFrame:
    """How often each verdict falls to each arm, over sizes and the headline's classifiers, and how
    often a gain that matters is ruled out."""
    rows = answer.headline(found.against_real, None)
    table = pd.crosstab(rows["arm"], rows["verdict"])
    table = table.reindex(
        index=[arm for arm in arms.ARMS if arm in table.index],
        columns=list(comparison.VERDICTS),
        fill_value=0,
    ).rename(columns=WORDS)
    least = study.PROTOCOL["smallest_effect"]
    table[f"descarta +{least}"] = rows.groupby("arm")["gain_excluded"].sum()
    return table.rename(index=title).rename_axis(None).rename_axis(columns=None)


def rivals(found) -> str:
    """What is generated against the best cheap rival: how many verdicts of each kind."""
    rows = answer.headline(found.against_rival)
    if rows.empty:
        return f"**{name(found.name)}**: sin rivales baratos todavía."
    often = rows["rival"].mode().iloc[0]
    below = int((rows["mean"] < 0).sum())
    beside = robustness.beside_each_rival(found)
    each_rival = ", ".join(
        f"{int((means < 0).sum())} con {title(arm)}" for arm, means in beside.items()
    )
    return (
        f"**{name(found.name)}**: {len(rows)} comparaciones entre un brazo con generador y el "
        f"mejor rival barato (el más frecuente, {title(often)}): "
        f"{tally(rows['verdict'], AGAINST_RIVAL)}; la "
        f"media queda por debajo del rival en {below}. Frente a cada rival por separado, sin "
        f"elegir, queda por debajo en {each_rival}."
    )


def profit_title(found) -> str:
    """How the best generator ends with every classifier and size, of the Answers of a dict."""
    parts = []
    for one in found.values():
        rows = one.against_real[one.against_real["arm"] == answer.BEST]
        parts.append(f"{name(one.name).lower()}, {tally(rows['verdict'])}")
    return f"{title(answer.BEST)}, todo detector y tamaño:\n" + "\n".join(parts)


def profit(found) -> str:
    """Where the best generator has its highest and lowest mean, beside duplicates there."""
    rows = found.against_real[found.against_real["arm"] == answer.BEST]
    parts = []
    for which, pick in (("La media mayor", rows["mean"].idxmax()),
                        ("La menor", rows["mean"].idxmin())):  # fmt: skip
        row = rows.loc[pick]
        again = found.row("oversample", row["n_positive"], row["classifier"])
        parts.append(
            f"{which} es {plotting.model_title(row['classifier'])} con {row['n_positive']} "
            f"llamadas: {judged(row)}; allí, duplicar da {again['mean']:{SIGNED}}"
        )
    return f"**{name(found.name)}**, con {title(answer.BEST)}. {'. '.join(parts)}."


def by_snr(found, classifier) -> str:
    """Whether faint calls gain more than loud ones, where the truth is known."""
    table = answer.by_snr(found, answer.BEST, classifier)
    if table.empty:
        return (
            f"**{name(found.name)}**: no se conoce la SNR de sus llamadas, así que aquí no se mide."
        )
    low, high = (table[score] for score in study.BY_SNR)
    gap = comparison.interval(low - high)
    if gap[1] <= 0 <= gap[2]:
        better = "no se distinguen"
    else:
        better = f"sale mejor parada la {'débil' if gap[0] > 0 else 'fuerte'}"
    return (
        f"**{name(found.name)}**: con {title(answer.BEST)} y "
        f"{plotting.model_title(classifier)}, media de los tamaños, la mitad débil de las llamadas "
        f"cambia {low.mean():{SIGNED}} y la fuerte {high.mean():{SIGNED}}; débil menos fuerte "
        f"(antes de redondear), {ranged(*gap, SIGNED)}: {better}."
    )


def quality(found, table, metrics, size, classifier) -> str:
    """Whether the measures of Checkpoint 3 put generators in the order of what they help.

    metrics: {metric: (name, 1, or -1 if less is better)}. A correlation counts if its interval,
    over splits and seeds, leaves out zero and chance orders of as many generators seldom reach it.
    """
    parts, sure, turned = [], [], []
    for metric, (text, sign) in metrics.items():
        measured, gained = answer.quality_and_gain(found, table, metric, size, classifier)
        pair = sign * measured, gained
        rho, low, high = comparison.rank_correlation(*pair, seed=answer.SEED)
        least = comparison.least_rank_correlation(len(pair[0]))
        bare = comparison.rank_correlation(
            *(side.drop("noise", errors="ignore") for side in pair), seed=answer.SEED
        )[0]
        parts.append(f"{text}, {ranged(rho, low, high, '+.2f')}; sin el suelo, {bare:+.2f}")
        turned += [text] if high < 0 and rho <= -least else []
        sure += [text] if low > 0 and rho >= least else []
    listed = "\n".join(f"- {part}" for part in parts)
    return (
        f"**{name(found.name)}**: correlación de rangos entre la calidad y lo que cambia con "
        f"{size} llamadas y {plotting.model_title(classifier)}, sobre los generadores y el "
        f"suelo, {len(pair[0])} en total:\n{listed}\n\nEntre tan pocos, el azar por sí solo llega "
        f"a veces a ±{least:.2f}: no basta con que el intervalo deje fuera el cero. "
        + (
            " ".join(
                f"{told}: {', '.join(names)}."
                for told, names in (("Predicen el cambio", sure), ("Ordenan al revés", turned))
                if names
            )
            or "No se puede saber."
        )
    )


def cost(found, size, classifier) -> str:
    """What the arm of the highest mean of either kind gains and takes, and how many times as long
    a generator takes as a cheap rival."""
    table = answer.costs(found, size, classifier)
    drawn, cheap = (table[table.index.isin(names)] for names in (answer.GENERATED, answer.CHEAP))
    if drawn.empty or cheap.empty:
        return f"**{name(found.name)}**: sin medir todavía."
    best, rival = (rows["mean"].idxmax() for rows in (drawn, cheap))
    return (
        f"**{name(found.name)}**: el rival barato de mayor media, {title(rival)}, cambia "
        f"{table.loc[rival, 'mean']:{SIGNED}} en {table.loc[rival, 'seconds']:.0f} s; el brazo con "
        f"generador de mayor media, {title(best)}, {table.loc[best, 'mean']:{SIGNED}} en "
        f"{table.loc[best, 'seconds']:.0f} s. Con generador se tarda "
        f"{drawn['seconds'].median() / cheap['seconds'].median():.0f} veces lo que con un rival "
        "barato (medianas)."
    )


def costs(found, size, classifier) -> pd.DataFrame:
    """The seconds and the difference of each arm, the quickest of the first Answer on top, as
    text; found: {name: Answer}."""
    columns = {}
    for dataset, one in found.items():
        rows = answer.costs(one, size, classifier).sort_values("seconds", kind="stable")
        columns[f"{name(dataset)}: segundos"] = rows["seconds"].map("{:.0f}".format)
        columns[f"{name(dataset)}: diferencia"] = rows.apply(signed, axis=1)
    order = dict.fromkeys(arm for column in columns.values() for arm in column.index)
    table = pd.DataFrame(columns).loc[list(order)].fillna("sin medir").rename(index=title)
    return table.rename_axis(f"{size} llamadas, {plotting.model_title(classifier)}")


def sweep(found, rows) -> str:
    """What generators do at every ratio, and the ratio at which each arm has its highest mean;
    rows: None if not measured."""
    if rows is None:
        return f"**{name(found.name)}**: sin medir todavía."
    lines = [f"**{name(found.name)}** ({rows['seeds'].max()} semillas)."]
    for classifier in answer.CLASSIFIERS:
        own = rows[rows["classifier"] == classifier]
        if own.empty:
            continue
        drawn = own[own["arm"].isin(registry.REGISTRY)]
        best = own.loc[own.groupby("arm")["mean"].idxmax()].set_index("arm")
        parts = [f"{title(arm)} con {best.loc[arm, 'ratio']:g} ({best.loc[arm, 'mean']:{SIGNED}})"
                 for arm in arms.ARMS if arm in best.index]  # fmt: skip
        compared = (
            f"{len(drawn)} comparaciones entre un generador (sin el híbrido) y «solo reales», "
            f"{tallied(drawn)}"
            if len(drawn)
            else "sin generadores"
        )
        lines.append(
            f"- {plotting.model_title(classifier)}: {compared}. La dosis de la media mayor de cada "
            f"brazo: {', '.join(parts)}."
        )
        calm = own[own["arm"].isin(CALM)]
        if calm.empty:
            continue
        gains = calm.groupby("ratio")["mean"].agg(lambda m: (m > 0).sum())
        above = (
            f"en {gains.iloc[0]} con cada dosis"
            if gains.nunique() == 1
            else "por dosis, en " + ", ".join(f"{n} ({ratio:g})" for ratio, n in gains.items())
        )
        lines[-1] += (
            f" Sin la GAN, de {calm['arm'].nunique()} generadores la media es positiva {above}."
        )
    others = [c for c in plotting.MODELS if c in set(rows["classifier"]) - set(answer.CLASSIFIERS)]
    drawn = rows[rows["classifier"].isin(others) & rows["arm"].isin(registry.REGISTRY)]
    if len(drawn):
        lines.append(
            f"- {', '.join(map(plotting.model_title, others))}: {len(drawn)} comparaciones, "
            f"{tallied(drawn)}."
        )
    return "\n".join(lines)


def doses(found) -> pd.DataFrame:
    """What the highest ratio of the sweep changes, and how the generators stand beside the
    classical arm at both ends of it, as text: two rows a data set and classifier. p is not
    adjusted. found: {name: Answer}."""
    ends = [study.PROTOCOL["ratios"][end] for end in (0, -1)]
    rows = {}
    for dataset, one in found.items():
        for classifier in answer.CLASSIFIERS:
            for text, names in (("", registry.REGISTRY), (", sin la GAN", CALM)):
                change = answer.dose(one, classifier, names)
                beside = [answer.dose_beside(one, classifier, ratio, names) for ratio in ends]
                seeds = sorted({len(own) for own in (change, *beside)})
                told = {f"{ends[1]:g} menos {ends[0]:g}": _changed(change, WORDS)}
                for ratio, own in zip(ends, beside, strict=True):
                    told[f"con {ratio:g}, menos el clásico"] = _changed(own, RIVAL_WORDS)
                told["semillas"] = " a ".join(str(n) for n in dict.fromkeys((seeds[0], seeds[-1])))
                rows[f"{name(dataset)}, {plotting.model_title(classifier)}{text}"] = told
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("media de los generadores")


def _changed(values, words) -> str:
    """`judged` of one (seeds,) change, or that its seeds are too few."""
    few = len(values) < comparison.FEWEST
    return "sin medir" if few else judged(robustness.change(values), words)


def sweep_title(found) -> str:
    """How the highest ratio of the sweep compares with the lowest, of the Answers of a dict."""
    ratios, lines = study.PROTOCOL["ratios"], []
    for one in found.values():
        parts = []
        for classifier in answer.CLASSIFIERS:
            changes = [answer.dose(one, classifier, names) for names in (registry.REGISTRY, CALM)]
            if len(changes[0]) < comparison.FEWEST:
                continue
            told = [WORDS[robustness.change(change)["verdict"]] for change in changes]
            parts.append(f"{plotting.model_title(classifier)}, {told[0]}"
                         + (f" (sin la GAN, {told[1]})" if told[1] != told[0] else ""))  # fmt: skip
        lines += [f"{name(one.name)}: {'; '.join(parts)}"] if parts else []
    head = f"Añadir {ratios[-1]:g} por real en vez de {ratios[0]:g}, media de los generadores"
    return "\n".join([head, *lines])


def other_form(found, rows) -> str:
    """Whether generators that learn from calls alone change the answer; rows: of
    `sensitivity.stored`, None if not measured."""
    if rows is None or rows["seed"].nunique() < comparison.FEWEST:
        return f"**{name(found.name)}, otra forma de aprender**: sin medir todavía."
    real, change = sensitivity.compared(rows, found.main)
    sizes = ", ".join(map(str, sorted(real["n_positive"].unique())))
    arms_ = ", ".join(title(arm) for arm in arms.ARMS if arm in set(real["arm"]))
    changes = [
        f"{plotting.model_title(classifier)}, {judged(robustness.change(change[classifier]))}"
        for classifier in answer.CLASSIFIERS
    ]
    return (
        f"**{name(found.name)}, otra forma de aprender** ({len(change)} semillas; {arms_}; {sizes} "
        f"llamadas; CNN y Random Forest). De {len(real)} comparaciones con «solo reales», "
        f"{tallied(real)}. Frente a los mismos brazos con la forma del estudio, en media de brazos "
        f"y tamaños: {'; '.join(changes)}."
    )


def other_scenario(found, part) -> str:
    """What generators and their rivals do in a secondary scenario, or that it is not measured."""
    rows = answer.headline(answer.scenario(found, part), None)
    if rows.empty:
        return f"**{name(found.name)}, {PARTS[part]}**: sin medir todavía."
    drawn = answer.headline(rows)
    texts = [
        f"{len(drawn)} comparaciones entre un brazo con generador y «solo reales»: {tallied(drawn)}"
    ]
    for classifier, own in rows.groupby("classifier"):
        own = own.set_index("arm")
        chosen = [arm for arm in (answer.BEST, "classical", arms.ORACLE) if arm in own.index]
        listed = "; ".join(f"{title(arm)} {judged(own.loc[arm])}" for arm in chosen)
        texts.append(f"{plotting.model_title(classifier)}: {listed}")
    seeds = f"{rows['seeds'].max()} semillas"
    return f"**{name(found.name)}, {PARTS[part]}** ({seeds}). {'. '.join(texts)}."


def monday(found) -> str:
    """What somebody with few labelled calls should do, by the rows of this data set."""
    size, larger = answer.ANSWER_SIZE, answer.NEXT_SIZE
    pairs = answer.detector_means(found, size)
    (detector, arm), other = pairs.index[:2]
    alone, rival = pairs[detector, arms.REAL], found.against_rival
    added = "sin añadir nada" if arm == arms.REAL else (
        f"con {title(arm)} (sin añadir nada, {alone:.3f}; diferencia "
        f"{judged(found.row(arm, size, detector))})"
    )  # fmt: skip
    wins, below = int((rival["verdict"] == "helps").sum()), int((rival["mean"] < 0).sum())
    reason = "depende del lugar" if wins else "por ahora no hay motivo para entrenar un generador"
    more = answer.more_calls(found, detector, size, larger)
    changes = [
        detector_change(found, n) for n in sorted(found.main["n_positive"].unique()) if n <= size
    ]
    return (
        f"**{name(found.name)}**\n"
        f"- **Detector.** Con {size} llamadas la media más alta es la de "
        f"{plotting.model_title(detector)}, {pairs.iloc[0]:.3f}, {added}. Es la mayor de "
        f"{len(pairs)} medias; la segunda, {plotting.model_title(other[0])} con {title(other[1])}, "
        f"da {pairs.iloc[1]:.3f}.\n"
        f"- **Generador.** Con los cinco detectores, los brazos con generador superan al mejor "
        f"rival barato en {wins} de {len(rival)} comparaciones, y su media queda por debajo en "
        f"{below}: {reason}.\n"
        f"- **Etiquetar.** De {size} a {larger} llamadas, {plotting.model_title(detector)} solo "
        f"con reales cambia {ranged(*more, SIGNED)}.\n"
        f"- **Cambiar de detector.** La media más alta la da, {'; '.join(changes)}.\n"
        f"- **Aumentar sin generador.** {helping(found)}"
    )


def helping(found) -> str:
    """Which cheap arms help with few calls, in the main part and at other ratios, and how all of
    those comparisons end."""
    few = answer.headline(found.against_real, answer.CHEAP)
    few = few[few["n_positive"] <= answer.ANSWER_SIZE]
    swept = answer.headline(answer.scenario(found, "ratios"), answer.CHEAP)
    rows = pd.concat([few, swept])
    told = [
        f"{title(row['arm'])} con {plotting.model_title(row['classifier'])} y {row['n_positive']} "
        "llamadas"
        + (f", {row['ratio']:g} por cada real" if row["ratio"] > 0 else "")
        + f", {signed(row)}"
        for row in rows[rows["verdict"] == "helps"].to_dict("records")
    ]
    names = ", ".join(title(arm) for arm in answer.CHEAP if arm in set(swept["arm"]))
    others = f", y {len(swept)} de {names} con otras dosis" if len(swept) else ""
    text = (
        f"Con CNN o Random Forest y {answer.ANSWER_SIZE} llamadas o menos, de {len(few)} "
        f"comparaciones de un rival barato con «solo reales»{others}: {tally(rows['verdict'])}."
    )
    return f"{text} Ayudan: {'; '.join(told)}." if told else text


def detector_change(found, size) -> str:
    """Which detector has the highest mean on real calls alone, and how far above the headline's."""
    wide = answer.detectors(found, size)
    best, *others = wide.columns
    gaps = []
    for classifier in [c for c in answer.CLASSIFIERS if c in others]:
        gap = comparison.interval(wide[best] - wide[classifier])
        gaps.append(f"{ranged(*gap, SIGNED)} frente a {plotting.model_title(classifier)}")
    return (
        f"con {size} llamadas reales y nada más, {plotting.model_title(best)}, "
        f"{wide[best].mean():.3f} ({' y '.join(gaps)})"
    )


def absolute(found, classifiers) -> pd.DataFrame:
    """Mean test ROC AUC of real calls alone and with the classical arm, as "0.892 → 0.907": a row
    a classifier, a column a number of calls."""
    rows = found.main[found.main["arm"].isin((arms.REAL, "classical"))]
    means = rows.pivot_table("roc_auc", ["classifier", "n_positive"], "arm")
    told = means.apply(lambda row: f"{row[arms.REAL]:.3f} → {row['classical']:.3f}", axis=1)
    table = told.unstack().loc[[name for name in classifiers if name in set(rows["classifier"])]]
    table = table.rename(index=plotting.model_title)
    table = table.rename_axis(f"{name(found.name)}, solo reales → clásico")
    return table.rename_axis(columns="llamadas")


def checkpoint(rows) -> pd.DataFrame:
    """Some rows of answer.csv of one classifier and size, as a table for people."""
    (classifier,), (size,) = rows["classifier"].unique(), rows["n_positive"].unique()
    table = rows.set_index("arm")[["seeds", "mean", "low", "high", "p", "verdict"]].round(3)
    table = table.loc[[arm for arm in arms.ARMS if arm in table.index]]
    table["verdict"] = table["verdict"].map(WORDS)
    table.columns = ["semillas", "diferencia", "desde", "hasta", "p ajustada", "veredicto"]
    return table.rename(index=title).rename_axis(f"{plotting.model_title(classifier)}, {size}")


def live(rows, stored) -> pd.DataFrame:
    """Rows that were run anew beside the stored ones, and what either says an arm changes;
    ValueError if a score does not agree."""
    found = []
    for row in rows:
        key = ("seed", "n_positive", "n_negative", "arm", "classifier")
        same = stored[(stored[list(key)] == [row[k] for k in key]).all(axis=1)]
        same = same[same["ratio"] == round(row["ratio"], 4)].iloc[0]
        network = row["classifier"] in classifiers.NETWORKS or arms.generators(row["arm"])
        limit = TOLERANCE if network else SMALL_TOLERANCE
        if not abs(same["roc_auc"] - row["roc_auc"]) <= limit:
            raise UserError(
                f"{row['arm']}, {row['classifier']}: stored ROC AUC {same['roc_auc']:.3f}, now "
                f"{row['roc_auc']:.3f}; if the change is intended, raise PROTOCOL['revision'] in "
                "augmentation/study.py, which makes new rows."
            )
        both = {"guardada": same["roc_auc"], "ahora": row["roc_auc"], "margen": limit}
        found.append({key: row[key] for key in ("classifier", "arm")} | both)
    table = pd.DataFrame(found).set_index(["classifier", "arm"])
    real = table.xs(arms.REAL, level="arm")
    for column in ("guardada", "ahora"):
        change = table[column] - real[column].reindex(table.index, level=0)
        table[f"cambia, {column}"] = change.where(table.index.get_level_values("arm") != arms.REAL)
    table = table.rename(index=plotting.model_title, level=0).rename(index=title, level=1)
    return table.rename_axis(["detector", "brazo"])


TOLERANCE, SMALL_TOLERANCE = 0.05, 0.01  # of ROC AUC on another processor: networks, the others
