"""What the study found, in Spanish: sentences whose wording follows the numbers of an `Answer`."""

import pandas as pd

from utils import answer, arms, comparison, plotting, sensitivity, study
from utils.generators import registry
from utils.plotting_study import WORDS, title

NAMES = {"simulated": "Clips simulados", "right_whale_upcalls": "Clips reales"}
TALLIED = {  # of one comparison, of more
    "helps": ("ayuda", "ayudan"),
    "equivalent": ("equivale", "equivalen"),
    "harms": ("perjudica", "perjudican"),
    "undecided": ("indecisa", "indecisas"),
}
PARTS = {
    "main": "rejilla principal",
    "curve": "curva de aprendizaje",
    "ratios": "barrido de proporciones",
    "balanced": "equilibrado",
    "challenge": "proporción del reto",
}


def name(dataset) -> str:
    """The name of a data set in figures and sentences."""
    return NAMES.get(dataset, dataset)


def signed(row, digits=3) -> str:
    """A difference with its interval, such as "+0.012 (+0.003 a +0.021)"."""
    mean, low, high = (f"{row[key]:+.{digits}f}" for key in ("mean", "low", "high"))
    return f"{mean} ({low} a {high})"


def judged(row) -> str:
    """A difference, its interval and its verdict."""
    return f"{signed(row)}, {WORDS[row['verdict']]}"


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
            f"{found.seeds} semillas; el intervalo más ancho es ±{found.width:.4f} y la regla pide "
            f"±{width}: **faltan semillas**"
        )
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
            f"{title(best)}: {judged(found.row(best, size, classifier))}; vale por "
            f"{alike} llamadas reales. Frente al mejor rival barato de cada semilla (el más "
            f"frecuente, {title(rival['rival'])}): {judged(rival)}. Llenar con más llamadas reales "
            f"daría {judged(ceiling)}."
        )
    lines.append(f"- {overall(found)}")
    return "\n".join(lines)


def overall(found) -> str:
    """How the generators do at every size, against `real` and against the best cheap rival, and
    whether the study can see its own ceiling."""
    sides = []
    for table in (found.against_real, found.against_rival):
        rows = table[table["classifier"].isin(answer.CLASSIFIERS)]
        rows = rows[rows["arm"].isin(answer.GENERATED)]
        counted = rows["verdict"].value_counts().reindex(comparison.VERDICTS, fill_value=0)
        sides.append((len(rows), counted, int((rows["mean"] < 0).sum())))
    (total, real, below), (pairs, rival, beaten) = sides
    text = (
        f"En todos los tamaños, de {total} comparaciones de un brazo con generador con «solo "
        f"reales», ayuda en {real['helps']}, equivale en {real['equivalent']}, perjudica en "
        f"{real['harms']} y {real['undecided']} quedan indecisas (la media es negativa en "
        f"{below}); frente al mejor rival barato, gana en {rival['helps']} y pierde en "
        f"{rival['harms']} de {pairs} (media negativa en {beaten})."
    )
    rows = found.against_real[found.against_real["classifier"].isin(answer.CLASSIFIERS)]
    ceiling = rows[rows["arm"] == arms.ORACLE]["verdict"]
    seen = int((ceiling == "helps").sum())
    text += f" El techo, «{title(arms.ORACLE)}», se ve en {seen} de {len(ceiling)}"
    if seen < len(ceiling) / 4:
        return text + ": con estas semillas, «indeciso» no dice que no haya efecto."
    return text + "."


def counted(alike, ends) -> str:
    """Real-equivalents with their interval, such as "80 (61 a 120)"; "≤25" at the curve's end."""
    texts = []
    for key in ("real", "low", "high"):
        mark = "≤" if alike[key] <= ends[0] else "≥" if alike[key] >= ends[1] else ""
        texts.append(f"{mark}{alike[key]:.0f}")
    return f"{texts[0]} ({texts[1]} a {texts[2]})"


def worth(found, arm, size, classifier) -> str:
    """`counted` of one arm of an Answer."""
    return counted(found.equivalents(size, classifier).loc[arm], found.ends(classifier))


