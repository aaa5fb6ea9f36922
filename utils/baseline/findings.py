"""What Checkpoint 1 found, in Spanish: sentences whose wording follows the numbers.

`means` is the mean test ROC AUC of each model, `floor` that of each trivial cue.
"""

from utils import plotting
from utils.models import classifiers
from utils.narrative import ranged
from utils.statistics import evaluation

CAUTION = " **Una pista trivial basta para igualarlo: mire la [Etapa 0](00_eda.ipynb).**"


def floor(means, floor) -> str:
    """What each trivial cue reaches, and the weakest model, which should be above them all."""
    worst = means.idxmin()
    return (
        "; ".join(f"{plotting.cue_title(cue)}: {area:.2f}" for cue, area in floor.items())
        + f". El peor modelo, {plotting.model_title(worst)}: {means[worst]:.2f}."
        + ("" if means[worst] > floor.max() else CAUTION)
    )


def above_floor(summary, floor) -> str:
    """How many models have an interval that lies above the strongest cue."""
    count = int((summary["low"] > floor.max()).sum())
    return f"{count} de {len(summary)} superan con claridad la mejor pista trivial"


def brier(means) -> str:
    """The best and the worst mean Brier score, and whose they are, with ties; means: by model."""
    shown, parts = means.round(3), []
    for which, value in (("el mejor", shown.min()), ("el peor", shown.max())):
        names = [plotting.model_title(name) for name in shown.index[shown == value]]
        parts.append(f"{which} Brier, {value:.3f} ({', '.join(names)})")
    return f"Media de cinco particiones: {'; '.join(parts)}."


def gain_title(curve, names, *, seed) -> str:
    """What some models gain from the fewest to the most clips a class, paired by split; curve: the
    rows of learning_curve.csv."""
    few, many = curve["size"].min(), curve["size"].max()
    wide = curve.pivot_table("roc_auc", "split", ["model", "size"])
    parts = []
    for name in names:
        gain = evaluation.mean_interval(wide[name][many] - wide[name][few])
        parts.append(f"{plotting.model_title(name)} {ranged(*gain)}")
    return f"De {few} a {many} clips por clase: {', '.join(parts)}"


def leak(dealt, table, *, seed) -> str:
    """Whether a random split scores higher than one by group; dealt: of `baseline.leak`, table: of
    baseline.csv."""
    honest = table[table["model"] == "gradient_boosting"]["roc_auc"]
    sides = [evaluation.mean_interval(side) for side in (dealt["roc_auc"], honest)]
    told = [f"**{mean:.3f}** ({low:.3f} a {high:.3f})" for mean, low, high in sides]
    gain = sides[0][0] - sides[1][0]
    if sides[0][1] > sides[1][2]:
        verdict = "es lo que aquí regala la fuga"
    else:
        verdict = "los intervalos se solapan, y con dos medias sin parejas no se sabe si hay fuga"
    return (
        f"Con partición al azar, ROC AUC {told[0]}; por grupos, {told[1]}. Diferencia {gain:+.3f}: "
        f"{verdict}. En otros clips puede pesar más."
    )


def conclusions(means, above, at) -> str:
    """The list that ends the notebook; above: `above_floor`; at: ROC AUC by clips a class (rows)
    and model (columns)."""
    few, many = at.index[0], at.index[-1]
    best, cheap = means.idxmax(), at.drop(columns=[*classifiers.NETWORKS]).loc[few]
    gains = at.loc[many] - at.loc[few]
    return (
        f"- De los detectores, {above}; con todos los clips, la media mayor es la de "
        f"{plotting.model_title(best)} ({means.max():.3f}).\n"
        f"- Con {few} clips por clase, el mejor de los baratos "
        f"({plotting.model_title(cheap.idxmax())}) llega a {cheap.max():.3f} y la CNN a "
        f"{at.loc[few, 'cnn']:.3f}: los clips sintéticos tendrán "
        f"que mejorar al mejor de los dos, no a un rival débil.\n"
        f"- De {few} a {many} clips por clase, la CNN gana {gains['cnn']:.3f} y "
        f"{plotting.model_title(cheap.idxmax())} {gains[cheap.idxmax()]:.3f}: es lo que dan "
        f"{many - few} clips más por clase, ninguno sintético: la vara con que se medirán los "
        "sintéticos."
    )
