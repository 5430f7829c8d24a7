"""Which seeds may be asked for, what a row of the table averages, and defaults that cannot learn."""

import pytest
from fakes_evaluation import Apart, Together, table

from polytask.evaluation import compare
from polytask.evaluation.running import _candidates, _left_out
from polytask.evaluation.running._left_out import unserved_defaults
from polytask.exceptions import ParameterError
from polytask.tasks import Task, TaskSet

TASKS = TaskSet([Task("a", "regression")])


class Refuses(Apart):
    def serves(self, tasks):
        return False


def test_the_seed_may_be_0():
    found = compare(table(), Together(alphas=(1.0,)), seeds=[0, 3])
    assert [run["seed"] for run in found.to_dict()["study"]["runs"]] == [0, 3]
    assert "the spread over 2 seeds" in found.to_dict()["study"]["statistics"]["method"]
    for row in found.learners:
        gains = [run.validation_gain for run in row.runs]
        assert row.validation_gain == pytest.approx(sum(gains) / 2)
    with pytest.raises(ParameterError, match="seeds"):
        compare(table(), Apart(), seeds=[-1])


def test_one_seed_has_no_spread():
    found = compare(table(), Apart(alphas=(1.0,)), seeds=1)
    assert "the spread over" not in found.to_dict()["study"]["statistics"]["method"]


def test_defaults_that_cannot_learn_the_tasks_are_named(monkeypatch):
    monkeypatch.setattr(_left_out, "default_learners", lambda: (Apart(), Refuses("odd")))
    (sentence,) = unserved_defaults(None, TASKS)
    assert sentence == "The learner 'odd' cannot learn these tasks: a (regression). It is left out."
    assert unserved_defaults(("odd",), TASKS) == ()


@pytest.mark.parametrize(("n_rows", "said"), [(499, False), (500, True)])
def test_the_ensemble_among_the_defaults_is_named(monkeypatch, n_rows, said):
    monkeypatch.setattr(_candidates, "default_learners", lambda *_, **__: (Apart(), Together()))
    found = compare(table(n_rows), seeds=1)
    assert any("an ensemble inside one network" in note for note in found.warnings) == said
    named = compare(table(n_rows), Apart(), seeds=1)
    assert not any("ensemble" in note for note in named.warnings)
