"""A detector's folder: arrays that say what scikit-learn and Keras say, and what is refused."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest

from utils.detect import card, fitted, recipes, store
from utils.errors import UserError
from utils.models import classifiers, embeddings
from utils.sound import features
from utils.sound.spectrograms import SpectrogramSettings

SHAPE = (16, 24)
SETTINGS = SpectrogramSettings(sample_rate=1000, mel_bands=24, fmin=40, fmax=400)


HELD_OUT = pd.DataFrame({"clip": ["site/a.wav 12.000 s", "call/b 1.wav"], "score": [0.5, 0.1]})


@pytest.fixture(scope="module")
def clips():
    """Spectrograms with a bar where there is a call, and labels."""
    rng = np.random.default_rng(0)
    grid = rng.standard_normal((120, *SHAPE)).astype(np.float32)
    labels = np.arange(120) % 2
    grid[labels == 1, 6:8, 8:18] += 1.5
    return features.extract(grid), grid, labels


@pytest.fixture(scope="module")
def estimator(clips):
    fit = classifiers.build("random_forest", seed=0, n_estimators=40, n_jobs=1)
    return fit.fit(clips[0], clips[2])


def detector(classifier):
    return store.Detector(
        call="upcall", settings=SETTINGS, shape=SHAPE, band=(100.0, 200.0), threshold=0.4,
        recipe="forest", trained_on={"told": ["ñ"]}, classifier=classifier,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path, estimator):
    ours = detector(fitted.Forest.of(estimator.estimator))
    store.save(ours, tmp_path / "mine", HELD_OUT, lambda _: None)
    return tmp_path / "mine"


def test_a_forest_of_arrays_is_the_forest(clips, estimator):
    known, _, _ = clips
    ours = fitted.Forest.of(estimator.estimator)
    again = fitted.Forest.from_arrays(ours.arrays(), SHAPE)
    expected = estimator.predict_proba(known)
    assert expected.std() > 0.2
    np.testing.assert_allclose(ours.predict_proba(known), expected, atol=1e-12)
    np.testing.assert_array_equal(again.predict_proba(known), ours.predict_proba(known))


def test_values_on_a_threshold_go_where_they_do_in_scikit_learn():
    """Columns of whole numbers, in which thresholds lie on halves, and weights on float32."""
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(0)
    table = rng.integers(0, 3, (300, 5)).astype(np.float32) / 3
    labels = (table.sum(1) + rng.normal(0, 0.3, 300) > 1.6).astype(int)
    forest = RandomForestClassifier(30, random_state=0).fit(table, labels)
    ours = fitted.Forest.of(forest)
    held = features.Features(np.empty((300, 1, 1)), np.empty((300, 1, 1, 1)), table)
    expected = forest.predict_proba(table)[:, 1]
    np.testing.assert_allclose(ours.predict_proba(held), expected, atol=1e-12)


def test_what_is_stored_is_found_again(folder, clips, estimator):
    found = store.load(folder)
    wanted = detector(fitted.Forest.of(estimator.estimator))
    np.testing.assert_array_equal(found.score(clips[1]), wanted.score(clips[1]))
    for name in ("call", "settings", "shape", "band", "threshold", "recipe", "trained_on"):
        assert getattr(found, name) == getattr(wanted, name)
    assert len(found.digest) == 16 and list(folder.parent.iterdir()) == [folder]
    sound = np.zeros((3, SETTINGS.n_samples), np.float32)
    sound[1] = np.random.default_rng(0).standard_normal(SETTINGS.n_samples)
    scores = found.score_audio(sound)
    assert scores[0] == scores[2] == 0 < scores[1]


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def stored_arrays(folder, **changed):
    """A stranger's arrays, of which the settings know."""
    with np.load(folder / store.WEIGHTS) as stored:
        arrays = dict(stored) | changed
    np.savez(folder / store.WEIGHTS, **arrays)
    told(folder, weights=store._digest((folder / store.WEIGHTS).read_bytes()))


def one(folder, name, value):
    """An array whose first number is another."""
    array = np.load(folder / store.WEIGHTS)[name]
    array[0] = value
    stored_arrays(folder, **{name: array})


