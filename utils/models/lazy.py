"""Classes by name, those of them that need Keras imported when they are first asked for."""

import importlib
from collections import UserDict


class Registry(UserDict):
    """Names to classes, which may be given as "module:Class"."""

    def __getitem__(self, name):
        kind = self.data[name]
        if isinstance(kind, str):
            module, _, kind = kind.partition(":")
            kind = self.data[name] = getattr(importlib.import_module(module), kind)
        return kind

    def waiting(self) -> dict[str, str]:
        """Return the names whose classes nobody has asked for, with where these are."""
        return {name: kind for name, kind in self.data.items() if isinstance(kind, str)}
