"""What is said of a data set before any work, and options that reach the notebooks."""

import os

import numpy as np
import pytest

from utils import checks, cli, data, paths
from utils.augmentation import study
from utils.errors import UserError

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


def test_a_long_study_is_asked_about(monkeypatch):
    cell = study.Cell(0, 50, 800, "real", 0.0)

    class Place:
        name = "toy"

        def cells(self, seeds, parts):
            return [cell]

    chosen = {"parts": ["main"], "sizes": (), "seeds": (0,), "arm_names": ["real"]}
    chosen |= {"classifier_names": ["cnn", "mlp"], "jobs": 2}
    monkeypatch.setattr(study, "chosen_seeds", lambda *_: [0])
    monkeypatch.setattr(study, "missing", lambda *_: [(cell, ["cnn", "mlp"])])
    monkeypatch.setattr(study, "expected_seconds", lambda *_: 5 * 3600)
    with pytest.raises(UserError, match="toy: 2 rows will take about 2.5 h in 2 processes; add --"):
        checks.confirm_study(Place(), **chosen, yes=False)
    checks.confirm_study(Place(), **chosen, yes=True)
    checks.confirm_study(Place(), **chosen | {"jobs": 3}, yes=False)


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
    monkeypatch.delenv("DATASET", raising=False)
    (tmp_path / "a.npz").touch()
    assert cli.main(["report", "--seconds", "3", *source]) == 2
    assert "--seconds is for a folder of audio" in capsys.readouterr().err
