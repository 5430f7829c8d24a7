"""The page on learners: its learner keeps all promises, from a module and from a script."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import polytask
from polytask.datasets import make_related_regression
from polytask.exceptions import ParameterError, UntrustedError
from polytask.learners import Learner

PAGE = (Path(__file__).parents[2] / "docs" / "learners.md").read_text(encoding="utf-8")
LEARNER, TRIAL, ENSEMBLE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ROWS = re.findall(r"^\| (`.*?) \|", PAGE.partition("\n## ")[0], re.MULTILINE)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the page's file lies, and can be imported."""
    (tmp_path / "my_learner.py").write_text(LEARNER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("my_learner", None)


def run(*words):
    paths = os.pathsep.join([".", *sys.path])
    return subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )


def test_the_ensemble_says_which_members_count(capsys):
    exec(compile(ENSEMBLE, "learners.md", "exec"), {})
    assert "of 3 are averaged" in capsys.readouterr().out


def test_the_trial_runs(folder, capsys):
    exec(compile(TRIAL, "docs/learners.md", "exec"), {"__name__": "page"})
    said = capsys.readouterr().out
    assert "nearest_rows" in said
    assert "linear" in said


def test_labels_may_be_missing_in_some_columns_of_a_row(folder):
    from my_learner import NearestRows

    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 2))
    near = {"y": x[:, 0].copy(), "z": x[:, 1].copy()}
    for column in near.values():
        column[rng.random(150) < 0.4] = np.nan
    tasks = [polytask.Task("place", "regression", target=("y", "z"))]
    data = polytask.read({"a": x[:, 0], "b": x[:, 1], **near}, tasks)
    found = polytask.compare(data, [NearestRows()], seeds=1, quiet=True)
    assert found.recommended.learner == "nearest_rows"
    predicted = found.chosen.predict({"a": x[:, 0], "b": x[:, 1]})["place"].response
    assert np.abs(predicted - x).mean() < 0.3
    with pytest.raises(ParameterError, match=r"`k` parameter of NearestRows must be an int in \[1"):
        NearestRows(k=0)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_the_same_in_one_script(folder, jobs):
    compare = TRIAL.replace("from my_learner import NearestRows\n", "").replace(
        "quiet=True", f"quiet=True, jobs={jobs}"
    )
    body = "\n".join(f"    {line}" for line in compare.splitlines())
    (folder / "script.py").write_text(f'{LEARNER}\nif __name__ == "__main__":\n{body}\n')
    assert "nearest_rows" in run("script.py").stdout


@pytest.mark.slow
def test_the_same_on_the_command_line(folder):
    data, _ = make_related_regression(n_tasks=2, seed=0)
    (source,) = data.sources
    columns = {name: source.labelled().columns(name)[name] for name in data.tasks.names}
    source.inputs.with_columns(**{n: pl.Series(c) for n, c in columns.items()}).write_csv("t.csv")
    targets = "--target", "task_0:regression", "--target", "task_1:regression"
    own = "--model", "my_learner:NearestRows", "--set", "k=9"
    run("-m", "polytask", "fit", "t.csv", *targets, *own)
    done = run("-m", "polytask", "predict", "model", "t.csv", "--trust", "my_learner")
    assert done.stdout.startswith("row,task_0,task_1\n0,")
    with pytest.raises(UntrustedError, match=r"my_learner:Neighbours"):
        polytask.load("model")
    model = polytask.load("model", trusted="my_learner")
    assert model.model.arrays["k"] == np.array(9)


def test_every_attribute_has_a_row():
    named = {name for row in ROWS for name in re.findall(r"`(\w+)", row)}
    public = {name for name in vars(Learner) if not name.startswith("_")}
    assert named - public == {"search_ranges"}
    assert public - named == {"fit", "settings", "search_space", "configured"}


def test_defaults_are_those_of_the_class():
    class Plain(Learner):
        def fit(self, train, validation, seed, budget):
            raise NotImplementedError

    plain = Plain()
    assert (plain.name, plain.joint, plain.single_task()) == ("plain", True, None)
    assert plain.tuned is None
    assert not any((plain.reference, plain.resumes, plain.has_own_budget))
    assert inspect.isabstract(Learner)
