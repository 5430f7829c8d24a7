from types import SimpleNamespace

import numpy as np
import pytest

from polytask.evaluation import MetricRecord, RunRecord, RunSpec
from polytask.evaluation.judging._validation_gain import validation_gain
from polytask.evaluation.running._tuning import Tuned, choose, mean_gain, trial_gain
from polytask.exceptions import NonFiniteLossError
from polytask.metrics import RMSE
from polytask.tasks import Task, TaskSet

TASKS = TaskSet(
    [Task("a", "regression"), Task("b", "regression"), Task("c", "regression", role="auxiliary")]
)
SPEC = RunSpec("data", {}, {}, "learner", 0, {}, {})


def measured(**values):
    return {task: {"rmse": MetricRecord(value)} for task, value in values.items()}


def trial(alpha=1.0, **values):
    return RunRecord(
        SPEC, measured(**values), settings={"alpha": alpha}, n_parameters=4, seconds=2.0
    )


FAILED = RunRecord(SPEC, {}, failure="The loss of task 'a' is not finite.")


def test_one_trial_is_kept_by_the_mean_gain_over_primary_tasks():
    trials = [trial(a=1.0, b=1.0, c=1.0), trial(a=0.8, b=1.1, c=9.0), trial(a=0.95, b=1.0, c=0.1)]
    assert choose(trials, TASKS) == {"a": 1, "b": 1, "c": 1}


def test_tasks_that_choose_alone_keep_their_own():
    trials = [trial(a=1.0, b=1.0, c=1.0), trial(a=0.8, b=1.1, c=9.0), trial(a=0.95, b=1.0, c=0.1)]
    assert choose(trials, TASKS, alone="abc") == {"a": 1, "b": 0, "c": 2}
    assert choose(trials, TASKS, alone="b") == {"a": 1, "b": 0, "c": 1}


@pytest.mark.parametrize("alone", ["", "abc"])
def test_ties_go_to_the_earlier_trial(alone):
    trials = [trial(a=1.0, b=1.0, c=1.0), trial(a=1.0, b=1.0, c=1.0)]
    assert set(choose(trials, TASKS, alone=alone).values()) == {0}


@pytest.mark.parametrize("alone", ["", "abc"])
def test_failed_trials_are_passed_over(alone):
    trials = [FAILED, trial(a=1.0, b=1.0, c=1.0), trial(a=0.9, b=0.9, c=0.9)]
    assert set(choose(trials, TASKS, alone=alone).values()) == {2}


def test_no_trial_left_is_an_error():
    with pytest.raises(NonFiniteLossError, match="'a' is not finite"):
        choose([FAILED, FAILED], TASKS)


@pytest.mark.parametrize("alone", ["", "abc"])
def test_undefined_everywhere_keeps_the_defaults(alone):
    nothing = RunRecord(SPEC, measured(a=None, b=None, c=None))
    assert set(choose([nothing, nothing], TASKS, alone=alone).values()) == {0}


def test_mean_gain_leaves_undefined_tasks_out():
    gain = mean_gain(measured(a=0.9, b=None), measured(a=1.0, b=1.0), TASKS.primary)
    assert gain == pytest.approx(0.1)
    assert mean_gain(measured(a=None, b=None), measured(a=1.0, b=1.0), TASKS.primary) is None


def test_gains_of_trials_are_alike_from_both_sides():
    better = trial(a=0.8, b=0.0, c=1.0), trial(a=1.2, b=0.0, c=1.0)
    assert trial_gain(*better, TASKS.primary) == pytest.approx(0.2)
    assert trial_gain(*better[::-1], TASKS.primary) == pytest.approx(-0.2)
    opposite = trial(a=-0.3, b=0.0, c=1.0), trial(a=0.3, b=0.0, c=1.0)  # a measure of the user's
    assert trial_gain(*opposite, TASKS.primary) == pytest.approx(1.0)
    undefined = trial(a=None, b=None, c=1.0)
    assert trial_gain(undefined, better[0], TASKS.primary) is None


def test_a_better_setting_is_kept_though_tasks_have_one_validation_row_each():
    tasks = TaskSet(Task(f"t{k}", "regression") for k in range(190))
    generator = np.random.default_rng(0)
    first = abs(generator.normal(size=190))
    second = abs(generator.normal(scale=0.8, size=190))
    trials = [
        trial(**dict(zip(tasks.names, map(float, one), strict=True))) for one in (first, second)
    ]
    assert set(choose(trials, tasks).values()) == {1}


def test_what_was_kept():
    trials = (trial(1.0, a=1.0, b=1.0, c=1.0), trial(2.0, a=0.8, b=1.1, c=0.5))
    apart = Tuned((), trials, {"a": 1, "b": 0, "c": 1})
    assert apart.kept == {0: ("b",), 1: ("a", "c")}
    assert apart.settings() == {
        "per task": {"a": {"alpha": 2.0}, "b": {"alpha": 1.0}, "c": {"alpha": 2.0}}
    }
    assert apart.validation["a"]["rmse"].value == 0.8
    assert apart.validation["b"]["rmse"].value == 1.0
    assert apart.test == {}
    assert apart.mean("n_parameters") == 4
    together = Tuned((), trials, dict.fromkeys("abc", 1))
    assert together.settings() == {"alpha": 2.0}


def test_a_trial_without_error_gains_all_there_is():
    tasks = TASKS.primary
    assert trial_gain(trial(a=0.0, b=None), trial(a=2.0, b=1.0), tasks) == 2
    assert trial_gain(trial(a=2.0, b=None), trial(a=0.0, b=1.0), tasks) == -2
    assert trial_gain(trial(a=0.0, b=None), trial(a=0.0, b=1.0), tasks) == 0
    assert trial_gain(trial(a=None, b=None), trial(a=0.0, b=1.0), tasks) is None


def entry(**values):
    run = SimpleNamespace(spec=SimpleNamespace(split={"digest": "d"}))
    tuned = SimpleNamespace(runs=(run,), validation=measured(**values, c=1.0))
    return SimpleNamespace(runs=(tuned,))


@pytest.mark.usefixtures("unchecked_types")
def test_a_baseline_far_below_the_constant_counts_for_nothing_on_validation_rows():
    yardstick, ours = entry(a=0.5, b=1.0), entry(a=0.4, b=0.9).runs[0]

    def gain(constant, left_out=()):
        context = SimpleNamespace(constant=constant, tasks=TASKS, constant_in_training=left_out,
                                  headline=lambda _: RMSE(), many_small=False)  # fmt: skip
        return validation_gain(ours, yardstick, context)

    assert gain(None) == pytest.approx(0.15)
    assert gain(entry(a=1.0, b=1.0)) == pytest.approx(0.15)
    assert gain(entry(a=100.0, b=1.0)) == pytest.approx(0.1)
    assert gain(None, {"b"}) == pytest.approx(0.2)
    assert gain(None, {"a", "b"}) is None


@pytest.mark.usefixtures("unchecked_types")
def test_many_small_tasks_share_a_denominator_on_validation_rows():
    yardstick, ours = entry(a=0.5, b=1.0), entry(a=0.4, b=0.8).runs[0]
    yardstick.answers = {"a": (), "b": ()}
    context = SimpleNamespace(constant=None, tasks=TASKS, constant_in_training=(),
                              headline=lambda _: RMSE(), many_small=True)  # fmt: skip
    assert validation_gain(ours, yardstick, context) == pytest.approx((0.1 + 0.2) / 1.5)
