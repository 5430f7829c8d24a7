"""What a task that has stopped holds, and what the others move."""

from __future__ import annotations

import torch

from polytask.losses import MultiTaskLoss
from polytask.testing._architecture_case import ArchitectureCase
from polytask.testing._architecture_reach import reach_at_start
from polytask.testing._require import require, require_same
from polytask.training._frozen import Frozen

__all__ = ["check_stopping"]


def check_stopping(case: ArchitectureCase) -> None:
    """What belongs to a stopped task keeps every bit, and what other losses reach moves."""
    if case.network.apart or len(case.data.tasks) == 1:
        return
    reached, names = reach_at_start(case), case.tensor_names
    start = {id(owned.tensor): owned.tensor.detach().clone() for owned in case.network.owners()}
    for task in case.data.tasks.names:
        _train_without(case, task)
        for owned in case.network.owners():
            part, name = owned.parts_of({task}), names[id(owned.tensor)]
            if part is not None:
                sentence = f"{case.name}: {name} moves although {task} has stopped"
                require_same(owned.tensor.detach()[part], start[id(owned.tensor)][part], sentence)
        for owned, by_task in reached:
            if by_task.keys() - {task}:
                sentence = (
                    f"{case.name}: {names[id(owned.tensor)]} stops with {task}, and serves others."
                )
                require(not torch.equal(owned.tensor, start[id(owned.tensor)]), sentence)
        with torch.no_grad():
            for owned in case.network.owners():
                owned.tensor.copy_(start[id(owned.tensor)])


def _train_without(case: ArchitectureCase, task: str) -> None:
    """A few steps with momentum and weight decay, of which the given task takes no part."""
    network, batch = case.network.train(), case.batch
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=0.1, weight_decay=0.1)
    for parameter in trained:
        parameter.grad = torch.ones_like(parameter)
    before = [parameter.detach().clone() for parameter in trained]
    optimizer.step()  # so that there is momentum
    with torch.no_grad():
        for parameter, value in zip(trained, before, strict=True):
            parameter.copy_(value)
    frozen = Frozen(network, {task})
    active = torch.tensor([name != task for name in case.data.tasks.names])
    loss = MultiTaskLoss(network.blocks, case.data.tasks)
    with torch.random.fork_rng(devices=[]):
        for _ in range(2):
            optimizer.zero_grad()
            losses = torch.where(active, loss(network(batch), batch)[0], 0.0)
            torch.autograd.backward(losses.sum())
            optimizer.step()
            frozen.restore()
    network.eval()
