"""README.md and README.en.md: templates in pages/, numbers out of pages/facts.json.

`write_facts` computes the numbers from the committed tables and draws the figures of the first
screen; `render` writes them into the templates in the way of the page's language.
"""

from __future__ import annotations

import json
from functools import partial

import jinja2
import matplotlib.pyplot as plt
import numpy as np

from utils import data, paths, plotting, tables
from utils.augmentation import (
    answer,
    background,
    front,
    joined,
    operating,
    pretrained,
    simulated,
    study,
    summary,
)
from utils.errors import UserError
from utils.models.generators import registry
from utils.sound.spectrograms import resize_axis
from utils.statistics import comparison

PAGES = {"README.md": "es", "README.en.md": "en"}
REAL = data.PUBLISHED
DECIMAL = {"es": ",", "en": "."}
WORDS = {
    "es": {
        "all": "todas las llamadas reales",
        "ocean": "+ aumento clásico e hidrófono simulado",
        "zero": "ninguna real: solo hidrófono simulado",
        "cheap": "+ el mejor aumento barato",
        "real": "llamadas reales solas",
        "learned": "+ el mejor generador entrenado con ellas",
        "birdnet": "regresión logística sobre BirdNET",
        "x": "llamadas reales etiquetadas",
        "y": "ROC AUC en clips de prueba",
    },
    "en": {
        "all": "all real calls",
        "ocean": "+ classical augmentation and simulated hydrophone",
        "zero": "no real call: simulated hydrophone alone",
        "cheap": "+ best cheap augmentation",
        "real": "real calls alone",
        "learned": "+ best generator trained on them",
        "birdnet": "logistic regression on BirdNET",
        "x": "labelled real calls",
        "y": "ROC AUC on test clips",
    },
}
STRIP = {
    "es": {"real": "reales", "simulated": "simuladas", "generated": "VAE",
           "x": "tiempo (s)", "y": "frecuencia (Hz)"},
    "en": {"real": "real", "simulated": "simulated", "generated": "VAE",
           "x": "time (s)", "y": "frequency (Hz)"},
}  # fmt: skip
SHOWN = (25, 50)  # calls, of the rows with intervals
COLUMNS, STRIP_CALLS = 6, 50  # clips of a kind in the strip, and calls that its VAE learned from


def facts() -> dict:
    """Return the numbers of the pages, from the committed tables: of the real clips, but for four
    of the simulated ones."""
    found = answer.found(REAL)
    told = front.Front(found)
    primary = study.PROTOCOL["primary"]
    numbers = {
        "auc": {name: _means(told, name) for name in primary["classifiers"]},
        "equivalent": {
            name: {str(n): _worth(told.equivalent(n, name)) for n in SHOWN}
            for name in primary["classifiers"]
        },
    }
    references = {"gain": "real", "over_rival": "rival", "over_classical": "classical"}
    for name, reference in references.items():
        verdicts = told.against(reference)
        numbers[name] = {
            classifier: _told(verdicts.loc[classifier], detectable=True)
            for classifier in primary["classifiers"]
        }
    beside = pretrained.BESIDE
    numbers["classical"] = {
        str(n): _comparison(found.row("classical", n, beside))
        | {"equivalent": _worth(found.equivalents(n, beside).loc["classical"])}
        for n in SHOWN
    }
    numbers["pretrained"] = _pretrained(told)
    strict = operating.stored(REAL)
    for name, score in zip(("recall", "strict_recall"), operating.FALSE_ALARMS, strict=True):
        found_calls = strict.pivot_table(score, "n_positive", "kind")
        numbers[name] = {kind: _by_size(own.dropna()) for kind, own in found_calls.items()}
    for table in background.TABLES:
        left = comparison.where(study.latest(REAL, table), n_positive=25)
        means = _by_size(left.groupby("classifier")["roc_auc"].mean())
        numbers.setdefault("hidden", {})[table] = means
    numbers["boosting"] = round(told.mean("real", 25, "gradient_boosting"), 6)
    whole = told.curve_rows.groupby("seed")["n_positive"].max()
    numbers["all_calls"] = round(whole.mean())
    numbers["curve_end"] = int(found.ends(pretrained.BESIDE)[1])
    imitated = front.Front(answer.found(data.SIMULATED))
    numbers["simulated"] = {
        "pretrained": round(pretrained.curve(imitated.told)[25], 6),
        "classical": round(imitated.mean("classical", 25, pretrained.BESIDE), 6),
    }
    away = operating.stored(data.SIMULATED, operating.LATER)
    away = away.groupby(["kind", "n_positive"])["roc_auc"].mean()
    numbers["elsewhere"] = {
        "real": round(away["real", 400], 6),
        "ocean": round(away["ocean", 0], 6),
    }
    generated = found.against_real
    generated = generated[generated["arm"].isin(answer.GENERATED)]
    generated = generated[generated["classifier"].isin(primary["classifiers"])]
    numbers["generated"] = {
        "comparisons": len(generated),
        **{word: int((generated["verdict"] == word).sum()) for word in ("helps", "harms")},
        "detectable": _by_size(generated.groupby("n_positive")["detectable"].median()),
    }
    return numbers


