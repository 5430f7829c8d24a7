"""Metrics and losses without a decorator work in a comparison."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import users_measures
from users_measures import Cubic, LargestError

import polytask
from polytask._recipes import from_json, to_json
from polytask.bookkeeping import Budget
from polytask.exceptions import ParameterError, UntrustedError
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

        def measure(self, truth, response, weight, fitted): ...

    with pytest.raises(ParameterError, match=r"Define it at the top of a module of its own"):
        compared(metrics=(Local(),))


SCRIPT = """
import sys
import numpy as np
import polytask
from polytask.bookkeeping import Budget
{source}
if __name__ == "__main__":
    x = np.random.default_rng(0).normal(size=80)
    tasks = [polytask.Task("a", "regression", metrics=(LargestError(),), loss=Cubic()), "b"]
    data = polytask.read({{"x": x, "a": x * 2, "b": -x}}, tasks)
    found = polytask.compare(
        data, "hard_sharing", seeds=1, budget=Budget(steps=3), jobs=int(sys.argv[1]), quiet=True
    )
    polytask.fit(data, "linear").save("model")
    print(found.learners[0].tasks["a"]["largest"].value > 0)
"""


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_they_work_where_the_script_defines_them(jobs, tmp_path):
    source = Path(users_measures.__file__).read_text()
    (tmp_path / "script.py").write_text(SCRIPT.format(source=source))
    done = subprocess.run(
        [sys.executable, "script.py", str(jobs)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "True\n", done.stderr
    with pytest.raises(UntrustedError, match="__main__"):
        polytask.load(tmp_path / "model")
