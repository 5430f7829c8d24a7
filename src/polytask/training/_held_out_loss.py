"""The loss of rows held out of training, of a network whose tensors are replaced."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.tasks import TaskSet
from polytask.training._forward import Forward
from polytask.training._joint_batches import JointBatches

__all__ = ["HeldOutLoss"]


class HeldOutLoss:
    """The losses of the primary tasks, times their weights, summed over the batch of a step.

    Parameters
    ----------
    forward : Forward
    tasks : TaskSet
    batches : JointBatches
        Batches of the rows held out.
    device : torch.device
    """

    def __init__(
        self, forward: Forward, tasks: TaskSet, batches: JointBatches, device: torch.device
    ) -> None:
        self.forward, self.batches = forward, batches
        self.expected = batches.expected(forward.loss).clamp(min=1e-30)
        weights = [task.weight * task.is_primary for task in tasks]
        self.importance = torch.tensor(weights, dtype=torch.float32, device=device)

    def __call__(self, state: Mapping[str, Tensor], step: int) -> Float[Tensor, ""]:
        """The loss, with its graph, for the network with tensors replaced by those of a state."""
        sums, counts = self.forward.sums(self.batches.batch(step), state)
        counted = (counts > 0) & (self.importance > 0)
        return (self.importance * (sums / self.expected))[counted].sum()
