"""What Checkpoint 1 found, in Spanish: sentences whose wording follows the numbers.

`means` is the mean test ROC AUC of each model, `floor` that of each trivial cue.
"""

from utils import plotting

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


def conclusions(means, above, at) -> str:
    """The list that ends the notebook; above: `above_floor`; at: ROC AUC by clips a class (rows)
    and model (columns)."""
    few, many = at.index[0], at.index[-1]
    best, cheap = means.idxmax(), at.drop(columns=["mlp", "cnn"]).loc[few]
    return (
        f"- De los detectores, {above}; con todos los clips, la media mayor es la de "
        f"{plotting.model_title(best)} ({means.max():.3f}).\n"
        f"- Con {few} clips por clase, el mejor de los baratos "
        f"({plotting.model_title(cheap.idxmax())}) llega a {cheap.max():.3f} y la CNN a "
        f"{at.loc[few, 'cnn']:.3f}: los clips sintéticos tendrán "
        f"que mejorar al mejor de los dos, no a un rival débil.\n"
        f"- De {few} a {many} clips por clase, la CNN gana "
        f"{at.loc[many, 'cnn'] - at.loc[few, 'cnn']:.3f}: es lo que dan {many - few} clips reales "
        f"más por clase, la vara con que se medirán los sintéticos."
    )
