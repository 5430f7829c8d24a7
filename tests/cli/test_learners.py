import pytest

from polytask.aggregation import MGDA
from polytask.cli._learners import balanced, balancing, named_learner
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.weighting import UncertaintyWeighting


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