def forest_title(found, size) -> str:
    """How many of the comparisons with `real` at one size end in each verdict, by data set."""
    parts = []
    for one in found.values():
        rows = one.against_real[one.against_real["n_positive"] == size]
        rows = rows[rows["classifier"].isin(answer.CLASSIFIERS)]["verdict"]
        parts.append(f"{name(one.name).lower()}, {tally(rows)}")
    return f"Con {size} llamadas: {'; '.join(parts)}"


def tally(words) -> str:
    """How often each verdict occurs, such as "3 ayudan, 1 perjudica, 23 indecisas"."""
    counts = words.value_counts()
    return ", ".join(
        f"{counts[w]} {TALLIED[w][int(counts[w] > 1)]}" for w in comparison.VERDICTS if w in counts
    )


def curve_title(found, curve) -> str:
    """How far the best generator and further real calls lie above `real` at the smallest size."""
    few = curve["n_positive"].min()
    best, ceiling = (found.row(arm, few, "cnn") for arm in (answer.BEST, arms.ORACLE))
    return (
        f"Con {few} llamadas y CNN, {title(answer.BEST)} cambia {best['mean']:+.3f} "
        f"({WORDS[best['verdict']]}) y más reales {ceiling['mean']:+.3f} "
        f"({WORDS[ceiling['verdict']]})"
    )


def gain_title(found, names, what) -> str:
    """How many comparisons of some arms end in each verdict."""
    rows = found.against_real
    rows = rows[rows["arm"].isin(names) & rows["classifier"].isin(answer.CLASSIFIERS)]
    return f"{what}: {tally(rows['verdict'])}"


def rival_title(found) -> str:
    """How the comparisons of generators with the best cheap rival end."""
    rows = found.against_rival[found.against_rival["classifier"].isin(answer.CLASSIFIERS)]
    below = int((rows["mean"] < 0).sum())
    return f"Frente al rival barato, media negativa en {below} de {len(rows)}"


def equivalent_title(found, size) -> str:
    """What the best generator is worth in real calls."""
    parts = [f"{plotting.model_title(c)}, {worth(found, answer.BEST, size, c)}"
             for c in answer.CLASSIFIERS]  # fmt: skip
    return f"{size} llamadas y {title(answer.BEST)} valen por: {'; '.join(parts)}"


def agreement(first, second) -> str:
    """Whether two data sets say the same."""
    found = answer.agreement(first, second)
    opposed = (
        "en ninguna se contradicen con seguridad"
        if not found["opposed"]
        else f"en {found['opposed']} se contradicen con seguridad"
    )
    return (
        f"**¿Coinciden los dos conjuntos?** De {found['rows']} comparaciones con «solo reales» "
        f"(brazo, tamaño, CNN o Random Forest), {found['same']} tienen el mismo veredicto "
        f"({found['undecided']}, indeciso en ambos) y {opposed}. Correlación de rangos de las "
        f"diferencias medias: {found['rho']:.2f}."
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
    table = pd.DataFrame(columns)
    return table.rename(index=title).rename_axis(f"{size} llamadas, {classifier}")


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
        "se para cuando todo intervalo mide": f"±{asked['width']} (CNN y Random Forest)",
        "medida principal": "ROC AUC en prueba real",
        "menor efecto que importa": asked["smallest_effect"],
        "barrido": f"{asked['ratio_size']} llamadas, por "
        + ", ".join(f"{ratio:g}" for ratio in asked["ratios"]),
        "equilibrado": "{size} llamadas, {negatives} mares, hasta {fill}".format(
            **asked["balanced"]
        ),
        "proporción del reto": "{size} llamadas, {negatives} mares, hasta {fill}".format(
            **asked["challenge"]
        ),
    }
    return pd.DataFrame({"valor": rows}).astype(str)


def projection(found) -> str:
    """How wide the widest interval is, and would be with the most seeds of the protocol."""
    most = study.PROTOCOL["most_seeds"]
    wide = comparison.projected(found.width, found.seeds, most)
    return (
        f"El intervalo más ancho que mira la regla mide ±{found.width:.3f} con {found.seeds} "
        f"semillas; si las diferencias siguen tan dispersas, mediría unas ±{wide:.3f} con {most}. "
        "La regla no cuenta la corrección por clips comunes, que no baja con las semillas."
    )


