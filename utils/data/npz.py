"""Spectrograms in an .npz: reading and writing."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from utils import paths
from utils.data import cache
from utils.data.dataset import GROUP_NAMES, UPCALL_BAND, Dataset, check_classes, some_of
from utils.data.groups import factorize_groups, in_time, neighbour_blocks
from utils.errors import UserError
from utils.sound.spectrograms import SpectrogramSettings


def load_npz(path: Path) -> Dataset:
    """Return the Dataset of an .npz with `spectrograms` and `labels`; UserError if it has none."""
    arrays = _arrays(path)
    spectrograms, labels = arrays["spectrograms"], arrays["labels"]
    _check(path.name, arrays)
    n = len(spectrograms)
    matched = arrays["matched"].astype(bool) if "matched" in arrays else None
    if matched is not None:
        check_classes(f"{path.name}, matched", labels[matched])
    frequencies, times = _stored_axes(path.name, arrays, spectrograms.shape)
    _check_varied(path.name, spectrograms)
    names = arrays.get("clip_names", arrays.get("clip_id", np.arange(n))).astype(str)
    unit = str(arrays.get("unit", "dB, 0..255" if spectrograms.dtype == np.uint8 else "dB"))
    key = next((key for key in ("block", *GROUP_NAMES) if key in arrays), None)
    if key:
        groups, grouping = factorize_groups(path.name, arrays[key]), f"groups from {key}"
    else:
        groups, grouping = neighbour_blocks(labels)
    return Dataset(
        name=path.stem,
        spectrograms=spectrograms.astype(np.float32),
        labels=labels.astype(np.int8),
        groups=groups,
        clip_names=names,
        frequencies=frequencies,
        times=times,
        unit=unit,
        class_names=_stored_classes(path.name, arrays),
        matched=matched,
        band=_stored_band(path.name, arrays),
        ordered=bool(arrays.get("ordered", in_time(labels, groups))),
        seconds=arrays.get("seconds"),
        source=cache.digest_of(spectrograms),
        provenance={
            "source": path.name,
            "processing": f"spectrograms as stored, {grouping}",
            **({"written": str(arrays["provenance"])} if "provenance" in arrays else {}),
        },
    )


def _arrays(path):
    """The arrays of an .npz by name; UserError if it is none, or lacks those that are needed."""
    try:
        stored = np.load(path, allow_pickle=False)
        if not isinstance(stored, np.lib.npyio.NpzFile):
            raise UserError(
                f"{path.name} holds a single array and not several with names; write it with "
                "np.savez(path, spectrograms=..., labels=...)."
            )
        with stored:
            arrays = {key: stored[key] for key in stored.files}
    except UserError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds for damaged files
        reason = "it holds pickled objects" if "pickle" in str(error).lower() else "it is damaged"
        raise UserError(
            f"{path.name} cannot be read: {reason}; write it with np.savez and plain arrays."
        ) from error
    missing = [key for key in ("spectrograms", "labels") if key not in arrays]
    if missing:
        raise UserError(
            f"{path.name} lacks {' and '.join(missing)}; it holds "
            f"{', '.join(sorted(arrays)) or 'nothing'}."
        )
    return arrays


def _check(name, arrays):
    """UserError unless spectrograms are numbers and the rest has one value a clip."""
    spectrograms, labels = arrays["spectrograms"], arrays["labels"]
    if spectrograms.ndim != 3 or spectrograms.dtype.kind not in "uif" or not spectrograms.size:
        raise UserError(
            f"{name}: spectrograms have shape {spectrograms.shape} and type "
            f"{spectrograms.dtype}; numbers of shape (clips, frequency, time) are needed."
        )
    n = len(spectrograms)
    for key in ("labels", "clip_id", "clip_names", "block", "matched", "seconds", *GROUP_NAMES):
        if key in arrays and arrays[key].shape != (n,):
            raise UserError(
                f"{name}: {key} has shape {arrays[key].shape}; ({n},) is needed, one a clip."
            )
    for key, kinds, shape in (("matched", "uifb", (n,)), ("seconds", "uif", (n,)),
                              ("ordered", "uifb", ()), ("unit", "U", ())):  # fmt: skip
        if key in arrays and (arrays[key].dtype.kind not in kinds or arrays[key].shape != shape):
            raise UserError(
                f"{name}: {key} has type {arrays[key].dtype} and shape {arrays[key].shape}; see "
                "data/README.md for what it must be, or leave it out."
            )
    if labels.dtype.kind not in "uifb" or not np.isin(labels, (0, 1)).all():
        raise UserError(f"{name}: labels other than 0 and 1; recode them.")
    check_classes(name, labels)


def _check_varied(name, spectrograms):
    flat = np.flatnonzero(spectrograms.max((1, 2)) == spectrograms.min((1, 2)))
    if len(flat):
        raise UserError(
            f"{name}: {len(flat)} spectrograms hold one value only (numbers {some_of(flat)}); "
            "remove these clips."
        )


def _stored_band(name, arrays):
    """The calls' band in Hz: the one stored, or that of up-calls where the axes are the usual."""
    if "band" not in arrays:
        return None if "frequencies" in arrays else UPCALL_BAND
    band = arrays["band"]
    if band.shape != (2,) or band.dtype.kind not in "uif" or not 0 <= band[0] < band[1] < np.inf:
        raise UserError(f"{name}: band must be two frequencies in Hz, the lower one first.")
    return float(band[0]), float(band[1])


