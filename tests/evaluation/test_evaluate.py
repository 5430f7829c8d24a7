import numpy as np
import pytest
from sklearn.metrics import root_mean_squared_error

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.evaluation import evaluate
from polytask.learners import Linear
from polytask.tasks import Task
from polytask.testing import tiny_dataset


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


def test_row_weights_of_each_task_enter_metrics_and_no_others_do():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(80, 2))
    table = {"x": X[:, 0], "z": X[:, 1], "y": X[:, 0] + generator.normal(size=80)}
    table["c"] = (X[:, 1] + generator.normal(size=80) > 1).astype(int)
    weights = generator.exponential(size=80)
    tasks = [
        Task("y", "regression", weight=5.0),
        Task("c", "binary", class_weight="balanced", metrics=["brier"]),
    ]
    data = MultiTaskDataset.from_table(table, tasks, weight={"y": weights})
    model = Linear().fit(data, data, 0, Budget())
    found, answers = evaluate(model, data), model.predict(data)
    error = np.square(answers["y"].response - table["y"])
    assert found["y"]["rmse"].value == pytest.approx(np.sqrt(np.average(error, weights=weights)))
    squares = np.square(answers["c"].response - table["c"])
    assert found["c"]["brier"].value == pytest.approx(squares.mean())
    for scale in (2.0**-1000, 2.0**-30, 2.0**1000):
        scaled = MultiTaskDataset.from_table(table, tasks, weight={"y": weights * scale})
        assert evaluate(model, scaled) == found
