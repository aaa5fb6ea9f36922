"""The 2013 challenge in full, as MONSTER publishes it (arXiv 2502.15122)."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from utils import paths, tables
from utils.data import cache
from utils.data.dataset import BLOCK_CLIPS, UPCALL_BAND, Dataset, check_classes
from utils.data.groups import neighbour_blocks
from utils.errors import UserError
from utils.sound.spectrograms import SpectrogramSettings, mel_spectrogram

CHALLENGE = "cornell_whale_challenge"
CHALLENGE_REPOSITORY = "monster-monash/CornellWhaleChallenge"
CHALLENGE_X = "CornellWhaleChallenge_X.npy"
_CHUNK_CLIPS = 512
CHALLENGE_FOLDS = tuple(f"test_indices_fold_{k}.txt" for k in range(5))


def _challenge_labels(folder):
    for name in ("CornellWhaleChallenge_Y.npy", "CornellWhaleChallenge_y.npy"):
        if (folder / name).exists():
            return np.load(folder / name, allow_pickle=False).ravel()
    raise FileNotFoundError(
        f"{folder.name} holds {CHALLENGE_X} but no CornellWhaleChallenge_Y.npy; run "
        f"`make data NAME={CHALLENGE}` again."
    )


def load_challenge(folder: Path, settings: SpectrogramSettings) -> Dataset:
    try:
        audio = np.load(folder / CHALLENGE_X, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise UserError(
            f"{CHALLENGE_X} is damaged or holds pickled objects; download it again."
        ) from error
    labels = _challenge_labels(folder)
    if audio.ndim != 3 or audio.shape[1] != 1 or len(labels) != len(audio):
        raise UserError(
            f"{CHALLENGE_X} has shape {audio.shape} and there are {len(labels)} labels; "
            "(n, 1, 4000) and n labels are needed: download both again."
        )
    if not np.isin(labels, (0, 1)).all():
        raise UserError(f"{folder.name}: labels other than 0 and 1; download them again.")
    check_classes(folder.name, labels)
    audio = audio[:, 0]
    if settings.sample_rate != 2000 or audio.shape[1] != settings.n_samples:
        raise UserError(
            f"the challenge's clips have {audio.shape[1]} samples at 2000 Hz; leave sample_rate "
            "and clip_seconds of the settings alone."
        )
    source = cache.digest(folder / CHALLENGE_X)
    return Dataset.of_audio(
        settings,
        name=CHALLENGE,
        source=source,
        spectrograms=_challenge_spectrograms(source, audio, settings),
        labels=labels.astype(np.int8),
        groups=neighbour_blocks(labels)[0],
        clip_names=np.array([f"clip{i:05d}" for i in range(len(labels))]),
        audio=audio,
        band=UPCALL_BAND,
        provenance={
            "source": f"{CHALLENGE_REPOSITORY} (MONSTER, arXiv 2502.15122)",
            "processing": f"audio as stored, blocks of {BLOCK_CLIPS} neighbours as groups",
        },
    )


def _challenge_spectrograms(source, audio, settings):
    """Spectrograms of the memory map, kept under a hash of the file's bytes and the settings."""

    def chunks():
        for start in range(0, len(audio), _CHUNK_CLIPS):
            clips = np.asarray(audio[start : start + _CHUNK_CLIPS])
            if not np.isfinite(clips).all():
                raise UserError(f"{CHALLENGE_X} holds NaN or infinite samples; download it again.")
            yield {"spectrograms": mel_spectrogram(clips, settings)}
        return {}

    what = {CHALLENGE: source, "settings": asdict(settings)}
    return cache.entry(what, chunks).arrays["spectrograms"]


def official_fold(folder: str | Path, k: int) -> np.ndarray:
    """Return the (n_test,) indices of MONSTER's fold k, 0 to 4.

    These folds leak: they deal clips out at random, so that neighbours in time stand on both
    sides. Use them to compare with published figures only; `split_by_group` is the honest split.
    """
    path = Path(folder) / f"test_indices_fold_{k}.txt"
    if not path.exists():
        raise FileNotFoundError(f"{path.name} is missing; folds are 0 to 4, see data/README.md.")
    return np.loadtxt(path, dtype=np.int64, ndmin=1)


def download(name: str) -> Path:
    """Download a data set by name into data/<name>/, resuming; return its folder.

    All files are those of one revision of the repository, which the folder's file `revision` names:
    a download that is resumed, or made again, keeps to it. UserError for an unknown name or without
    the extra, OSError without the network.
    """
    if name != CHALLENGE:
        raise UserError(f"nothing to download is called {name!r}; there is {CHALLENGE}.")
    try:
        import huggingface_hub
    except ImportError as error:
        raise UserError(
            "downloading needs huggingface_hub; install it with `pip install -e '.[download]'`."
        ) from error
    folder = paths.ROOT / "data" / name
    revision = folder / "revision"
    try:
        if not revision.exists():
            published = huggingface_hub.HfApi().dataset_info(CHALLENGE_REPOSITORY)
            tables.write_text(f"{published.sha}\n", revision)
        huggingface_hub.snapshot_download(
            CHALLENGE_REPOSITORY,
            repo_type="dataset",
            revision=revision.read_text(encoding="utf-8").strip(),
            local_dir=folder,
            allow_patterns=["CornellWhaleChallenge_[XYy].npy", "test_indices_fold_*.txt"],
        )
    except Exception as error:
        raise OSError(
            f"{CHALLENGE_REPOSITORY} could not be fetched ({type(error).__name__}); check the "
            "network and call again: what has arrived is kept."
        ) from error
    _check_download(folder)
    return folder


def _check_download(folder):
    """ValueError unless the challenge's files are whole: shapes, labels and folds."""
    audio = np.load(folder / CHALLENGE_X, mmap_mode="r", allow_pickle=False)
    labels = _challenge_labels(folder)
    calls = int((labels == 1).sum())
    folds = sum((folder / name).exists() for name in CHALLENGE_FOLDS)
    if (audio.shape, len(labels), calls, folds) != ((30_000, 1, 4000), 30_000, 7027, 5):
        raise UserError(
            f"the download is not what was published: audio {audio.shape}, {len(labels)} labels, "
            f"{calls} calls, {folds} of 5 folds; remove data/{folder.name} and download again."
        )
