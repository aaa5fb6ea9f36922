"""The one command line: `whales COMMAND`, or `python -m utils COMMAND`.

Exit codes: 0 done, 1 some rows, recordings or a notebook failed, 2 the user's mistake, 130
interrupted. A UserError, or a file that can't be read or written, is one sentence; all else keeps
its traceback.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from utils import paths
from utils.detect.commands import detect
from utils.errors import UserError
from utils.options import check_known, dataset_option, environment_put_back

# Commands import what they need: TensorFlow takes seconds, which `--help` need not wait for.


def main(arguments: list[str] | None = None, *, root: Path | None = None) -> int:
    """Run a command and return its exit code; root: of the notebooks and reports."""
    try:
        with environment_put_back():
            return whales.main(arguments, "whales", standalone_mode=False, obj=root) or 0
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        kept = "what is finished is stored; the same command goes on from there"
        print(f"Interrupted: {kept}.", file=sys.stderr)
        return 130
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"{where}{error.strerror or error}", file=sys.stderr)
        return 2


@click.group(context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]})
def whales() -> None:
    """What helps a whale-call detector when only a few calls are labelled?"""


@whales.command()
@click.option("--only", multiple=True, metavar="NAME", help="such as 00_eda; may be repeated")
@click.option("--timeout", type=int, metavar="SECONDS", help="longest time for a cell")
@dataset_option
@click.pass_obj
def report(
    root: Path | None, only: tuple[str, ...], timeout: int | None, dataset: str | None
) -> int | None:
    """Execute the notebooks and store them.

    Example: whales report --dataset my_recordings/ --band 200 6000 --seconds 4
    """
    from utils import report as reports

    try:
        source = dataset or os.environ.get("DATASET")
        reports.report(root or paths.ROOT, source, only=only, timeout=timeout)
    except reports.ReportError as error:
        print(f"\n{error}\n\n{reports.kept(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as error:
        reports.end_tasks()
        print(f"\nInterrupted. {reports.kept(error)}", file=sys.stderr)
        return 130


@whales.command()
@click.argument("name")
def download(name: str) -> None:
    """Download a public data set into data/NAME/.

    Example: whales download cornell_whale_challenge
    """
    from utils import data

    folder = data.download(name)
    print(f"data/{folder.name} is complete; use it with DATASET={name}.")


@whales.command()
@click.argument("table", type=click.Choice(["all", "table", "curve", "shapes", "cues", "leak",
                                            "calibration"]), default="all")  # fmt: skip
@dataset_option
def baseline(table: str, dataset: str | None) -> None:
    """Fill the tables of stage 1; all: every one but the calibration, which needs real clips.

    Example: whales baseline curve --dataset my_clips/
    """
    from utils import data
    from utils.baseline import baseline

    loaded = data.load(dataset)
    if table == "calibration" and loaded.name == data.SIMULATED:
        raise UserError("calibration needs real clips; name them with --dataset PATH.")
    bench = baseline.prepare(loaded)
    print(loaded.describe())
    if table == "calibration":
        print(baseline.calibration(bench).round(3).to_string(index=False))
        return
    summaries = {
        "table": lambda: baseline.table(bench).groupby("model")["roc_auc"].agg(["mean", "std"]),
        "curve": lambda: baseline.learning_curve(bench).pivot_table("roc_auc", "size", "model"),
        "shapes": lambda: baseline.shapes(bench).groupby("shape").mean(numeric_only=True),
        "cues": lambda: baseline.cue_floor(bench).groupby("cue")["roc_auc"].mean(),
        "leak": lambda: baseline.leak(bench).groupby("model")["roc_auc"].mean(),
    }
    for name in summaries if table == "all" else (table,):
        print(f"\n{name}\n{summaries[name]().round(3).to_string()}")


@whales.command()
@click.argument("table", type=click.Choice(["forms", "stability", "draws"]))
@dataset_option
def generative(table: str, dataset: str | None) -> None:
    """Compare forms of the generators, count collapses, measure more draws (stages 2 and 3).

    Example: whales generative forms --dataset my_clips/
    """
    from utils import data
    from utils.baseline import baseline
    from utils.generative import trials

    bench = baseline.prepare(data.load(dataset))
    if table == "forms":
        rows = trials.forms(bench).drop(columns=["split", "seconds"])
        shown = rows.groupby(["n_positive", "generator", "form"]).mean(numeric_only=True)
    elif table == "draws":
        shown = trials.draws(bench).groupby("generator").mean(numeric_only=True)
    else:
        kinds = {"collapsed": "sum", "variation": ["min", "max"], "seconds": "median"}
        shown = trials.stability(bench).groupby("generator").agg(kinds)
    print(shown.round(3).to_string())


@whales.command()
@click.option("--sizes", type=int, multiple=True, help="real positives; default: all")
@click.option("--seeds", type=int, multiple=True, help="splits; default: all")
@dataset_option
def quality(sizes: tuple[int, ...], seeds: tuple[int, ...], dataset: str | None) -> None:
    """Judge every generator: fill the table of stage 3, in an hour or two.

    Example: whales quality --dataset my_clips/
    """
    from utils import data
    from utils.baseline import baseline
    from utils.quality import judging

    bench = baseline.prepare(data.load(dataset))
    known = {"sizes": judging.sizes(bench), "seeds": list(range(len(bench.splits)))}
    check_known(known, sizes=sizes, seeds=seeds)
    chosen = {"seeds": seeds or None, "table_sizes": sizes or None}
    count = len(judging.waiting(bench, **chosen))
    print(f"{count} generators to judge, about {count * judging.SECONDS / 60:.0f} min")
    means = judging.quality_table(bench, **chosen)
    means = means.pivot_table("value", ["n_positive", "generator"], "metric")
    shown = ["two_sample_auc", "density_pca", "coverage_pca", "usefulness", "copying_p_alone"]
    print(means.reindex(columns=shown).round(3).to_string())


@whales.group()
def study() -> None:
    """Run, watch and reproduce the study of stage 4."""


@study.command()
@click.option("--parts", multiple=True, help="main, ocean, curve, ratios, balanced, challenge; all")
@click.option("--sizes", type=int, multiple=True, help="real calls, in all parts; default: all")
@click.option("--seeds", type=int, multiple=True, help="default: as many as the rule asks for")
@click.option("--arms", multiple=True, help="default: all")
@click.option("--classifiers", multiple=True, help="default: all; birdnet needs an extra")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count(), help="default: cores")
@click.option("--scheduler", help="address of a Dask scheduler, tcp://...; default: none")
@click.option("--retry", is_flag=True, help="run rows that failed once more")
@click.option("--yes", is_flag=True, help="start even if it takes more than two hours")
@dataset_option
def run(
    parts: tuple[str, ...],
    sizes: tuple[int, ...],
    seeds: tuple[int, ...],
    arms: tuple[str, ...],
    classifiers: tuple[str, ...],
    jobs: int,
    scheduler: str | None,
    retry: bool,
    yes: bool,
    dataset: str | None,
) -> int:
    """Run what has no row yet; options that list values may be repeated.

    Example: whales study run --parts main --sizes 50 --arms real --arms vae --seeds 0
    """
    from utils import checks
    from utils.augmentation import arms as every
    from utils.augmentation import running, study
    from utils.models import embeddings

    known = {
        "parts": list(study.PARTS),
        "arms": list(every.ARMS),
        "classifiers": list(study.PROTOCOL["classifiers"]),
        "seeds": list(range(study.PROTOCOL["most_seeds"])),
    }
    check_known(known, parts=parts, arms=arms, classifiers=classifiers, seeds=seeds)
    if study.EMBEDDED in classifiers:
        embeddings.check()
    place = study.Study(dataset)
    parts = parts or study.PARTS
    cells = place.cells(range(study.PROTOCOL["most_seeds"]), parts)
    check_known({"sizes": sorted({cell.n_positive for cell in cells})}, sizes=sizes)
    chosen = {
        "parts": parts,
        "sizes": sizes,
        "seeds": seeds,
        "arm_names": arms or known["arms"],
        "classifier_names": list(dict.fromkeys(classifiers)) or study.offered(),
        "jobs": jobs,
    }
    checks.confirm_study(place, **chosen, yes=yes)
    failed = running.run_missing(place, **chosen, scheduler=scheduler, retry=retry)
    return 1 if failed else 0


@study.command(name="status")
@dataset_option
def study_status(dataset: str | None) -> None:
    """Say what is done and what is to be run.

    Example: whales study status --dataset my_clips/
    """
    from utils.augmentation import running, study

    place = study.Study(dataset)
    print(running.status(place).to_string(index=False))
    stored = study.read(place.path)
    if others := len(stored) - len(study.current(stored, place.settings)):
        print(f"{others} rows in {place.path.name} belong to other clips or settings.")


@study.command()
@click.option("--rows", type=int, default=3, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="of the choice of rows")
@dataset_option
def reproduce(rows: int, seed: int, dataset: str | None) -> int:
    """Run stored rows anew and compare.

    Example: whales study reproduce --rows 8 --seed 1
    """
    from utils.augmentation import running, study

    table = running.reproduce(study.Study(dataset), rows, seed)
    print(table.to_string(index=False))
    return 0 if table["agrees"].all() else 1


@study.command()
@dataset_option
def mechanism(dataset: str | None) -> None:
    """Measure whether what each strategy adds is a call, and new.

    Example: whales study mechanism --dataset my_clips/
    """
    from utils.augmentation import mechanism, study

    table = mechanism.run(study.Study(dataset))
    print(table.groupby("arm")[["taken", "reach"]].mean().round(3).to_string())


def _print_means(table, *by):
    """Print mean ROC AUCs, the last of the columns `by` across."""
    print(table.groupby([*by])["roc_auc"].mean().unstack().round(3).to_string())


@study.command()
@dataset_option
def recipes(dataset: str | None) -> None:
    """Measure how far the detector on BirdNET hangs on its recipe.

    Example: whales study recipes --dataset my_clips/
    """
    from utils.augmentation import pretrained, study

    _print_means(pretrained.recipes(study.Study(dataset)), "speeds", "C", "n_positive")


@study.command()
@click.argument("file")
@dataset_option
def embeddings(file: str, dataset: str | None) -> None:
    """Measure a logistic regression on another network's embeddings of the clips.

    FILE is an .npz of embeddings (n, d) and clip_names (n,).

    Example: whales study embeddings perch.npz --dataset my_clips/
    """
    from utils.augmentation import pretrained, study

    place = study.Study(dataset)
    table = pretrained.others(place, file).groupby(["C", "n_positive"])["roc_auc"].mean().unstack()
    rows = study.complete(place)
    rows = rows[(rows["classifier"] == pretrained.BESIDE) & (rows["part"] == "main")]
    beside = rows.groupby(["arm", "n_positive"])["roc_auc"].mean().unstack()
    for arm in ("real", "classical"):
        if arm in beside.index:
            table.loc[f"{pretrained.BESIDE}, {arm}"] = beside.loc[arm]
    print(table.round(3).to_string())


@study.command()
@dataset_option
def joined(dataset: str | None) -> None:
    """Measure what simulated clips, features or a forest add to the detector on BirdNET.

    Example: whales study joined --dataset my_clips/
    """
    from utils.augmentation import joined, study

    _print_means(joined.run(study.Study(dataset)), "form", "n_positive")


@study.command()
@dataset_option
def background(dataset: str | None) -> None:
    """Measure how much of a detector's score the background alone gives, and what is left without.

    Example: whales study background --dataset my_clips/
    """
    from utils import data
    from utils.augmentation import background

    clips = data.load(dataset)
    for table in background.TABLES:
        print(table)
        _print_means(background.run(clips, table), "classifier", "n_positive")


@study.command()
@dataset_option
def transfer(dataset: str | None) -> None:
    """Repeat a part of the study with generators that first heard the simulated ocean.

    Example: whales study transfer --dataset my_clips/
    """
    from utils.augmentation import transfer

    _print_means(transfer.run(transfer.Transfer(dataset)), "arm", "n_positive", "classifier")


@study.command()
@dataset_option
def amounts(dataset: str | None) -> None:
    """Measure how many clips the simulated hydrophone has to draw from.

    Example: whales study amounts --dataset my_clips/
    """
    from utils.augmentation import amounts

    table = amounts.run(amounts.Development(dataset))
    _print_means(table, "classifier", "n_positive", "clips")


@study.command(name="from-pixels")
@dataset_option
def from_pixels(dataset: str | None) -> None:
    """Repeat a part of the study with a network that learns from the spectrogram itself.

    Example: whales study from-pixels --dataset my_clips/
    """
    from utils.augmentation import from_pixels, study

    _print_means(from_pixels.run(study.Study(dataset)), "arm", "n_positive")


@study.command()
@dataset_option
@click.option(
    "--later",
    is_flag=True,
    help="train on the first 60 % of the time, test on the rest; if simulated, elsewhere",
)
def operating(dataset: str | None, later: bool) -> None:
    """Measure the share of calls that is found at few false alarms.

    Example: whales study operating --dataset my_clips/
    """
    from utils.augmentation import operating, study

    place = operating.later(dataset) if later else study.Study(dataset)
    table = operating.run(place).drop(columns="seed").groupby(["n_positive", "classifier", "arm"])
    print(table.mean(numeric_only=True).round(3).to_string())


@study.command()
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count(), help="default: cores")
def replicas(jobs: int) -> None:
    """Measure how wide intervals have to be, on new deployments of the simulated hydrophone.

    Example: whales study replicas --jobs 2
    """
    from utils import data
    from utils.augmentation import replicas, study
    from utils.statistics import evaluation

    rows = replicas.run(study.Study(data.SIMULATED).settings, jobs=jobs)
    value, low, high = replicas.overlap(rows, seed=0)
    print(f"{rows['replica'].nunique()} replicas: overlap {value:.2f} ({low:.2f} to {high:.2f})")
    for kept in (evaluation.OVERLAP, 0.0):
        held, total = replicas.coverage(rows, overlap=kept)
        print(f"intervals with overlap {kept:.2f}: {held} of {total} hold the others' mean")


whales.add_command(detect)


@whales.command()
@click.option("--clips", type=click.Path(exists=True), help="real clips: draw the strip anew")
def readme(clips: str | None) -> None:
    """Write README.md and README.en.md from pages/ and the stored tables.

    Example: whales readme
    """
    from utils import pages

    pages.write(clips)
    print(f"{' and '.join(pages.PAGES)} are written.")


@whales.command()
def benchmark() -> None:
    """Measure speed and memory; READING_CLIPS="30000 300000" LISTENING_HOURS="1 24" ask for more.

    Example: whales benchmark
    """
    from utils import benchmark

    benchmark.run()