def done(place) -> pd.DataFrame:
    """How many rows of each part there are, of those that the protocol asks for now."""
    table = study.status(place).groupby("part", sort=False)[["rows", "done", "failed"]].sum()
    table.columns = ["filas", "hechas", "fallidas"]
    return table.rename(index=PARTS).rename_axis(name(place.name))


def counts(found) -> pd.DataFrame:
    """How often each verdict falls to each arm, over sizes and the headline's classifiers."""
    rows = found.against_real[found.against_real["classifier"].isin(answer.CLASSIFIERS)]
    table = pd.crosstab(rows["arm"], rows["verdict"])
    table = table.reindex(
        index=[arm for arm in arms.ARMS if arm in table.index],
        columns=list(comparison.VERDICTS),
        fill_value=0,
    )
    return table.rename(index=title, columns=WORDS).rename_axis(None).rename_axis(columns=None)


def rivals(found) -> str:
    """What is generated against the best cheap rival: how many verdicts of each kind."""
    rows = found.against_rival[found.against_rival["classifier"].isin(answer.CLASSIFIERS)]
    often = rows["rival"].mode().iloc[0]
    below = int((rows["mean"] < 0).sum())
    return (
        f"**{name(found.name)}**: {len(rows)} comparaciones de un generador con el mejor rival "
        f"barato de su lugar (el más frecuente, {title(often)}): {tally(rows['verdict'])}; la "
        f"media queda por debajo del rival en {below}."
    )


def profit(found) -> str:
    """Where the best generator has its highest and lowest mean, beside duplicates there."""
    rows = found.against_real[found.against_real["arm"] == answer.BEST]
    parts = []
    for which, pick in (("la media mayor", rows["mean"].idxmax()),
                        ("la menor", rows["mean"].idxmin())):  # fmt: skip
        row = rows.loc[pick]
        again = found.row("oversample", row["n_positive"], row["classifier"])
        parts.append(
            f"{which} es {plotting.model_title(row['classifier'])} con {row['n_positive']} "
            f"llamadas: {judged(row)} (allí, duplicar: {again['mean']:+.3f})"
        )
    return f"**{name(found.name)}**, con {title(answer.BEST)}: {'; '.join(parts)}."


def by_snr(found, classifier) -> str:
    """Whether faint calls gain more than loud ones, where the truth is known."""
    table = answer.by_snr(found, answer.BEST, classifier)
    if table.empty:
        return (
            f"**{name(found.name)}**: no se conoce la SNR de sus llamadas, así que aquí no se mide."
        )
    low, high = (table[score] for score in study.BY_SNR)
    gap = comparison.interval(low - high, seed=answer.SEED)
    if gap[1] <= 0 <= gap[2]:
        better = "no se distinguen"
    else:
        better = f"sale mejor parada la {'débil' if gap[0] > 0 else 'fuerte'}"
    return (
        f"**{name(found.name)}**: con {title(answer.BEST)} y "
        f"{plotting.model_title(classifier)}, media de los tamaños, la mitad débil de las llamadas "
        f"cambia {low.mean():+.3f} y la fuerte {high.mean():+.3f}; débil menos fuerte, "
        f"{gap[0]:+.3f} ({gap[1]:+.3f} a {gap[2]:+.3f}): {better}."
    )


def quality(found, table, metrics, size, classifier) -> str:
    """Whether the measures of Checkpoint 3 put generators in the order of what they help.

    A correlation counts if its interval, over splits and seeds, leaves out zero and chance orders
    of as many generators seldom reach it.
    """
    parts, sure = [], []
    for metric, text in metrics.items():
        pair = answer.quality_and_gain(found, table, metric, size, classifier)
        rho, low, high = comparison.rank_correlation(*pair, seed=answer.SEED)
        least = comparison.least_rank_correlation(len(pair[0]))
        parts.append(f"{text} {rho:+.2f} ({low:+.2f} a {high:+.2f})")
        sure += [text] if (low > 0 or high < 0) and abs(rho) >= least else []
    return (
        f"**{name(found.name)}**: correlación de rangos entre la calidad y lo que ayuda con {size} "
        f"llamadas y {plotting.model_title(classifier)}, sobre {len(pair[0])} generadores: "
        + "; ".join(parts)
        + f". Entre tan pocos, lo que no llega a ±{least:.2f} también lo da el azar; "
        f"predicen la ayuda: {', '.join(sure) or 'ninguna'}."
    )


