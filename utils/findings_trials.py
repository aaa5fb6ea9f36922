"""What the trials of generators found, in Spanish: sentences and tables that follow the numbers.

Each takes a table of `utils.trials`, or None where that trial has not been run.
"""

from utils import evaluation, judging, trials
from utils.findings_quality import GENERATORS
from utils.generators.base import FORMS
from utils.plotting_generators import title

FORM_NAMES = {"shared": "compartida", "conditional": "condicional", "calls": "solo llamadas"}


def _missing(trial) -> str:
    return f"Sin medir en estos clips; se mide con `python -m utils.trials {trial} --dataset ...`."


def _markdown(table) -> str:
    """A table of texts as Markdown, its index first."""
    rows = [[table.index.name, *table.columns], ["---"] * (len(table.columns) + 1)]
    rows += [[index, *values] for index, *values in table.itertuples()]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def forms(table) -> str:
    """Which form of each generator is the most useful, and how far the one in use is from it."""
    if table is None:
        return _missing("forms")
    means = table.pivot_table("usefulness", "generator", "form").reindex(GENERATORS)[list(FORMS)]
    used = FORMS[0]
    compared = means.dropna()
    behind = compared.max(axis=1) - compared[used]
    best = ", ".join(title(name) for name in compared.index[behind == 0])
    placed = f"es la mejor en: {best}; en los demás" if best else "no es la mejor en ninguno:"
    several = f"De los {len(compared)} modelos con varias, "
    if behind.any():
        placed += f" queda a {behind.max():.3f} como mucho."
    else:
        placed = "es la mejor en todos."
    shown = means.map(lambda value: "" if value != value else f"{value:.3f}")
    shown = shown.rename(index=title, columns=FORM_NAMES).rename_axis("modelo")
    return (
        f"ROC AUC en clips de **validación**, media de {table['split'].nunique()} particiones, de "
        f"una CNN que aprende de {judging.SAMPLES} clips dibujados con cada forma "
        f"({table['n_positive'].max()} llamadas reales; de ellas mismas, la CNN logra "
        f"{table['real'].mean():.3f}):\n\n{_markdown(shown)}\n\n"
        f"La forma que se usa, {FORM_NAMES[used]}, se fijó antes de esta tabla. {several}"
        f"{placed} Dos particiones no bastan para ordenarlas. Si la "
        f"respuesta del estudio depende de la forma, lo mide la [Etapa 4](04_augmentation.ipynb). "
        f"El discriminador de la GAN solo ve llamadas, y la textura es siempre la del mar: allí no "
        f"se comparan."
    )


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
        "que varían las muestras, mar incluido, como parte de lo que varían las llamadas reales: "
        + ", ".join(f"{title(name)} {value:.2f}" for name, value in variation.items())
        + "."
    )


def draws(table) -> str:
    """Whether a detector learns more from more clips of the same generator."""
    if table is None or table["split"].nunique() < evaluation.FEWEST:
        return _missing("draws")
    counts = {f"times_{times}": times * judging.SAMPLES for times in trials.DRAWS}
    columns = list(counts)
    share = table[columns].div(table["real"], axis=0).groupby(table["generator"]).mean()
    means = table.groupby("generator")[columns].mean()
    share, means = share.loc[GENERATORS], means.loc[GENERATORS]
    shown = means.map("{:.3f}".format) + share.map(lambda part: f" ({100 * part:.1f} %)")
    shown = shown.where(means.notna(), "colapsa")
    shown = shown.rename(index=title, columns=counts).rename_axis("clips dibujados")
    change = means[columns[-1]] - means[columns[0]]
    often = table.groupby("generator")[columns[-1]].count().loc[GENERATORS]
    name = share[often >= evaluation.FEWEST].max(axis=1).idxmax()
    best = share.loc[name].idxmax()
    own, beside = table[table["generator"] == name], ""
    if best != columns[0]:
        gains = (own[best] - own[columns[0]]).dropna()
        gain, low, high = evaluation.mean_interval(gains, seed=0)
        beside = f" ({gain:+.3f}, {low:+.3f} a {high:+.3f}, frente a {judging.SAMPLES} clips)"
    return (
        f"ROC AUC en prueba, media de {table['split'].nunique()} particiones y, entre paréntesis, "
        f"parte de la que dan {table['n_positive'].max()} llamadas reales:\n\n{_markdown(shown)}"
        f"\n\nDe {judging.SAMPLES} a {counts[columns[-1]]} clips, la utilidad cambia entre "
        f"{change.min():+.3f} y {change.max():+.3f}. Lo más alto de {share.size} valores: "
        f"{title(name)} con {counts[best]}, el {100 * share.loc[name, best]:.1f} "
        f"%{beside}."
    )
