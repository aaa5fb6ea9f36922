"""Classifiers and generators.

Keras is imported here, before any module that needs it, so that what TensorFlow writes of the
processor, of cards that are not there and of functions that it traces again stays off the terminal
and out of notebooks, unless TF_CPP_MIN_LOG_LEVEL is 0.
"""

import contextlib
import logging
import os


@contextlib.contextmanager
def _quiet():
    """Without the standard error of C code, whose first lines know no level."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


_asked = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "0"
with contextlib.nullcontext() if _asked else _quiet():
    import keras  # noqa: F401
if not _asked:  # a filter, since TensorFlow sets the level of its logger itself
    logging.getLogger("tensorflow").addFilter(lambda record: record.levelno >= logging.ERROR)