def cost(found, size, classifier) -> str:
    """What the best arm of either kind gains, and what it costs."""
    table = answer.costs(found, size, classifier)
    cheap = table.loc[[arm for arm in answer.CHEAP if arm in table.index], "mean"].idxmax()
    drawn = table.loc[[arm for arm in registry.REGISTRY if arm in table.index], "mean"].idxmax()
    return (
        f"**{name(found.name)}**: el mejor rival barato, {title(cheap)}, cambia "
        f"{table.loc[cheap, 'mean']:+.3f} en {table.loc[cheap, 'x']:.0f} s; el generador de "
        f"mayor media, {title(drawn)}, {table.loc[drawn, 'mean']:+.3f} en "
        f"{table.loc[drawn, 'x']:.0f} s."
    )


def cost_title(found, size, classifier) -> str:
    """How many times as long an arm with a generator takes as one without."""
    table = answer.costs(found, size, classifier)
    drawn, cheap = (table[table.index.isin(names)] for names in (registry.REGISTRY, answer.CHEAP))
    more = "más" if drawn["mean"].max() > cheap["mean"].max() else "menos"
    times = drawn["x"].median() / cheap["x"].median()
    return (
        f"Con generador se tarda {times:.0f} veces más (medianas), y su mejor media es {more} alta"
    )


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
        parts = [f"{title(arm)} con {best.loc[arm, 'ratio']:g} ({best.loc[arm, 'mean']:+.3f})"
                 for arm in arms.ARMS if arm in best.index]  # fmt: skip
        lines.append(
            f"- {plotting.model_title(classifier)}: {len(drawn)} comparaciones de un generador "
            f"(sin el híbrido) con «solo reales», {tally(drawn['verdict'])} (media negativa en "
            f"{int((drawn['mean'] < 0).sum())}). La media mayor de cada brazo: {', '.join(parts)}."
        )
        change = answer.dose(found, classifier)
        if len(change) >= comparison.FEWEST:
            calm = answer.dose(found, classifier, [g for g in registry.REGISTRY if g != "gan"])
            few, many = (f"{study.PROTOCOL['ratios'][end]:g}" for end in (0, -1))
            lines[-1] += (
                f" De {few} a {many} por real, la ROC AUC media de los cinco generadores cambia "
                f"{judged(answer.change(change))} ({len(change)} semillas); sin la GAN, "
                f"{judged(answer.change(calm))}."
            )
    return "\n".join(lines)


def sweep_title(found) -> str:
    """What the lowest and the highest ratio of the sweep set apart, of the Answers of a dict."""
    ratios = study.PROTOCOL["ratios"]
    changes = {one.name: answer.dose(one, "cnn") for one in found.values()}
    parts = [f"{name(dataset).lower()} {change.mean():+.3f}"
             for dataset, change in changes.items() if len(change)]  # fmt: skip
    return (
        f"CNN, de {ratios[0]:g} a {ratios[-1]:g} por real: los generadores cambian la ROC AUC "
        f"({', '.join(parts)})"
    )


def other_form(found, rows) -> str:
    """Whether generators that learn from calls alone change the answer; rows: of
    `sensitivity.stored`, None if not measured."""
    if rows is None or rows["seed"].nunique() < comparison.FEWEST:
        return f"**{name(found.name)}**: sin medir todavía."
    real, change = sensitivity.compared(rows, found.main)
    sizes = ", ".join(map(str, sorted(real["n_positive"].unique())))
    arms_ = ", ".join(title(arm) for arm in arms.ARMS if arm in set(real["arm"]))
    changes = [
        f"{plotting.model_title(classifier)}, {judged(answer.change(change[classifier]))}"
        for classifier in answer.CLASSIFIERS
    ]
    return (
        f"**{name(found.name)}** ({len(change)} semillas; {arms_}; {sizes} llamadas; CNN y Random "
        f"Forest). De {len(real)} comparaciones con «solo reales», {tally(real['verdict'])} (media "
        f"negativa en {int((real['mean'] < 0).sum())}). Frente a los mismos brazos con la forma "
        f"del estudio, en media de brazos y tamaños: {'; '.join(changes)}."
    )


