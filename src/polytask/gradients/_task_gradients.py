"""Gradients of all tasks on shared parameters, each layer's in its smallest form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.gradients._factored_gradients import FactoredGradients
from polytask.gradients._layer_gradients import LayerGradients
from polytask.gradients._roots import Root

__all__ = ["GradientRounds", "SurrogateGradients", "TaskGradients"]


class TaskGradients:
    r"""Gradients of all layers, stored from one backward pass per task or one for all.

    Linear layers capture the signals at their outputs, so that a task's pass never forms weight
    gradients; the update then needs one product per layer with the weighted signals.

    Parameters
    ----------
    layers : sequence of LayerGradients
    n_tasks : int
        Count of the tasks present.

    Attributes
    ----------
    complete : bool
        Whether the layers hold all shared parameters, so that `update` is the whole update.
    """

    complete = True

    def __init__(self, layers: Sequence[LayerGradients], n_tasks: int) -> None:
        self.layers, self.n_tasks = layers, n_tasks
        self.capture_points = [point for layer in layers for point in layer.capture_points]

    @classmethod
    def by_tasks(
        cls, roots: Iterable[Root], n_tasks: int, layers: Sequence[LayerGradients]
    ) -> TaskGradients:
        """One backward pass per task; the graph is kept."""
        self = cls(layers, n_tasks)
        for task, (outputs, signals) in enumerate(roots):
            captured = torch.autograd.grad(
                outputs, self.capture_points, signals, retain_graph=True, allow_unused=True
            )
            for layer, signals_of_layer in self._by_layer(captured):
                layer.store(task, n_tasks, signals_of_layer)
        return self

    @classmethod
    def batched(
        cls, losses: Float[Tensor, " k"], layers: Sequence[LayerGradients]
    ) -> TaskGradients | None:
        """One backward pass with an axis for the tasks, which pays on a GPU.

        None where an operation has no batched form, such as dropout drawn again by a checkpoint.
        """
        self = cls(layers, len(losses))
        identity = torch.eye(len(losses), dtype=losses.dtype, device=losses.device)
        options: Any = {"retain_graph": True, "allow_unused": True, "is_grads_batched": True}
        try:
            captured = torch.autograd.grad(losses, self.capture_points, identity, **options)
        except RuntimeError:
            return None
        for layer, signals in self._by_layer(captured):
            for task in range(len(losses)):
                own = [None if signal is None else signal[task] for signal in signals]
                layer.store(task, len(losses), own)
        return self

    @classmethod
    def by_rows(
        cls,
        losses: Float[Tensor, " k"],
        layers: Sequence[LayerGradients],
        task_of_row: Int[Tensor, " n_rows"],
    ) -> TaskGradients:
        """One backward pass for tasks that have rows of their own."""
        self = cls(layers, len(losses))
        captured = torch.autograd.grad(
            losses.sum(), self.capture_points, retain_graph=True, allow_unused=True
        )
        for layer, signals in self._by_layer(captured):
            for signal in signals:
                if signal is not None:
                    _check_rows(layer.n_rows(signal), task_of_row)
            layer.store_rows(self.n_tasks, signals, task_of_row)
        return self

    def _by_layer(
        self, captured: Sequence[Tensor | None]
    ) -> list[tuple[LayerGradients, Sequence[Tensor | None]]]:
        """The captured signals of each layer."""
        pairs, start = [], 0
        for layer in self.layers:
            stop = start + len(layer.capture_points)
            pairs.append((layer, captured[start:stop]))
            start = stop
        return pairs

    def to_double(self) -> None:
        """Store gradients in double precision."""
        for layer in self.layers:
            layer.to_double()

    def gramian(self) -> Float[Tensor, "k k"]:
        """Inner products of the tasks' gradients over all layers."""
        summands = [inner for layer in self.layers if (inner := layer.gramian()) is not None]
        if not summands:
            return torch.zeros(self.n_tasks, self.n_tasks, dtype=torch.float32, device="cpu")
        total = torch.stack(summands).sum(dim=0)
        return (total + total.T) / 2

    def update(self, weights: Float[Tensor, " k"]) -> list[tuple[Tensor, Tensor]]:
        """The weighted sum of the tasks' gradients, per parameter."""
        return [pair for layer in self.layers for pair in layer.update(weights)]


def _check_rows(n_rows: int, task_of_row: Tensor) -> None:
    """Refuse a `task_of_row` that does not fit the rows of the batch."""
    if n_rows % len(task_of_row):
        expected = f"one number per row of the batch, and a layer sees {n_rows}"
        raise ParameterError(message("backward", "task_of_row", expected, task_of_row))


class SurrogateGradients:
    """Gradients that serve for inner products only and are no part of the update.

    Parameters
    ----------
    factored : FactoredGradients
    """

    complete = False

    def __init__(self, factored: FactoredGradients) -> None:
        self.factored = factored

    def to_double(self) -> None:
        """Store gradients in double precision."""
        self.factored.to_double()

    def gramian(self) -> Float[Tensor, "k k"]:
        """The inner products."""
        return self.factored.gramian()

    def update(self, weights: Float[Tensor, " k"]) -> list[tuple[Tensor, Tensor]]:
        """Empty: they are no part of the update."""
        del weights
        return []


class GradientRounds:
    """Gradients that do not fit into memory together: one round of backward passes per group.

    Parameters
    ----------
    rounds : sequence of callables
        Each computes the gradients of one group of layers, which are dropped after use.
    """

    complete = False

    def __init__(self, rounds: Sequence[Callable[[], TaskGradients]]) -> None:
        self.rounds = rounds
        self.double = False

    def to_double(self) -> None:
        """Compute gradients in double precision from now on."""
        self.double = True

    def gramian(self) -> Float[Tensor, "k k"]:
        """Inner products of the tasks' gradients over all groups."""
        summands = [self._gramian_of(compute()) for compute in self.rounds]
        device = max((inner.device for inner in summands), key=lambda d: d.type != "cpu")
        return torch.stack([inner.to(device) for inner in summands]).sum(dim=0)

    def _gramian_of(self, gradients: TaskGradients) -> Float[Tensor, "k k"]:
        if self.double:
            gradients.to_double()
        return gradients.gramian()

    def update(self, weights: Float[Tensor, " k"]) -> list[tuple[Tensor, Tensor]]:
        """Empty: the gradients are not kept."""
        del weights
        return []
