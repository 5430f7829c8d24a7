"""Choice of the best state where validation losses are infinite at first."""

import math

import pytest
from torch import nn

from polytask.tasks import Task, TaskSet
from polytask.training._selection import Selection


@pytest.mark.parametrize("others", [(), ("b",)], ids=["one task", "two tasks"])
def test_a_loss_that_is_infinite_at_first_does_not_keep_the_best_state_from_being_found(others):
    network, tasks = nn.Linear(1, 1), TaskSet(Task(name, "regression") for name in ("a", *others))
    selection = Selection(network, tasks, patience=2)
    for epoch, loss in enumerate([math.inf, 4.0, 2.0, math.inf, 3.0], start=1):
        network.weight.data.fill_(epoch)
        selection.update(epoch, {"a": loss, **dict.fromkeys(others, 1.0)})
    selection.restore()
    assert selection.best_epoch == selection.best_epochs["a"] == 3
    assert network.weight.item() == 3
    assert selection.exhausted is not None
