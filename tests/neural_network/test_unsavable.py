"""Recipes that cannot be saved."""

import warnings

import pytest
from torch import nn

import polytask
from polytask import Task
from polytask.architectures import HardSharing
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

DATA = polytask.read(
    {"size": range(40), "price": [2.0 * size for size in range(40)]}, [Task("price", "regression")]
)


def test_a_lambda_is_trained_with_a_warning_that_it_cannot_be_saved(tmp_path):
    recipe = MultiTaskNetwork(
        HardSharing(lambda in_shape: nn.Linear(in_shape[0], 3)), Trainer(steps=2)
    )
    with pytest.warns(UserWarning, match="cannot be saved: .*module of its own") as caught:
        model = polytask.fit(DATA, recipe)
    assert len(caught) == 1
    with pytest.raises(ParameterError, match="module of its own"):
        model.save(tmp_path / "model")


def test_savable_recipes_are_trained_without_a_warning(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = polytask.fit(DATA, MultiTaskNetwork(HardSharing(MLP((3,))), Trainer(steps=2)))
    model.save(tmp_path / "model")
