"""Metrics and losses without a decorator work in a comparison."""

import numpy as np
import pytest
from users_measures import Cubic, LargestError

import polytask
from polytask._recipes import from_json, to_json
from polytask.bookkeeping import Budget
from polytask.exceptions import ParameterError
from polytask.metrics import Metric
from polytask.tasks import Regression, Task

X = np.random.default_rng(0).normal(size=80)


def compared(**arguments):
    data = polytask.read({"x": X, "a": X * 2, "b": -X}, [Task("a", "regression", **arguments), "b"])
    return polytask.compare(data, "hard_sharing", seeds=1, budget=Budget(steps=3), quiet=True)


@pytest.mark.parametrize(
    "arguments", [{"metrics": (LargestError(),)}, {"loss": Cubic()}, {"loss": Cubic}]
)
def test_they_work(arguments):
    found = compared(**arguments)
    metric = "largest" if "metrics" in arguments else "rmse"
    assert next(row for row in found.learners if row.joint).tasks["a"][metric].value is not None


def test_they_go_through_json():
    assert from_json(to_json(LargestError())) is LargestError


def test_a_local_class_is_refused_in_a_sentence():
    class Local(Metric):
        name, label, kinds, greater_is_better = "local", "local", (Regression,), False

        def measure(self, truth, response, weight): ...

    with pytest.raises(ParameterError, match=r"Define it at the top of an importable module"):
        compared(metrics=(Local(),))
