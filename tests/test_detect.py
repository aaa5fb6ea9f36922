"""From recordings with a Raven table to a detector, and from the detector to Raven tables."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import soundfile

from utils import cli, data
from utils.augmentation import simulated
from utils.detect import (
    card,
    commands,
    described,
    evaluating,
    recipes,
    running,
    scoring,
    selections,
    store,
    training,
)
from utils.errors import UserError
from utils.models import embeddings
from utils.ocean import call_types

ROOT = Path(__file__).parents[1]
RATE, SECONDS, CALLS = 1000, 150, 9
DESCRIBED = "--call upsweep --from 80 120 --to 130 180 --duration 0.7 1.3".split()
HEADER = "\t".join((*selections.RAVEN, "Annotation"))
evaluate = commands.evaluate.callback


def detect(*arguments):
    return cli.main(["detect", *map(str, arguments)])


def starts(k):
    return 5 + 16 * np.arange(CALLS) + np.random.default_rng(k).uniform(0, 3, CALLS)


def write_recording(path, k, rate=RATE):
    """Noise with upsweeps of a second, from 100 to 150 Hz."""
    rng = np.random.default_rng(k)
    sound = 0.02 * rng.standard_normal(SECONDS * rate)
    time = np.arange(rate) / rate
    for start in starts(k):
        first = round(start * rate)
        call = np.hanning(rate) * np.sin(2 * np.pi * (100 * time + 25 * time**2))
        sound[first : first + rate] += 0.06 * call
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate)


def write_table(path, k):
    rows = [
        f"{i + 1}\tSpectrogram 1\t1\t{s:.3f}\t{s + 1:.3f}\t90\t160\tupcall"
        for i, s in enumerate(starts(k))
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *rows]) + "\n")


def name(k):
    return f"site{k % 2}_2020010{k + 1}_120000"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Four recordings to train on with tables; two others, in folders, with tables elsewhere."""
    place = tmp_path_factory.mktemp("detect")
    for k in range(4):
        write_recording(place / "training" / f"{name(k)}.wav", k)
        write_table(place / "training" / f"{name(k)}.Table.1.selections.txt", k)
    write_recording(place / "recordings" / "a" / f"{name(4)}.wav", 4)
    write_recording(place / "recordings" / "b" / f"{name(5)}.flac", 5, rate=2000)
    for k in (4, 5):
        write_table(place / "annotations" / f"{name(k)}.txt", k)
    assert detect("train", "--dataset", place / "training", "--out", place / "mine") == 0
    assert detect("run", place / "mine", place / "recordings", "--out", place / "found") == 0
    return place


@pytest.fixture(scope="module")
def dataset(place):
    return data.load(place / "training")


@pytest.fixture(scope="module")
def material(dataset):
    return training.of_dataset(dataset)


@pytest.fixture
def no_figures(monkeypatch):
    """Cards without their figures, which the card of `place` has."""
    for name in ("curves", "spectrogram_page"):
        monkeypatch.setattr(card, name, lambda *_: plt.figure())


# Training


def test_the_card_says_what_was_measured(place):
    text = (place / "mine" / store.CARD).read_text("utf-8")
    detector = store.load(place / "mine")
    scores = pd.read_csv(place / "mine" / store.HELD_OUT)
    labels, probability = scores["label"].to_numpy(), scores["score"].to_numpy()
    assert labels.sum() == 4 * CALLS and 0 < detector.threshold < 1
    assert detector.trained_on["real"] and "never heard" not in text
    recall = card.recall_at_precision(labels, probability)
    alarms, _, high = card.false_alarms_an_hour(
        labels, probability, scores["group"], detector.settings.clip_seconds, seed=0
    )
    assert alarms == 0
    for said in (
        f"**{detector.threshold:.3f}**",
        f"| recall at precision 0.9 | {recall:.2f} |",
        f"| 0.0 (with 95 % confidence below {high:.1f}, since",
        "out of 4 recordings",
        "What it was not tested on",
    ):
        assert said in text
    for figure in (store.CURVES, store.WORST):
        assert f"({figure})" in text and (place / "mine" / figure).stat().st_size > 5000


