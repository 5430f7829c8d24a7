"""Trainings that are kept in a folder: taken up after a kill, refused in another study's folder."""

import json
from functools import partial

import numpy as np
import pytest
from fakes_executors import LastFirst

from polytask.analysis import (
    GradientCosine,
    GroupRuns,
    PermutationImportance,
    PredictionSimilarity,
    _permutation_importance,
    _training_jobs,
    _trainings,
    analyze,
    analyze_runs,
    attribute,
)
from polytask.analysis._analysis import plan_runs
from polytask.analysis._measure_sources import groups_of_sources, sources_of_runs
from polytask.analysis._relations_of_runs import relations_of_runs
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


class RefusesAll(PermutationImportance):
    """A method that serves no model."""

    def check(self, models):
        (fold,) = models.folds
        assert fold.test.n_rows == 45
        raise ParameterError("no model of these")


class Killed(BaseException):
    pass


def test_after_a_kill_only_what_is_missing_is_trained_and_the_answers_are_the_same(
    data, whole, tmp_path, monkeypatch
):
    train_job, done = _trainings.train_job, []

    def killed(job, common, on_done=None):
        if len(done) == 2:
            raise Killed
        done.append(job.groups)
        return train_job(job, common, on_done)

    monkeypatch.setattr(_trainings, "train_job", killed)
    first = runs_of(data)
    with pytest.raises(Killed), first.keeping(tmp_path / "out"):
        first.train(GROUPS)
    (tmp_path / "out" / "runs" / f".{'0' * 24}.answers-{'a' * 16}.safetensors").touch()
    monkeypatch.setattr(
        _trainings,
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
    done, train_job = [], _trainings.train_job
    monkeypatch.setattr(
        _trainings,
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
    monkeypatch.setattr(_training_jobs, "observed", None)
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


def test_an_attribution_that_was_killed_fits_what_is_missing_with_the_same_importances(
    data, tmp_path, monkeypatch
):
    train_job, done = _trainings.train_job, []

    def killed(job, *rest):
        if len(done) == 1:
            raise Killed
        done.append(job.split.name)
        return train_job(job, *rest)

    options = {"columns": ["x0"], "folds": 2, "seeds": 1, "method": PermutationImportance(1)}
    monkeypatch.setattr(_trainings, "train_job", killed)
    with pytest.raises(Killed):
        attribute(data, "linear", out=tmp_path / "out", **options)
    monkeypatch.setattr(
        _trainings,
        "train_job",
        lambda job, *rest: done.append(job.split.name) or train_job(job, *rest),
    )
    executor = LastFirst()
    again = attribute(data, "linear", out=tmp_path / "out", executor=executor, **options)
    assert len(done) == 2
    assert len(executor.done) == 1
    whole = attribute(data, "linear", **options)
    assert (again.importance, again.low, again.p) == (whole.importance, whole.low, whole.p)
    with pytest.raises(StudyError, match="holds another study: its learner differs"):
        attribute(data, "constant", out=tmp_path / "out", **options)
    options["method"] = RefusesAll()
    with pytest.raises(ParameterError, match="no model of these"):  # models that are there, too
        attribute(data, "linear", out=tmp_path / "out", **options)


def test_columns_that_were_measured_before_a_kill_are_not_measured_again(
    data, tmp_path, monkeypatch
):
    measured, drops = [], _permutation_importance._drops

    def watched(models, column, *rest, stop):
        if column.label == stop:
            raise Killed
        measured.append(column.label)
        return drops(models, column, *rest)

    options = {"columns": ["x0", "x1"], "folds": 2, "seeds": 1, "method": PermutationImportance(1)}
    monkeypatch.setattr(_permutation_importance, "_drops", partial(watched, stop="x1"))
    with pytest.raises(Killed):
        attribute(data, "linear", out=tmp_path, **options)
    measured.clear()
    monkeypatch.setattr(_permutation_importance, "_drops", partial(watched, stop=None))
    again = attribute(data, "linear", out=tmp_path, **options)
    assert set(measured) == {"x1"}
    assert again.importance == attribute(data, "linear", **options).importance
    (first, *_) = (tmp_path / "measured").glob("*.json")
    first.write_text(first.read_text().replace('"p"', '"q"', 1))
    measured.clear()
    with pytest.warns(UserWarning, match=r"was damaged\. What it held is measured again"):
        third = attribute(data, "linear", out=tmp_path, **options)
    assert len(set(measured)) == 1
    assert (third.importance, third.low, third.p) == (again.importance, again.low, again.p)


def test_networks_that_were_read_are_kept_with_their_bits_and_serve_other_analyses(
    data, tmp_path, monkeypatch
):
    with (runs := runs_of(data)).keeping(tmp_path):
        ((joint,),) = runs.models(folds=1)
        ((alone,),) = runs.models(folds=1, alone=True)
        first = relations_of_runs(runs)
        runs.train([runs.tasks])
    assert runs.n_networks == 1 + 3 + 1  # the joint network of the second fold is new
    monkeypatch.setattr(_trainings, "train_job", None)
    with (again := runs_of(data)).keeping(tmp_path):
        ((kept,),) = again.models(folds=1)
        assert relations_of_runs(again).similarities == first.similarities
        assert again.answers(again.tasks).keys() == set(data.tasks.names)
    rows = data.sources[0]
    for before, after in ((joint, kept), (alone, again.models(folds=1, alone=True)[0][0])):
        one, other = (
            model.predict({"table": rows})["task_0"].response for model in (before, after)
        )
        assert np.array_equal(one, other)
    assert again.n_networks == runs.n_networks


def test_what_is_planned_is_what_is_trained_and_too_much_is_refused_before_it_begins(
    data, tmp_path
):
    options = {"folds": 2, "seeds": 1, "budget": Budget(steps=2), "affinities": "head_similarity"}
    network = HardSharing(MLP((2,)))
    runs = GroupRuns.of(data, network, folds=2, seeds=1, budget=Budget(steps=2))
    asked = {"pairs": False, "sizes": (2,), "n_groups": 1, "seed": 0}
    planned = plan_runs(runs, affinities="head_similarity", **asked, also=groups_of_sources(runs))
    assert planned.words == f"{planned.n_networks} networks of at most 2 steps each"
    relations_of_runs(runs)
    analyze_runs(runs, affinities="head_similarity", **asked)
    sources_of_runs(runs)
    assert runs.n_networks == planned.n_networks
    with pytest.raises(
        ParameterError, match="`most_networks` parameter of analyze must be at least"
    ):
        analyze(data, network, most_networks=3, out=tmp_path / "refused", **options)
    assert not (tmp_path / "refused").exists()


def test_a_pair_that_is_all_tasks_is_trained_once_for_affinities_that_read_its_network():
    data, _ = make_clustered_tasks(1, 2, 30, 3, seed=0)
    options = {"affinities": ["trained_pairs", "head_similarity"]}
    runs = GroupRuns.of(data, HardSharing(MLP((2,))), folds=2, seeds=1, budget=Budget(steps=2))
    planned = plan_runs(runs, **options, pairs=True, sizes=(), n_groups=1, seed=0)
    record = analyze_runs(runs, **options)
    assert runs.n_networks == planned.n_networks
    assert [one.name for one in record.affinities] == options["affinities"]
