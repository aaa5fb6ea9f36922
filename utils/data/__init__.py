"""Name or path in, `Dataset` out: validated arrays, labels, groups, provenance; group-wise splits.

`load` takes "simulated" (the embedded default), a `.npz` of spectrograms, a folder of clips or of
long recordings with boxes around the calls, or "cornell_whale_challenge". Clips stand in the order
of the source, which for recordings is time.
"""

from utils.data.challenge import download, official_fold
from utils.data.dataset import Dataset
from utils.data.npz import save_npz, told
from utils.data.sources import PUBLISHED, SIMULATED, VARIABLES, Options, load, locate, simulated
from utils.data.splits import Split, draw, kept_splits, split_by_group

__all__ = [
    "Dataset",
    "Options",
    "PUBLISHED",
    "SIMULATED",
    "Split",
    "VARIABLES",
    "download",
    "draw",
    "kept_splits",
    "load",
    "locate",
    "official_fold",
    "save_npz",
    "simulated",
    "split_by_group",
    "told",
]
