"""Balancing methods by name."""

import pytest
from users_balancing import Halves, Squares

from polytask.aggregation import PCGrad
from polytask.architectures import MLP, HardSharing
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.testing import tiny_dataset
from polytask.training import Trainer


@pytest.mark.parametrize("name", ["pc_grad", "PCGrad", "pcgrad"])
def test_any_spelling(name):
    assert isinstance(Trainer(aggregation=name).aggregation, PCGrad)


def test_methods_of_the_users_own():
    trainer = Trainer(
        weighting="users_balancing:Squares", aggregation="users_balancing:Halves", steps=2
    )
    assert isinstance(trainer.weighting, Squares)
    assert isinstance(trainer.aggregation, Halves)
    assert trainer.fit(HardSharing(MLP((4,))), tiny_dataset()).history.n_steps == 2


def test_methods_that_need_arguments():
    with pytest.raises(
        ParameterError,
        match=r"The weighting 'Static' needs task_weights, .* polytask.weighting.Static\(task_w",
    ):
        Trainer(weighting="Static")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("halves", "There is no aggregation named 'halves'"),
        ("no_such_module:Halves", "cannot be imported: No module named 'no_such_module'"),
        ("users_balancing:Squares", "must be a class that extends Aggregator wholly"),
    ],
)
def test_what_is_no_method(name, words):
    with pytest.raises(UnknownNameError, match=words):
        Trainer(aggregation=name)