def test_held_out_scores_are_of_recordings_not_learned_from():
    labels = np.tile([0, 0, 1], 40)
    groups = np.repeat(np.arange(8), 15)
    folds = training.held_out_folds(labels, groups, seed=0)
    assert len(folds) == 5
    np.testing.assert_array_equal(np.sort(np.concatenate([t for _, t in folds])), np.arange(120))
    for kept, test in folds:
        assert not set(groups[kept]) & set(groups[test])
    assert len(training.held_out_folds(labels, groups % 2, seed=0)) == 2
    with pytest.raises(UserError, match="at least two of each are needed"):
        training.held_out_folds(labels, groups * 0, seed=0)


def test_the_same_seed_gives_the_same_detector(place, material, tmp_path, no_figures):
    again = training.train(material, tmp_path / "again", seed=0)
    first = store.load(place / "mine")
    assert store.load(tmp_path / "again").digest == first.digest
    np.testing.assert_array_equal(again.score(material.grid), first.score(material.grid))


def test_a_call_that_is_only_described_is_found(place, tmp_path, monkeypatch, no_figures):
    """On noise of the place's own, in which nobody marked anything."""
    monkeypatch.setattr(described, "OCEANS", 10)  # so few that a forest is chosen
    write_sea(tmp_path / "sea")
    out = tmp_path / "described"
    assert detect("train", *DESCRIBED, "--background", tmp_path / "sea", "--out", out) == 0
    detector = store.load(out)
    text = (out / store.CARD).read_text("utf-8")
    assert "has never heard a real call" in text and "2 recordings without calls" in text
    assert not detector.trained_on["real"] and detector.settings.clip_seconds == 3
    assert detect("run", out, place / "recordings", "--out", tmp_path / "f") == 0
    counts = evaluating.evaluate(tmp_path / "f", place / "annotations")[0].iloc[-1]
    assert counts.recall > 0.8 and counts.precision > 0.5


@pytest.fixture
def both(material, dataset, monkeypatch):
    """The Material with fewer simulated clips beside it than people get."""
    monkeypatch.setattr(described, "BESIDE_OCEANS", 6)
    monkeypatch.setitem(simulated.SIZES, "calls", 80)
    call = call_types.CallType("upsweep", "upsweep", (80, 120), (130, 180), (0.7, 1.3))
    return described.beside(material, dataset, call, seed=0)


def test_simulated_calls_stand_beside_few_labelled_ones(material, both):
    """The clips that they make are calls to a forest that has heard real ones."""
    assert both.told[-1].startswith(f"tried beside the {4 * CALLS} labelled") and both.real
    given, labels = both.simulated, material.labels
    low, high = material.frequencies[given.band][[0, -1]]
    assert 80 <= low < high <= 180 and not given.stretched and len(given.alone) == 100
    loudest = material.frequencies[given.alone.max(2).mean(0).argmax()]
    assert 70 < loudest < 190
    made = simulated.calls_in_seas(
        given.alone, given.band, material.grid[labels == 1], material.grid[labels == 0],
        np.random.default_rng(0), stretched=False,
    )  # fmt: skip
    grid = np.concatenate([made, material.grid])
    known, fitted = (
        training._fitted(recipe, both, slice(None), 0).predict_proba(grid)
        for recipe in ("forest", "forest_and_simulated")
    )
    assert np.median(known[: len(made)]) > 0.25
    assert (fitted[: len(made)] >= 0.5).mean() > (known[: len(made)] >= 0.5).mean()
    assert (fitted[len(made) :] >= 0.5).tolist() == (labels == 1).tolist()


