import re

import pytest

from polytask import aggregation, architectures, learners, weighting
from polytask._naming import snake_case
from polytask.aggregation import MGDA
from polytask.cli._learners import balanced, balancing, named_learner
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.weighting import UncertaintyWeighting

BASES = {
    "Weighting",
    "Aggregator",
    "GramianAggregator",
    "JacobianAggregator",
    "AmortisedAggregator",
    "Property",
}


def test_a_name_as_tables_print_it_is_the_same_learner():
    learner = named_learner("HardSharing+UncertaintyWeighting+mgda")
    assert named_learner(learner.name) == learner
    assert isinstance(learner.trainer.weighting, UncertaintyWeighting)
    assert isinstance(learner.trainer.aggregation, MGDA)


def test_only_joint_networks_are_balanced():
    learners = [named_learner(name) for name in ("single_task", "hard_sharing", "linear")]
    found = balanced(learners, balancing("uncertainty_weighting", None))
    assert [learner.name for learner in found] == [
        "single_task",
        "hard_sharing+uncertainty_weighting",
        "linear",
    ]


def test_nothing_to_balance():
    with pytest.raises(ParameterError, match=r"--weighting balances .* linear shares nothing"):
        balanced([named_learner("linear")], balancing("equal", None))
    with pytest.raises(ParameterError, match="single_task shares nothing"):
        named_learner("single_task+mgda")


def test_a_method_that_needs_arguments():
    with pytest.raises(ParameterError, match="'static' needs task_weights"):
        balancing("static", None)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("hard_sharin", "There is no model named 'hard_sharin'. Did you mean 'hard_sharing'?"),
        (
            "hard_sharing+mgad",
            "There is no weighting or aggregation named 'mgad'. Did you mean 'mgda'?",
        ),
    ],
)
def test_unknown_names(name, sentence):
    with pytest.raises(UnknownNameError) as caught:
        named_learner(name)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("command", ["compare", "fit"])
def test_the_help_names_all_there_is(polytask, command):
    words = set(re.findall(r"\w+", polytask(command, "--help").out))
    models = {name for room in (architectures, learners) for name in room.__all__}
    methods = {*weighting.__all__, *aggregation.__all__} - BASES - {"Static"}
    assert {snake_case(name) for name in methods} <= words
    assert {name for one in models if (name := _learner_name(one))} <= words


def _learner_name(name):
    try:
        return named_learner(name).name
    except UnknownNameError:
        return None
