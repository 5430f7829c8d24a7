"""Prediction of the tasks that a caller names."""

import numpy as np
import pytest
from learner_tables import halves, long_data, long_table, mixed_data, mixed_table
from sklearn.linear_model import Ridge
from small_architectures import data_for, small_architectures

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, fit_schemas
from polytask.exceptions import DataError, ParameterError
from polytask.learners import Constant, Linear, PerTaskEstimator, PooledLinear
from polytask.predictor import CombinedModel, ConstantModel, FittedPredictor, NetworkModel
from polytask.testing import tiny_dataset

SCHOOLS = [f"school {number}" for number in range(4)]


def fitted(learner, data):
    return learner.fit(*halves(data), 0, Budget())


MIXED, OWN_ROWS = fitted(Linear(), mixed_data()), fitted(Linear(), long_data())


def network_for(architecture, data):
    """A predictor with the network that seed 0 builds."""
    schemas = fit_schemas(data)
    network = architecture.build(schemas, data.tasks, seed=0).eval()
    model = NetworkModel(architecture, network, data.tasks, schemas)
    return FittedPredictor(data.tasks, schemas, model)


def assert_same(some, every, rows=slice(None)):
    for task in some:
        np.testing.assert_array_equal(some[task].row_ids, every[task].row_ids[rows])
        np.testing.assert_allclose(some[task].raw, every[task].raw[rows], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("learner", [Linear(), Constant()], ids=["linear", "constant"])
def test_the_named_tasks_alone_with_the_same_numbers(learner):
    predictor = fitted(learner, mixed_data())
    some = predictor.predict(mixed_table(), tasks=["rich", "size"])
    assert list(some) == ["size", "rich"]  # in the order of the model
    assert some.tasks.names == ("size", "rich")
    assert_same(some, predictor.predict(mixed_table()))


def test_one_name_may_be_given_as_it_is():
    assert list(MIXED.predict(mixed_table(), tasks="rich")) == ["rich"]


@pytest.mark.parametrize("name", sorted(small_architectures()))
def test_networks(name):
    architecture = small_architectures()[name]
    data = data_for(architecture)
    predictor, task = network_for(architecture, data), data.tasks.names[1]
    some = predictor.predict(data, tasks=[task])
    assert list(some) == [task]
    assert_same(some, predictor.predict(data))


def test_only_the_estimators_of_named_tasks_run(monkeypatch):
    predictor = fitted(PerTaskEstimator(Ridge()), mixed_data(mixed_data().tasks[:2]))
    calls = []
    monkeypatch.setattr(Ridge, "predict", lambda self, X: calls.append(X) or np.zeros(len(X)))
    predictor.predict(mixed_table(), tasks=["price"])
    assert len(calls) == 1


def test_only_the_models_of_named_tasks_run():
    class Broken(ConstantModel):
        def scores(self, sources):
            raise AssertionError("this model answers no named task")

    names = MIXED.tasks.names
    answers = dict.fromkeys(names, 1) | {"rich": 0}
    model = CombinedModel((MIXED.model, Broken({})), answers)
    combined = FittedPredictor(MIXED.tasks, MIXED.schemas, model)
    some = combined.predict(mixed_table(), tasks=["rich"])
    assert_same(some, MIXED.predict(mixed_table()))


class TestOwnRows:
    table = long_table()
    learners = (Linear(), Constant(), PooledLinear())

    def test_rows_of_other_tasks_are_left_out(self):
        some = OWN_ROWS.predict(self.table, tasks=["school 2", "school 1"])
        assert list(some) == ["school 1", "school 2"]
        assert_same(some, OWN_ROWS.predict(self.table))

    def test_no_row_of_the_named_tasks(self):
        rows = self.table.filter(self.table["school"] == "school 3")
        with pytest.raises(DataError, match="No row belongs to a task to predict: 'school 1'"):
            OWN_ROWS.predict(rows, tasks=["school 1"])

    @pytest.mark.parametrize("learner", learners, ids=lambda learner: learner.name)
    def test_without_the_task_column_every_row_is_answered_by_every_named_task(self, learner):
        predictor = fitted(learner, long_data())
        rows = self.table.drop("school")
        some = predictor.predict(rows, tasks=SCHOOLS[1:3])
        assert list(some) == SCHOOLS[1:3]
        for name in SCHOOLS[1:3]:
            told = predictor.predict(rows.with_columns(school=np.full(len(rows), name)))
            assert_same({name: some[name]}, told)

    @pytest.mark.parametrize("name", sorted(small_architectures()))
    def test_networks_without_the_task_column(self, name):
        architecture = small_architectures()[name]
        data = tiny_dataset(["binary"] * 2, own_rows=True)
        if architecture.refuses(data.tasks):
            pytest.skip("it needs tasks that feed others")
        predictor, (source,) = network_for(architecture, data), data.sources
        some = predictor.predict(source.inputs, tasks=data.tasks.names)
        known = predictor.predict(data)
        for task in data.tasks.names:
            rows = source.rows_of(task)
            np.testing.assert_allclose(some[task].raw[rows], known[task].raw, rtol=1e-4, atol=1e-5)


class TestSeveralSources:
    data = tiny_dataset(["regression", "binary"], own_tables=True)
    predictor = fitted(Linear(), data)

    def test_sources_without_a_named_task_are_left_out(self):
        name = self.data.tasks.names[1]
        some = self.predictor.predict(self.data, tasks=[name])
        assert list(some) == [name]
        assert_same(some, self.predictor.predict(self.data))

    def test_a_task_of_a_source_that_was_not_given(self):
        first, second = (source.name for source in self.data.sources)
        rows = {first: self.data.source(first)}
        sentence = rf"lies in none of the given sources, '{first}'. Give rows of a source"
        with pytest.raises(DataError, match=sentence):
            self.predictor.predict(rows, tasks=self.data.tasks.names)
        assert second not in rows


@pytest.mark.parametrize(
    ("tasks", "sentence"),
    [
        ([], "at least one name of a task of the model. Got \\[\\] instead. Leave it out"),
        (["rich", "price", "rich"], "must name each task once. Got 'rich' twice"),
        (["rihc"], "Did you mean 'rich'"),
        ([MIXED.tasks["rich"]], "at least one name of a task"),
        (3, "at least one name of a task"),
    ],
)
def test_names_that_are_refused(tasks, sentence, unchecked_types):
    with pytest.raises(ParameterError, match=sentence):
        MIXED.predict(mixed_table(), tasks=tasks)


def test_a_data_set_of_rows_is_predicted_for_named_tasks():
    data = MultiTaskDataset.from_table(mixed_table(), mixed_data().tasks[:1])
    some = MIXED.predict(data, tasks=["grade"])
    assert_same(some, MIXED.predict(mixed_table()))