def _means(told, classifier) -> dict:
    """Mean ROC AUC of a classifier: by line of the figure and size, and what has no line there."""
    curves = told.curves(classifier)
    found = {name: _by_size(curve) for name, curve in curves.items() if name != study.EMBEDDED}
    found["classical"] = _by_size(
        {n: told.mean("classical", n, classifier) for n in study.PROTOCOL["sizes"]}
    )
    found["all"] = round(told.ceiling(classifier), 6)
    zero = comparison.where(told.told, arm="ocean_prior", n_positive=0, classifier=classifier)
    ends = {name: round(zero["roc_auc"].agg(name), 6) for name in ("min", "max")}
    return found | {"zero": round(zero["roc_auc"].mean(), 6), "zero_ends": ends}


def _by_size(values) -> dict:
    return {str(n): round(value, 6) for n, value in values.items()}


def _worth(calls) -> dict:
    """A number of real calls with its interval."""
    return {name: round(k) for name, k in zip(("k", "low", "high"), calls, strict=True)}


def _pretrained(told) -> dict:
    """Mean ROC AUC of the detector on embeddings by size, and of simulated clips alone (`zero`),
    what it changes by strategy, and the mean of the same classifier on ordinary features."""
    table = pretrained.compared(told.told)
    unheard = comparison.where(study.latest(REAL, "joined"), form=joined.WITHOUT_REAL)
    return {
        "auc": _by_size(pretrained.curve(told.told)),
        "zero": round(unheard["roc_auc"].mean(), 6),
        "equivalent": {str(n): _worth(pretrained.equivalent(told.told, n)) for n in SHOWN},
        "over": {arm: _told(table.loc[arm]) for arm in pretrained.AGAINST},
        "ordinary": round(told.mean("real", 25, "logistic"), 6),
    }


def _told(table, **more) -> dict:
    """The comparisons of a table by size."""
    return {str(n): _comparison(row, **more) for n, row in table.iterrows()}


def _comparison(row, *, detectable: bool = False) -> dict:
    names = ("mean", "low", "high", *(["detectable"] if detectable else []))
    rounded = {name: round(row[name], 6) for name in names}
    return rounded | {"verdict": row["verdict"], "seeds": int(row["seeds"])}


def write_facts() -> None:
    """Write pages/facts.json and the figure of the learning curves, in both languages."""
    text = json.dumps(facts(), indent=1, sort_keys=True)
    tables.write_text(text + "\n", paths.ROOT / "pages" / "facts.json")
    told = front.Front(answer.found(REAL))
    for language, words in WORDS.items():
        plotting.use_style(language)
        figure = front.learning_curves(told, words, DECIMAL[language])
        _save(figure, f"curves_{language}")


def draw_strip(dataset: data.Dataset) -> None:
    """Draw the strip of real, simulated and generated calls from the clips of the study's split 0,
    in both languages."""
    place = study.Study(dataset)
    cell = study.Cell(0, STRIP_CALLS, place.n_sea, "vae", 0.0)
    calls, seas, _ = (place.bench.grid[index] for index in place.drawn(cell))
    alone = place.bank(cell, "calls").grid[:COLUMNS]
    scale = simulated.scale(dataset, study.PROTOCOL["shape"])
    rng = np.random.default_rng(0)
    rows = {
        "real": calls[:COLUMNS],
        "simulated": simulated.calls_in_seas(alone, scale[0], calls, seas, rng, stretched=scale[1]),
        "generated": registry.build("vae").fit(calls, background=seas, seed=0).sample(COLUMNS, 0),
    }
    axes = dataset.frequencies, dataset.times
    frequencies, times = map(resize_axis, axes, study.PROTOCOL["shape"])
    for language, words in STRIP.items():
        plotting.use_style(language)
        _save(front.strip(rows, frequencies, times, words), f"strip_{language}")


def _save(figure, slug) -> None:
    path = paths.ROOT / "figures" / f"front_{slug}.png"
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


def render(page: str) -> str:
    """Return the text of a page of PAGES."""
    folder = paths.ROOT / "pages"
    stored = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
    )
    language = PAGES[page]

    def number(value, digits=3, sign=""):
        return plotting.number(value, digits, sign).replace(",", DECIMAL[language])

    def thousands(calls):  # 1468 in Spanish, 1,468 in English
        return f"{calls:,}" if language == "en" else str(calls)

    environment.filters |= {
        "auc": number,
        "thousands": thousands,
        "worth": lambda k, end: f"{'≥ ' if k >= end else ''}{thousands(k)}",
        "percent": lambda share: f"{100 * share:.0f}",
        "hundredth": partial(number, digits=2),
        "signed": lambda value: summary.signed(value).replace(",", DECIMAL[language]),
    }
    return environment.get_template(f"{page}.jinja").render(stored)


def write(source: str | None) -> None:
    """Write the facts and both pages; source: path of the real clips, to draw the strip anew."""
    if answer.found(REAL) is None:
        raise UserError(f"data/results/{REAL}/study.csv holds no rows; the pages are about them.")
    if source:
        draw_strip(data.load(source))
    write_facts()
    for page in PAGES:
        tables.write_text(render(page), paths.ROOT / page)
