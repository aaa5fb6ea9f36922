"""What Checkpoint 3 found, in Spanish: sentences and tables whose wording follows the numbers.

`decision` is the table of `checkpoint.decide`; `measures` maps a metric to its `summary`.
"""

import pandas as pd

from utils import checkpoint, judging
from utils.generators import registry
from utils.generators.references import REFERENCES
from utils.narrative import ranged
from utils.plotting_generators import title
from utils.plotting_quality import MEASURES

GENERATORS = list(registry.REGISTRY)
ALIKE = {"level": 0.5, "lowest": 0.7, "highest": 1.3}  # of the calls' standard deviation


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
    floor = share[list(REFERENCES)].idxmax()
    return (
        f"Con {size} llamadas: **siguen {named(passed(decision))}**; no pasan: "
        f"{named(stopped(decision))}. La utilidad media más alta es la de **{title(best)}**: un "
        f"detector que aprende solo de sus llamadas logra el {100 * share[best]:.1f} % de la ROC "
        f"AUC que dan las reales; con el mejor suelo, {title(floor)}, el {100 * share[floor]:.1f} "
        f"%. Una CNN distingue los clips de {title(best)} con AUC {apart[best]:.2f} (reales: "
        f"{apart[judging.REAL]:.2f})."
    )


def intervals(measures) -> pd.DataFrame:
    """Mean and interval of each measure, as text, a row a generator."""
    columns = {
        MEASURES[metric]: [
            "colapsa" if pd.isna(mean) else ranged(mean, low, high, ".2f")
            for mean, low, high in rows.itertuples(index=False)
        ]
        for metric, rows in measures.items()
    }
    index = next(iter(measures.values())).index
    return pd.DataFrame(columns, index=[title(name) for name in index])


def worst_parameter(truth) -> str:
    """The tracked parameter of calls that each generator gets most wrong, beside real clips.

    Marked where its interval lies above that of real clips.
    """
    parts = []
    trained = next(iter(truth.values()))["mean"].dropna().index
    for name in [name for name in GENERATORS if name in trained]:
        times = {m: rows.loc[name, "mean"] / rows.loc[judging.REAL, "mean"]
                 for m, rows in truth.items()}  # fmt: skip
        metric = max(times, key=times.get)
        rows = truth[metric]
        apart = rows.loc[name, "low"] > rows.loc[judging.REAL, "high"]
        parts.append(
            f"**{title(name)}**: {MEASURES[metric].split(' (')[0]}, "
            f"{times[metric]:.1f} veces la distancia entre reales"
            + ("" if apart else " (los intervalos se solapan)")
        )
    return "Lo que peor reproduce cada uno. " + "; ".join(parts) + "."


def control(p_values) -> str:
    """How often the test of copying rejects validation calls, which cannot be copies; p_values: of
    the splits."""
    wrong = int((p_values < checkpoint.RULE["copying"]).sum())
    return (
        f"El examen toma los clips por independientes, y los de una grabación no lo son: con "
        f"llamadas de validación, que no pueden ser copias, da p < {checkpoint.RULE['copying']} en "
        f"{wrong} de {p_values.count()} particiones. Lo que decide es la mediana."
    )


def power(found, name) -> str:
    """Which shares of copies among new samples the test of copying finds; found: {share: p}."""
    caught = [share for share, p in found.items() if p < checkpoint.RULE["copying"]]
    listed = "; ".join(f"{100 * share:.0f} %, p = {p:.3f}" for share, p in found.items())
    seen = f"desde el {100 * min(caught):.0f} %" if caught else "con ninguna de estas partes"
    return (
        f"**Cuántas copias hacen falta para verlas.** Muestras de {title(name)} con una parte de "
        f"copias mezclada: {listed}. En esta partición el examen las ve {seen}: pasarlo no "
        f"descarta copias sueltas."
    )


def near(shares) -> str:
    """How many samples of each generator lie nearer to a training call than all but one in a
    hundred held-out calls do; shares: by name."""
    names = [name for name in GENERATORS if name in shares]
    return (
        "**Copias sueltas.** Parte de las muestras más cercana a una llamada de entrenamiento que "
        "el 99 % de las llamadas de prueba (llamadas nuevas como las reales darían un 1 %): "
        + "; ".join(f"{title(name)} {100 * shares[name]:.1f} %" for name in names)
        + f"; las copias, {100 * shares[judging.COPIES]:.0f} %."
    )


def alike(samples, calls) -> str:
    """Whether samples (by name) have the mean level and deviation of the calls, roughly."""
    level, spread = calls.mean(), calls.std()
    apart = [
        f"{title(name)} (nivel medio {clips.mean() - level:+.1f}, desviación "
        f"{clips.std() / spread:.2f} veces)"
        for name, clips in samples.items()
        if abs(clips.mean() - level) >= ALIKE["level"] * spread
        or not ALIKE["lowest"] < clips.std() / spread < ALIKE["highest"]
    ]
    if apart:
        return f"dimensiones: bien; fuera del margen, frente a las reales: {', '.join(apart)}"
    return "dimensiones, nivel medio y desviación: dentro del margen, en los cinco"