def _stored_classes(name, arrays):
    """The names of the negative and the positive class that `save_npz` wrote, or the usual ones."""
    names = arrays.get("class_names", np.array(Dataset.class_names))
    if names.shape != (2,) or names.dtype.kind != "U":
        raise UserError(f"{name}: class_names must be two texts, negative and positive class.")
    return tuple(names.tolist())


def _stored_axes(name, arrays, shape):
    """Axes from the keys frequencies (Hz) and times (s), or the default settings' if they fit."""
    default = SpectrogramSettings()
    axes = []
    for key, size, fallback in (
        ("frequencies", shape[1], default.frequencies),
        ("times", shape[2], default.times),
    ):
        axis = np.asarray(arrays.get(key, fallback))
        if axis.dtype.kind not in "uif" or not np.isfinite(axis).all():
            raise UserError(f"{name}: {key} must be finite numbers, in Hz or s, one a cell.")
        axis = axis.astype(np.float64)
        if axis.shape != (size,):
            raise UserError(
                f"{name}: the spectrograms have {size} cells in {key}, but the axis has "
                f"{axis.size}; store `{key}` (Hz or s) with one value a cell."
            )
        axes.append(axis)
    return axes


def told(provenance: Mapping[str, str]) -> str:
    """Return a provenance as the one line that `save_npz` stores."""
    return "; ".join(f"{key}: {value}" for key, value in provenance.items())


def save_npz(dataset: Dataset, path: str | Path) -> None:
    """Write a Dataset's spectrograms, labels, groups, names, axes and unit as `load` reads them.

    ValueError if the path does not end in .npz, or is a folder.
    """
    path = Path(path)
    if path.suffix != ".npz" or path.is_dir():
        raise UserError(f"{path.name} is no .npz file; give a path that ends in .npz.")
    optional = {name: getattr(dataset, name) for name in ("matched", "band", "seconds")}
    optional = {name: np.asarray(value) for name, value in optional.items() if value is not None}
    with paths.replacing(path) as partial:
        np.savez_compressed(
            partial,
            spectrograms=dataset.spectrograms,
            labels=dataset.labels,
            block=dataset.groups,
            clip_names=dataset.clip_names.astype(str),
            class_names=np.array(dataset.class_names),
            frequencies=dataset.frequencies,
            times=dataset.times,
            unit=np.array(dataset.unit),
            ordered=np.array(dataset.ordered),
            provenance=np.array(told(dataset.provenance)),
            **optional,
        )
