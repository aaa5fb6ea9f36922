"""What the exploration found, in Spanish: sentences and titles whose wording follows the numbers.

Each function takes an `exploration.Exploration`; those that need it, the data set as well.
"""

import numpy as np

from utils import plotting
from utils.eda import cues as trivial
from utils.eda import exploration
from utils.narrative import beside_chance, effect_word, near_word, percent, separation_word
from utils.statistics import evaluation

NO_TRUTH = (  # the link is mended where the notebook lies in reports/<name>/
    "Este conjunto no trae la verdad de sus llamadas (ni SNR ni contorno), así que esta sección no "
    "tiene nada que medir; véase el "
    "[cuaderno de los clips simulados](../notebooks/00_eda.ipynb)."
)


def summary(found) -> str:
    """The findings that open the notebook, as a list."""
    balance, purity, twins = (found.numbers[topic] for topic in ("balance", "purity", "twins"))
    strongest, areas = found.effects.index[0], found.numbers["roc_auc"]
    lines = [
        f"**Clases.** {balance['calls']:.0f} de {balance['clips']:.0f} clips llevan llamada "
        f"({percent(balance['share'])}); en el 80 % central de los grupos, entre "
        f"{percent(balance['share_low'])} y {percent(balance['share_high'])}.",
        f"**Lo que separa.** El descriptor con más efecto es *"
        f"{plotting.descriptor_title(strongest)}* (d = {found.effects[strongest]:.2f}); todos "
        f"juntos, con todos los clips y en grupos nunca vistos, dan ROC AUC "
        f"{areas['together']:.2f}.",
        f"**Lo que engaña.** Casi sin oír la llamada, la pista más fuerte "
        f"({plotting.cue_title(found.floor.idxmax())}) llega a {found.floor.max():.2f} en grupos "
        f"nunca vistos{_where(found)}. {_leak(found)}",
        f"**Quién se parece a quién.** De los diez clips más parecidos a uno dado, "
        f"son de su grupo el {beside_chance(purity['group'], purity['group_chance'])}.",
        f"**Repetidos.** {_copies(twins)}",
    ]
    if "auc by snr" in found.numbers.index.get_level_values("topic"):
        area = found.numbers["auc by snr"]
        lines.append(
            f"**Lo difícil.** De las llamadas con menos SNR a las que más tienen, la ROC AUC va "
            f"de {area.iloc[0]:.2f} a {area.iloc[-1]:.2f}."
        )
    return "\n".join(f"- {line}" for line in lines)


def _where(found) -> str:
    return " de los clips emparejados" if found.measured == "matched" else ""


def _leak(found) -> str:
    cue = found.leak.idxmax()
    honest, leaky = _floors(found, cue)
    return (
        f"Repartir los clips al azar en vez de por grupos cambia en {leaky - honest:+z.2f} la ROC "
        f"AUC de la pista *{plotting.cue_title(cue)}*."
    )


def _floors(found, cue) -> tuple:
    """What a cue reaches on group-wise and on random splits, rounded as it is shown."""
    area = found.floor[cue]
    return round(area, 2), round(area + found.leak[cue], 2)


def _copies(twins) -> str:
    exact = f"{twins['exact']:.0f} clips son copia exacta de otro" if twins["exact"] else (
        "Ningún clip es copia exacta de otro"
    )  # fmt: skip
    near = f"{percent(twins['near_share'])} de los clips" if twins["near_share"] else "ninguno"
    return f"{exact}; casi iguales (correlación de más de {exploration.NEAR_DUPLICATE}), {near}."


def slopes_title(found, labels) -> str:
    """How the most prominent track of a clip rises in either class, whatever the examples."""
    none, call = found.descriptors["track_slope_hz_s"].groupby(labels).median()
    return (
        f"Pendiente mediana de la línea más nítida, en todos los clips:\n{call:+.0f} Hz/s con "
        f"llamada y {none:+.0f} Hz/s sin ella"
    )


def balance_title(found) -> str:
    """How much more than by chance the share of calls differs between groups."""
    balance = found.numbers["balance"]
    times = balance["share_sd"] / balance["share_sd_chance"]
    if times < 1.5:
        return "La proporción de llamadas varía entre grupos apenas más que por azar"
    return f"La proporción de llamadas varía entre grupos {times:.1f} veces lo esperable por azar"


