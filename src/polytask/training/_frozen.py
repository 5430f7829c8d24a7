"""Tensors of tasks that have stopped, held as they were."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule

__all__ = ["Frozen"]


class Frozen:
    """What belongs to stopped tasks alone, and its values.

    An optimiser moves a parameter without a gradient too, by momentum or weight decay, and a
    forward pass moves buffers. So the values are put back after every step.

    Parameters
    ----------
    network : MultiTaskModule
    tasks : collection of str
        The stopped tasks.
    """

    def __init__(self, network: MultiTaskModule, tasks: Collection[str]) -> None:
        self.tasks = frozenset(tasks)
        parts = [(owned.tensor, owned.parts_of(self.tasks)) for owned in network.owners()]
        self._kept: list[tuple[Tensor, object, Tensor]] = [
            (tensor, part, tensor.detach()[part].clone())
            for tensor, part in parts
            if part is not None
        ]

    def put_back(self) -> None:
        """Give the tensors their values again."""
        with torch.no_grad():
            for tensor, part, values in self._kept:
                tensor[part] = values  # type: ignore[index]
