"""Checkpoint 4: what the study's rows say of one data set, computed once and kept in answer.csv.

A row of answer.csv is a paired comparison: an arm against `real` alone (reference real), or a
generator against the best cheap rival of its place (reference: that rival's name), with its
interval, its adjusted p and its verdict, whether a gain that matters is ruled out (gain_excluded,
and p_gain: see `comparison.verdicts`), and at ANSWER_SIZE the real-equivalents.
"""

import functools
import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from utils import data, paths, tables
from utils.augmentation import arms, study
from utils.errors import UserError
from utils.models.generators import registry
from utils.statistics import comparison

CHEAP = study.PROTOCOL["primary"]["against"]
GENERATED = (*registry.REGISTRY, "hybrid")
WITHOUT_GAN = tuple(name for name in GENERATED if name != "gan")  # the weakest, told apart
GROUPS = {  # of arms whose verdicts are counted
    "generated": GENERATED,
    "generated_without_gan": WITHOUT_GAN,
    "cheap": CHEAP,
    "oracle": (arms.ORACLE,),
}
ANSWER_SIZE, NEXT_SIZE = 50, 100  # real calls of the headline, and what labelling more is told by
CLASSIFIERS = study.PROTOCOL["width_classifiers"]  # of the headline
PUBLISHED = (data.SIMULATED, data.PUBLISHED)
SEED = 0  # of the bootstraps
OVERLAPS = (0.0, 0.1, comparison.OVERLAP, 0.35, 1.0)  # the third is the study's


