"""Progress bars of long computations: seen by a person, absent from stored outputs."""

import os

from tqdm.auto import tqdm


def progress(items=None, what: str = "", *, total: int | None = None):
    """Iterate over items with a bar, or count up to total by `update`.

    utils.report turns it off by the variable TQDM_DISABLE.
    """
    hidden = bool(os.environ.get("TQDM_DISABLE"))
    return tqdm(items, desc=what, total=total, disable=hidden, leave=False)
