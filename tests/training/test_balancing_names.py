"""Balancing methods by name."""

import pytest
from users_balancing import Halves, Squares

from polytask.aggregation import MGDA, GradDrop, PCGrad
from polytask.architectures import HardSharing
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.neural_network import MultiTaskNetwork
from polytask.testing import tiny_dataset
from polytask.training import Trainer
from polytask.weighting import FAMO


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
        ("users_balancing:Squares", "must be a class that extends Aggregator. Got "),
    ],
)
def test_what_is_no_method(name, words):
    with pytest.raises(UnknownNameError, match=words):
        Trainer(aggregation=name)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"aggregation": "famo"},
            "There is no aggregation named 'famo': it is a weighting. Give it as `weighting`.",
        ),
        (
            {"weighting": "MGDA"},
            "There is no weighting named 'MGDA': it is an aggregator. Give it as `aggregation`.",
        ),
    ],
)
def test_a_name_of_the_other_room(options, sentence):
    with pytest.raises(UnknownNameError) as caught:
        Trainer(**options)
    assert str(caught.value) == sentence


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("slot", "method", "remedy"),
    [
        ("aggregation", MGDA, "Make an object of the class: MGDA()."),
        ("weighting", FAMO, "Make an object of the class: FAMO()."),
        ("aggregation", FAMO(), "It is a weighting. Give it as `weighting`."),
        ("weighting", MGDA(), "It is an aggregator. Give it as `aggregation`."),
    ],
)
def test_what_to_do_about_classes_and_methods_of_the_other_room(slot, method, remedy):
    with pytest.raises(ParameterError, match=f"`{slot}` parameter of Trainer must be") as caught:
        Trainer(**{slot: method})
    assert str(caught.value).endswith(remedy)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"engine": "batched"},
            r"`engine` .* must be 'auto' without an aggregation. Got 'batched'",
        ),
        ({"aggregate_every": 2}, r"`aggregate_every` .* must be 1 without an aggregation. Got 2"),
        ({"aggregate_every": 2, "weighting": "famo"}, r"give an `aggregation` too"),
        (
            {"aggregate_every": 3, "aggregation": "grad_drop"},
            r"`aggregate_every` parameter of Trainer must be 1 with GradDrop\(.* Got 3 .* Jacobian",
        ),
        ({"aggregate_every": 3, "aggregation": MGDA(amortised=True)}, r"must be 1 .* anyway"),
        ({"aggregate_every": 3, "aggregation": lambda J: J.sum(dim=0)}, r"must be 1 .* Jacobian"),
    ],
)
def test_how_gradients_are_aggregated_where_it_could_not_be_followed(options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        Trainer(**options)


def test_what_can_be_followed():
    assert Trainer(engine="batched", aggregation=GradDrop()).engine == "batched"
    assert Trainer(aggregate_every=3, aggregation="mean").balancing()[1].n == 3
    trainer = Trainer(engine="batched", aggregate_every=3, aggregation="mgda")
    alone = MultiTaskNetwork(HardSharing(), trainer).single_task().trainer
    assert (alone.aggregation, alone.engine, alone.aggregate_every) == (None, "auto", 1)
