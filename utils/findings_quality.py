"""What Checkpoint 3 found, in Spanish: sentences and tables whose wording follows the numbers.

`decision` is the table of `checkpoint.decide`; `measures` maps a metric to its `summary`.
"""

import pandas as pd

from utils import judging
from utils.generators import registry
from utils.plotting_generators import title
from utils.plotting_quality import MEASURES

GENERATORS = list(registry.REGISTRY)


def named(names) -> str:
    """The titles of generators, or "ninguno"."""
    return ", ".join(title(name) for name in names) or "ninguno"


def passed(decision) -> list[str]:
    """The generators that go on, in the order of the registry."""
    return [name for name in GENERATORS if decision.loc[name, "goes_on"]]


def stopped(decision) -> list[str]:
    """The generators that do not go on."""
    return [name for name in GENERATORS if not decision.loc[name, "goes_on"]]


def summary(decision, measures, share, size) -> str:
    """The paragraph that opens the notebook; share: usefulness as a part of that of real calls."""
    apart, best = measures["two_sample_auc"]["mean"], share[GENERATORS].idxmax()
    return (
        f"Con {size} llamadas: **siguen {named(passed(decision))}**; no pasan: "
        f"{named(stopped(decision))}. El más útil es **{title(best)}**: un detector que aprende "
        f"solo de sus llamadas logra el {100 * share[best]:.1f} % de la ROC AUC que dan las "
        f"reales. Una CNN distingue sus clips con AUC {apart[best]:.2f} "
        f"(reales: {apart[judging.REAL]:.2f})."
    )


def intervals(measures) -> pd.DataFrame:
    """Mean and interval of each measure, as text, a row a generator."""
    columns = {
        MEASURES[metric]: [
            f"{mean:.2f} ({low:.2f} a {high:.2f})"
            for mean, low, high in rows.itertuples(index=False)
        ]
        for metric, rows in measures.items()
    }
    index = next(iter(measures.values())).index
    return pd.DataFrame(columns, index=[title(name) for name in index])


def worst_parameter(truth) -> str:
    """The tracked parameter of calls that each generator gets most wrong, beside real clips."""
    parts = []
    for name in GENERATORS:
        times = {m: rows.loc[name, "mean"] / rows.loc[judging.REAL, "mean"]
                 for m, rows in truth.items()}  # fmt: skip
        metric = max(times, key=times.get)
        parts.append(
            f"**{title(name)}**: {MEASURES[metric].split(' (')[0]}, "
            f"{times[metric]:.1f} veces la distancia entre reales"
        )
    return "Lo que peor reproduce cada uno. " + "; ".join(parts) + "."


def copies(p_values) -> str:
    """Whether the test of copying finds the planted copies, and whom else."""
    hidden, found = p_values.loc[judging.COPIES, ["clip entero", "llamada sola"]]
    caught = [name for name in GENERATORS if p_values.loc[name, "llamada sola"] < 0.01]
    return (
        f"Con clips enteros las copias pasan por nuevas (p = {hidden:.2f}); con la llamada sola se "
        f"descubren (p = {found:.3f}). Generadores que así resultan copiar: {named(caught)}."
    )


def topped_up(gain, size) -> str:
    """What as many synthetic calls beside many real ones change."""
    return (
        f"Sumar otras tantas sintéticas a {size} reales cambia la ROC AUC en "
        + ", ".join(f"{title(name)} {gain[name]:+.3f}" for name in GENERATORS)
        + ". Con tantas llamadas reales no se espera más: la pregunta del estudio es con pocas, y "
        "es la de la [Etapa 4](04_augmentation.ipynb)."
    )


def rejection(rate, change) -> str:
    """What the filter throws away, and what that does to usefulness."""
    effect = "menos de una centésima, así que el filtro no se usa"
    if change.abs().max() >= 0.01:
        effect = f"sobre todo en {title(change.abs().idxmax())}"
    return (
        f"La utilidad cambia entre {change.min():+.3f} y {change.max():+.3f}: {effect}. Se desecha "
        f"del {100 * rate.min():.0f} al {100 * rate.max():.0f} % de las muestras."
    )


def verdict(decision, seconds, collapsed, size) -> str:
    """Who does not go on and why, who does, and what training costs: a list."""
    reasons = {
        "no_copies": "copia",
        "covers": "cubre poco",
        "useful": "le faltan {:.3f} de utilidad",
    }
    short = decision["floor"] - decision["usefulness"]
    lines = []
    for name in stopped(decision):
        why = [text for part, text in reasons.items() if not decision.loc[name, part]]
        lines.append(f"- {title(name)} no sigue: {', '.join(why).format(short[name])}.")
    times = ", ".join(f"{title(name)} {seconds[name]:.0f}" for name in GENERATORS)
    lines.append(
        f"- Siguen: {named(passed(decision))}. Entrenamientos colapsados: {collapsed:.0f}. Lo que "
        f"tardan con {size} llamadas, en segundos de un núcleo: {times}."
    )
    return "\n".join(lines)