def told(folder, **changed):
    path = folder / store.SETTINGS
    text = json.loads(path.read_text("utf-8")) | changed
    text["checksum"] = store._checksum({k: v for k, v in text.items() if k != "checksum"})
    path.write_text(json.dumps(text), "utf-8")


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


DAMAGE = {
    "no weights": lambda f: (f / store.WEIGHTS).unlink(),
    "half the weights": lambda f: cut(f / store.WEIGHTS, 0.5),
    "no archive": lambda f: (f / store.WEIGHTS).write_bytes(b"PK\x03\x04 nothing"),
    "half the settings": lambda f: cut(f / store.SETTINGS, 0.5),
    "no text": lambda f: (f / store.SETTINGS).write_bytes(b"\xff\xfe\x00"),
    "a list": lambda f: (f / store.SETTINGS).write_text("[1]"),
    "deep": lambda f: (f / store.SETTINGS).write_text("[" * 100_000),
    "other version": lambda f: told(f, version=store.VERSION + 1),
    "unknown kind": lambda f: told(f, kind="__import__('os').system('true')"),
    "another kind": lambda f: told(f, kind="birdnet"),
    "huge shape": lambda f: told(f, shape=[10**9, 10**9]),
    "no shape": lambda f: told(f, shape=None),
    "threshold": lambda f: told(f, threshold="nan"),
    "band": lambda f: told(f, band=[200, 100]),
    "settings": lambda f: told(f, settings={"sample_rate": 2000}),
    "settings that do not fit": lambda f: told(f, settings=vars(SETTINGS) | {"fmax": 900.0}),
    "feature": lambda f: one(f, "feature", 10**6),
    "child": lambda f: one(f, "left", 10**6),
    "leaf": lambda f: one(f, "value", 1.1),
    "length": lambda f: stored_arrays(f, feature=np.zeros(4, np.int32)),
    "depth": lambda f: stored_arrays(f, depth=np.array(10**9)),
    "floats": lambda f: stored_arrays(f, roots=np.array([0.5])),
    "more arrays": lambda f: stored_arrays(f, more=np.zeros(3)),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_folder_is_one_sentence(folder, name):
    DAMAGE[name](folder)
    with pytest.raises(UserError, match=r"mine/ is damaged or of another version \(.+\); copy"):
        store.load(folder)


def test_settings_that_were_changed_by_hand_are_refused(folder):
    path = folder / store.SETTINGS
    path.write_text(path.read_text("utf-8").replace('"n_fft": 200', '"n_fft": 256'), "utf-8")
    with pytest.raises(UserError, match="detector.json was changed after it was stored"):
        store.load(folder)
    (folder / store.WEIGHTS).unlink()
    told(folder)
    with pytest.raises(UserError, match="it lacks weights.npz"):
        store.load(folder)


def test_nothing_of_a_strangers_folder_is_executed(folder, tmp_path):
    stored_arrays(folder, value=np.array([Payload(tmp_path / "executed")], dtype=object))
    with pytest.raises(UserError, match="allow_pickle=False"):
        store.load(folder)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("speeds", np.array([4])),
        ("speeds", np.array([4, 1000])),
        ("speeds", np.array([4.0, 8.0])),
        ("weights", np.zeros(3)),
        ("mean", np.full(2 * embeddings.SIZE, np.nan)),
        ("scale", np.zeros(2 * embeddings.SIZE)),
        ("more", np.zeros(1)),
    ],
)
def test_a_strangers_weights_of_birdnet_must_fit(name, value):
    arrays = dict.fromkeys(("mean", "scale", "weights"), np.ones(2 * embeddings.SIZE))
    arrays |= {"intercept": np.array(0.5), "speeds": np.array([4, 8])}
    assert fitted.restored("birdnet", arrays, SHAPE).arrays().keys() == arrays.keys()
    with pytest.raises(ValueError):
        fitted.restored("birdnet", arrays | {name: value}, SHAPE)


