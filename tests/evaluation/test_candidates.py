import dataclasses

import pytest
from fakes_evaluation import Apart, Together
from sklearn.linear_model import Ridge

from polytask.architectures import HardSharing, SingleTask
from polytask.encoders import ResidualMLP, TabM
from polytask.evaluation.running._candidates import decisions, make_candidates, yardstick
from polytask.evaluation.running._twins import with_twins
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.learners import Constant, Linear, PerTaskEstimator, PooledEstimator, PooledLinear
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import Task, TaskSet
from polytask.testing import tiny_dataset
from polytask.training import Trainer

TASKS = TaskSet([Task("a", "regression"), Task("b", "binary")])
NUMBERS = TaskSet([Task("a", "regression"), Task("c", "regression")])
RIDGE = Ridge()


def names(entrants):
    """All but the constant, which stands last in every comparison."""
    *others, last = entrants
    assert (last.name, last.baseline, last.reference) == ("constant", None, True)
    assert not any(one.reference for one in others)
    return [(one.name, one.baseline) for one in others]


def test_the_single_task_self_takes_part_and_comes_first():
    assert names(make_candidates([Together()], TASKS)) == [("apart", None), ("together", "apart")]


def test_it_takes_part_once():
    found = make_candidates([Together(), Apart(), Together(name="also", share=0.9)], TASKS)
    assert names(found) == [("apart", None), ("together", "apart"), ("also", "apart")]


def test_selves_of_one_name_are_told_apart():
    first, second = Together(name="one"), Together(name="two", alphas=(5.0,))
    found = make_candidates([first, second], TASKS)
    assert names(found) == [
        ("apart", None),
        ("apart (two)", None),
        ("one", "apart"),
        ("two", "apart (two)"),
    ]


def test_a_name_of_its_own_makes_no_other_self():
    ensemble = HardSharing(TabM(members=2))
    first = MultiTaskNetwork(ensemble).with_detail("members=2")
    found = make_candidates([first, MultiTaskNetwork(ensemble, label="mine")], TASKS)
    assert names(found) == [
        ("single_task+tab_m(members=2)", None),
        ("hard_sharing+tab_m(members=2)", "single_task+tab_m(members=2)"),
        ("mine", "single_task+tab_m(members=2)"),
    ]
    alone = MultiTaskNetwork(first.single_task().architecture, label="alone")
    assert names(make_candidates([first, alone], TASKS)) == [
        ("alone", None),
        ("hard_sharing+tab_m(members=2)", "alone"),
    ]


def test_a_learner_that_does_not_know_its_self_is_held_against_its_own_class():
    @dataclasses.dataclass(frozen=True)
    class Silent(Apart):
        def single_task(self):
            return None

    joint, alone = Silent("joint", joint=True), Silent("alone")
    found = make_candidates([Apart("other"), joint, alone], TASKS)
    assert ("joint", "alone") in names(found)


def test_the_yardstick_is_the_first_joint_learners_self_or_the_first_learner():
    assert yardstick(make_candidates([Apart("first"), Together()], TASKS)) == "apart"
    assert yardstick(make_candidates([Apart("first"), Apart("second")], TASKS)) == "first"


def test_a_sensible_set_by_default():
    found = make_candidates(None, TASKS)
    assert yardstick(found) == "single_task"
    assert ("hard_sharing", "single_task") in names(found)
    assert {"linear", "gradient_boosting"} <= {one.name for one in found}


def test_names_are_resolved():
    assert names(make_candidates("Linear", TASKS)) == [("linear", None)]
    with pytest.raises(UnknownNameError, match="Did you mean 'linear'"):
        make_candidates(["linaer"], TASKS)


def test_one_name_twice():
    with pytest.raises(ParameterError, match=r"unique names\. Got 'apart' twice"):
        make_candidates([Apart(), Apart(alpha=3.0)], TASKS)


def test_nothing():
    with pytest.raises(ParameterError, match="must hold at least one learner"):
        make_candidates([], TASKS)


