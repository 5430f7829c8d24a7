"""Gradient clipping of networks of single tasks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from polytask.architectures import MultiTaskModule, Owned
from polytask.tasks import TaskSet

__all__ = ["GradientClipping"]


class GradientClipping:
    """Scale gradients of a replicated network down to a norm of at most `max_norm`.

    It is clipped task by task, as each network would be alone; what no task's score depends on is
    clipped together.

    Parameters
    ----------
    network : MultiTaskModule
    tasks : TaskSet
    max_norm : float
    """

    def __init__(self, network: MultiTaskModule, tasks: TaskSet, max_norm: float) -> None:
        self.n_tasks, self.max_norm = len(tasks), max_norm
        owners = network.owners()
        self._of_no_task = [owned.tensor for owned in owners if not owned.tasks]
        self._of_tasks = [(owned, _positions(owned, tasks)) for owned in owners if owned.tasks]

    def clip(self) -> None:
        """Clip the gradients that the parameters have."""
        nn.utils.clip_grad_norm_(self._of_no_task, self.max_norm)
        owners = [
            (gradient, owned, places)
            for owned, places in self._of_tasks
            if (gradient := owned.tensor.grad) is not None
        ]
        squares = torch.zeros(self.n_tasks)
        for gradient, owned, places in owners:
            squares.index_add_(0, places, _square_norms(owned, gradient).to(squares))
        factors = (self.max_norm / (squares.sqrt() + 1e-6)).clamp(max=1.0)
        for gradient, owned, places in owners:
            own = factors[places].to(gradient)
            gradient.mul_(own if owned.axis is None else own.view(-1, *[1] * (gradient.ndim - 1)))


def _positions(owned: Owned, tasks: TaskSet) -> Tensor:
    return torch.tensor([tasks.index(name) for name in owned.tasks])


def _square_norms(owned: Owned, gradient: Tensor) -> Tensor:
    """Squared norm of each task's gradient; networks of single tasks are stacked along axis 0."""
    if owned.axis is None:
        return gradient.square().sum().view(1)
    return gradient.flatten(1).square().sum(dim=1)
