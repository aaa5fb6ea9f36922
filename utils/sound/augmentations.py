"""Classical augmentation of spectrograms with calls: the cheap rivals of the generators.

Every function takes training clips (n, f, t) in a unit that is linear in dB, and a numpy generator,
and returns as many new clips float32. Where two sounds meet, the louder one is heard in each cell:
the logarithm of a sum is nearly the larger logarithm, whatever the unit's scale (log-max
approximation; Varga and Moore 1990).
"""

import numpy as np
from scipy import stats
from scipy.ndimage import median_filter

from utils.sound.spectrograms import level

LARGEST_SHIFT = 0.15  # of the frames
LARGEST_MASKS = (0.12, 0.12)  # of the bands, of the frames
DAMPING = (0.5, 3.0)  # of a mixed-in sea, standard deviations of the clip's excess
CALL_CONTRAST = 1.0  # standard deviations of a clip's excess; what is weaker is not of the call
CALL_PATCH = (3, 5)  # bands and frames of the median filter that leaves what is contiguous
ALPHA = 0.4  # of mixup's Beta distribution
LARGEST_SHARE = 0.98  # of one clip in a blend of mixup, which else would repeat it


def shift(clips: np.ndarray, seas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the clips moved in time by 1 frame to LARGEST_SHIFT of them, without wrap-around.

    seas (n, f, t): what is heard, at the clip's own level, where the clip has moved away.
    """
    clips, seas = _float(clips), _float(seas)
    n_frames = clips.shape[2]
    most = max(1, round(LARGEST_SHIFT * n_frames))
    frames = rng.integers(1, most + 1, len(clips)) * rng.choice((-1, 1), len(clips))
    columns = np.arange(n_frames) - frames[:, None]  # where each frame comes from
    outside = (columns < 0) | (columns >= n_frames)
    moved = np.take_along_axis(clips, np.clip(columns, 0, n_frames - 1)[:, None], axis=2)
    bands = np.median(clips, axis=2, keepdims=True) - np.median(seas, axis=2, keepdims=True)
    return np.where(outside[:, None], seas + bands, moved)


def mask(clips: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the clips with one run of bands and one of frames at the clip's own level.

    SpecAugment (Park et al. 2019): up to LARGEST_MASKS of either axis.
    """
    clips = _float(clips).copy()
    quiet = level(clips)
    for axis, share in zip((1, 2), LARGEST_MASKS, strict=True):
        size = clips.shape[axis]
        width = rng.integers(0, round(share * size) + 1, len(clips))
        start = (rng.random(len(clips)) * (size - width + 1)).astype(int)
        cells = np.arange(size)
        hidden = (cells >= start[:, None]) & (cells < (start + width)[:, None])
        hidden = np.expand_dims(hidden, 3 - axis)
        clips = np.where(hidden, quiet, clips)
    return clips


def mix(clips: np.ndarray, seas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the clips with the texture of seas (n, f, t) heard where it is louder.

    Each sea is brought to the clip's own level, less a random DAMPING.
    """
    clips, seas = _float(clips), _float(seas)
    quiet = level(clips)
    damping = rng.uniform(*DAMPING, (len(clips), 1, 1)).astype(np.float32)
    damping *= (clips - quiet).std((1, 2), keepdims=True)
    return np.maximum(clips, quiet + seas - level(seas) - damping)


def classical(clips: np.ndarray, seas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the clips shifted, each in one of two also mixed with another sea, and masked."""
    shifted = shift(clips, seas, rng)
    mixed = mix(shifted, seas[rng.permutation(len(seas))], rng)
    chosen = rng.random((len(shifted), 1, 1)) < 0.5
    return mask(np.where(chosen, mixed, shifted), rng)


def isolate(clips: np.ndarray) -> np.ndarray:
    """Return (n, f, t): each clip's excess over its level where a call may be, 0 elsewhere.

    A cell belongs to the call where the median of its CALL_PATCH exceeds CALL_CONTRAST standard
    deviations of the clip's excess: noise is not contiguous, a call is.
    """
    clips = _float(clips)
    excess = clips - level(clips)
    smooth = np.stack([median_filter(image, CALL_PATCH) for image in excess])
    limit = CALL_CONTRAST * excess.std((1, 2), keepdims=True)
    return np.where(smooth > limit, np.maximum(excess, 0), 0)


def call_on_background(clips: np.ndarray, seas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return seas (n, f, t) with the isolated calls of the clips on them, shifted in time."""
    clips, seas = _float(clips), _float(seas)
    calls = shift(isolate(clips), np.zeros_like(clips), rng)
    quiet = level(seas)
    return np.where(calls > 0, np.maximum(seas, quiet + calls), seas)


def mixup(
    clips: np.ndarray, partners: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return blends of clips and partners, and (n,) the share of the clip, 0.5 to LARGEST_SHARE.

    mixup (Zhang et al. 2018) with Beta(ALPHA, ALPHA); the larger part is always the clip's. The
    distribution is cut off at LARGEST_SHARE, not heaped up there: no blend comes twice.
    """
    law = stats.beta(ALPHA, ALPHA)
    share = law.ppf(rng.uniform(0.5, law.cdf(LARGEST_SHARE), len(clips))).astype(np.float32)
    weight = share[:, None, None]
    return weight * _float(clips) + (1 - weight) * _float(partners), share


def _float(clips):
    return np.asarray(clips, dtype=np.float32)
