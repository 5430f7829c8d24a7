"""Which tasks Δm counts."""

import numpy as np
import pytest

from polytask.data import MultiTaskDataset
from polytask.evaluation.judging._constant_targets import constant_targets
from polytask.evaluation.judging._worth import too_small
from polytask.metrics import F1, RMSE
from polytask.tasks import Task


@pytest.mark.parametrize(
    ("metric", "value", "constant", "reason"),
    [
        (RMSE(), 0.0101, 1.0, None),
        (RMSE(), 0.0099, 1.0, "the baseline's RMSE is below 1 % of a constant's"),
        (RMSE(), 0.0099, None, None),
        (RMSE(), 0.01, 1.0, None),
        (RMSE(), 0.0201, 2.0, None),
        (RMSE(), 0.0199, 2.0, "the baseline's RMSE is below 1 % of a constant's"),
        (RMSE(), 0.0, None, "the baseline's RMSE is 0"),
        (RMSE(), None, 1.0, None),
        (F1(), 0.05, 0.9, None),
        (F1(), 0.049, 0.0, "the baseline's F1 is below 0.05"),
        (F1(), 0.0, None, "the baseline's F1 is below 0.05"),
    ],
)
def test_what_is_not_worth_dividing_by(metric, value, constant, reason):
    assert too_small(metric, value, constant) == reason


def test_targets_that_do_not_vary():
    Y = np.array([[1.0, 5.0, np.nan], [1.0, 5.0, np.nan], [2.0, 5.0, np.nan], [2.0, np.nan, 4.0]])
    tasks = [Task(name, "regression") for name in "abc"]
    data = MultiTaskDataset.from_arrays(np.eye(4), Y, tasks)
    (name,) = [source.name for source in data.sources]
    assert constant_targets(data, [{name: np.arange(4)}]) == {"b", "c"}
    assert constant_targets(data, [{name: np.array([0, 1])}]) == {"a", "b"}  # c has no label
    assert constant_targets(data, [{name: np.array([0])}, {name: np.array([3])}]) == {"b", "c"}


def test_a_target_of_several_columns_varies_if_one_does():
    Y = np.array([[1.0, 3.0], [1.0, 3.0], [1.0, 4.0]])
    data = MultiTaskDataset.from_arrays(np.eye(3), Y, [Task("t", "regression", ("y0", "y1"))])
    (name,) = [source.name for source in data.sources]
    assert constant_targets(data, [{name: np.arange(3)}]) == frozenset()
    assert constant_targets(data, [{name: np.arange(2)}]) == {"t"}
