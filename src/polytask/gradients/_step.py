"""One step's losses, and how gradients are filled from weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from polytask.gradients._graph import Graph, are_nested, leaves_past
from polytask.gradients._needs import Need
from polytask.gradients._served import Served
from polytask.gradients._starts import Start, stacked_apart, starts_at_features, starts_at_losses

__all__ = ["Step", "add_gradient"]


@dataclass(frozen=True)
class Step:
    """What `backward` was given, checked.

    Parameters
    ----------
    losses : tensor of shape (n_tasks,)
        Scaled as mixed precision wants them.
    shared : list of tensors
    served : Served
    features : sequence of tensors, optional
    task_of_row : tensor of shape (n_rows,), int, optional
    second : tensor of shape (n_tasks,), optional
    scale : float
        The factor on the losses.
    plain_heads : bool
        Whether heads follow their losses unweighted.
    memory_limit : int
        Bytes that tasks' gradients may take at a time.
    """

    losses: Tensor
    shared: list[Tensor]
    served: Served
    features: Sequence[Tensor] | None = None
    task_of_row: Tensor | None = None
    second: Tensor | None = None
    scale: float = 1.0
    plain_heads: bool = False
    memory_limit: int = 2**31

    @cached_property
    def rows(self) -> Int[Tensor, " k"]:
        """Numbers of the tasks present."""
        return self.served.rows

    @cached_property
    def present_losses(self) -> Float[Tensor, " k"]:
        """Losses of the tasks present."""
        return self.losses if len(self.rows) == len(self.losses) else self.losses[self.rows]

    def starts(self) -> Iterator[Start]:
        """Where each present task's backward pass starts.

        Heads that were computed apart are passed one by one, fused ones together.
        """
        apart = stacked_apart(self.losses) is not None
        if self.features and not apart and not self.past_features():
            return starts_at_features(self.present_losses, self.features)
        return starts_at_losses(self.losses, self.rows.tolist())

    def past_features(self) -> bool:
        """Whether a path from a loss to a shared parameter meets no feature, or several."""
        features = self.features or []
        past = leaves_past(self.losses, features)
        return are_nested(features) or not past.isdisjoint(self.shared)

    @cached_property
    def graph(self) -> Graph:
        """The graph that all losses share."""
        return Graph([self.losses])

    def weighted(self, weights: Float[Tensor, " k"]) -> Float[Tensor, ""]:
        """The weighted sum of the losses present."""
        return torch.dot(weights.to(self.losses), self.present_losses)

    def told(self, aggregator: Any) -> tuple[Served, ...]:
        """What an aggregator that asks for it is told beside gradients."""
        return (self.served,) if aggregator.needs & {Need.PRESENT, Need.LOSSES} else ()

    @cached_property
    def heads(self) -> list[Tensor]:
        """Leaves that are not shared."""
        shared = set(self.shared)
        return [leaf for leaf in self.graph.leaves if leaf not in shared]

    def overflowed(self, found: Tensor) -> bool:
        """Whether the scaled losses' gradients left half precision's range.

        Aggregators are not told of such a step, which the loss scaler skips.
        """
        return self.scale != 1.0 and not bool(found.isfinite().all())

    def lead_all(self, weights: Float[Tensor, " k"]) -> None:
        """One ordinary backward pass of the weighted sum."""
        if not self.plain_heads:
            torch.autograd.backward(self.weighted(weights))
            return
        reached = [parameter for parameter in self.shared if parameter in self.graph.leaves]
        torch.autograd.backward(self.weighted(weights), inputs=reached, retain_graph=True)
        self.lead_heads(weights)

    def lead_heads(self, weights: Float[Tensor, " k"]) -> None:
        """A backward pass of the weighted sum into everything that is not shared."""
        if self.heads:
            total = self.present_losses.sum() if self.plain_heads else self.weighted(weights)
            torch.autograd.backward(total, inputs=self.heads)


def add_gradient(parameter: Tensor, gradient: Tensor) -> None:
    """Add to ``.grad`` as a backward pass does, which calls the parameter's hooks."""
    fitting = gradient.to(parameter.dtype)
    hooks = parameter._backward_hooks or parameter._post_accumulate_grad_hooks  # noqa: SLF001
    if hooks or fitting.is_sparse:
        torch.autograd.backward(parameter, fitting)  # several times slower, hence not always
    elif parameter.grad is None:
        parameter.grad = fitting.contiguous()
    else:
        parameter.grad += fitting
