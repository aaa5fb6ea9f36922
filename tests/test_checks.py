"""What is said of a data set before any work, and options that reach the notebooks."""

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from utils import checks, cli, data, paths
from utils.augmentation import running, study
from utils.errors import UserError
from utils.statistics import comparison

STEMS = ["00_eda", "01_baseline", "02_generative"]


def clips(groups, labels=None, n=240):
    groups = np.repeat(np.arange(groups), n // groups)
    labels = np.arange(len(groups)) % 2 if labels is None else labels(groups)
    return data.Dataset(
        name="toy",
        spectrograms=np.zeros((len(groups), 3, 4), np.float32),
        labels=labels,
        groups=groups,
        clip_names=np.array([f"c{i}" for i in range(len(groups))]),
        frequencies=np.array([10.0, 20.0, 30.0]),
        times=np.arange(4.0),
        unit="dB",
    )


def test_enough_clips_and_groups_get_their_times_alone():
    plan = checks.plan(clips(12), STEMS)
    described, times = plan.sentences
    assert described.startswith("toy: 240 clips") and plan.lacking == {}
    assert times.startswith("On this machine: 00_eda about ") and "02_generative about" in times


def test_one_recording_cannot_be_split():
    with pytest.raises(UserError, match="toy: all clips come from one recording.*--group PATTERN"):
        checks.plan(clips(1), STEMS)


@pytest.mark.parametrize("groups", [2, 3])
def test_recordings_of_one_class_each_cannot_be_split(groups):
    with pytest.raises(UserError, match=r"groups \(\d with none and \d with call\) cannot be"):
        checks.plan(clips(groups, lambda own: (own > 0).astype(int)), STEMS)


def test_few_recordings_are_left_out_in_turn():
    plan = checks.plan(clips(4), STEMS)
    assert list(plan.lacking) == ["02_generative"]
    assert plan.lacking["02_generative"].startswith("calls of two recordings are needed")
    assert "3 splits instead of 5, with two or" in checks.plan(clips(6), STEMS).sentences[1]
    told = plan.sentences[1]
    assert told == (
        "One of the classes is in 4 groups only: 4 splits instead of 5, each is left out once; "
        "intervals will be wide."
    )


@pytest.mark.parametrize(("n", "lacking"), [(72, 4), (120, 3), (192, 1), (360, 0)])
def test_too_few_clips_to_train_leave_stages_out(n, lacking):
    stems = [*STEMS, "03_quality", "04_augmentation"]
    found = {stem: checks._too_few(stem, clips(12, n=n), _splits(n)) for stem in stems}
    told = {stem: reason for stem, reason in found.items() if reason}
    assert list(told) == stems[5 - lacking :]
    if lacking == 4:
        reason = told["01_baseline"]
        assert "clips of none, and 30 are needed; about " in reason
        more = int(reason.split("about ")[1].split(" ")[0])
        enough = n + 2 * (more + 12)
        assert checks._too_few("01_baseline", clips(12, n=enough), _splits(enough)) == ""


def _splits(n):
    toy = clips(12, n=n)
    return data.split_by_group(toy.labels, toy.groups, seed=0)


def test_what_a_study_can_show_rests_on_the_published_rows():
    """By hand: the widest scatter of the differences, and less where fewer calls test."""
    rows = study.read(paths.results_dir("right_whale_upcalls") / "study.csv")
    rows = rows[(rows["part"] == "main") & (rows["n_positive"] == 25)]
    wide = rows.pivot(index="seed", columns=["arm", "classifier"], values="roc_auc")
    gaps = [wide["classical", name] - wide["real", name] for name in ("cnn", "random_forest")]
    scatter = np.mean([gap.std() for gap in gaps])
    assert checks._least(25, 419, 40) == pytest.approx(comparison.detectable(scatter, 40))
    assert checks._least(25, 419 / 4, 40) == pytest.approx(2 * checks._least(25, 419, 40))
    assert checks._least(25, 5000, 40) == checks._least(25, 419, 40) < checks._least(25, 419, 10)
    assert checks._least(100, 419, 40) < checks._least(25, 419, 40)


@pytest.mark.parametrize(("loud", "pointless"), [(6.0, True), (0.3, False)])
def test_a_study_with_nothing_to_gain_is_pointless(loud, pointless):
    rng = np.random.default_rng(0)
    dull = clips(12, n=480)
    sound = rng.standard_normal((480, 20, 30)).astype(np.float32)
    sound[dull.labels == 1, 6:9, 10:20] += loud
    toy = replace(dull, spectrograms=sound, frequencies=np.arange(20.0), times=np.arange(30.0))
    shows, *rest = checks.worth(toy, _splits(480))
    assert shows.startswith("With about 48 calls on a test side, 40 seeds of 04_augmentation show")
    assert len(rest) == pointless
    if pointless:
        assert "is pointless here: 25 calls alone already reach a ROC AUC of 1.000" in rest[0]


@pytest.mark.parametrize(("hours", "told"), [(3.0, 2), (0.0, 0)])
def test_what_a_study_is_worth_is_said_before_it(monkeypatch, hours, told):
    monkeypatch.setattr(checks, "_study_hours", lambda *_: (hours, "whales study run"))
    monkeypatch.setattr(checks, "worth", lambda *_: ["worth it"])
    sentences = checks.plan(clips(12, n=720), [checks.STUDY]).sentences
    assert sentences[1:] == [
        "04_augmentation reads a table that `whales study run` fills in about 3 h.", "worth it"
    ][:told]  # fmt: skip


def test_a_long_study_is_asked_about(monkeypatch, capsys):
    cell = study.Cell(0, 50, 800, "real", 0.0)

    class Place:
        name = "toy"
        bench = SimpleNamespace(dataset="clips", splits="splits")

        def cells(self, seeds, parts):
            return [cell]

    chosen = {"parts": ["main"], "sizes": (), "seeds": (0,), "arm_names": ["real"]}
    chosen |= {"classifier_names": ["cnn", "mlp"], "jobs": 2}
    monkeypatch.setattr(running, "chosen_seeds", lambda *_: [0])
    monkeypatch.setattr(study, "missing", lambda *_: [(cell, ["cnn", "mlp"])])
    monkeypatch.setattr(running, "expected_seconds", lambda *_: 5 * 3600)
    monkeypatch.setattr(checks, "worth", lambda *given: [f"worth of {' and '.join(given)}"])
    with pytest.raises(UserError, match="toy: 2 rows will take about 2.5 h in 2 processes; add --"):
        checks.confirm_study(Place(), **chosen, yes=False)
    assert capsys.readouterr().out == "worth of clips and splits\n"
    checks.confirm_study(Place(), **chosen, yes=True)
    checks.confirm_study(Place(), **chosen | {"jobs": 3}, yes=False)
    assert capsys.readouterr().out == ""


def test_options_reach_the_environment_and_leave_it(monkeypatch, tmp_path):
    monkeypatch.setenv("DATASET_GROUP", "as before")
    seen = {}

    def load(source):
        seen.update({name: os.environ.get(variable) for name, variable in data.VARIABLES.items()})
        raise UserError("seen.")

    monkeypatch.setattr(data, "load", load)
    given = ["--dataset", str(tmp_path), "--band", "60", "400", "--seconds", "3"]
    given += ["--group", "site.", "--positive-class", "orca", "--labels", "a.csv", "--skip-bad"]
    assert cli.main(["baseline", *given]) == 2
    assert seen == {
        "band": "60.0 400.0", "seconds": "3.0", "group": "site.", "positive_class": "orca",
        "labels_csv": os.path.abspath("a.csv"), "skip_bad": "1",
    }  # fmt: skip
    assert os.environ["DATASET_GROUP"] == "as before" and "DATASET_BAND" not in os.environ


@pytest.mark.parametrize("source", [[], ["--dataset", paths.SIMULATED], ["--dataset", "a.npz"]])
def test_options_for_audio_need_a_folder_of_audio(source, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.npz").touch()
    assert cli.main(["report", "--seconds", "3", *source]) == 2
    assert "--seconds is for a folder of audio" in capsys.readouterr().err


def test_the_simulated_clips_keep_their_name(capsys):
    assert cli.main(["study", "status", "--name", "mine"]) == 2
    assert "--name is for clips of one's own" in capsys.readouterr().err