def copies(p_values) -> str:
    """Whether the test of copying finds the planted copies, and whom else."""
    limit = checkpoint.RULE["copying"]
    whole, alone = p_values.loc[judging.COPIES, ["p, clip entero", "p, llamada sola"]]
    caught = [name for name in GENERATORS if p_values.loc[name, "p, llamada sola"] < limit]
    hidden, found = ("se descubren" if p < limit else "pasan por nuevas" for p in (whole, alone))
    text = (
        f"Con clips enteros las copias {hidden} (p = {whole:.2f}); con la llamada sola {found} (p "
        f"= {alone:.3f}). Rechazados por el examen: {named(caught)}."
    )
    if not alone < limit:
        text += " **Aquí el examen no ve ni las copias: pasarlo no dice nada.**"
    for name in caught:
        own, real, copied = p_values.loc[[name, judging.REAL, judging.COPIES], "autenticidad"]
        like = "llamadas parecidas a la media, no copias" if own > real / 2 else "copias"
        text += (
            f" La autenticidad de {title(name)} ({own:.2f}; reales, {real:.2f}; copias, "
            f"{copied:.2f}) sugiere {like}."
        )
    return text


def _listed(rows) -> str:
    """Mean and interval of each generator."""
    return "; ".join(
        f"{title(name)} {ranged(row['mean'], row['low'], row['high'])}"
        for name, row in rows.iterrows()
    )


def beside_real(margins, decision) -> str:
    """How much less than real calls those of the generators that go on are worth alone; margins:
    of `checkpoint.margins` against the real ones."""
    rows = margins.loc[passed(decision)]
    if rows.empty:
        return "Ningún generador pasa el Checkpoint 3: no hay con qué comparar las reales."
    return (
        "Solas, utilidad menos la de las llamadas reales, apareada por partición: "
        f"{_listed(rows)}; el intervalo "
        f"queda por debajo de cero en {int((rows['high'] < 0).sum())} de {len(rows)}."
    )


def topped_up(gain, size) -> str:
    """What as many synthetic calls beside many real ones change."""
    names = [name for name in (*GENERATORS, "pca_gaussian") if pd.notna(gain[name])]
    return (
        f"Sumar otras tantas sintéticas a {size} reales cambia la ROC AUC media en "
        + "; ".join(f"{title(name)} {gain[name]:+.3f}" for name in names)
        + ". Con pocas reales puede ser distinto: lo mide la [Etapa 4](04_augmentation.ipynb)."
    )


def rejection(rate, change) -> str:
    """What the filter throws away, and what that does to usefulness."""
    moved = [name for name in change.index if abs(change[name]) >= 0.01]
    few, many = (f"{100 * pick(rate):.0f}" for pick in (min, max))
    thrown = f"un {few}" if few == many else f"del {few} al {many}"
    return (
        f"Se desecha {thrown} % de las muestras, y la utilidad cambia entre {change.min():+.3f} y "
        f"{change.max():+.3f}; una centésima o más, solo en: {named(moved)}. En la Etapa 4 no se "
        f"usa el filtro."
    )


def verdict(decision, margins, seconds, collapsed, size) -> str:
    """Who does not go on and why, who does, and what training costs: a list; margins: of
    `checkpoint.margins`."""
    reasons = {
        "trained": "colapsa",
        "no_copies": "no pasa el examen de copia",
        "covers": "cubre poco",
        "useful": "su utilidad queda {} por debajo del suelo",
    }
    short = decision["floor"] - decision["usefulness"]
    lines = []
    for name in stopped(decision):
        why = [text for part, text in reasons.items() if not decision.loc[name, part]]
        why = why[:1] if pd.isna(decision.loc[name, "usefulness"]) else why  # it never gave samples
        gap = f"{short[name]:.3f}" if short[name] >= 0.001 else "menos de 0.001"
        lines.append(f"- {title(name)} no sigue: {', '.join(why).format(gap)}.")
    trained = seconds.reindex(GENERATORS).dropna()
    times = ", ".join(f"{title(name)} {value:.0f}" for name, value in trained.items())
    rows = margins.loc[passed(decision)]
    lines.append(
        "- Utilidad menos la del mejor suelo, apareada por partición: "
        f"{_listed(rows)}. La regla mira la media; el intervalo "
        f"deja fuera el cero en {int((rows['low'] > 0).sum())} de {len(rows)}."
    )
    lines.append(
        f"- Siguen: {named(passed(decision))}. Entrenamientos colapsados: {collapsed:.0f}. Lo que "
        f"tardan con {size} llamadas, en segundos de un núcleo: {times}."
    )
    return "\n".join(lines)
