"""Progress bars of long computations: seen by a person, absent from stored outputs."""

import os

from tqdm.auto import tqdm


def progress(items, what: str):
    """Iterate over items with a bar; utils.report turns it off by the variable TQDM_DISABLE."""
    return tqdm(items, desc=what, disable=bool(os.environ.get("TQDM_DISABLE")), leave=False)
