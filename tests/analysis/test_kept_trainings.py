"""Trainings that are kept in a folder: taken up after a kill, refused in another study's folder."""

import json

import numpy as np
import pytest
from fakes_executors import LastFirst

from polytask.analysis import (
    GradientCosine,
    GroupRuns,
    PredictionSimilarity,
    _group_runs,
    analyze,
)
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, StudyError

GROUPS = [("task_0",), ("task_1",), ("task_0", "task_1")]


@pytest.fixture(scope="module")
def data():
    made, _ = make_clustered_tasks(1, 3, 30, 3, own_rows=True, seed=0)
    return made


def runs_of(data, steps=4, width=4, **options):
    network = HardSharing(MLP((width,)))
    return GroupRuns.of(data, network, folds=2, seeds=1, budget=Budget(steps=steps), **options)


def answers(runs):
    return {
        (group, task): one.responses
        for group in GROUPS
        for task, one in runs.answers(group).items()
    }


@pytest.fixture(scope="module")
def whole(data):
    runs = runs_of(data)
    runs.train(GROUPS)
    return runs


def same(runs, other):
    first, second = answers(runs), answers(other)
    assert first.keys() == second.keys()
    for key, responses in first.items():
        assert all(map(np.array_equal, responses, second[key]))
    assert runs.cross.of.keys() == other.cross.of.keys()
    assert all(
        np.array_equal(runs.cross.of[k], other.cross.of[k], equal_nan=True) for k in runs.cross.of
    )
    assert (runs.n_networks, runs.steps) == (other.n_networks, other.steps)


class Killed(BaseException):
    pass


def test_after_a_kill_only_what_is_missing_is_trained_and_the_answers_are_the_same(
    data, whole, tmp_path, monkeypatch
):
    train_job, done = _group_runs.train_job, []

    def killed(job, common, on_done=None):
        if len(done) == 2:
            raise Killed
        done.append(job.groups)
        return train_job(job, common, on_done)

    monkeypatch.setattr(_group_runs, "train_job", killed)
    first = runs_of(data)
    with pytest.raises(Killed), first.keeping(tmp_path / "out"):
        first.train(GROUPS)
    (tmp_path / "out" / "runs" / f".{'0' * 24}.answers-{'a' * 16}.safetensors").touch()
    monkeypatch.setattr(
        _group_runs,
        "train_job",
        lambda job, *rest: done.append(job.groups) or train_job(job, *rest),
    )
    again = runs_of(data)
    with again.keeping(tmp_path / "out"):
        again.train(GROUPS)
    assert len(done) == 4  # two folds, tasks alone and groups
    same(again, whole)
    assert not list((tmp_path / "out" / "runs").glob(".*"))


@pytest.mark.slow
def test_groups_that_are_new_are_trained_and_others_are_not(data, tmp_path, monkeypatch):
    with (runs := runs_of(data)).keeping(tmp_path):
        runs.train(GROUPS)
    done, train_job = [], _group_runs.train_job
    monkeypatch.setattr(
        _group_runs,
        "train_job",
        lambda job, *rest: done.append(job.groups) or train_job(job, *rest),
    )
    said = []
    with (runs := runs_of(data, advance=said.append)).keeping(tmp_path):
        runs.train([*GROUPS, ("task_1", "task_2")])
    assert done == [(("task_1", "task_2"),)] * 2
    assert len(said) == 2 * 3


@pytest.mark.slow
def test_a_damaged_file_is_named_and_its_trainings_are_done_again(data, whole, tmp_path):
    with (runs := runs_of(data)).keeping(tmp_path):
        runs.train(GROUPS)
    scores = next((tmp_path / "runs").glob("*.scores.safetensors"))
    scores.write_bytes(scores.read_bytes()[:-1] + b"x")
    record = next(p for p in (tmp_path / "runs").glob("*.json") if p.stem != scores.name[:24])
    record.write_text("{}")
    notes = []
    with (runs := runs_of(data)).keeping(tmp_path, notes.append):
        runs.train(GROUPS)
    assert len(notes) == 2
    assert all(note.endswith("was damaged. What it held is trained again.") for note in notes)
    same(runs, whole)


@pytest.mark.parametrize(("change", "word"), [({"width": 5}, "learner"), ({"steps": 5}, "budget")])
def test_the_folder_of_another_study_is_refused(data, tmp_path, change, word):
    with runs_of(data).keeping(tmp_path):
        pass
    with (
        pytest.raises(StudyError, match=f"holds another study: its {word} differs"),
        runs_of(data, **change).keeping(tmp_path),
    ):
        pass
    other, _ = make_clustered_tasks(1, 3, 30, 3, own_rows=True, seed=1)
    with pytest.raises(StudyError, match="its data"), runs_of(other).keeping(tmp_path):
        pass


@pytest.mark.slow
def test_the_history_of_an_observed_training_is_kept(data, tmp_path, monkeypatch):
    affinity = GradientCosine(n_batches=1)
    with (runs := runs_of(data)).keeping(tmp_path):
        first = affinity.estimate(runs)
    monkeypatch.setattr(_group_runs, "observed", None)
    with (runs := runs_of(data)).keeping(tmp_path):
        again = affinity.estimate(runs)
    assert first.values == again.values
    assert first.n_networks == again.n_networks == 1


@pytest.mark.slow
def test_an_executor_trains_with_the_same_answers(data, whole):
    executor, said = LastFirst(), []
    runs = runs_of(data, executor=executor, advance=said.append)
    runs.train(GROUPS)
    assert len(executor.done) == 4
    assert len(said) == 4
    same(runs, whole)
    matrix = PredictionSimilarity().estimate(runs).values
    assert matrix == PredictionSimilarity().estimate(whole).values


def test_records_say_what_they_are_of(data, tmp_path):
    with (runs := runs_of(data)).keeping(tmp_path):
        runs.train(GROUPS[:1])
    record = json.loads(next((tmp_path / "runs").glob("*.json")).read_text())
    about = record["spec"]["about"]
    assert about["data"] == runs.data.digest()
    assert about["versions"]["polytask"]
    assert set(about) == {"data", "learner", "budget", "versions"}


def test_an_analysis_that_is_refused_claims_no_folder(data, tmp_path):
    with pytest.raises(ParameterError, match="`sizes` parameter"):
        analyze(data, folds=2, seeds=1, sizes=(99,), out=tmp_path / "refused")
    assert not (tmp_path / "refused").exists()
