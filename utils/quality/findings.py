"""What Checkpoint 3 found, in Spanish: sentences and tables whose wording follows the numbers.

`decision` is the table of `checkpoint.decide`; `measures` maps a metric to its `summary`.
"""

import pandas as pd

from utils.generative.figures import title
from utils.models.generators import registry
from utils.models.generators.references import REFERENCES
from utils.narrative import ranged
from utils.quality import checkpoint, judging
from utils.quality.figures import MEASURES

GENERATORS = list(registry.REGISTRY)
ALIKE = {"level": 0.5, "lowest": 0.7, "highest": 1.3}  # of the calls' standard deviation


def named(names) -> str:
    """The titles of generators, or "ninguno"."""
    return ", ".join(title(name) for name in names) or "ninguno"


def passed(decision) -> list[str]:
    """The generators that go on, in the order of the registry."""
    return [name for name in measured(decision) if decision.loc[name, "goes_on"]]


def stopped(decision) -> list[str]:
    """The generators that do not go on."""
    return [name for name in measured(decision) if not decision.loc[name, "goes_on"]]


def measured(table) -> list[str]:
    """The generators that a table has a row of, in the order of the registry."""
    return [name for name in GENERATORS if name in table.index]


def summary(decision, measures, margins, size) -> str:
    """The paragraph that opens the notebook; margins: of `checkpoint.margins` against a floor."""
    apart, useful = (measures[name]["mean"] for name in ("two_sample_auc", "usefulness"))
    best, floor = useful[measured(useful)].idxmax(), useful[list(REFERENCES)].idxmax()
    ahead = margins.loc[passed(decision)]
    return (
        f"Con {size} llamadas: **siguen {named(passed(decision))}**; no pasan: "
        f"{named(stopped(decision))}. La utilidad media más alta es la de **{title(best)}**: un "
        f"detector que aprende solo de sus llamadas logra ROC AUC {useful[best]:.3f}; con reales, "
        f"{useful[judging.REAL]:.3f}; con el mejor suelo, {title(floor)}, {useful[floor]:.3f}. "
        f"**La ventaja sobre ese suelo se distingue de cero en {int((ahead['low'] > 0).sum())} de "
        f"los {len(ahead)} que siguen.** Una CNN distingue los clips de {title(best)} con AUC "
        f"{apart[best]:.2f} (reales: {apart[judging.REAL]:.2f})."
    )


