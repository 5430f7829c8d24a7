"""Tasks that share nothing and keep different settings: other seeds fit each with its own alone."""

from contextlib import contextmanager

import numpy as np
import pytest

from polytask.architectures import SingleTask
from polytask.bookkeeping import Budget
from polytask.data import RandomSplit
from polytask.datasets import make_clustered_tasks, make_related_regression
from polytask.encoders import MLP, Standardized
from polytask.evaluation import Runner
from polytask.evaluation.running import _trials
from polytask.evaluation.running._candidates import make_candidates
from polytask.evaluation.running._plan import fit_candidates, measure_chosen
from polytask.evaluation.running._recommended_model import recommended_model
from polytask.evaluation.running._repetition import Repetition
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import load
from polytask.training import Trainer

CHOSEN = {"task_0": 0, "task_1": 1, "task_2": 0, "task_3": 1}


@contextmanager
def measured(folder, data, kind=MultiTaskNetwork, numbers="piecewise_linear"):
    """A runner, the split, and the runs of two seeds whose tasks keep two settings."""
    (split,) = RandomSplit().splits(data, 0)
    network = kind(SingleTask(MLP((8,), numbers=numbers)), Trainer(learning_rate=0.01))
    candidates = make_candidates([network], data.tasks)
    places = [Repetition(split, seed) for seed in (0, 1)]
    with (
        pytest.MonkeyPatch.context() as patch,
        Runner(folder, data, Budget(2, 10)) as runner,
    ):
        patch.setattr(_trials, "choose", lambda *_, **__: CHOSEN)
        tuned, _ = fit_candidates(runner, candidates[:1], places, quiet=True)
        yield runner, split, measure_chosen(runner, tuned, quiet=True)[network.name]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    data, _ = make_related_regression(n_tasks=4, n_rows=90, n_features=4, seed=0)
    with measured(tmp_path_factory.mktemp("study"), data) as made:
        yield made


def test_each_task_is_fitted_with_the_setting_that_it_keeps(study):
    _, _, (first, second) = study
    assert [run.spec.tasks for run in first.runs] == [(), ()]
    assert [run.spec.tasks for run in second.runs] == [("task_0", "task_2"), ("task_1", "task_3")]
    assert [run.settings for run in second.runs] == [run.settings for run in first.runs]
    assert second.mean("n_parameters") == first.mean("n_parameters") > 0


def test_the_metrics_are_those_of_fits_of_all_tasks(study):
    runner, split, (_, second) = study
    for setting, run in enumerate(second.runs):
        whole = runner.run(runner.request(run.learner, split, 1))
        for task in run.spec.tasks:
            assert second.validation[task] == whole.validation[task]
            assert CHOSEN[task] == setting


def test_the_model_to_use_predicts_what_was_measured(study, tmp_path):
    runner, split, (_, second) = study
    model = recommended_model(second, runner.store, runner.data.tasks)
    model.save(tmp_path / "model")
    test = runner.data.take(split.test)
    for predictor in (model, load(tmp_path / "model")):
        assert predictor.tasks.names == runner.data.tasks.names
        predicted = predictor.predict(test)
        for run in second.runs:
            kept = runner.store.read_outcomes(run.spec.key, "test")
            assert kept.keys() == set(run.spec.tasks)
            for task, outcome in kept.items():
                np.testing.assert_array_equal(predicted[task].response, outcome.response)


class WithOrWithoutBins(MultiTaskNetwork):
    """Networks of which the first setting has no bins."""

    tuned = ("encoder.numbers",)


def test_models_with_and_without_bins_are_saved_as_one(tmp_path):
    data, _ = make_related_regression(n_tasks=4, n_rows=60, n_features=3, seed=0)
    with measured(tmp_path / "study", data, WithOrWithoutBins, Standardized()) as study:
        runner, split, (first, _) = study
        settings = [run.settings["encoder.numbers"] for run in first.runs]
        assert settings[0] != settings[1]
        recommended_model(first, runner.store, data.tasks).save(tmp_path / "model")
        predicted = load(tmp_path / "model").predict(data.take(split.test))
        for run, tasks in zip(first.runs, first.kept.values(), strict=True):
            kept = runner.store.read_outcomes(run.spec.key, "test")
            for task in tasks:
                np.testing.assert_array_equal(predicted[task].response, kept[task].response)


class OfOnesOwn(MultiTaskNetwork):
    """A learner that fits tasks apart, whatever their rows."""

    def learns_apart(self, train):
        return True


@pytest.mark.slow
@pytest.mark.parametrize("own_rows", [True, False])
def test_a_learner_of_ones_own_fits_some_tasks_only_where_rows_are_those_of_all(tmp_path, own_rows):
    data, _ = make_clustered_tasks(1, 4, 40, 3, own_rows=own_rows, seed=0)
    with measured(tmp_path, data, OfOnesOwn) as (runner, split, (_, second)):
        assert [bool(run.spec.tasks) for run in second.runs] == [not own_rows] * 2
        predicted = recommended_model(second, runner.store, data.tasks).predict(
            data.take(split.test)
        )
        for run, tasks in zip(second.runs, second.kept.values(), strict=True):
            kept = runner.store.read_outcomes(run.spec.key, "test")
            for task in tasks:
                np.testing.assert_array_equal(predicted[task].response, kept[task].response)
