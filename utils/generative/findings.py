"""What the trials of generators found, in Spanish: sentences and tables that follow the numbers.

Each takes a table of `utils.trials`, or None where that trial has not been run.
"""

import pandas as pd

from utils.generative import trials
from utils.generative.figures import title
from utils.models.generators.base import FORMS
from utils.quality import judging
from utils.quality.findings import GENERATORS, measured
from utils.statistics import evaluation

FORM_NAMES = {"shared": "compartida", "conditional": "condicional", "calls": "solo llamadas"}


def _missing(trial) -> str:
    return f"Sin medir en estos clips; se mide con `whales generative {trial} --dataset ...`."


def _markdown(table) -> str:
    """A table of texts as Markdown, its index first."""
    rows = [[table.index.name, *table.columns], ["---"] * (len(table.columns) + 1)]
    rows += [[index, *values] for index, *values in table.itertuples()]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def _changes(part, measure):
    """What other forms change against the one in use: a text a model and form, and the changes as
    rows of model, form, mean and, of splits enough, low and high."""
    wide = part.pivot_table(measure, ["generator", "split"], "form").dropna()
    used, others = FORMS[0], FORMS[1:]
    shown, found = {}, []
    for name in measured(wide):
        own = wide.loc[name]
        cells = [f"{own[used].mean():.3f}"]
        for form in others:
            change = own[form] - own[used]
            mean, low, high, ends = change.mean(), None, None, ""
            if len(change) >= evaluation.FEWEST:
                mean, low, high = evaluation.mean_interval(change)
                ends = f" ({low:+.3f} a {high:+.3f})"
            cells.append(f"{mean:+.3f}{ends}")
            found.append((name, form, mean, low, high))
        shown[title(name)] = cells
    columns = [FORM_NAMES[used], *(f"{FORM_NAMES[form]}, diferencia" for form in others)]
    shown = pd.DataFrame.from_dict(shown, "index", columns=columns).rename_axis("modelo")
    found = pd.DataFrame(found, columns=["generator", "form", "mean", "low", "high"])
    return _markdown(shown), found


def _positive(found) -> str:
    """How many changes are for the better in the mean."""
    return f"De {len(found)} diferencias, la media es positiva en {(found['mean'] > 0).sum()}."


def _verdict(found) -> str:
    """What the rule says of the changes."""
    if found["low"].isna().any():
        return f"{_positive(found)} Con tan pocas particiones, la regla no decide."
    above = found[found["low"] > 0]
    told = (
        f"{_positive(found)} El intervalo queda por encima de cero en {len(above)} y por debajo en "
        f"{(found['high'] < 0).sum()}. "
    )
    if len(above):
        names = (f"{title(row.generator)} {FORM_NAMES[row.form]}" for row in above.itertuples())
        return told + f"La regla pide otra forma en: {', '.join(names)}."
    return told + (
        f"Se mantiene la forma {FORM_NAMES[FORMS[0]]}: ninguna otra la desplaza, lo que no prueba "
        f"que sea la mejor (el intervalo más alto llega a {found['high'].max():+.3f})."
    )