def redrawn(apart, margins, best) -> str:
    """How much of what gives samples away does so in training calls that were drawn again, too;
    apart: two-sample AUC by name; margins: of it, against the copies."""
    real, copied = apart[judging.REAL], apart[judging.COPIES]
    rows = margins.loc[measured(margins.dropna())]
    return (
        f"**¿Los delata la llamada?** Las *copias*, llamadas de entrenamiento redibujadas sobre "
        f"otro mar, ya se distinguen: AUC de dos muestras {copied:.2f}, frente a {real:.2f} de las "
        f"reales y {apart[best]:.2f} de {title(best)}. Cada generador menos las copias, apareado "
        f"por partición: {_listed(rows)}; el intervalo queda por encima de cero en "
        f"{int((rows['low'] > 0).sum())} de {len(rows)}. En los demás no se ve que la llamada "
        "inventada delate más que una de verdad redibujada."
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


def worst_parameter(truth, margins) -> str:
    """The tracked parameter of calls that each generator gets most wrong, beside real clips.

    Marked unless its distance minus that of real clips has an interval above zero: margins, of
    `checkpoint.margins`, by metric.
    """
    parts = []
    for name in measured(next(iter(truth.values()))["mean"].dropna()):
        times = {m: rows.loc[name, "mean"] / rows.loc[judging.REAL, "mean"]
                 for m, rows in truth.items()}  # fmt: skip
        metric = max(times, key=times.get)
        apart = margins[metric].loc[name, "low"] > 0
        parts.append(
            f"**{title(name)}**: {MEASURES[metric].split(' (')[0]}, "
            f"{times[metric]:.1f} veces la distancia entre reales"
            + ("" if apart else " (la diferencia, apareada, no se distingue)")
        )
    return "Lo que peor reproduce cada uno. " + "; ".join(parts) + "."


def control(p_values) -> str:
    """How often the test of copying rejects validation calls, which cannot be copies; p_values: of
    the splits."""
    limit, many = checkpoint.RULE["copying"], p_values.count()
    return (
        "El examen toma los clips por independientes, y los de una grabación no lo son: con "
        f"llamadas de validación, que no pueden ser copias, da p < {limit} en "
        f"{int((p_values < limit).sum())} de {many} particiones, y debería darla en una de cada "
        f"{1 / limit:.0f}. Decide la mediana, que perdona hasta {(many - 1) // 2} rechazos."
    )


def p_text(p) -> str:
    """A p value for a table, such as "0.012"; it is never zero."""
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def _p(p) -> str:
    """A p value in a sentence, such as "p = 0.012"."""
    text = p_text(p)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def power(found, name, size) -> str:
    """Which shares of copies among new samples the test of copying finds; found: {share: p}; size:
    the calls that the generator learned from."""
    caught = [share for share, p in found.items() if p < checkpoint.RULE["copying"]]
    listed = "; ".join(f"{100 * share:.0f} %, {_p(p)}" for share, p in found.items())
    seen = f"desde el {100 * min(caught):.0f} %" if caught else "con ninguna de estas partes"
    return (
        f"**Cuántas copias hacen falta para verlas.** Muestras de {title(name)}, que aprendió de "
        f"{size} llamadas, con una parte de copias mezclada: {listed}. En esta partición el examen "
        f"las ve {seen}: pasarlo no descarta que haya menos."
    )


def near(shares) -> str:
    """How many samples of each generator lie nearer to a training call than all but one in a
    hundred held-out calls do; shares: by name."""
    names = [name for name in GENERATORS if name in shares]
    return (
        "**Copias sueltas.** Proporción de muestras que quedan más cerca de una llamada de "
        "entrenamiento que el 99 % de las llamadas de prueba (llamadas nuevas como las reales "
        "darían un 1 %): "
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
    margin = (
        f"margen: nivel a menos de {ALIKE['level']} desviaciones, desviación de {ALIKE['lowest']} "
        f"a {ALIKE['highest']} veces"
    )
    if apart:
        return f"fuera del margen, frente a las reales: {', '.join(apart)} ({margin})"
    return f"nivel medio y desviación: dentro del margen, en todos ({margin})"


def codes(numbers) -> str:
    """What the VAE's codes say of SNR, start frequency and group; numbers: measures by name."""
    told = []
    for measure, text in (
        ("ordered snr_db", "la SNR"),
        ("ordered start_hz", "la frecuencia inicial"),
    ):
        share = numbers[measure]
        part = f"el {100 * share:.0f} %" if share >= 0.01 else "nada"
        told.append(f"{part} de la varianza de {text}")
    times = numbers["group purity"] / numbers["group chance"]
    return (
        "¿Ordena el código lo que se ve en los mapas? Los diez códigos más cercanos de *otros* "
        f"grupos explican {' y '.join(told)}. De los diez vecinos de una llamada, son de su mismo "
        f"grupo el {100 * numbers['group purity']:.0f} %, {times:.1f} veces lo que daría el azar."
    )


def copies(p_values) -> str:
    """Whether the test of copying finds the planted copies, and whom else."""
    limit = checkpoint.RULE["copying"]
    whole, alone = p_values.loc[judging.COPIES, ["p, clip entero", "p, llamada sola"]]
    caught = [name for name in measured(p_values) if p_values.loc[name, "p, llamada sola"] < limit]
    hidden, found = ("se descubren" if p < limit else "pasan por nuevas" for p in (whole, alone))
    text = (
        f"Con clips enteros las copias {hidden} (p = {whole:.2f}); con la llamada sola {found} "
        f"({_p(alone)}). Rechazados por el examen: {named(caught)}."
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
    """What as many synthetic calls beside many real ones change: mean, low, high by name."""
    names = [name for name in (*GENERATORS, "pca_gaussian", judging.COPIES) if name in gain.index]
    rows = gain.loc[names].dropna()
    return (
        f"Sumar otras tantas sintéticas a {size} reales, apareado por partición, cambia la ROC AUC "
        f"en {_listed(rows)}; el intervalo queda por encima de cero en "
        f"{int((rows['low'] > 0).sum())} y por debajo en {int((rows['high'] < 0).sum())} de "
        f"{len(rows)}. Con pocas reales puede ser distinto: lo mide la "
        "[Etapa 4](04_augmentation.ipynb)."
    )


def rejection(rate, change) -> str:
    """What the filter throws away, and what that does to usefulness; change: of
    `checkpoint.filtered`."""
    sure = [name for name, row in change.iterrows() if row["low"] > 0 or row["high"] < 0]
    few, many = (f"{100 * pick(rate):.0f}" for pick in (min, max))
    thrown = f"un {few}" if few == many else f"del {few} al {many}"
    return (
        f"Se desecha {thrown} % de las muestras. La utilidad cambia, apareada por partición: "
        f"{_listed(change)}; el intervalo deja fuera el cero en: {named(sure)}. En la Etapa 4 no "
        f"se usa el filtro."
    )


def verdict(decision, margins, seconds, collapsed, size) -> str:
    """Who does not go on and why, who does, and what training costs: a list; margins: of
    `checkpoint.margins`."""
    reasons = {
        "trained": "colapsa",
        "no_copies": "no pasa el examen de copia",
        "covers": "cubre poco",
        "useful": "su utilidad queda {} por debajo del suelo (antes de redondear)",
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
