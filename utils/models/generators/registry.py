"""Generators by name. A new one is a file with a subclass of `base.Generator` that has a name of
its own, and its class here."""

import json
from pathlib import Path

from utils.errors import UserError
from utils.models.generators.aae import AAE
from utils.models.generators.ae import AE
from utils.models.generators.diffusion import Diffusion
from utils.models.generators.gan import GAN
from utils.models.generators.vae import VAE

REGISTRY = {kind.name: kind for kind in (AE, VAE, AAE, GAN, Diffusion)}


def build(name, **settings):
    """Return an unfitted generator of REGISTRY; ValueError if the name is unknown."""
    if name not in REGISTRY:
        raise UserError(f"no generator is called {name!r}; choose from {', '.join(REGISTRY)}.")
    return REGISTRY[name](**settings)


def load(folder):
    """Return the generator that `save` wrote into a folder; FileNotFoundError if there is none."""
    folder = Path(folder)
    if not (folder / "generator.json").is_file():
        raise FileNotFoundError(f"{folder.name} holds no generator.json; name a saved generator.")
    stored = json.loads((folder / "generator.json").read_text(encoding="utf-8"))
    settings = stored["settings"]
    return build(settings.pop("generator"), **settings)._restore(folder, stored["state"])
