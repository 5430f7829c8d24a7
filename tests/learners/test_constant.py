"""The baseline of constants."""

import numpy as np
import pytest

import polytask
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.learners import Constant
from polytask.metrics import Metric, MetricValue
from polytask.tasks import Regression, Task


class Nothing(Metric):
    name, label, kinds, greater_is_better = "nothing", "nothing", (Regression,), False

    def measure(self, truth, response, weight, fitted):
        return MetricValue(0.0)

    def constant(self, mean, truth, weight, fitted):
        return np.array(42.0)


def responses(data, **options):
    model = polytask.fit(data, Constant(), validation=data, **options)
    return {name: one.response for name, one in model.predict(data).items()}


def test_each_task_has_the_constant_of_its_headline_metric():
    columns = {
        "x": range(5),
        "mean": [1.0, 2.0, 3.0, 4.0, 90.0],
        "median": [1.0, 2.0, 3.0, 4.0, 90.0],
        "own": [1.0, 2.0, 3.0, 4.0, 90.0],
        "share": [0, 0, 0, 1, None],
        "called": [0, 0, 0, 1, None],
        "grade": ["a", "b", "b", "b", "b"],
    }
    tasks = [
        Task("mean", "regression"),
        Task("median", "regression", metrics=["mae", "rmse"]),
        Task("own", "regression", metrics=[Nothing()]),
        Task("share", "binary"),
        Task("called", "binary", metrics=["f1"]),
        Task("grade", "multiclass"),
    ]
    constants = responses(MultiTaskDataset.from_table(columns, tasks))
    assert constants["mean"] == pytest.approx([20.0] * 5)
    assert constants["median"] == pytest.approx([3.0] * 5, rel=1e-5)
    assert constants["own"] == pytest.approx([42.0] * 5, rel=1e-5)
    assert constants["share"] == pytest.approx([0.25] * 5)
    assert (constants["called"] > 0.5).all()
    assert constants["grade"] == pytest.approx(np.array([[0.2, 0.8]] * 5))


def test_row_weights_and_tasks_with_rows_of_their_own():
    columns = {"x": range(6), "y": [1, 3, 5, 7, 2, 4], "who": [0, 0, 0, 0, 1, 1]}
    data = MultiTaskDataset.from_long(
        {**columns, "w": [1, 1, 1, 5, 3, 1]}, "y", "who", kind="regression", weight="w"
    )
    constants = responses(data)
    assert constants["0"] == pytest.approx([5.5] * 4)
    assert constants["1"] == pytest.approx([2.5] * 2)


def test_only_training_rows_count():
    train = MultiTaskDataset.from_table({"x": [1, 2], "y": [1.0, 2.0]}, [Task("y", "regression")])
    other = MultiTaskDataset.from_table({"x": [1, 2], "y": [5.0, 9.0]}, [Task("y", "regression")])
    model = Constant().fit(train, other, 0, Budget())
    assert model.predict(other)["y"].response == pytest.approx([1.5, 1.5])
