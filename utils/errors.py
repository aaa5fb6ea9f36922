"""The project's own errors: what a person did or gave can be put right, and what a model does."""


class UserError(ValueError):
    """One sentence for a person: what is wrong, where, and what to do. Shown without traceback."""


class CollapseError(RuntimeError):
    """A generator's samples no longer differ, or its weights are no longer finite."""