def test_any_byte_may_be_wrong(folder, clips):
    """A detector, or one sentence: never anything else."""
    rng = np.random.default_rng(0)
    intact = {name: (folder / name).read_bytes() for name in (store.SETTINGS, store.WEIGHTS)}
    refused = 0
    for _ in range(60):
        for name, content in intact.items():
            changed = bytearray(content)
            for place in rng.integers(0, len(content), 3):
                changed[place] = rng.integers(256)
            (folder / name).write_bytes(changed)
            try:
                assert np.isfinite(store.load(folder).score(clips[1][:2])).all()
            except UserError as error:
                refused += len(str(error).splitlines()) == 1
            (folder / name).write_bytes(content)
    assert refused > 30


def test_a_folder_of_other_things_is_not_replaced(folder, tmp_path, estimator):
    ours = detector(fitted.Forest.of(estimator.estimator))
    store.save(ours, folder, HELD_OUT, lambda _: None)  # its own kind is
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "whale.jpg").write_text("whale")
    with pytest.raises(UserError, match="photos/ holds other things"):
        store.save(ours, tmp_path / "photos", HELD_OUT, lambda _: None)
    with pytest.raises(UserError, match="photos is no detector's folder"):
        store.load(tmp_path / "photos")
    (tmp_path / "photos" / "whale.jpg").rename(tmp_path / "photos" / store.CARD)
    with pytest.raises(UserError, match="photos/ holds other things"):  # a card of another kind
        store.save(ours, tmp_path / "photos", HELD_OUT, lambda _: None)
    (folder / "thesis.txt").write_text("two years")
    with pytest.raises(UserError, match=r"holds other things \(thesis.txt\)"):
        store.save(ours, folder, HELD_OUT, lambda _: None)
    assert (folder / "thesis.txt").read_text() == "two years"


def test_a_card_that_fails_leaves_the_old_detector(folder, estimator):
    before = sorted(path.name for path in folder.iterdir())

    def full(_):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        store.save(detector(fitted.Forest.of(estimator.estimator)), folder, HELD_OUT, full)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert list(folder.parent.iterdir()) == [folder] and store.load(folder)


def test_parts_of_two_detectors_are_no_detector(folder, tmp_path):
    assert store.load(folder).recordings == {"a.wav", "b 1.wav"}
    shutil.copytree(folder, tmp_path / "two")
    with np.load(folder / store.WEIGHTS) as arrays:
        np.savez_compressed(tmp_path / "two" / store.WEIGHTS, **arrays)  # the same numbers
    with pytest.raises(UserError, match="weights.npz is not the one that detector.json was stored"):
        store.load(tmp_path / "two")


def test_a_detector_can_be_moved(folder, tmp_path, clips):
    expected = store.load(folder).score(clips[1])
    shutil.move(folder, tmp_path / "elsewhere")
    np.testing.assert_array_equal(store.load(tmp_path / "elsewhere").score(clips[1]), expected)


def test_few_calls_are_filled_up_with_copies(clips):
    _, grid, labels = clips
    few = recipes.Clips(grid[labels == 1][:10], grid[labels == 0], 0)
    filled = few.augmented()
    assert len(filled) == len(few.seas)
    np.testing.assert_array_equal(filled[:10], few.calls)
    assert len(np.unique(filled.reshape(len(filled), -1), axis=0)) == len(filled)
    many = recipes.Clips(grid[labels == 1], grid[labels == 0][:20], 0)
    assert many.augmented() is many.calls


def test_numbers_of_the_card_by_hand():
    labels = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    scores = np.array([0.9, 0.8, 0.7, 0.2, 0.85, 0.3, 0.1, 0.1, 0.1, 0.1])
    assert card.recall_at_precision(labels, scores, 0.7) == 0.75
    assert card.recall_at_precision(labels, scores, 0.9) == 0.25
    assert card.threshold_at_recall(scores[:4], 0.75)[0] == 0.7
    assert card.threshold_at_recall(scores[:4], 0.9)[0] == 0.2
    groups = np.arange(10) % 2
    value, low, high = card.false_alarms_an_hour(labels, scores, groups, 2.0, seed=0)
    assert value == pytest.approx(2 / (6 * 2 / 3600)) and low <= value <= high
    none = card.false_alarms_an_hour(labels, labels.astype(float), groups, 2.0, seed=0)
    assert none[:2] == (0, 0) and none[2] == pytest.approx(3 / (6 * 2 / 3600))
