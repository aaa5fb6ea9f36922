"""The table behind Checkpoint 3: every generator judged by every measure of `utils.quality`.

Rows (dataset, generator, n_positive, seed, metric, value) go to data/results/<dataset>/quality.csv,
all measures of one generator, size and seed at once, and finished ones are not run again. A seed
names a split by group and draws the training clips, the generator and the samples. Generators learn
from the training side and choose their stopping point on the validation side; they are judged on
the test side, which nothing else has seen.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance
from sklearn.decomposition import PCA

from utils import data, tables
from utils.baseline import baseline
from utils.baseline.baseline import Bench, Run
from utils.errors import CollapseError, UserError
from utils.models import classifiers
from utils.models.generators import registry
from utils.models.generators.references import REFERENCES
from utils.progress import progress
from utils.quality import quality
from utils.sound import call_track, features
from utils.sound.spectrograms import resize_axis

if TYPE_CHECKING:
    from utils.models.generators.base import Generator
    from utils.models.generators.references import MeanNoise, PCAGaussian
    from utils.models.generators.vae import VAE

    Learner = TypeVar("Learner", bound=Generator | MeanNoise | PCAGaussian)

SIZES = (50, 800)  # real positives that a generator learns from
EXAMPLE = 200  # real calls of the one split that the notebooks show
BACKGROUND = 800  # real negatives beside them
SAMPLES = 800
SECONDS = 60  # that a generator takes, trained and judged, on two cores
COMPONENTS = 32  # principal components of the distances
REAL = "real"
COPIES = "copies"  # training calls as the VAE draws them, over other seas: the test must find them
CODES = 16  # principal components of the calls alone
TRAINING = {"steps": 240, "batch_size": 32}  # of the CNNs that judge
REVISION = 2  # raised when the code changes what the rows mean
NAMES = (REAL, *REFERENCES, COPIES, *registry.REGISTRY)
DISTANCES = {"frechet": quality.frechet_distance, "kid": quality.kernel_distance}


@dataclass(frozen=True, eq=False)
class Fold:
    """One split's clips on the model's grid, as every generator of a (size, seed) meets them."""

    calls: np.ndarray  # (n, f, t) training clips with calls
    sea: np.ndarray  # (m, f, t) training clips without
    validation: tuple  # (spectrograms, labels)
    test: tuple
    test_groups: np.ndarray
    call_groups: np.ndarray
    call_index: np.ndarray  # (n,) numbers of the training calls in the data set
    sea_index: np.ndarray
    frequencies: np.ndarray
    times: np.ndarray
    band: tuple[float, float]  # Hz, in which calls are sought

    @property
    def held_out(self) -> np.ndarray:
        """(k, f, t) test clips with calls."""
        return self.test[0][self.test[1] == 1]

    @property
    def held_out_groups(self) -> np.ndarray:
        """(k,) groups of the test clips with calls."""
        return self.test_groups[self.test[1] == 1]

    @property
    def validation_calls(self) -> np.ndarray:
        """(j, f, t) validation clips with calls."""
        return self.validation[0][self.validation[1] == 1]

    def tracked(self, clips: np.ndarray) -> pd.DataFrame:
        """Return the parameters of the call's track in each clip; see `call_track`."""
        return call_track.call_parameters(clips, self.frequencies, self.times, self.band)

    def fit(self, generator: Learner, *, seed: int, **given) -> Learner:
        """Fit a generator on the training clips, with the validation calls; return it."""
        return generator.fit(
            self.calls, background=self.sea, validation=self.validation_calls, seed=seed, **given
        )