@dataclass(frozen=True, eq=False)
class Answer:
    """The rows of one data set and what follows from them.

    attempted: with those that failed. calls: {seed: calls of its training side}, by which a size
    that a seed can't have is told from one that is still to be run; None: all seeds have all sizes.
    """

    name: str
    attempted: pd.DataFrame
    calls: Mapping[int, int] | None = None

    @functools.cached_property
    def rows(self) -> pd.DataFrame:
        """The rows that did not fail."""
        return self.attempted[self.attempted["error"].isna()]

    @property
    def settings(self) -> str:
        """The part of the settings' hash that all rows have in common."""
        return study.common_settings(self.attempted).iloc[0]

    @functools.cached_property
    def main(self) -> pd.DataFrame:
        """The rows of the main part of the protocol that did not fail: of whole batches of seeds,
        or, while there is none, of the seeds that have been run."""
        tried = self._begun(study.select(self.attempted, "main"))
        ended = self._ended(tried)
        return _fine(tried, study.whole_batches(ended) or ended)

    @functools.lru_cache(maxsize=8)  # noqa: B019 - an answer lives as long as its notebook
    def part(self, name: str, arm: str | None = None) -> pd.DataFrame:
        """Return the rows of another of study.PARTS that did not fail, of one arm or of all: by
        classifier, of whole batches of seeds, or, while there is none, all."""
        tried = study.select(self.attempted, name)
        tried = tried if arm is None else comparison.where(tried, arm=arm)
        begun = [self._begun(own) for _, own in tried.groupby("classifier")]
        read = [_fine(own, study.whole_batches(self._ended(own)) or own["seed"]) for own in begun]
        return pd.concat(read).sort_index() if read else tried

    def _begun(self, tried):
        """Some rows without those of kinds that hold no whole batch of seeds where others do: an
        arm, a classifier or a size takes no seeds from the others before it holds one."""
        every, kinds = set(tried["seed"]), tried.set_index(_KIND).index
        lacking = self._lacking(tried).groupby(_KIND)["seed"].agg(set).to_dict()
        whole = [
            kind for kind in kinds.unique() if study.whole_batches(every - lacking.get(kind, set()))
        ]
        return tried[kinds.isin(whole)] if whole else tried

    def _lacking(self, tried):
        """The seeds and kinds of rows that are still to be run, if all are to have all kinds."""
        kinds = tried[_KIND].drop_duplicates()
        asked = tried[["seed"]].drop_duplicates().merge(kinds, how="cross")
        if self.calls is not None:
            asked = asked[asked["n_positive"] < asked["seed"].map(self.calls)]
        both = asked.merge(tried[["seed", *_KIND]], how="left", indicator=True)
        return both[both["_merge"] == "left_only"]

    def _ended(self, tried):
        """The seeds that have been run: that lack no row which others have, failed or not."""
        return set(tried["seed"]) - set(self._lacking(tried)["seed"])

    @property
    def seeds(self) -> int:
        """How many seeds hold rows of the main part."""
        return self.main["seed"].nunique()

    @functools.cached_property
    def with_ocean(self) -> pd.DataFrame:
        """The main rows and those of the simulated hydrophone at the same sizes."""
        ocean = self.part("ocean", study.PROTOCOL["primary"]["arm"])
        return pd.concat([self.main, ocean[ocean["n_positive"].isin(self.main["n_positive"])]])

    @functools.cached_property
    def against_real(self) -> pd.DataFrame:
        """`comparison.verdicts` of every arm against real clips alone."""
        return comparison.verdicts(self.with_ocean)

    @functools.cached_property
    def against_rival(self) -> pd.DataFrame:
        """`comparison.against_best` of what is generated against the best cheap rival."""
        return comparison.against_best(self.main, CHEAP, GENERATED)

    def row(self, arm: str, size: int, classifier: str) -> pd.Series:
        """Return one verdict against `real` as a Series."""
        at = {"arm": arm, "n_positive": size, "classifier": classifier}
        chosen = comparison.where(self.against_real, **at)
        if chosen.empty:
            raise UserError(
                f"study.csv of {self.name} holds fewer than {comparison.FEWEST} seeds of {arm} "
                f"with {size} calls and {classifier}, which the answer is told by. Its column "
                "error says why rows failed; whales study run --retry runs them again."
            )
        return chosen.iloc[0]

    @functools.cached_property
    def curve_rows(self) -> pd.DataFrame:
        """`with_ocean` and the rest of the learning curve of real clips."""
        curve = study.select(self.rows, "curve")
        curve = curve[curve["seed"].isin(self.main["seed"])]
        curve = curve[curve["classifier"].isin(self.main["classifier"])]
        curve = curve[~curve["n_positive"].isin(study.PROTOCOL["sizes"])]  # they are main's
        return pd.concat([self.with_ocean, curve]).drop_duplicates(list(study.KEY))

    @functools.lru_cache(maxsize=16)  # noqa: B019 - an answer lives as long as its notebook
    def equivalents(self, size: int, classifier: str) -> pd.DataFrame:
        """Return a row an arm: real, low, high, the real calls that would score the same.

        An arm with too few seeds, such as one whose generator collapses, has none.
        """
        judged = comparison.where(self.against_real, n_positive=size, classifier=classifier)
        names = set(judged["arm"])
        found = {
            arm: comparison.real_equivalents(self.curve_rows, arm, size, classifier)
            for arm in arms.ARMS
            if arm in names
        }
        return pd.DataFrame.from_dict(found, orient="index", columns=["real", "low", "high"])

    @functools.lru_cache(maxsize=4)  # noqa: B019
    def ends(self, classifier: str) -> tuple[int, int]:
        """Return the first and the last size of the curve that equivalents are read from."""
        rows = comparison.alike_in_negatives(self.curve_rows)
        sizes = comparison.learning_curve(rows, classifier).columns
        return sizes[0], sizes[-1]

    @functools.cached_property
    def table(self) -> pd.DataFrame:
        """Checkpoint 4: all comparisons of the main part."""
        rival = self.against_rival.rename(columns={"rival": "reference"})
        found = pd.concat([self.against_real.assign(reference=arms.REAL), rival])
        found.insert(0, "dataset", self.name)
        for classifier in CLASSIFIERS:
            chosen = (found["reference"] == arms.REAL) & (found["n_positive"] == ANSWER_SIZE)
            chosen &= found["classifier"] == classifier
            alike = self.equivalents(ANSWER_SIZE, classifier).loc[found.loc[chosen, "arm"]]
            for column in alike:
                found.loc[chosen, f"equivalent_{column}"] = alike[column].to_numpy()
        return found[COLUMNS].round(9).reset_index(drop=True)

    def store(self) -> pd.DataFrame:
        """Write Checkpoint 4 to data/results/<dataset>/answer.csv, or compare with it; return it.

        ValueError if the same rows of the study now give other numbers.
        """
        text = self.curve_rows.drop(columns=["seconds", "generator_seconds", "versions"]).to_csv()
        return tables.record(
            self.table,
            paths.results_dir(self.name) / "answer.csv",
            keys=("reference", "n_positive", "classifier", "arm"),
            tolerance=1e-3,
            content=tables.digest(text),
        )


