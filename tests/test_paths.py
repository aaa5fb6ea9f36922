"""What takes a target's place does so whole: other writers and errors leave it as it was."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from utils import data, paths


def written(partial, text, *, folder):
    if folder:
        partial.mkdir()
        partial = partial / "file"
    partial.write_text(text)


def read(path):
    return (path / "file" if path.is_dir() else path).read_text()


@pytest.mark.parametrize("folder", [False, True])
def test_two_writers_of_one_target_do_not_disturb_each_other(folder, tmp_path):
    target = tmp_path / "made" / "target"
    with paths.replacing(target) as slow:
        written(slow, "slow", folder=folder)
        with paths.replacing(target) as fast:
            written(fast, "fast", folder=folder)
        assert read(target) == "fast"
    assert read(target) == "slow"
    assert [*target.parent.iterdir()] == [target]


@pytest.mark.parametrize("folder", [False, True])
def test_an_error_leaves_the_target_as_it_was(folder, tmp_path):
    target = tmp_path / "target"
    with paths.replacing(target) as partial:
        written(partial, "old", folder=folder)
    with pytest.raises(OSError, match="full"), paths.replacing(target) as partial:
        written(partial, "half", folder=folder)
        raise OSError("full")
    assert read(target) == "old"
    assert [*tmp_path.iterdir()] == [target]


def test_clips_that_two_notebooks_write_at_once_are_both_written(tmp_path):
    """Stages 2 and 3 leave the same generators' samples, and the tests run them side by side."""
    clips = data.Dataset(
        name="vae",
        spectrograms=np.random.default_rng(0).normal(size=(400, 24, 24)).astype(np.float32),
        labels=np.repeat(np.int8([1, 0]), 200),
        groups=np.arange(400),
        clip_names=np.array([f"{i}.wav" for i in range(400)]),
        frequencies=np.linspace(0, 1000, 24),
        times=np.linspace(0, 2, 24),
        unit="dB",
    )
    together = Barrier(4)

    def write(_):
        together.wait()
        data.save_npz(clips, tmp_path / "vae.npz")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    np.testing.assert_array_equal(data.load(tmp_path / "vae.npz").spectrograms, clips.spectrograms)