@pytest.mark.parametrize(("worth", "kept"), [(0.3, True), (0.0, False)])
def test_held_out_clips_say_whether_simulated_ones_stay(
    place, both, monkeypatch, tmp_path, no_figures, worth, kept
):
    """Scores are noise, to which the simulated clips add what they are worth."""
    noise = np.random.default_rng(0).random(len(both.labels))

    def held_out(recipe, own, folds, seed):
        return (noise + worth * own.labels * (recipe == "forest_and_simulated")) / 2

    fitted = store.load(place / "mine").classifier
    monkeypatch.setattr(training, "_held_out", held_out)
    monkeypatch.setattr(training, "_fitted", lambda *_: fitted)
    detector = training.train(both, tmp_path / "mine", seed=0)
    said = (tmp_path / "mine" / store.CARD).read_text("utf-8")
    assert detector.recipe == ("forest_and_simulated" if kept else "forest")
    assert f"recipe `{detector.recipe}`" in said and "beside the 36 labelled calls" in said
    assert "with the simulated clips and" in said and ("learned without them" in said) != kept


def test_with_many_labelled_calls_none_is_simulated(material, dataset, monkeypatch):
    monkeypatch.setattr(recipes, "FEW", 4 * CALLS)
    same = described.beside(material, dataset, call_types.PRESETS["fin_whale_20hz"], seed=0)
    assert same.simulated is None
    assert same.told[-1].startswith("simulated calls: none, since from 36 labelled ones on")


def test_a_call_that_the_clips_cannot_hold(place, dataset, tmp_path, capsys):
    data.save_npz(dataset, tmp_path / "stored.npz")
    given = {
        f"--dataset {place / 'training'} --preset dolphin_whistle": "the clips of training hold",
        f"--dataset {tmp_path / 'stored.npz'} {' '.join(DESCRIBED)}": "of unknown settings",
    }
    for options, words in given.items():
        assert detect("train", *options.split(), "--out", tmp_path / "mine") == 2
        told = capsys.readouterr().err
        assert words in told and len(told.splitlines()) == 1 and not (tmp_path / "mine").exists()


