"""Keras, imported without what TensorFlow writes by itself.

That is of the processor, of cards that are not there and of functions that it traces again: off the
terminal and out of notebooks, unless TF_CPP_MIN_LOG_LEVEL is 0. Modules that define networks take
Keras from here; it takes seconds, which commands that train nothing need not wait for.
"""

import contextlib
import logging
import os

__all__ = ["keras", "layers", "ops"]


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
    import keras
    from keras import layers, ops
if not _asked:  # a filter, since TensorFlow sets the level of its logger itself
    logging.getLogger("tensorflow").addFilter(lambda record: record.levelno >= logging.ERROR)
