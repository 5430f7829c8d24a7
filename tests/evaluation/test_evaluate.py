import pytest
from sklearn.metrics import root_mean_squared_error

from polytask.evaluation import evaluate
from polytask.learners import Linear
from polytask.testing import tiny_dataset
from polytask.training import Budget


def fitted(data):
    return Linear().fit(data, data, 0, Budget())


def test_against_scikit_learn_over_the_labelled_rows():
    data = tiny_dataset(["regression", "binary"])
    predictor = fitted(data)
    found = evaluate(predictor, data)
    labels = data.sources[0].labelled()
    answer = predictor.predict(data)["task0"].response[labels.rows("task0")]
    truth = labels.columns("task0")["target0_0"]
    assert found["task0"]["rmse"].value == pytest.approx(root_mean_squared_error(truth, answer))
    assert set(found) == {"task0", "task1"}


def test_each_row_with_its_own_task():
    data = tiny_dataset(["regression"] * 3, own_rows=True)
    assert set(evaluate(fitted(data), data)) == {"task0", "task1", "task2"}


def test_some_of_the_tasks():
    data = tiny_dataset(["regression", "regression"])
    few = tiny_dataset(["regression"])
    assert set(evaluate(fitted(data), few)) == {"task0"}
