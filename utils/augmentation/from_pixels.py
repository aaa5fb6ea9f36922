"""Would a network that learns from the spectrogram itself profit more? A CNN without fixed ridges.

All other detectors of the study see the ridges of `sound.features`, which nobody learned.
Secondary, and frozen before its rows were run: `whales study from-pixels` trains
`neural.SpectrogramCNN` on the seeds and clips of study.csv and fills from_pixels.csv; rows resume.
"""

from collections.abc import Iterator

import pandas as pd
from sklearn.metrics import roc_auc_score

from utils.augmentation import arms, study
from utils.statistics import comparison

SIZES, SEEDS = study.PROTOCOL["control_sizes"], range(10)
ARMS = (arms.REAL, "classical", "vae_filtered", "ocean")
SETTINGS = {"steps": 240, "batch_size": 32, "learning_rate": 5e-3, "filters": 12, "dropout": 0.4}
KEY = ("seed", "n_positive", "arm")
TABLE = "from_pixels"


def run(place: study.Study) -> pd.DataFrame:
    """Return the ROC AUC of a SpectrogramCNN on the test sides of a Study: a row a seed, size and
    arm, running what is missing."""
    made = [study.settings_of(place.settings, arm, "cnn") for arm in ARMS]
    content = f"{made} {SETTINGS} {SIZES}"
    return study.by_seed(place, TABLE, content, _scored, keys=KEY, seeds=SEEDS)


def _scored(place, seed) -> Iterator[dict]:
    """The rows of `run` of a seed."""
    from utils.models import neural  # it brings Keras

    test = place.split(seed).test
    for size in SIZES:
        for arm in ARMS:
            cell = place.cell(seed, size, arm)
            with place.trained_anew():
                training = place.prepare(cell)[0]
            training, held_out = place.held_out(cell, training, place.bench.features)
            model = neural.SpectrogramCNN(seed=seed, **SETTINGS)
            model.fit(training.features, training.labels, held_out)
            score = model.predict_proba(place.bench.features[test])
            auc = round(float(roc_auc_score(place.labels[test], score)), 6)
            yield dict(zip(KEY, (seed, size, arm), strict=True)) | {"roc_auc": auc}


def against_real(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean, low and high of each arm minus the real calls alone, paired by seed: index arm,
    columns n_positive; rows: of `run`."""
    found = comparison.against_one(rows, "arm", arms.REAL)
    return found.reindex([arm for arm in ARMS if arm in found.index])
