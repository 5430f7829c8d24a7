"""Tensors of stopped tasks, restored after every step."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule

__all__ = ["Frozen"]


class Frozen:
    """The tensors that belong to stopped tasks alone, and their values.

    An optimiser also moves parameters without a gradient, by momentum or weight decay, and a
    forward pass updates buffers. So the values are restored after every step.

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

    def restore(self) -> None:
        """Give the tensors the values that they had when the tasks stopped."""
        with torch.no_grad():
            for tensor, part, values in self._kept:
                tensor[part] = values  # type: ignore[index]
