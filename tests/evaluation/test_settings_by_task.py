"""Tasks that share nothing and keep different settings: other seeds fit each with its own alone."""

import numpy as np
import pytest

from polytask.architectures import SingleTask
from polytask.bookkeeping import Budget
from polytask.data import RandomSplit
from polytask.datasets import make_related_regression
from polytask.encoders import MLP
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


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A runner, the split, and the runs of two seeds whose tasks keep two settings."""
    data, _ = make_related_regression(n_tasks=4, n_rows=90, n_features=4, seed=0)
    (split,) = RandomSplit().splits(data, 0)
    network = MultiTaskNetwork(SingleTask(MLP((8,))), Trainer(learning_rate=0.01))
    candidates = make_candidates([network], data.tasks)
    places = [Repetition(split, seed) for seed in (0, 1)]
    with (
        pytest.MonkeyPatch.context() as patch,
        Runner(tmp_path_factory.mktemp("study"), data, Budget(2, 10)) as runner,
    ):
        patch.setattr(_trials, "choose", lambda *_, **__: CHOSEN)
        tuned, _ = fit_candidates(runner, candidates[:1], places, quiet=True)
        yield runner, split, measure_chosen(runner, tuned, quiet=True)[network.name]


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
