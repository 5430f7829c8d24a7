"""The model to use: by validation rows, and only if it beats the best constant."""

from dataclasses import replace

import pytest

from polytask.evaluation import DeltaMEstimate, LearnerRow, RunRow
from polytask.evaluation.judging._estimates import Estimate
from polytask.evaluation.judging._recommend import _one_sided, best_run, never_ahead, recommended
from polytask.metrics import RMSE


def row(name, gain, over=None, p=None, runs=(0.0,)):
    return LearnerRow(
        name=name,
        joint=False,
        baseline=None,
        recipe={},
        n_parameters=1,
        seconds=0.0,
        seconds_tuning=0.0,
        test_reads=1,
        validation_gain=gain,
        delta_m=None,
        over_constant=None if over is None else DeltaMEstimate(over, p=p),
        tasks={},
        runs=tuple(RunRow(0, seed, 0.0, 1, gain, {}, ()) for seed, gain in enumerate(runs)),
    )


CONSTANT = row("constant", 0.05)


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ([row("a", 0.1, 0.2, 0.01), row("b", 0.2, 0.3, 0.01)], "b"),
        ([row("a", 0.2, 0.2, 0.01), row("b", 0.2, 0.3, 0.01)], "a"),  # ties: the earlier
        ([row("a", 0.1, 0.2, 0.01), row("b", 0.2, 0.0, 1.0)], "a"),
        ([row("a", 0.1, 0.2, 0.5), row("b", 0.2, 0.3, 0.099)], "b"),  # one-sided
        ([row("a", 0.1, 0.2, 0.5), row("b", 0.2, 0.3, 0.101)], None),
        ([row("a", 0.1, -0.2, 0.001), row("b", 0.2, -0.3, 0.001)], None),
        # two others: each needs a one-sided p of 0.025
        ([row("a", 0.1, 0.2, 0.06), row("b", 0.2, 0.0, 1.0), row("c", 0.0, 0.1, 0.9)], None),
        ([row("a", 0.1, 0.2, 0.04), row("b", 0.2, 0.0, 1.0), row("c", 0.0, 0.1, 0.9)], "a"),
        ([row("a", 0.1, 0.2, None), row("b", 0.2, 0.0, None)], "a"),  # too few units: the sign
        ([row("a", 0.04, 0.2, None), row("b", 0.03, 0.0, None)], None),  # validation rows object
        ([row("a", 0.1), row("b", None)], "a"),  # no metric is defined on test rows
        ([row("a", 0.04), row("b", 0.03)], None),
        ([row("a", None), row("b", None)], "a"),
    ],
)
def test_the_best_on_validation_rows_that_beats_the_constant(rows, chosen):
    found = recommended([*rows, CONSTANT], "constant")
    assert (None if found is None else found.name) == chosen


def with_tasks(name, *values):
    tasks = {f"t{place}": {"rmse": Estimate(value)} for place, value in enumerate(values)}
    return replace(row(name, 0.1), tasks=tasks)


def test_who_is_ahead_of_the_constant_on_no_task():
    rows = [with_tasks("a", 1.0, 3.0), with_tasks("b", 2.0, 2.0), with_tasks("c", None, None)]
    headlines = {"t0": RMSE(), "t1": RMSE()}
    assert never_ahead([*rows, with_tasks("constant", 2.0, 2.0)], "constant", headlines) == {
        "b",
        "constant",
    }
    assert never_ahead(rows, None, headlines) == set()


@pytest.mark.parametrize(("over", "chosen"), [(None, None), (0.2, "a")])
def test_who_is_never_ahead_is_not_recommended_where_nothing_else_is_known(over, chosen):
    found = recommended([row("a", 0.1, over), CONSTANT], "constant", {"a"})
    assert (None if found is None else found.name) == chosen


def test_without_a_constant_validation_rows_alone_decide():
    assert recommended([row("a", 0.1, 0.0), row("b", 0.2, 0.0)], None).name == "b"


def test_the_constant_is_no_model_whatever_validation_rows_say_of_it():
    assert recommended([CONSTANT], "constant") is None
    best = row("constant", 9.0)
    assert recommended([row("a", 0.1, 0.2, 0.01), best], "constant").name == "a"


def test_the_best_run():
    assert best_run(row("a", 0.1, runs=(0.1, 0.3, 0.3, None))) == 1
    assert best_run(row("a", 0.1, runs=(None, None))) == 0


def test_the_one_sided_p_of_a_loss_is_above_one_half():
    assert _one_sided(row("a", 0.1, 0.2, 0.5)) == 0.25
    assert _one_sided(row("a", 0.1, -0.2, 0.5)) == _one_sided(row("a", 0.1, 0.0, 0.5)) == 0.75
    assert _one_sided(row("a", 0.1, 0.2, None)) is _one_sided(row("a", 0.1)) is None
