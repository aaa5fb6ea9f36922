"""Name or path in, `Dataset` out: validated arrays, labels, groups, provenance; group-wise splits.

`load` takes "simulated" (the embedded default), a `.npz` of spectrograms, a folder of clips or of
long recordings with boxes around the calls, or "cornell_whale_challenge". Clips stand in the order
of the source, which for recordings is time.
"""

from utils.data.audio import SHORTEST
from utils.data.challenge import (
    CHALLENGE,
    CHALLENGE_FOLDS,
    CHALLENGE_REPOSITORY,
    CHALLENGE_X,
    download,
    official_fold,
)
from utils.data.classes import NEGATIVE_WORDS
from utils.data.dataset import BLOCK_CLIPS, GROUP_NAMES, MIN_CLIPS, Dataset
from utils.data.files import AUDIO_SUFFIXES
from utils.data.npz import save_npz, told
from utils.data.sources import (
    PUBLISHED,
    RESERVED,
    SIMULATED,
    VARIABLES,
    Options,
    load,
    locate,
    simulated,
)
from utils.data.splits import (
    N_SPLITS,
    SPARE_GROUPS,
    Split,
    check_split,
    draw,
    kept_splits,
    split_by_group,
)

__all__ = [
    "AUDIO_SUFFIXES",
    "BLOCK_CLIPS",
    "CHALLENGE",
    "CHALLENGE_FOLDS",
    "CHALLENGE_REPOSITORY",
    "CHALLENGE_X",
    "Dataset",
    "GROUP_NAMES",
    "MIN_CLIPS",
    "NEGATIVE_WORDS",
    "N_SPLITS",
    "Options",
    "PUBLISHED",
    "RESERVED",
    "SHORTEST",
    "SIMULATED",
    "SPARE_GROUPS",
    "Split",
    "VARIABLES",
    "check_split",
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