def test_tasks_that_a_learner_does_not_serve():
    class Picky(Apart):
        def serves(self, tasks):
            return False

    with pytest.raises(ParameterError, match=r"'picky' cannot learn these tasks: a \(regression\)"):
        make_candidates([Picky("picky")], TASKS)


@pytest.mark.usefixtures("unchecked_types")
def test_no_learner():
    with pytest.raises(ParameterError, match=r"must be learners or their names\. Got 3 instead"):
        make_candidates([3], TASKS)


@pytest.mark.parametrize(
    ("joint", "alone"),
    [
        (
            MultiTaskNetwork(
                HardSharing(ResidualMLP()), Trainer(aggregation="mgda", learning_rate=0.1)
            ),
            MultiTaskNetwork(SingleTask(ResidualMLP()), Trainer(learning_rate=0.1)),
        ),
        (PooledLinear(alpha=7.0), Linear(alpha=7.0)),
        (PooledEstimator(RIDGE, categorical="codes"), PerTaskEstimator(RIDGE, categorical="codes")),
    ],
)
def test_the_single_task_self_learns_by_the_same_means(joint, alone):
    entrants = make_candidates([joint], TASKS if isinstance(joint, MultiTaskNetwork) else NUMBERS)
    assert [one.learner for one in entrants if not one.reference] == [alone, joint]


def test_a_constant_that_was_asked_for_takes_part_once():
    found = make_candidates([Constant("dull"), Apart()], TASKS)
    assert [one.name for one in found] == ["dull", "apart"]
    assert yardstick(found) == "apart"
    assert yardstick(make_candidates([Constant()], TASKS)) == "constant"


def test_twins_stand_after_their_joint_networks_and_are_nobodys_baseline():
    data = tiny_dataset(["regression", "binary"])
    joint = MultiTaskNetwork(HardSharing(), Trainer(weighting="uncertainty_weighting"))
    found = make_candidates([joint, HardSharing(), Together()], data.tasks)
    added, notes = with_twins(found, data)
    assert names(added) == [
        ("single_task", None),
        ("apart", None),
        ("hard_sharing+uncertainty_weighting", "single_task"),
        ("separate(hard_sharing)", None),
        ("hard_sharing", "single_task"),
        ("together", "apart"),
    ]
    assert not added[3].requested
    assert not added[3].joint
    assert yardstick(added) == yardstick(found)
    assert notes == ("together has no twin: its family learns no task alone.",)


def test_twins_of_one_name_are_told_apart():
    data = tiny_dataset(["regression", "binary"])
    learners = [
        MultiTaskNetwork(HardSharing(), Trainer(learning_rate=1e-3)),
        MultiTaskNetwork(HardSharing(), Trainer("equal", learning_rate=1e-2)),
        MultiTaskNetwork(HardSharing(), Trainer(learning_rate=1e-1), "fast"),
    ]
    added, _ = with_twins(make_candidates(learners, data.tasks), data)
    assert [one.name for one in added if one.name.startswith("separate")] == [
        "separate(hard_sharing)",
        "separate(hard_sharing) (hard_sharing+equal)",
        "separate(fast)",
    ]


def test_a_twin_that_cannot_learn_the_tasks_is_left_out_with_the_reason():
    @dataclasses.dataclass(frozen=True)
    class Pair(HardSharing):
        def refuses(self, tasks):
            return "Pair needs two tasks." if len(tasks) < 2 else None

    data = tiny_dataset(["regression", "binary"])
    added, notes = with_twins(make_candidates([Pair()], data.tasks), data)
    assert [one.name for one in added] == ["single_task", "pair", "constant"]
    assert notes == ("The twin separate(pair) is left out: Pair needs two tasks.",)


def test_networks_that_take_preferences_are_said_to_be_judged_at_equal_ones():
    data = tiny_dataset(["regression", "binary"])
    names = ["cosmos", "hard_sharing", "pareto_hyper_network"]
    said = decisions(make_candidates(names, data.tasks), data)
    assert [sentence.split()[0] for sentence in said] == ["cosmos", "pareto_hyper_network"]
    assert all("judged with equal preferences for all tasks" in sentence for sentence in said)