def balance(found) -> str:
    """Spread of the share of calls, and how labels run in time."""
    balance = found.numbers["balance"]
    return (
        f"De {balance['clips']:.0f} clips en {balance['groups']:.0f} grupos, "
        f"{balance['calls']:.0f} llevan llamada. La desviación típica de su proporción entre "
        f"grupos es {percent(balance['share_sd'])}; con clips independientes sería "
        f"{percent(balance['share_sd_chance'])}. Dentro de un grupo, un clip tiene la etiqueta "
        f"del anterior en el {percent(balance['same_as_previous'])} de los casos (por azar, "
        f"{percent(balance['same_as_previous_chance'])})."
    )


def loudness_title(found) -> str:
    """The effect of loudness, the larger of its measures."""
    loudness = found.numbers["loudness"]
    d = max(loudness[[name for name in loudness.index if name.startswith("effect_")]], key=abs)
    return f"El efecto del volumen es {effect_word(d)} (d = {d:.2f}), y las clases se solapan"


def loudness(found, dataset) -> str:
    """Duration and level."""
    numbers = found.numbers["loudness"]
    return _length(dataset) + (
        "Sin audio no se puede medir el nivel RMS; queda el del espectrograma, que depende de cómo "
        "se normalizó cada clip."
        if dataset.audio is None
        else f"El nivel RMS mediano es de {numbers['rms_db_call']:.1f} dB con llamada y de "
        f"{numbers['rms_db_none']:.1f} dB sin ella."
    )


def _length(dataset) -> str:
    """Whether the clips' length could tell the classes apart."""
    seconds = dataset.times[-1] - dataset.times[0]
    text = f"Todos los clips tienen {len(dataset.times)} columnas de tiempo (unos {seconds:.0f} s)"
    if dataset.seconds is None:
        return f"{text}. "
    if trivial.lengths_differ(dataset):
        medians = [np.median(dataset.seconds[dataset.labels == value]) for value in (1, 0)]
        return (
            f"{text}, pero al leerlos se recortaron o se rellenaron: los ficheros con llamada "
            f"duraban {medians[0]:.1f} s de mediana y los demás {medians[1]:.1f} s. Esa duración "
            "es una pista más, y figura entre las triviales. "
        )
    return f"{text}: la duración no es una pista. "


def mean_title(found, dataset) -> str:
    """The largest differences of the mean spectrograms: a rise and, if it is larger, a fall."""
    peak = found.numbers["mean difference"]
    rise = f"Con llamada, hasta {peak['rise']:+.1f} ({dataset.unit}) hacia {peak['rise_hz']:.0f} Hz"
    if -peak["fall"] <= peak["rise"]:
        return rise
    return (
        f"{rise}; el cambio mayor es una bajada: {peak['fall']:+.1f} hacia {peak['fall_hz']:.0f} Hz"
    )


def mean_difference(found, dataset) -> str:
    """Whether the mean difference is the call's or the background's."""
    peak, (low, high) = found.numbers["mean difference"], dataset.call_band
    text = (
        f"En la banda de la llamada ({low:.0f} a {high:.0f} Hz) la mayor subida es "
        f"{peak['rise']:+.1f} ({dataset.unit}), a {peak['rise_hz']:.0f} Hz y "
        f"{peak['rise_seconds']:.1f} s. "
    )
    if -peak["fall"] <= peak["rise"]:
        return text + "Ninguna bajada la supera."
    return text + (
        f"Pero cambia más lo que *falta*: {peak['fall']:+.1f} hacia {peak['fall_hz']:.0f} Hz. Una "
        "llamada no quita energía: esa diferencia es del fondo (o de la escala de cada clip), y un "
        "detector puede apoyarse en ella sin oír nada."
    )


def effects_title(found) -> str:
    """How many descriptors differ much."""
    least = evaluation.LARGE_EFFECT
    large = int((found.effects.abs() >= least).sum())
    return f"{large} de {len(found.effects)} descriptores difieren mucho (|d| ≥ {least})"