_KIND = ["n_positive", "arm", "ratio", "classifier"]


def _fine(rows, seeds):
    """The rows of some seeds that did not fail."""
    return rows[rows["error"].isna() & rows["seed"].isin(seeds)]


COLUMNS = [
    "dataset", "n_positive", "n_negative", "classifier", "arm", "ratio", "reference", "seeds",
    "mean", "low", "high", "p", "verdict", "p_gain", "gain_excluded",
    "equivalent_real", "equivalent_low", "equivalent_high",
]  # fmt: skip


def found(
    name: str, settings: str | None = None, calls: Mapping[int, int] | None = None
) -> Answer | None:
    """Return the Answer of a data set's stored rows; None if none is finished.

    settings: of a Study; None for the data of most finished rows. calls: see Answer.
    """
    rows = study.read(paths.results_dir(name) / "study.csv")
    fine = rows[rows["error"].isna()]
    if fine.empty:
        return None
    settings = settings or study.common_settings(fine).mode()[0]
    own = study.current(rows, settings).reset_index(drop=True)
    return Answer(name, own, calls) if own["error"].isna().any() else None


def stored(place: study.Study) -> dict[str, Answer]:
    """Return {name: Answer} of a Study and of the published data sets beside it, in this order.

    ValueError, with what mends it, if the study has too few seeds for an interval, or training
    sides too small for the sizes of the headline.
    """
    seeds = range(study.PROTOCOL["most_seeds"])
    calls = {seed: place.available(seed)[0] for seed in seeds}
    for kind, fewest in (("calls", min(calls.values())), ("clips of sea", place.n_sea)):
        if fewest <= NEXT_SIZE:
            raise UserError(
                f"a training side of {place.name} holds {fewest} {kind}; the answer is told with "
                f"{ANSWER_SIZE} and with {NEXT_SIZE} calls, and more must be there. Add labelled "
                "clips; the rows that there are lie in study.csv."
            )
    own = found(place.name, place.settings, calls)
    if own is None or own.seeds < comparison.FEWEST:
        raise UserError(
            f"study.csv of {place.name} holds fewer than {comparison.FEWEST} seeds; fill it with "
            "whales study run --dataset ..., which says beforehand how long that takes."
        )
    others = {name: found(name) for name in PUBLISHED if name != place.name}
    return {place.name: own} | {
        name: other
        for name, other in others.items()
        if other is not None and other.seeds >= comparison.FEWEST and _told(other)
    }


def _told(answer):
    """Whether an Answer holds what the headline tells, in the present settings."""
    there = set(answer.main[["arm", "classifier"]].itertuples(index=False, name=None))
    return there >= set(itertools.product((arms.REAL, arms.IN_HYBRID, arms.ORACLE), CLASSIFIERS))


def headline(table: pd.DataFrame, names: Iterable[str] | None = GENERATED) -> pd.DataFrame:
    """Return the rows of a table of verdicts that hold some arms and a classifier of CLASSIFIERS;
    names None: all arms."""
    chosen = table["classifier"].isin(CLASSIFIERS)
    return table[chosen if names is None else chosen & table["arm"].isin(names)]


def by_overlap(answer: Answer) -> dict[float, pd.DataFrame]:
    """Return {overlap: verdicts against `real` of what is generated} of OVERLAPS: what of the
    answer hangs on the constant by which intervals are widened."""
    rows = headline(answer.main, None)
    return {o: headline(comparison.verdicts(rows, overlap=o)) for o in OVERLAPS}