def write_sea(folder):
    folder.mkdir()
    for k in range(2):
        sound = 0.02 * np.random.default_rng(50 + k).standard_normal(60 * RATE)
        soundfile.write(folder / f"sea{k}.wav", sound, RATE)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--preset upcall", "no preset is called 'upcall'; choose from right_whale_upcall,"),
        ("--preset fin_whale_20hz --call tone", "--preset describes the call already"),
        ("--preset fin_whale_20hz --dataset simulated --background .", "which --dataset brings"),
        ("--call upsweep --from 80 180", "--call upsweep needs --to and --duration"),
        ("--from 80 180", "--from describes a call of --call or --preset; name one"),
        ("--background sea", "--background describes a call of --call or --preset"),
        ("--preset fin_whale_20hz --background nowhere", "--background nowhere is no folder"),
        ("--preset fin_whale_20hz --birdnet", "learns from labelled recordings or clips alone"),
        ("", "name what to learn from"),
    ],
)
def test_what_train_refuses_is_one_sentence(options, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert detect("train", "--out", "mine", *options.split()) == 2
    told = capsys.readouterr().err
    assert words in told and len(told.splitlines()) == 1 and list(tmp_path.iterdir()) == []


# Running


def test_calls_of_other_recordings_are_found(place, capsys):
    assert detect("eval", place / "found", place / "annotations") == 0
    last = capsys.readouterr().out.splitlines()[-1].split()
    hits, alarms, misses = map(int, last[1:4])
    assert hits + misses == 2 * CALLS and hits >= 0.9 * 2 * CALLS and alarms <= 2


# Scores of clips, and of events


def test_a_mislabelled_clip_comes_first(place, dataset, tmp_path, monkeypatch):
    """Of two calls whose labels are taken away, and of the clips learned from."""
    labels = dataset.labels.copy()
    lost = np.flatnonzero(labels == 1)[[3, 20]]
    labels[lost] = 0
    wrong = replace(dataset, labels=labels)
    material = training.of_dataset(wrong)
    with monkeypatch.context() as patched:
        patched.setattr(card, "write", lambda *_: None)
        training.train(material, tmp_path / "mine", seed=0)
    table = scoring.score(tmp_path / "mine", wrong, tmp_path / "scores")
    assert set(table["clip"][:2]) == set(material.names[i] for i in lost)
    assert table["held_out"].all() and (table["surprise"].diff().dropna() <= 0).all()
    stored = pd.read_csv(tmp_path / "scores" / scoring.SCORES)
    assert stored["clip"].tolist() == table["clip"].tolist()
    assert (tmp_path / "scores" / scoring.PAGE).stat().st_size > 20_000
    monkeypatch.setattr(card, "spectrogram_page", lambda *_: plt.figure())
    other = scoring.score(place / "mine", wrong, tmp_path / "others")
    assert not other["held_out"].any() and set(other["clip"][:2]) == set(table["clip"][:2])


def test_score_names_what_it_wrote(place, tmp_path, monkeypatch, no_figures, capsys):
    monkeypatch.chdir(tmp_path)
    assert detect("score", place / "mine", "--dataset", place / "training") == 0
    told = capsys.readouterr().out
    assert "scores are those from when it had not" in told and "scores_training/scores.csv" in told


def test_clips_of_files_that_were_learned_from_are_told(place, tmp_path, no_figures, capsys):
    shutil.copytree(place / "training", tmp_path / "part")
    first = sorted((tmp_path / "part").glob("*.wav"))[0]
    for path in (tmp_path / "part").glob(f"{first.stem}*"):
        path.unlink()
    given = ["--dataset", tmp_path / "part", "--out", tmp_path / "out"]
    assert detect("score", place / "mine", *given) == 0
    table = pd.read_csv(tmp_path / "out" / scoring.SCORES)
    told = capsys.readouterr().out
    assert f"{len(table)} clips of {len(table)} have the names of files that the detector" in told


def test_scores_do_not_replace_other_things(place, tmp_path):
    (tmp_path / "scores.csv").write_text("mine")
    dataset = scoring.load_for(store.load(place / "mine"), str(place / "training"))
    with pytest.raises(UserError, match="holds other things"):
        scoring.score(place / "mine", dataset, tmp_path)
    assert (tmp_path / "scores.csv").read_text() == "mine"


def test_an_interrupted_training_says_that_nothing_was_written(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "_train", interrupted)
    assert detect("train", "--out", "mine", "--preset", "fin_whale_20hz") == 130
    assert capsys.readouterr().err == "Interrupted: no detector was written.\n"


def test_two_trainings_do_not_share_an_output(tmp_path, capsys):
    with store.reserved(tmp_path / "mine"):
        assert detect("train", "--preset", "fin_whale_20hz", "--out", tmp_path / "mine") == 2
    assert "another training is writing to mine/" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_help_names_the_presets(capsys):
    assert detect("train", "--help") == 0
    told = capsys.readouterr().out
    assert not [name for name in call_types.PRESETS if name not in told]


def test_spectrograms_of_another_band_are_refused(place, tmp_path):
    data.save_npz(data.simulated(n_clips=200), tmp_path / "other.npz")
    with pytest.raises(UserError, match="another band or length than the detector's"):
        scoring.load_for(store.load(place / "mine"), str(tmp_path / "other.npz"))


def test_a_detector_brings_its_own_settings(place, capsys):
    assert detect("score", place / "mine", "--dataset", place, "--seconds", 3) == 2
    told = capsys.readouterr().err
    assert "the detector brings its own band and length of a clip; drop --seconds" in told


def test_events_by_hand(tmp_path, capsys):
    """Two recordings of an hour and half an hour; a third has no table and does not count."""
    found, known = tmp_path / "found", tmp_path / "known"
    found.mkdir(), known.mkdir()
    begins = {"a": [10, 30, 50], "b": [], "c": [5]}
    for file, own in begins.items():
        own = np.array(own, dtype=float)
        table = selections.raven(own, own + 2, (50, 200), np.ones(len(own)), "upcall")
        table.to_csv(found / f"{file}{running.TABLE}", sep="\t", index=False)
    rows = {"file": ["a.wav", "b.wav", "c.wav"], "seconds": [3600, 1800, 60], "events": [3, 0, 1]}
    pd.DataFrame(rows).assign(state="x").to_csv(found / running.DONE, index=False)
    (known / "a.Table.1.selections.txt").write_text(
        HEADER + "\n1\tS\t1\t10.5\t11.5\t1\t2\tUpcall\n2\tS\t1\t29.5\t30.5\t1\t2\tupcall\n"
        "3\tS\t1\t52.4\t53\t1\t2\tupcall\n4\tS\t1\t70\t71\t1\t2\tgunshot\n"
    )
    (known / "b.txt").write_text("100\t101\tupcall\n")
    assert evaluate(found, known, "overlap", None, "upcall") is None
    told = capsys.readouterr()
    assert "1 of the searched recordings have no table" in told.err and "call): c.wav." in told.err
    assert "1 boxes of other labels count as no call (gunshot)" in told.err
    lines = [line.split() for line in told.out.splitlines()[1:]]
    # file, hits, false alarms, misses, hours, precision, recall, f1, error rate, alarms an hour
    assert lines[0] == "a.wav 2 1 1 1.000 0.667 0.667 0.667 0.667 1.000".split()
    assert lines[1][:5] == "b.wav 0 0 1 0.500".split() and lines[1][6] == "0.000"
    assert lines[2] == "all 2 1 2 1.500 0.667 0.500 0.571 0.750 0.667".split()
    with pytest.raises(UserError, match="labelled gunshot, upcall, and none is the"):
        evaluate(found, known, "overlap", 0.5, None)
    (found / running.RUN).write_text(json.dumps({"call": "up-call"}))
    evaluate(found, known, "overlap", 0.5, None)
    assert capsys.readouterr().out.splitlines()[-1].split()[1:4] == ["3", "0", "1"]
    (known / "c.txt").write_text("70\t71\tupcall\n")
    with pytest.raises(UserError, match="end after their recording, the first at 71 s of c"):
        evaluate(found, known, "overlap", 0.5, None)
    (known / "c.txt").unlink()
    evaluate(found, known, "onset", 0.5, "upcall")
    assert capsys.readouterr().out.splitlines()[-1].split()[1:4] == ["2", "1", "2"]


def test_a_run_whose_tables_are_damaged_is_one_sentence(place, tmp_path):
    for name in (running.DONE, running.RUN):
        found = tmp_path / name
        shutil.copytree(place / "found", found)
        (found / name).write_text("")
        with pytest.raises(UserError, match=f"{name} is damaged; remove"):
            running.run(store.load(place / "mine"), place / "recordings", found)
    found = tmp_path / "changed"
    shutil.copytree(place / "found", found)
    rows = pd.read_csv(found / running.DONE, dtype=str)
    rows["seconds"] = "abc"
    rows.to_csv(found / running.DONE, index=False)
    with pytest.raises(UserError, match="recordings.csv is damaged; remove"):
        evaluate(found, place / "annotations", "overlap", None, None)
    with pytest.raises(UserError, match="is damaged"):
        evaluate(tmp_path / running.DONE, place / "annotations", "overlap", None, None)


def test_what_eval_refuses(place, tmp_path):
    for given, words in (
        ((tmp_path, tmp_path), "holds no recordings.csv"),
        ((place / "found", place / "training"), "none of the 2 recordings"),
    ):
        with pytest.raises(UserError, match=words):
            evaluate(*given, "overlap", None, None)
    with pytest.raises(UserError, match="no box is labelled 'moan'; the labels are upcall"):
        evaluate(place / "found", place / "annotations", "overlap", None, "moan")
    with pytest.raises(FileNotFoundError, match="no folder or table is called"):
        evaluate(place / "found", tmp_path / "nowhere", "overlap", None, None)


# Through BirdNET


@pytest.fixture
def ear(tmp_path, monkeypatch):
    """In place of BirdNET, the loudness of 256 bands: what is heard does not need the extra."""

    def birdnet(audio, sample_rate, speed):
        spectrum = np.abs(np.fft.rfft(audio, axis=1))
        bands = np.array_split(spectrum, embeddings.SIZE // 4, axis=1)
        loud = np.stack([np.log(1e-6 + band.mean(1)) for band in bands], 1)
        return np.tile(loud, 4).astype(np.float32) * speed

    monkeypatch.setattr("utils.paths.CACHE", tmp_path / "cache")
    monkeypatch.setattr(embeddings, "available", lambda: True)
    monkeypatch.setattr(embeddings, "birdnet", birdnet)


@pytest.fixture
def through(place, tmp_path, ear, no_figures):
    given = ["--dataset", place / "training", "--birdnet"]
    assert detect("train", *given, "--out", tmp_path / "theirs") == 0
    return tmp_path / "theirs"


def test_a_detector_through_birdnet_finds_the_calls(place, through, tmp_path):
    assert "CC BY-NC-SA" in (through / store.CARD).read_text("utf-8")
    detector = store.load(through)
    assert detector.recipe == "birdnet" and detector.classifier.speeds.tolist() == [4, 8]
    assert detect("run", through, place / "recordings", "--out", tmp_path / "out") == 0
    counts = evaluating.evaluate(tmp_path / "out", place / "annotations")[0].iloc[-1]
    assert counts.recall >= 0.9 and counts.precision >= 0.8
    dataset = scoring.load_for(detector, str(place / "training"))
    told = scoring.score(through, dataset, tmp_path / "held")
    assert told["held_out"].all()
    other = replace(dataset, labels=1 - dataset.labels)  # other clips, as far as it knows
    table = scoring.score(through, other, tmp_path / "scores").set_index("clip")
    own = detector.score_audio(dataset.audio)
    np.testing.assert_allclose(table.loc[map(str, dataset.clip_names), "score"], own, atol=1e-4)


def test_without_the_extra_it_is_trained_and_run_by_nobody(
    place, through, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(embeddings, "available", lambda: False)
    out = tmp_path / "out"
    with pytest.raises(UserError, match=r"pip install -e '.\[embeddings\]'"):
        running.run(store.load(through), place / "recordings", out)
    assert not out.exists()
    assert detect("train", "--dataset", place / "training", "--birdnet", "--out", out) == 2
    assert "pip install -e '.[embeddings]'" in capsys.readouterr().err


def test_what_birdnet_can_not_hear_is_refused(dataset, material):
    with pytest.raises(UserError, match="BirdNET listens to audio"):
        training.heard_by_birdnet(material, replace(dataset, audio=None))
    with pytest.raises(UserError, match="clips of 20 s are too long for BirdNET"):
        training.heard_by_birdnet(replace(material, seconds=20.0), dataset)


def test_calls_are_played_to_where_those_of_the_study_lie():
    cases = {(50, 350): (4, 8), (15, 30): (32, 64), (5000, 20000): (1, 2)}
    assert {band: embeddings.speeds_for(band) for band in cases} == cases


def test_simulated_clips_can_be_taken_away(tmp_path, capsys):
    command = ["simulate", *DESCRIBED, "--count", 60, "--out", tmp_path / "clips"]
    assert detect(*command) == 0
    assert "holds 60 clips, 29 of them with" in capsys.readouterr().out
    for name, count in (("call", 29), ("none", 31)):
        paths = sorted((tmp_path / "clips" / name).glob("*.wav"))
        heard, rate = soundfile.read(paths[0])
        assert len(paths) == count and 0 < np.abs(heard).max() <= 0.9
    stored = data.load(tmp_path / "clips" / "simulated_clips.npz")
    assert (len(stored), stored.labels.sum()) == (60, 29) and stored.band == (80, 180)
    assert stored.clip_names[1] == "call/00001.wav" and len(heard) > rate / 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clips"]
    assert detect(*command) == 2
    assert "clips is there already; name a new folder" in capsys.readouterr().err
    assert detect("simulate", "--out", tmp_path / "more") == 2
    assert not (tmp_path / "more").exists()
    assert "describe the call with --preset or --call" in capsys.readouterr().err