def single_title(found) -> str:
    """How far one descriptor goes."""
    best = found.numbers["roc_auc", "best_single"]
    return f"Las clases se solapan: el mejor descriptor, solo, da ROC AUC {best:.2f}"


def together(found, names) -> str:
    """How far all descriptors go, and which of those shown speak of the background."""
    bands = [plotting.descriptor_title(n) for n in names if n.startswith("level_")]
    text = (
        f"Un bosque pequeño con los {len(found.effects)} descriptores, evaluado en grupos que no "
        f"ha visto, da ROC AUC {found.numbers['roc_auc', 'together']:.2f}. "
    )
    if not bands:
        return text + "Entre los de arriba no hay niveles de banda."
    these = "también describen el fondo estos descriptores" if len(bands) > 1 else (
        "también describe el fondo este descriptor"
    )  # fmt: skip
    return text + f"Ojo: {these}: {' y '.join(bands)}."


def variance_title(found) -> str:
    """How much the components explain."""
    variance = found.numbers["variance"]
    return f"{variance['components']:.0f} componentes explican {percent(variance['all'])} del total"


def variance(found) -> str:
    """How little fits in a plane."""
    variance = found.numbers["variance"]
    return (
        f"La primera componente explica el {percent(variance['first'])} de la varianza, y las dos "
        f"primeras, el {percent(variance['two'])}: un plano lineal deja fuera el "
        f"{percent(1 - variance['two'])}."
    )


def purity(found) -> str:
    """Neighbour purity by class and by group beside chance, and what follows."""
    purity = found.numbers["purity"]
    text = (
        f"De la misma **clase** son el {beside_chance(purity['class'], purity['class_chance'])}; "
        f"del mismo **grupo**, el {beside_chance(purity['group'], purity['group_chance'])}. "
    )
    if purity["group"] < 1.5 * purity["group_chance"]:
        return text + "El grupo apenas deja huella en los espectrogramas."
    return text + (
        "También el grupo deja huella: un clip se parece a sus compañeros de grupo más de lo que "
        "le toca, y si ellos están en entrenamiento y él en prueba, esa huella regala puntos."
    )


def groups_title(found) -> str:
    """The maps' claim, measured with all components."""
    purity = found.numbers["purity"]
    times = purity["group"] / purity["group_chance"]
    return (
        f"Entre los diez vecinos de un clip (50 componentes), los de su grupo son {times:.0f} "
        "veces los que daría el azar"
    )


def plane(name, points, reference, sample) -> str:
    """How the purity of a map (n, 2) compares with that of the components it was made from."""
    found, kept = (exploration.purity(values, sample) for values in (points, reference))
    word = near_word(found["class"], kept["class"], 0.15)
    text = f"{name}: la pureza de clase queda {word} la de partida"
    if found["class"] <= found["class_chance"]:
        text += " y no supera la del azar"
    return text


def twins_title(found) -> str:
    """The correlation of the most similar pair."""
    highest = found.numbers["twins", "highest"]
    return f"Los dos pares más parecidos: la correlación llega a {highest:.2f}"


def twins(found) -> str:
    """Exact and near duplicates, and whose they are."""
    twins, purity = found.numbers["twins"], found.numbers["purity"]
    return (
        f"{_copies(twins)} La correlación mediana de un clip con el más parecido es "
        f"{twins['median']:.2f}. El más parecido es del mismo grupo en el "
        f"{beside_chance(twins['same_group'], purity['group_chance'])} y de la misma clase en el "
        f"{beside_chance(twins['same_class'], purity['class_chance'])}."
    )


def cues_title(found) -> str:
    """The floor."""
    return (
        f"Casi sin oír la llamada se llega a ROC AUC {found.floor.max():.2f} en grupos nuevos"
        + (", ya emparejados los clips" if found.measured == "matched" else "")
    )


def cues(found) -> str:
    """Each trivial cue by group and at random, on the clips that models are compared on."""
    lines = []
    for cue, area in found.floor.items():
        honest, leaky = _floors(found, cue)
        lines.append(
            f"- **{plotting.cue_title(cue)}**: {honest:.2f} por grupos ({separation_word(area)}); "
            f"al azar, {leaky:.2f} ({leaky - honest:+z.2f})."
        )
    if "clip order" not in found.floor:
        lines.append(
            "- El lugar en la serie y la etiqueta del vecino no se miden: los nombres de los "
            "ficheros ordenan los clips por clase, no por tiempo."
        )
    return "\n".join(lines)