def scenario(answer: Answer, part: str) -> pd.DataFrame:
    """Return `comparison.verdicts` of a part of the protocol; no rows if it is not measured.

    p is adjusted over the arms of one size, classifier and, where it varies, ratio.
    """
    family = comparison.PLACE + ["ratio"] * (part == "ratios")
    return comparison.verdicts(answer.part(part), family=family)


def sweeps(found: Mapping[str, Answer]) -> dict[str, pd.DataFrame]:
    """Return {name: verdicts of the ratio sweep} of those Answers of a dict that hold enough."""
    tables = {name: scenario(one, "ratios") for name, one in found.items()}
    return {name: table for name, table in tables.items() if len(table)}


def dose(
    answer: Answer, classifier: str, generators: Collection[str] = tuple(registry.REGISTRY)
) -> pd.Series:
    """Return (seeds,): what the mean ROC AUC of some generators changes from the lowest ratio of
    the sweep to the highest, of the seeds that have all of them at both."""
    rows = comparison.where(answer.part("ratios"), classifier=classifier)
    names = [name for name in generators if name in set(rows["arm"])]
    ends = (comparison.where(rows, ratio=study.PROTOCOL["ratios"][end]) for end in (0, -1))
    low, high = (_by_arm(own, names).mean(axis=1) for own in ends)
    return (high - low).dropna()


def _by_arm(rows, names):
    """ROC AUC of some arms, a column each, of the seeds that have all of them."""
    return rows.pivot_table("roc_auc", "seed", "arm").reindex(columns=names).dropna()


def dose_beside(
    answer: Answer,
    classifier: str,
    ratio: float,
    generators: Iterable[str] = tuple(registry.REGISTRY),
) -> pd.Series:
    """Return (seeds,): the mean ROC AUC of some generators minus that of the classical arm, at one
    ratio."""
    rival = "classical"
    rows = comparison.where(answer.part("ratios"), classifier=classifier, ratio=ratio)
    names = [name for name in generators if name in set(rows["arm"])]
    wide = _by_arm(rows, [*names, rival])
    return (wide[names].mean(axis=1) - wide[rival]).dropna()


def costs(answer: Answer, size: int, classifier: str) -> pd.DataFrame:
    """Return a row an arm: `seconds`, the median ones of generator and classifier together, and the
    verdict's mean, low and high at a size. Not of further real calls, which cost labelling."""
    place = {"n_positive": size, "classifier": classifier}
    rows = comparison.where(answer.with_ocean, **place)
    rows = rows[rows["arm"] != arms.ORACLE]
    seconds = (rows["generator_seconds"] + rows["seconds"]).groupby(rows["arm"]).median()
    verdicts = comparison.where(answer.against_real, **place)
    verdicts = verdicts.set_index("arm")[["mean", "low", "high", "verdict"]]
    return verdicts.drop(arms.ORACLE, errors="ignore").assign(seconds=seconds)


def by_snr(answer: Answer, arm: str, classifier: str) -> pd.DataFrame:
    """Return the difference to `real` of the fainter and the louder half of the calls, mean of the
    sizes, a row a seed; empty where no truth is known. The detector on embeddings counts as an
    arm."""
    rows = comparison.where(answer.with_ocean, classifier=classifier)
    if arm == study.EMBEDDED:
        heard = comparison.where(study.select(answer.rows, "main"), classifier=arm)
        rows = pd.concat([rows, heard.assign(classifier=classifier, arm=arm)])
    if rows[list(study.BY_SNR)].isna().all(axis=None):
        return pd.DataFrame(columns=list(study.BY_SNR))
    rows, parts = rows[rows["arm"].isin((arms.REAL, arm))], {}
    for score in study.BY_SNR:
        paired = comparison.differences(rows, score=score)
        parts[score] = paired.groupby("seed")["difference"].mean()
    return pd.DataFrame(parts)
