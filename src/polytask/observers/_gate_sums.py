"""Sums of the weights of gates over rows, by task."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float64
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.architectures._row_chunks import row_chunks
from polytask.data import Batch

__all__ = ["GateSums", "expert_names", "gate_sums"]

_ROWS_AT_ONCE = 4096


class GateSums:
    """Sums over rows, by task.

    Attributes
    ----------
    rows, entropy : tensor of shape (n_tasks,)
    weights, largest : tensor of shape (n_tasks, n_experts)
        Sums of weights, and numbers of rows at which each expert has the largest.
    """

    def __init__(self, n_tasks: int, n_experts: int) -> None:
        self.rows, self.entropy = torch.zeros(2, n_tasks, dtype=torch.float64)
        self.weights, self.largest = torch.zeros(2, n_tasks, n_experts, dtype=torch.float64)

    def add(self, positions: Tensor, gates: Float64[Tensor, "n n_experts"]) -> None:
        """Count rows, whose tasks are at these positions."""
        self.rows.index_add_(0, positions, torch.ones(len(gates), dtype=torch.float64))
        self.entropy.index_add_(0, positions, torch.special.entr(gates).sum(dim=1))
        self.weights.index_add_(0, positions, gates)
        highest = torch.nn.functional.one_hot(gates.argmax(dim=1), gates.shape[1])
        self.largest.index_add_(0, positions, highest.double())


def gate_sums(network: MultiTaskModule, batch: Batch) -> GateSums | None:
    """Sums over the rows of a batch, a chunk at a time; None of a network without gates.

    Parameters
    ----------
    network : MultiTaskModule
    batch : Batch
    """
    sums: GateSums | None = None
    with torch.no_grad():
        for positions, gates in _gates(network, batch):
            sums = sums or GateSums(len(network.tasks), gates.shape[-1])
            sums.add(positions, gates)
    return sums


def expert_names(n_experts: int, n_own: int) -> list[str]:
    """Names of experts: ``own 1``, … for those that a task has to itself, then ``shared 1`` and so on."""
    own = [f"own {position}" for position in range(1, n_own + 1)]
    return [*own, *(f"shared {position}" for position in range(1, n_experts - n_own + 1))]


def _gates(network: MultiTaskModule, batch: Batch) -> Iterator[tuple[Tensor, Tensor]]:
    """Positions of tasks, and gates (n, n_experts) of rows for them, a chunk at a time."""
    for source, rows in batch.items():
        names = network.tasks_in(source)
        carried = torch.tensor([network.tasks.index(name) for name in names])
        for few in row_chunks(network, rows, min(_ROWS_AT_ONCE, network.rows_at_once)):
            chunk = network.with_members({source: few})[source]
            gates = network.gate_weights({source: chunk}).get(source)
            if gates is None:
                break
            gates = gates.double().cpu()
            if chunk.task is not None:
                yield chunk.task.cpu(), gates
            else:
                yield carried.repeat_interleave(gates.shape[1]), gates.flatten(0, 1)
