"""All tasks' gradients on shared parameters, in their smallest form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.gradients._own_rows import OwnRows
from polytask.gradients._parts import Part
from polytask.gradients._starts import Start

__all__ = ["OnlyGramian", "Sweeps", "TaskGradients"]


class TaskGradients:
    r"""What backward passes brought to the parts, one pass a task or one for all.

    Parts of linear layers want the signals at the layers' outputs, so that a task's pass never
    forms weight gradients; the update then needs one product a layer with the weighted signals.

    Parameters
    ----------
    parts : sequence of Part
    n_tasks : int
        How many tasks are present.

    Attributes
    ----------
    complete : bool
        Whether the parts hold all shared parameters, so that `update` is the whole update.
    """

    complete = True

    def __init__(self, parts: Sequence[Part], n_tasks: int) -> None:
        self.parts, self.n_tasks = parts, n_tasks
        self.wanted = [place for part in parts for place in part.wanted]

    @classmethod
    def by_tasks(
        cls, starts: Iterable[Start], n_tasks: int, parts: Sequence[Part]
    ) -> TaskGradients:
        """One backward pass a task; the graph is kept."""
        self = cls(parts, n_tasks)
        for task, (outputs, signals) in enumerate(starts):
            caught = torch.autograd.grad(
                outputs, self.wanted, signals, retain_graph=True, allow_unused=True
            )
            for part, own in self._shares(caught):
                part.take(task, n_tasks, own)
        return self

    @classmethod
    def batched(cls, losses: Float[Tensor, " k"], parts: Sequence[Part]) -> TaskGradients | None:
        """One backward pass with an axis for the tasks, which pays on a GPU.

        None where an operation has no batched form, such as dropout drawn again by a checkpoint.
        """
        self = cls(parts, len(losses))
        every = torch.eye(len(losses), dtype=losses.dtype, device=losses.device)
        options: Any = {"retain_graph": True, "allow_unused": True, "is_grads_batched": True}
        try:
            caught = torch.autograd.grad(losses, self.wanted, every, **options)
        except RuntimeError:
            return None
        for part, own in self._shares(caught):
            for task in range(len(losses)):
                part.take(task, len(losses), [None if one is None else one[task] for one in own])
        return self

    @classmethod
    def by_rows(
        cls, losses: Float[Tensor, " k"], parts: Sequence[Part], task_of_row: Int[Tensor, " n_rows"]
    ) -> TaskGradients:
        """One backward pass for tasks that have rows of their own."""
        self = cls(parts, len(losses))
        total = losses.sum()
        caught = torch.autograd.grad(total, self.wanted, retain_graph=True, allow_unused=True)
        for part, own in self._shares(caught):
            for signal in own:
                if signal is not None:
                    _check_rows(part.n_rows(signal), task_of_row)
            part.take_rows(self.n_tasks, own, task_of_row)
        return self

    def _shares(
        self, caught: Sequence[Tensor | None]
    ) -> list[tuple[Part, Sequence[Tensor | None]]]:
        """What was caught, by the part that wanted it."""
        shares, start = [], 0
        for part in self.parts:
            stop = start + len(part.wanted)
            shares.append((part, caught[start:stop]))
            start = stop
        return shares

    def to_double(self) -> None:
        """Keep gradients in double precision from now on."""
        for part in self.parts:
            part.to_double()

    def gramian(self) -> Float[Tensor, "k k"]:
        """Inner products of the tasks' gradients over all parts."""
        pieces = [piece for part in self.parts if (piece := part.gramian()) is not None]
        if not pieces:
            return torch.zeros(self.n_tasks, self.n_tasks, dtype=torch.float32, device="cpu")
        total = torch.stack(pieces).sum(dim=0)
        return (total + total.T) / 2

    def update(self, weights: Float[Tensor, " k"]) -> list[tuple[Tensor, Tensor]]:
        """The weighted sum of the tasks' gradients, for each parameter."""
        return [pair for part in self.parts for pair in part.update(weights)]


def _check_rows(n_rows: int, task_of_row: Tensor) -> None:
    """Refuse numbers of tasks that do not fit the rows of the batch."""
    if n_rows % len(task_of_row):
        expected = f"one number a row of the batch, and a layer sees {n_rows}"
        raise ParameterError(message("backward", "rows", expected, task_of_row))


class OnlyGramian:
    """Inner products of gradients that are no part of the update.

    Parameters
    ----------
    rows : OwnRows
    """

    complete = False

    def __init__(self, rows: OwnRows) -> None:
        self.rows = rows

    def to_double(self) -> None:
        """Keep gradients in double precision from now on."""
        self.rows.to_double()

    def gramian(self) -> Float[Tensor, "k k"]:
        """The inner products."""
        return self.rows.gramian()

    def update(self, weights: Float[Tensor, " k"]) -> list[tuple[Tensor, Tensor]]:
        """Nothing: there are no gradients."""
        del weights
        return []


class Sweeps:
    """Gradients that do not fit into memory together: a round of backward passes a group.

    Parameters
    ----------
    rounds : sequence of callables
        Each gives the gradients of one group of parts, which are dropped after use.
    """

    complete = False

    def __init__(self, rounds: Sequence[Callable[[], TaskGradients]]) -> None:
        self.rounds = rounds
        self.double = False

    def to_double(self) -> None:
        """Find gradients in double precision from now on."""
        self.double = True

    def gramian(self) -> Float[Tensor, "k k"]:
        """Inner products of the tasks' gradients over all groups."""
        found = [self._inner(gradients()) for gradients in self.rounds]
        home = max((one.device for one in found), key=lambda device: device.type != "cpu")
        return torch.stack([one.to(home) for one in found]).sum(dim=0)

    def _inner(self, gradients: TaskGradients) -> Float[Tensor, "k k"]:
        if self.double:
            gradients.to_double()
        return gradients.gramian()

    def update(self, weights: Float[Tensor, " k"]) -> list[tuple[Tensor, Tensor]]:
        """Nothing: it was not kept."""
        del weights
        return []