def other_scenario(found, part) -> str:
    """What generators and their rivals do in a secondary scenario, or that it is not measured."""
    rows = comparison.verdicts(study.select(found.rows, part), seed=answer.SEED)
    rows = rows[rows["classifier"].isin(answer.CLASSIFIERS)]
    if rows.empty:
        return f"**{name(found.name)}, {PARTS[part]}**: sin medir todavía."
    drawn = rows[rows["arm"].isin(answer.GENERATED)]
    texts = [
        f"{len(drawn)} comparaciones de un brazo con generador con «solo reales»: "
        f"{tally(drawn['verdict'])} (media negativa en {int((drawn['mean'] < 0).sum())})"
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
    main = found.main[found.main["n_positive"] == size]
    alone = main[main["arm"] == arms.REAL].groupby("classifier")["roc_auc"].mean()
    detector = alone.idxmax()
    rows = found.against_real[found.against_real["n_positive"] == size]
    rows = rows[rows["classifier"] == detector].set_index("arm")
    cheap = rows.loc[list(answer.CHEAP), "mean"].idxmax()
    rival = found.against_rival
    wins, below = int((rival["verdict"] == "helps").sum()), int((rival["mean"] < 0).sum())
    reason = "por ahora no hay motivo para entrenarlo" if not wins else "depende del lugar"
    mean, low, high = answer.more_calls(found, detector, size, larger)
    return (
        f"**{name(found.name)}**. Con {size} llamadas y sin añadir nada, la media más alta es la "
        f"de {plotting.model_title(detector)} ({alone.max():.3f}). Lo barato que más le añade, "
        f"{title(cheap)}: {judged(rows.loc[cheap])}. Un generador: {reason}; con los cinco "
        f"detectores mejora al mejor rival barato en {wins} de {len(rival)} comparaciones, y su "
        f"media queda por debajo en {below}. Etiquetar más, hasta tener {larger} llamadas: "
        f"{mean:+.3f} ({low:+.3f} a {high:+.3f})."
    )


def checkpoint(rows) -> pd.DataFrame:
    """Some rows of answer.csv, as a table for people."""
    table = rows.set_index("arm")[["seeds", "mean", "low", "high", "p", "verdict"]].round(3)
    table["verdict"] = table["verdict"].map(WORDS)
    table.columns = ["semillas", "diferencia", "desde", "hasta", "p ajustada", "veredicto"]
    return table.rename(index=title).rename_axis(None)


def live(rows, stored) -> str:
    """Whether rows that were run anew agree with the stored ones; ValueError if one does not."""
    lines = []
    for row in rows:
        key = ("seed", "n_positive", "n_negative", "arm", "classifier")
        same = stored[(stored[list(key)] == [row[k] for k in key]).all(axis=1)]
        same = same[same["ratio"] == round(row["ratio"], 4)].iloc[0]
        network = row["classifier"] in study.NETWORKS or arms.generators(row["arm"])
        limit = TOLERANCE if network else SMALL_TOLERANCE
        if not abs(same["roc_auc"] - row["roc_auc"]) <= limit:
            raise ValueError(
                f"{row['arm']}, {row['classifier']}: stored ROC AUC {same['roc_auc']:.3f}, now "
                f"{row['roc_auc']:.3f}; if the change is intended, raise PROTOCOL['revision'] in "
                "utils/study.py, which makes new rows."
            )
        lines.append(f"- {title(row['arm'])}, {plotting.model_title(row['classifier'])}: "
                     f"coincide con la tabla, con margen de {limit}")  # fmt: skip
    return "\n".join(lines)


TOLERANCE, SMALL_TOLERANCE = 0.05, 0.01  # of ROC AUC on another processor: networks, the others
