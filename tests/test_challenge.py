"""The challenge in full, as MONSTER publishes it, and its download."""

import sys
import types

import numpy as np
import pytest

from utils import cli, data, paths
from utils.sound.spectrograms import mel_spectrogram

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def challenge(tmp_path):
    """The files of the challenge with 60 clips of noise."""
    folder = tmp_path / "any folder"
    folder.mkdir()
    rng = np.random.default_rng(0)
    audio = rng.standard_normal((60, 1, 4000)).astype(np.float32)
    np.save(folder / "CornellWhaleChallenge_X.npy", audio)
    np.save(folder / "CornellWhaleChallenge_y.npy", np.arange(60) % 2)
    for k in range(5):
        np.savetxt(folder / f"test_indices_fold_{k}.txt", np.arange(k, 60, 5), fmt="%d")
    return folder


def test_the_challenge_is_read_memory_mapped_from_any_folder(challenge):
    dataset = data.load(challenge)
    assert dataset.name == "cornell_whale_challenge" and len(dataset) == 60
    assert isinstance(dataset.audio, np.memmap) or isinstance(dataset.audio.base, np.memmap)
    np.testing.assert_array_equal(dataset.labels, np.arange(60) % 2)
    np.testing.assert_allclose(
        dataset.spectrograms, mel_spectrogram(np.array(dataset.audio), dataset.settings)
    )
    np.testing.assert_array_equal(data.official_fold(challenge, 3), np.arange(3, 60, 5))
    with pytest.raises(FileNotFoundError, match="folds are 0 to 4"):
        data.official_fold(challenge, 5)


def test_the_challenge_s_cache_follows_the_file(challenge):
    first = data.load(challenge).spectrograms
    np.testing.assert_array_equal(data.load(challenge).spectrograms, first)
    path = challenge / "CornellWhaleChallenge_X.npy"
    audio = np.load(path)
    np.save(path, audio[::-1])
    # A clip's last bits hang on its place in the batch, on some processors.
    np.testing.assert_allclose(data.load(challenge).spectrograms, first[::-1], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("X", np.zeros((60, 4000), np.float32), r"shape \(60, 4000\)"),
        ("X", np.zeros((60, 1, 3000), np.float32), "3000 samples at 2000 Hz"),
        ("y", np.zeros(59), "59 labels"),
        ("y", np.arange(60), "labels other than 0 and 1"),
        ("X", np.array([{}] * 60), "pickled objects"),
    ],
)
def test_a_challenge_that_is_not_whole(challenge, name, array, message):
    np.save(challenge / f"CornellWhaleChallenge_{name}.npy", array, allow_pickle=True)
    with pytest.raises(ValueError, match=message):
        data.load(challenge)


def test_a_challenge_without_labels(challenge):
    (challenge / "CornellWhaleChallenge_y.npy").unlink()
    with pytest.raises(FileNotFoundError, match="no CornellWhaleChallenge_Y.npy"):
        data.load(challenge)


def stub_of_the_hub(monkeypatch, tmp_path, n, error=None):
    """A huggingface_hub that writes n clips; returns what was asked of it."""
    asked = {}

    def snapshot_download(repository, *, local_dir, **options):
        asked.update(options, repository=repository)
        if error:
            raise error
        local_dir.mkdir(parents=True, exist_ok=True)
        audio = local_dir / "CornellWhaleChallenge_X.npy"
        np.lib.format.open_memmap(audio, "w+", np.float32, (n, 1, 4000)).flush()
        np.save(local_dir / "CornellWhaleChallenge_y.npy", np.arange(n) < 7027)
        for name in data.challenge.CHALLENGE_FOLDS:
            (local_dir / name).write_text("0\n")

    def dataset_info(repository):
        asked["looked_up"] = asked.get("looked_up", 0) + 1
        return types.SimpleNamespace(sha="0123abc")

    api = types.SimpleNamespace(dataset_info=dataset_info)
    module = types.SimpleNamespace(snapshot_download=snapshot_download, HfApi=lambda: api)
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    return asked


def test_a_whole_download_is_accepted(monkeypatch, tmp_path, capsys):
    asked = stub_of_the_hub(monkeypatch, tmp_path, 30_000)
    assert cli.main(["download", "cornell_whale_challenge"]) == 0
    assert asked["repository"] == "monster-monash/CornellWhaleChallenge"
    assert asked["repo_type"] == "dataset"
    assert "use it with DATASET=cornell_whale_challenge" in capsys.readouterr().out


def test_a_download_keeps_to_one_revision(monkeypatch, tmp_path, capsys):
    asked = stub_of_the_hub(monkeypatch, tmp_path, 0, error=TimeoutError())
    assert cli.main(["download", "cornell_whale_challenge"]) == 2  # it breaks off
    assert asked["revision"] == "0123abc" and asked["looked_up"] == 1
    again = stub_of_the_hub(monkeypatch, tmp_path, 30_000)
    assert cli.main(["download", "cornell_whale_challenge"]) == 0
    assert again["revision"] == "0123abc" and "looked_up" not in again


def test_a_download_that_fails_says_so(monkeypatch, tmp_path, capsys):
    stub_of_the_hub(monkeypatch, tmp_path, 29_999)
    assert cli.main(["download", "cornell_whale_challenge"]) == 2
    assert "not what was published: audio (29999, 1, 4000)" in capsys.readouterr().err
    stub_of_the_hub(monkeypatch, tmp_path, 0, error=TimeoutError())
    assert cli.main(["download", "cornell_whale_challenge"]) == 2
    assert "check the network and call again" in capsys.readouterr().err
    assert cli.main(["download", "dolphins"]) == 2
    assert "nothing to download is called 'dolphins'" in capsys.readouterr().err


def test_a_download_without_the_extra_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert cli.main(["download", "cornell_whale_challenge"]) == 2
    assert "pip install -e '.[download]'" in capsys.readouterr().err
