"""Generators by name. A new one is a file with a subclass of `base.Generator` that has a name of
its own, and its class here; its lesson in the second notebook (`generative.figures` sketches it)
is written by hand."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from utils.data import cache
from utils.errors import UserError
from utils.models.lazy import Registry

if TYPE_CHECKING:
    from utils.models.generators.base import Generator

_HERE = "utils.models.generators"
REGISTRY = Registry(
    ae=f"{_HERE}.ae:AE",
    vae=f"{_HERE}.vae:VAE",
    aae=f"{_HERE}.aae:AAE",
    gan=f"{_HERE}.gan:GAN",
    diffusion=f"{_HERE}.diffusion:Diffusion",
)


def lent(names: Iterable[str]) -> set[str]:
    """Return the generators that others of them borrow and train along."""
    return {_told(name)["borrows"] for name in names if name in REGISTRY} - {None}


def described(names: Iterable[str]) -> str:
    """Return the settings of generators, and of those that they borrow, as text."""
    trained = sorted({*names, *lent(names)} & {*REGISTRY})
    return json.dumps({name: _told(name)["settings"] for name in trained}, sort_keys=True)


def _told(name):
    """What a generator borrows and its settings, out of the cache while its class is not needed."""
    waiting = REGISTRY.waiting()
    return _kept(tuple(waiting.items()))[name] if name in waiting else _tell(REGISTRY[name])


@functools.cache
def _kept(waiting):
    code = {path.name: cache.digest(path) for path in sorted(Path(__file__).parent.glob("*.py"))}

    def make():
        yield from ()
        return {name: _tell(REGISTRY[name]) for name, _ in waiting}

    return cache.entry({"generators": waiting, "code": code}, make).notes


def _tell(kind):
    return {"borrows": kind.borrows, "settings": kind().description()}


def build(name: str, **settings) -> Generator:
    """Return an unfitted generator of REGISTRY; ValueError if the name is unknown."""
    if name not in REGISTRY:
        raise UserError(f"no generator is called {name!r}; choose from {', '.join(REGISTRY)}.")
    return REGISTRY[name](**settings)


def load(folder: str | Path) -> Generator:
    """Return the generator that `save` wrote into a folder; FileNotFoundError if there is none."""
    folder = Path(folder)
    if not (folder / "generator.json").is_file():
        raise FileNotFoundError(f"{folder.name} holds no generator.json; name a saved generator.")
    stored = json.loads((folder / "generator.json").read_text(encoding="utf-8"))
    settings = stored["settings"]
    return build(settings.pop("generator"), **settings)._restore(folder, stored["state"])
