"""The detector on BirdNET with something beside it: simulated clips, the project's features, a
forest; and with simulated clips alone.

Secondary, and frozen before its rows were run. How the forms were chosen, on other splits than the
study's (`split_seed` 0; 25, 50 and 100 real calls, ten seeds; ROC AUC against the detector alone):
simulated clips took away 0.040, 0.025 and 0.015, and with a quarter of the weight 0.021, 0.011 and
0.006; embeddings among the features of a Random Forest changed -0.008, -0.002 and 0.001, features
beside the embeddings -0.001 each; the mean log odds with a forest that learned from classical
augmentation gave 0.003, 0.003 and 0.002. `whales study joined` measures one form of each on the
study's splits: joined.csv; rows resume.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.metrics import roc_auc_score

from utils import ocean
from utils.augmentation import simulated, study
from utils.augmentation.pretrained import BESIDE
from utils.data import cache
from utils.models import classifiers, embeddings
from utils.sound import listening
from utils.sound.spectrograms import mel_spectrogram
from utils.statistics import comparison

LEAST = 1e-6  # of a probability, whose log odds are taken
CLIPS, WEIGHT = 600, 0.25  # simulated clips of an ocean, and what each counts beside a real one
ALONE, WITHOUT_REAL = "alone", "simulated clips alone"
FORMS = ("simulated clips", "features in a forest", "mean with a forest")  # with real calls
KEY = ("seed", "n_positive", "form")


def run(place: study.Study) -> pd.DataFrame:
    """Return the ROC AUC of each form on a Study's test sides, running what is missing: a row a
    seed, number of calls and form. UserError if the extra is not installed, or the simulated
    hydrophone can't stand for the clips."""
    embeddings.check()
    simulated.check(place.bench.dataset)
    made = study.settings_of(place.settings, "classical", BESIDE)
    own = study.settings_of(place.settings, "real", study.EMBEDDED)
    content = f"{made} {own} {CLIPS} {WEIGHT} {FORMS} {simulated.REVISION}"
    return study.by_seed(place, "joined", content, _scored, keys=KEY)


def against_alone(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean, low and high of each of FORMS minus the detector alone, paired by seed: index
    form, columns n_positive; rows: of `run`."""
    rows = rows[rows["form"].isin((ALONE, *FORMS))]
    return comparison.against_one(rows, "form", ALONE).reindex(FORMS)


def heard(place: study.Study, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the embeddings (CLIPS, d) and labels of clips of a simulated ocean, which go through
    what the data set's own go through; computed once and kept on disk."""
    dataset, speeds = place.bench.dataset, study.PROTOCOL["classifiers"][study.EMBEDDED]["speeds"]
    settings = simulated.check(dataset)

    def make():
        recordings = ocean.simulate_prior(CLIPS, number)
        audio, rate = recordings.audio, settings.sample_rate
        if dataset.audio is None:
            images = mel_spectrogram(audio, settings)
            if dataset.unit != "dB":
                images = _stretched(images)
            audio, rate = listening.reconstructed(dataset, images, seed=embeddings.SEED)
        yield {
            "embeddings": embeddings.at_speeds(audio, rate, speeds),
            "labels": recordings.labels.astype(np.int8),
        }
        return {}

    what = {"simulated": number, "clips": CLIPS, "settings": repr(settings), "speeds": speeds}
    what |= {"audio": dataset.audio is not None, "unit": dataset.unit, "seed": embeddings.SEED}
    what |= {"model": embeddings.MODEL, "revision": simulated.REVISION}
    arrays = cache.entry(what, make).arrays
    return arrays["embeddings"], arrays["labels"]


def _stretched(images):
    """Each of (n, f, t) images to 0..255."""
    low = images.min((1, 2), keepdims=True)
    return 255 * (images - low) / np.ptp(images, axis=(1, 2), keepdims=True)


def _scored(place, seed):
    """The rows of `run` of a seed."""
    test = place.split(seed).test

    def row(size, form, score):
        auc = roc_auc_score(place.labels[test], score)
        return {"seed": seed, "n_positive": size, "form": form, "roc_auc": round(float(auc), 6)}

    yield row(0, WITHOUT_REAL, _with_simulated(place, seed, np.arange(0), test))
    for size in study.PROTOCOL["primary"]["sizes"]:
        index = np.concatenate(place.drawn(place.cell(seed, size, "real"))[:2])
        alone = _probability(place, seed, size, "real", study.EMBEDDED)
        yield row(size, ALONE, alone)
        yield row(size, FORMS[0], _with_simulated(place, seed, index, test))
        yield row(size, FORMS[1], _forest_of_both(place, seed, index, test))
        forest = _probability(place, seed, size, "classical", BESIDE)
        yield row(size, FORMS[2], _log_odds(alone) + _log_odds(forest))


def _probability(place, seed, size, arm, name):
    cell = place.cell(seed, size, arm)
    return place.judge(cell, place.prepare(cell)[0], name)[1]


def _log_odds(probability):
    return logit(np.clip(probability, LEAST, 1 - LEAST))


def _with_simulated(place, seed, index, test):
    """Probabilities of a logistic regression on embeddings of real clips and of simulated ones,
    which count less where there are real ones."""
    table, labels = heard(place, seed % simulated.OCEANS)
    known = place.embedded
    learned = replace(known[index], table=np.concatenate([known.table[index], table]))
    weights = np.repeat([1.0, WEIGHT if len(index) else 1.0], [len(index), len(table)])
    model = classifiers.build(
        "logistic", seed=seed, C=study.PROTOCOL["classifiers"][study.EMBEDDED]["C"]
    )
    model.fit(learned, np.concatenate([place.labels[index], labels]), None, weights)
    return model.predict_proba(known[test])


def _forest_of_both(place, seed, index, test):
    """Probabilities of a Random Forest on the project's features and the embeddings."""
    both = np.concatenate([place.bench.features.table, place.embedded.table], axis=1)
    known = replace(place.bench.features, table=both)
    model = classifiers.build(BESIDE, seed=seed, **study.PROTOCOL["classifiers"][BESIDE])
    model.fit(known[index], place.labels[index])
    return model.predict_proba(known[test])
