"""Classes by name: what a table asks of generators is known without importing Keras."""

import json
import sys

import pytest

from utils import paths
from utils.models import lazy
from utils.models.generators import registry


def test_a_class_is_imported_when_it_is_first_asked_for(monkeypatch):
    known = lazy.Registry(one=dict, other="colorsys:rgb_to_hsv")
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    assert list(known) == ["one", "other"] and known.waiting() == {"other": "colorsys:rgb_to_hsv"}
    assert "colorsys" not in sys.modules
    assert dict(known.items())["other"] is sys.modules["colorsys"].rgb_to_hsv
    assert not known.waiting()
    with pytest.raises(KeyError):
        known["none"]


def test_settings_of_generators_are_the_same_out_of_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CACHE", tmp_path)
    built = {name: registry.build(name).description() for name in registry.REGISTRY}
    places = {name: f"utils.models.generators.{name}:{type(registry.build(name)).__name__}"
              for name in registry.REGISTRY}  # fmt: skip
    for _ in range(2):
        monkeypatch.setattr(registry, "REGISTRY", lazy.Registry(places))
        registry._kept.cache_clear()
        assert json.loads(registry.described(["diffusion", "noise"])) == {
            name: built[name] for name in ("diffusion", "vae")
        }
        assert registry.lent(["diffusion", "gan"]) == {"vae"}
    assert registry.REGISTRY.waiting() == places  # the second time, nothing was asked for