def sizes(bench: Bench) -> list[int]:
    """Return the numbers of real positives: SIZES, the last one cut to what every split has.

    ValueError if a split's training side holds fewer than the first of them.
    """
    labels = bench.dataset.labels
    most = min(int(labels[split.train].sum()) for split in bench.splits)
    if most < SIZES[0]:
        raise UserError(
            f"a training side of {bench.dataset.name} holds {most} calls; the quality of generators"
            f" is measured with {SIZES[0]} and more. Add labelled calls."
        )
    return sorted({min(size, most // 50 * 50) for size in SIZES})


def example_size(bench: Bench) -> int:
    """Return the real calls of the notebooks' example: EXAMPLE, or what every split has."""
    return min(EXAMPLE, sizes(bench)[-1])


def fold(bench: Bench, number: int, size: int, *, seed: int | None = None) -> Fold:
    """Return the Fold of a split: `size` training calls and up to BACKGROUND others.

    seed: of the draw of clips; the number of the split if None.
    """
    split, labels, groups = bench.splits[number], bench.dataset.labels, bench.dataset.groups
    n_sea = min(BACKGROUND, int((labels[split.train] == 0).sum()))
    seed = number if seed is None else seed
    train = data.draw(labels, split.train, size, n_sea, seed=seed)
    clips, dataset = bench.grid, bench.dataset
    return Fold(
        calls=clips[train[:size]],
        sea=clips[train[size:]],
        validation=(clips[split.validation], labels[split.validation]),
        test=(clips[split.test], labels[split.test]),
        test_groups=groups[split.test],
        call_groups=groups[train[:size]],
        call_index=train[:size],
        sea_index=train[size:],
        frequencies=resize_axis(dataset.frequencies, clips.shape[1]),
        times=resize_axis(dataset.times, clips.shape[2]),
        band=dataset.call_band,
    )


class Judge:
    """Everything that is learned once a fold, and the measures of samples against it.

    bench, found, seed: a Fold of a Bench, and the number of its split.
    """

    def __init__(self, bench: Bench, found: Fold, seed: int):
        self.bench, self.fold, self.seed = bench, found, seed
        both = np.concatenate([found.calls, found.sea])
        flat = both.reshape(len(both), -1)
        self.pca = PCA(COMPONENTS, svd_solver="randomized", random_state=seed).fit(flat)
        labels = np.repeat([1, 0], [len(found.calls), len(found.sea)])
        self.network = classifiers.build("cnn", seed=seed, **TRAINING)
        self.network.fit(both, labels, found.validation)
        self.sea = features.extract(found.sea)
        self.validation = (features.extract(found.validation[0]), found.validation[1])
        self.test = (features.extract(found.test[0]), found.test[1])

    def spaces(self, clips: np.ndarray) -> dict[str, np.ndarray]:
        """Return the clips as points: principal components, and the CNN's last features."""
        flat = np.asarray(clips).reshape(len(clips), -1)
        return {"pca": self.pca.transform(flat), "cnn": self.network.penultimate(clips)}

    @functools.cached_property
    def vae(self) -> VAE:
        """The fold's VAE: a generator, the network under the diffusion, and a lens on calls."""
        return self.fold.fit(registry.build("vae"), seed=self.seed)

    @functools.cached_property
    def has_lens(self) -> bool:
        """Whether `vae` could be trained."""
        try:
            return self.vae is not None
        except CollapseError:
            return False

    def calls_alone(self, clips: np.ndarray) -> np.ndarray:
        """Return (n, f t): what the VAE takes for the call in each clip, whatever sea is around.

        The sea hides copies: a training call that is drawn over another sea is a new clip.
        """
        return self.vae.decode(self.vae.encode(clips)).reshape(len(clips), -1)

    @functools.cached_property
    def calls(self) -> tuple[PCA, np.ndarray, np.ndarray]:
        """Principal components of calls alone, and those of training and held-out calls."""
        training = self.calls_alone(self.fold.calls)
        pca = PCA(CODES, svd_solver="randomized", random_state=self.seed).fit(training)
        return pca, pca.transform(training), pca.transform(self.calls_alone(self.fold.held_out))

    def nearest_calls(self, clips: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Return (k,) distances of the calls alone to the nearest training one, and its number.

        None for the clips: those of the held-out calls.
        """
        pca, training, held_out = self.calls
        points = held_out if clips is None else pca.transform(self.calls_alone(clips))
        return quality.nearest_distances(points, training)

    def closest(self, clips: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the least distance from a call alone to a training one, and the two, (f, t) each,
        of the half of the clips whose calls are the loudest."""
        distances, owners = self.nearest_calls(clips)
        alone = self.vae.decode(self.vae.encode(clips))
        loud = alone.max((1, 2)) >= np.median(alone.max((1, 2)))
        index = np.where(loud, distances, np.inf).argmin()
        trained = self.vae.decode(self.vae.encode(self.fold.calls[[owners[index]]]))[0]
        return distances[index], alone[index], trained

    def copied(self, clips: np.ndarray) -> dict[str, float]:
        """Return the measures of copying of clips, as they are and of the calls alone; without the
        latter if the VAE, the lens on them, collapsed."""
        found = quality.copying(self.training["pca"], self.real["pca"], self.spaces(clips)["pca"])
        if not self.has_lens:
            return found
        pca, training, held_out = self.calls
        drawn = pca.transform(self.calls_alone(clips))
        alone = quality.copying(training, held_out, drawn)
        return found | {f"{name}_alone": value for name, value in alone.items()}

    @functools.cached_property
    def real(self) -> dict[str, np.ndarray]:
        """The points of the held-out calls."""
        return self.spaces(self.fold.held_out)

    @functools.cached_property
    def training(self) -> dict[str, np.ndarray]:
        """The points of the training calls."""
        return self.spaces(self.fold.calls)

    def fidelity(self, clips: np.ndarray) -> dict[str, float]:
        """Return distances, density and coverage of clips, as many as there are held-out calls."""
        found = {}
        for space, points in self.spaces(clips[: len(self.fold.held_out)]).items():
            for name, measure in DISTANCES.items():
                found[f"{name}_{space}"] = measure(self.real[space], points)
            cover = quality.density_and_coverage(self.real[space], points)
            found |= {f"{name}_{space}": value for name, value in cover.items()}
        return found

    def two_sample(self, clips: np.ndarray, sources: np.ndarray) -> float:
        """Return how well a CNN tells clips from held-out calls."""
        count = len(self.fold.held_out)
        return quality.two_sample_auc(
            self.fold.held_out,
            self.fold.held_out_groups,
            clips[:count],
            sources[:count],
            seed=self.seed,
            batch_size=TRAINING["batch_size"],
        )

    @functools.cached_property
    def detector(self) -> Run:
        """A CNN that learned from all calls of the split's training side, and not only from those
        that the generators see; it says whether samples are calls."""
        return baseline.run(self.bench, self.seed, "cnn")

    def useful(self, clips: np.ndarray) -> float:
        """Return the test ROC AUC of a CNN that learned from these clips and the real sea."""
        return quality.usefulness(
            clips, self.sea, self.validation, self.test, seed=self.seed, **TRAINING
        )

    @functools.cached_property
    def real_parameters(self) -> pd.DataFrame:
        """The tracked parameters of the held-out calls."""
        return self.fold.tracked(self.fold.held_out)

    def truth(self, clips: np.ndarray) -> dict[str, float]:
        """Return the Wasserstein distance of each tracked parameter to the held-out calls'."""
        real, drawn = self.real_parameters, self.fold.tracked(clips)
        return {
            f"wasserstein_{name}": wasserstein_distance(real[name].dropna(), drawn[name].dropna())
            for name in call_track.COLUMNS
        }

    def against_calls(self, clips: np.ndarray, sources: np.ndarray) -> dict[str, float]:
        """Return how alike clips are to the held-out calls, and what they teach."""
        found = self.fidelity(clips)
        found["two_sample_auc"] = self.two_sample(clips, sources)
        found["usefulness"] = self.useful(clips)
        return found | self.truth(clips)

    def judge(self, clips: np.ndarray, sources: np.ndarray) -> dict[str, float]:
        """Return all measures of (m, f, t) samples; sources (m,): what samples share clips by."""
        found = self.against_calls(clips, sources) | self.copied(clips)
        found["taken"] = self.detector.taken(clips)
        extra = clips[: len(self.fold.calls)]
        found["topped_up"] = self.useful(np.concatenate([self.fold.calls, extra]))
        return found

    def ceiling(self) -> dict[str, float]:
        """Return the measures of real training calls, copying by the validation calls, and the
        shares of test clips, with a call and without, that are taken for calls."""
        found = self.against_calls(self.fold.calls, self.fold.call_groups)
        found["taken"] = self.detector.taken(self.fold.held_out)
        found["taken_sea"] = self.detector.taken(self.fold.test[0][self.fold.test[1] == 0])
        return found | self.copied(self.fold.validation_calls)


def trained(name: str, judge: Judge) -> Generator:
    """Return a generator of the registry that learned from the judge's fold."""
    if name == "vae":
        return judge.vae
    generator = registry.build(name)
    given = {"autoencoder": judge.vae} if generator.borrows == "vae" else {}
    return judge.fold.fit(generator, seed=judge.seed, **given)


def generate(
    name: str, judge: Judge, n_samples: int = SAMPLES
) -> tuple[np.ndarray, np.ndarray, float]:
    """Fit a generator on the judge's fold; return its samples, what of the sea is in each, and the
    seconds that training and sampling took."""
    found, seed = judge.fold, judge.seed
    start = time.perf_counter()
    if name in REFERENCES:
        generator = found.fit(REFERENCES[name](), seed=seed)
        clips, sources = generator.sample(n_samples, seed=seed), np.arange(n_samples)
        return clips, sources, time.perf_counter() - start
    if name == COPIES:
        generator = registry.build("vae", density="copies")
        found.fit(generator, seed=seed, autoencoder=judge.vae)
    else:
        generator = trained(name, judge)
    start = time.perf_counter()
    clips, sources = generator.sample_with_seas(n_samples, seed=seed)
    return clips, sources, generator.seconds + time.perf_counter() - start


def measures(judge: Judge, name: str) -> dict[str, float]:
    """Return a dict of all measures of one generator, trained on the judge's fold."""
    if name == REAL:
        return judge.ceiling()
    try:
        clips, sources, seconds = generate(name, judge)
    except CollapseError:
        return {"collapsed": 1.0}
    return {"collapsed": 0.0, "seconds": seconds} | judge.judge(clips, sources)


def jobs(
    bench: Bench,
    *,
    generators: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    table_sizes: Sequence[int] | None = None,
) -> list[tuple[int, int, str]]:
    """Return the (size, split, generator) of quality.csv, or of a part of it, largest size first.

    All references count at the largest size; at the other, no floor but the stronger one.
    """
    allowed, every = sizes(bench), range(len(bench.splits))
    fewer = [name for name in NAMES if name not in (COPIES, "noise")]
    return [
        (size, seed, name)
        for size in reversed(table_sizes or allowed)
        for seed in (seeds or every)
        for name in (generators or (NAMES if size == allowed[-1] else fewer))
    ]


def contents(bench: Bench) -> dict[str, str]:
    """Return {name: what its rows follow from}: the clips, this code, the generator's settings, and
    those of the VAE, which is the lens on copies."""
    return {
        name: f"{bench.content}-{REVISION}-{tables.digest(registry.described({name, 'vae'}))}"
        for name in NAMES
    }


def stored_rows(bench: Bench) -> pd.DataFrame:
    """Return the rows of quality.csv that belong to a bench, this code and the generators'
    settings."""
    path, keys = bench.results("quality"), [*_JOB, "metric"]
    stored = tables.rows(path, contents(bench), keys=keys, by="generator")
    return stored.reindex(columns=[*_COLUMNS, "content"])


def waiting(bench: Bench, **part) -> list[tuple[int, int, str]]:
    """Return those of `jobs` that have no rows yet."""
    done = set(stored_rows(bench)[list(_JOB)].itertuples(index=False, name=None))
    return [job for job in dict.fromkeys(jobs(bench, **part)) if job not in done]


def quality_table(bench: Bench, **part) -> pd.DataFrame:
    """Return the rows of quality.csv, or of a part of it (see `jobs`), running what is missing."""
    path, made, judge = bench.results("quality"), contents(bench), None
    for size, seed, name in progress(waiting(bench, **part), f"{bench.dataset.name}: quality"):
        if judge is None or (len(judge.fold.calls), judge.seed) != (size, seed):
            judge = Judge(bench, fold(bench, seed, size), seed)
        rows = pd.DataFrame(measures(judge, name).items(), columns=["metric", "value"])
        key = {"dataset": bench.dataset.name, "generator": name, "n_positive": size, "seed": seed}
        rows = rows.assign(**key, value=rows["value"].round(5))[list(_COLUMNS)]
        tables.append(rows.assign(content=made[name]), path)
    stored, asked = stored_rows(bench), set(jobs(bench, **part))
    found = stored[list(_JOB)].itertuples(index=False, name=None)
    return stored[[job in asked for job in found]].reset_index(drop=True)


_JOB = ("n_positive", "seed", "generator")
_COLUMNS = ("dataset", "generator", "n_positive", "seed", "metric", "value")