def matching(found) -> str:
    """How the floor changes where clips are matched."""
    if found.measured == "all":
        return "Aquí no hay clips emparejados: el suelo es el de todos los clips."
    before, after = found.numbers["cue, all, group"], found.floor
    cue = (before - after).abs().idxmax()
    rest = "; ".join(
        f"{plotting.cue_title(name)}, de {before[name]:.2f} a {after[name]:.2f}"
        for name in after.index
        if name != cue
    )
    return (
        f"De todos los clips a los emparejados, la pista que más cambia es "
        f"*{plotting.cue_title(cue)}*: de {before[cue]:.2f} a {after[cue]:.2f}. Las demás: {rest}."
    )


def hard_title(dataset, chosen) -> str:
    """How far the true contours stand out of the spectrograms, first and last of the chosen."""
    truth, above = dataset.truth, []
    for clip in (chosen[0], chosen[-1]):
        line = exploration.call_contour(truth.loc[clip], dataset.times)
        image = dataset.spectrograms[clip]
        above.append(exploration.prominence(image, dataset.frequencies, line))
    return (
        f"Sobre su fondo, el contorno destaca {above[0]:.0f} {dataset.unit} en la llamada más "
        f"débil y {above[1]:.0f} en la más fuerte"
    )


def snr_title(found) -> str:
    """From the faintest to the strongest calls."""
    area = found.numbers["auc by snr"]
    verb = "sube" if area.iloc[-1] > area.iloc[0] else "baja"
    return (
        f"De las llamadas más débiles a las más fuertes, la ROC AUC {verb} de {area.iloc[0]:.2f} "
        f"a {area.iloc[-1]:.2f}"
    )


def sources(found, dataset) -> str:
    """Which other source hides calls most, and how often it sounds in either class."""
    area = found.numbers["auc beside"].drop("none")
    worst = area.idxmin()
    share = dataset.truth[worst].groupby(dataset.labels).mean()
    text = (
        f"Sin otra fuente la ROC AUC es {found.numbers['auc beside', 'none']:.2f}; la más baja, "
        f"{area[worst]:.2f}, es la de las llamadas con *{plotting.SOURCES[worst]}*. Esa fuente "
        f"suena en el {percent(share[0])} de los clips sin llamada y en el {percent(share[1])} de "
        "los que la llevan"
    )
    if area[worst] < 0.5:
        return f"{text}: el bosque la toma por señal de que no hay llamada, y yerra cuando la hay."
    return f"{text}."


def rules(found) -> str:
    """What the splits must respect."""
    balance, purity, twins = (found.numbers[topic] for topic in ("balance", "purity", "twins"))
    lines = [
        f"**El grupo entero, de un lado.** Entre los vecinos de un clip, los de su grupo son "
        f"{purity['group'] / purity['group_chance']:.1f} veces los que daría el azar. "
        f"{_leak(found)}",
        f"**Estratificar.** La proporción de llamadas va de {percent(balance['share_low'])} a "
        f"{percent(balance['share_high'])} en el 80 % central de los grupos: cada lado necesita "
        "las dos clases"
        + (", y los modelos se comparan en los clips emparejados." if found.measured == "matched"
           else "."),
        f"**Un suelo al lado de cada nota.** Un modelo que no supere {found.floor.max():.2f} no ha "
        "demostrado que oiga la llamada; superarlo es necesario, no suficiente, porque el fondo de "
        "todo el clip también se aprende.",
        "**Ninguna copia a los dos lados.** " + (
            f"Hay {twins['exact']:.0f} clips repetidos: hay que dejar uno de cada."
            if twins["exact"]
            else "No hay copias exactas que quitar."
        ),
        f"**Normalizar sin mirar la prueba.** El volumen, por sí solo, "
        f"{separation_word(found.floor['loudness'])}: se quita clip a clip, o con estadísticos del "
        "lado de entrenamiento.",
    ]  # fmt: skip
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