def forms(table) -> str:
    """What the other forms of each generator change against the one in use, and what follows."""
    if table is None:
        return _missing("forms")
    filled = [f"filled_{model}" for model in trials.FILLED]
    table = table.assign(filled=table[filled].mean(axis=1, skipna=False))
    texts = [
        "ROC AUC en clips de **validación**; diferencias apareadas por partición, con intervalos "
        "del 95 % como los de las demás etapas, sin ajuste por el número de modelos y formas. La "
        "compartida es la forma de partida. Regla, modelo a modelo: otra la sustituye si, al "
        "completar llamadas reales como en el estudio, su intervalo queda por encima de cero "
        f"(hacen falta {evaluation.FEWEST} particiones)."
    ]
    for size, part in table.groupby("n_positive"):
        texts.append(f"**{size} llamadas reales**, {part['split'].nunique()} particiones.")
        if part["filled"].notna().any():
            shown, found = _changes(part, "filled")
            texts += [f"*Completadas hasta {judging.SAMPLES}* (media de CNN y Random Forest):"]
            texts += [shown, _verdict(found)]
        shown, found = _changes(part, "usefulness")
        texts += [
            f"*Solo sintéticas*, {judging.SAMPLES} clips (CNN; con solo las reales, "
            f"{part['real'].mean():.3f}):",
            shown,
        ]
        if part["filled"].isna().all():
            texts.append(
                f"{_positive(found)} Con {size} llamadas no se midió el caso *Completadas*, así "
                "que la regla no decide aquí."
            )
    texts.append(
        "El discriminador de la GAN solo ve llamadas, y la textura es siempre la del mar: por eso "
        "en la GAN no se comparan estas formas. Si la respuesta del estudio depende de la forma, "
        "lo mide la [Etapa 4](04_augmentation.ipynb)."
    )
    return "\n\n".join(texts)


def stability(table) -> str:
    """How many trainings collapsed, and how samples vary beside real calls."""
    if table is None:
        return _missing("stability")
    fine = table[table["collapsed"] == 0]
    variation = fine.groupby("generator")["variation"].mean().reindex(GENERATORS)
    infinite = int((~fine["finite"].astype(bool)).sum())
    return (
        f"**Estabilidad.** {table['seed'].nunique()} semillas de cada generador con "
        f"{table['n_positive'].max()} llamadas: {int(table['collapsed'].sum())} colapsos en "
        f"{len(table)} entrenamientos, {infinite} con valores no finitos. Colapso: "
        "durante el entrenamiento, las llamadas dibujadas, sin mar, salen todas casi iguales. Lo "
        "que varían las muestras, mar incluido, en proporción a lo que varían las reales: "
        + "; ".join(f"{title(name)} {value:.2f}" for name, value in variation.items())
        + "."
    )


def draws(table) -> str:
    """Whether a detector learns more from more clips of the same generator."""
    if table is None or table["split"].nunique() < evaluation.FEWEST:
        return _missing("draws")
    counts = {f"times_{times}": times * judging.SAMPLES for times in trials.DRAWS}
    columns, real = list(counts), table.groupby("split")["real"].mean().mean()
    means = table.groupby("generator")[columns].mean().loc[GENERATORS]
    beside_real = table[columns].sub(table["real"], axis=0).groupby(table["generator"]).mean()
    shown = means.map("{:.3f}".format).where(means.notna(), "colapsa")
    shown = shown.rename(index=title, columns=counts).rename_axis("clips dibujados")
    change = means[columns[-1]] - means[columns[0]]
    often = table.groupby("generator")[columns[-1]].count().loc[GENERATORS]
    name = beside_real.loc[GENERATORS][often >= evaluation.FEWEST].max(axis=1).idxmax()
    best = means.loc[name].idxmax()
    own, beside = table[table["generator"] == name], ""
    if best != columns[0]:
        gains = (own[best] - own[columns[0]]).dropna()
        gain, low, high = evaluation.mean_interval(gains)
        beside = f" ({gain:+.3f}, {low:+.3f} a {high:+.3f}, frente a {judging.SAMPLES} clips)"
    return (
        f"ROC AUC en prueba, media de {table['split'].nunique()} particiones; con las "
        f"{table['n_positive'].max()} llamadas reales, {real:.3f}:\n\n{_markdown(shown)}"
        f"\n\nDe {judging.SAMPLES} a {counts[columns[-1]]} clips, la utilidad cambia entre "
        f"{change.min():+z.3f} y {change.max():+z.3f} (antes de redondear). Lo más alto de "
        f"{means.size} valores: {title(name)} con {counts[best]}, {means.loc[name, best]:.3f}"
        f"{beside}."
    )
