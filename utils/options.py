"""Options that commands share: --dataset, how audio of one's own is read, a call's description."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import click

from utils import paths
from utils.errors import UserError


def dataset_option(command: Callable) -> Callable:
    """Give a command --dataset and the options by which audio of one's own is read.

    These reach `data.load`, also in the notebooks' kernels, through variables of the environment,
    which are put back when the command ends.
    """
    return _given(command, _DATASET_OPTIONS)


@dataclass(frozen=True)
class Described:
    """What the options say of a call: `preset`, or `call`, its kind, and ranges (low, high)."""

    preset: str | None
    call: str | None
    start: tuple[float, float] | None
    end: tuple[float, float] | None
    duration: tuple[float, float] | None
    background: str | None

    def ranges(self) -> dict[str, tuple[float, float] | None]:
        """Return the ranges by option."""
        return {"--from": self.start, "--to": self.end, "--duration": self.duration}


def call_options(command: Callable) -> Callable:
    """Give a command the options by which a call is described, as one argument `described`."""

    @functools.wraps(command)
    def told(**given):
        own = {field.name: given.pop(field.name) for field in fields(Described)}
        return command(described=Described(**own), **given)

    return _given(told, _CALL_OPTIONS)


def check_known(known: Mapping[str, Collection], **given: Iterable) -> None:
    """UserError for the first value of an option, by its name, that is none of those known."""
    for name, values in given.items():
        if odd := sorted(set(values) - set(known[name])):
            raise UserError(f"--{name} {odd[0]} is not one of {known[name]}; choose from these.")


def _given(command, options):
    for option in reversed(options):
        command = option(command)
    return command


def _hand_on(context, parameter, value):
    """Put the value of an option into its variable of the environment."""
    if value is None or value is False or value == ():
        return
    variable = f"DATASET_{parameter.name.upper()}".replace("DATASET_POSITIVE", "POSITIVE")
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    if parameter.name == "labels":
        text = str(Path(text).resolve())  # notebooks run in another folder
    context.meta.setdefault("reading", []).append(parameter.opts[0])
    os.environ[variable] = "1" if value is True else text


def _rename(context, _, value):
    """Put another name of the data set into its variable of the environment."""
    if value is not None:
        context.meta["named"] = True
        os.environ["DATASET_NAME"] = value


@contextlib.contextmanager
def environment_put_back() -> Iterator[None]:
    """Undo what options put into the environment, also where the command line is refused."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _check_reading(context, _, value):
    """UserError if options for audio are given with clips that are no audio of one's own, or a name
    to the simulated ones."""
    asked, source = context.meta.get("reading"), value or os.environ.get("DATASET")
    if context.meta.get("named") and source in (None, "", paths.SIMULATED):
        raise UserError(
            f"--name is for clips of one's own, and {paths.SIMULATED} keep theirs; drop it "
            "or name a file or folder with --dataset."
        )
    if asked and (source in (None, "", paths.SIMULATED) or Path(source).is_file()):
        raise UserError(
            f"{asked[0]} is for a folder of audio, and {source or paths.SIMULATED} is none; drop it"
            " or name a folder with --dataset."
        )
    return value


def _reading(*names, **given):
    """An option that is known before --dataset is looked at."""
    return click.option(*names, is_eager=True, expose_value=False, callback=_hand_on, **given)


_DATASET_OPTIONS = (
    click.option(
        "--dataset",
        metavar="SOURCE",
        callback=_check_reading,
        help="name or path; default: the variable DATASET, or simulated",
    ),
    click.option(
        "--name",
        expose_value=False,
        is_eager=True,
        callback=_rename,
        help="of its results and reports; default: that of the file or folder",
    ),
    _reading("--band", type=float, nargs=2, metavar="LOW HIGH", help="Hz; default: from the boxes"),
    _reading("--seconds", type=float, help="length of a clip; default: from the boxes, or 2"),
    _reading("--group", metavar="PATTERN", help="regular expression: a file name's recording"),
    _reading("--labels", metavar="FILE", help="table of labels or boxes, if there are several"),
    _reading("--positive-class", metavar="NAME", help="the label that is the call"),
    _reading("--skip-bad", is_flag=True, help="leave unreadable files out instead of stopping"),
)

_CALL_OPTIONS = (
    click.option(
        "--preset",
        metavar="NAME",
        help="a call of the literature, beside labels or alone: right_whale_upcall, "
        "blue_whale_d_call, fin_whale_20hz, sei_whale_downsweep or dolphin_whistle",
    ),
    click.option(
        "--call", metavar="KIND", help="upsweep, downsweep, tone or whistle, described by:"
    ),
    click.option(
        "--from", "start", type=float, nargs=2, metavar="LOW HIGH", help="first frequency, Hz"
    ),
    click.option("--to", "end", type=float, nargs=2, metavar="LOW HIGH", help="last frequency, Hz"),
    click.option("--duration", type=float, nargs=2, metavar="LOW HIGH", help="s"),
    click.option("--background", metavar="FOLDER", help="recordings without the described call"),
)
