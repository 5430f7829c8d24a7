"""Gradient clipping, for the whole network or per task."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from polytask.architectures import MultiTaskModule, Owned
from polytask.tasks import TaskSet

__all__ = ["clip_gradients"]


def clip_gradients(network: MultiTaskModule, tasks: TaskSet, max_norm: float) -> None:
    """Scale gradients down to a norm of at most `max_norm`.

    A replicated network is clipped task by task, as each network would be alone; what no task's
    score depends on is clipped together.
    """
    if not network.replicated:
        nn.utils.clip_grad_norm_(network.parameters(), max_norm)
        return
    found = [(o, o.tensor.grad) for o in network.owners() if o.tensor.grad is not None]
    owners = [(owned, gradient) for owned, gradient in found if owned.tasks]
    nn.utils.clip_grad_norm_([owned.tensor for owned, _ in found if not owned.tasks], max_norm)
    squares = torch.zeros(len(tasks))
    for owned, gradient in owners:
        norms = _square_norms(owned, gradient).to(squares)
        squares.index_add_(0, _positions(owned, tasks), norms)
    factors = (max_norm / (squares.sqrt() + 1e-6)).clamp(max=1.0)
    for owned, gradient in owners:
        own = factors[_positions(owned, tasks)].to(gradient)
        gradient.mul_(own if owned.axis is None else own.view(-1, *[1] * (gradient.ndim - 1)))


def _positions(owned: Owned, tasks: TaskSet) -> Tensor:
    return torch.tensor([tasks.index(name) for name in owned.tasks])


def _square_norms(owned: Owned, gradient: Tensor) -> Tensor:
    """Squared norm of each task's gradient; networks of single tasks are stacked along axis 0."""
    if owned.axis is None:
        return gradient.square().sum().view(1)
    return gradient.flatten(1).square().sum(dim=1)
