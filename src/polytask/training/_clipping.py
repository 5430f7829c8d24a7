"""Clipping gradients, for the whole network or for each task's own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from polytask.architectures import MultiTaskModule
from polytask.tasks import TaskSet

__all__ = ["clip_gradients"]


def clip_gradients(network: MultiTaskModule, tasks: TaskSet, max_norm: float) -> None:
    """Scale gradients down to a norm of at most `max_norm`.

    A replicated network is clipped task by task, as each network would be alone.
    """
    if not network.replicated:
        nn.utils.clip_grad_norm_(network.parameters(), max_norm)
        return
    owned = [
        (tensor.grad, names, stacked)
        for tensor, names, stacked in network.task_tensors()
        if tensor.grad is not None
    ]
    squares = torch.zeros(len(tasks))
    for gradient, names, stacked in owned:
        positions = torch.tensor([tasks.index(name) for name in names])
        squares.index_add_(0, positions, _square_norms(gradient, stacked).to(squares))
    factors = (max_norm / (squares.sqrt() + 1e-6)).clamp(max=1.0)
    for gradient, names, stacked in owned:
        own = factors[[tasks.index(name) for name in names]].to(gradient)
        gradient.mul_(own.view(-1, *[1] * (gradient.ndim - 1)) if stacked else own)


def _square_norms(gradient: Tensor, stacked: bool) -> Tensor:
    return gradient.flatten(1).square().sum(dim=1) if stacked else gradient.square().sum().view(1)
