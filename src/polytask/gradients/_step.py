"""One training step: losses, tasks, parameters, and the backward passes that fill ``.grad``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from polytask.gradients._autograd_graph import AutogradGraph, are_nested, leaves_bypassing
from polytask.gradients._needs import takes_served
from polytask.gradients._roots import Root, find_stack, roots_at_features, roots_at_losses
from polytask.gradients._served import Served

__all__ = ["Step", "add_gradient"]


@dataclass(frozen=True)
class Step:
    """The checked arguments of `backward`.

    Parameters
    ----------
    losses : tensor of shape (n_tasks,)
        Multiplied by `scale`.
    shared : list of tensors
    served : Served
    features : sequence of tensors, optional
    task_of_row : tensor of shape (n_rows,), int, optional
    second : tensor of shape (n_tasks,), optional
        Losses of an independent batch, multiplied by `scale`.
    scale : float
        The factor on the losses.
    skips_overflow : bool
        Whether a loss scaler skips steps whose gradients overflow, so that these are no error.
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
    skips_overflow: bool = False
    plain_heads: bool = False
    memory_limit: int = 2**31

    # ── tasks and losses ─────────────────────────────────────────────────────────────────────

    @cached_property
    def indices(self) -> Int[Tensor, " k"]:
        """Indices of the tasks present."""
        return self.served.indices

    @cached_property
    def present_losses(self) -> Float[Tensor, " k"]:
        """Losses of the tasks present."""
        return self.losses if len(self.indices) == len(self.losses) else self.losses[self.indices]

    def weighted_loss(self, weights: Float[Tensor, " k"]) -> Float[Tensor, ""]:
        """The weighted sum of the losses present."""
        return torch.dot(weights.to(self.losses), self.present_losses)

    def served_for(self, aggregator: Any) -> tuple[Served, ...]:
        """What the aggregator receives beside gradients: one `Served`, or nothing."""
        return (self.served,) if takes_served(aggregator.needs) else ()

    def overflowed(self, gradients: Tensor) -> bool:
        """Whether gradients of scaled losses left the range of half precision.

        Aggregators are not called in such a step, which the loss scaler skips.
        """
        return self.skips_overflow and not bool(gradients.isfinite().all())

    # ── graph ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def graph(self) -> AutogradGraph:
        """The graph below all losses."""
        return AutogradGraph([self.losses])

    @cached_property
    def heads(self) -> list[Tensor]:
        """Leaves that are not shared."""
        shared = set(self.shared)
        return [leaf for leaf in self.graph.leaves if leaf not in shared]

    def roots(self) -> Iterator[Root]:
        """The root of each present task's backward pass.

        Heads computed separately are passed per task, fused ones together.
        """
        fused = find_stack(self.losses) is None
        if self.features and fused and not self.bypasses_features():
            return roots_at_features(self.present_losses, self.features)
        return roots_at_losses(self.losses, self.indices.tolist())

    def bypasses_features(self) -> bool:
        """Whether a path from a loss to a shared parameter meets no feature, or several."""
        features = self.features or []
        leaves = leaves_bypassing(self.losses, features)
        return are_nested(features) or not leaves.isdisjoint(self.shared)

    # ── backward passes ──────────────────────────────────────────────────────────────────────

    def backward_weighted(self, weights: Float[Tensor, " k"]) -> None:
        """One ordinary backward pass of the weighted sum of the losses."""
        if not self.plain_heads:
            torch.autograd.backward(self.weighted_loss(weights))
            return
        reached = [parameter for parameter in self.shared if parameter in self.graph.leaves]
        torch.autograd.backward(self.weighted_loss(weights), inputs=reached, retain_graph=True)
        self.backward_heads(weights)

    def backward_heads(self, weights: Float[Tensor, " k"]) -> None:
        """A backward pass of the weighted sum into everything that is not shared."""
        if self.heads:
            total = self.present_losses.sum() if self.plain_heads else self.weighted_loss(weights)
            torch.autograd.backward(total, inputs=self.heads)


def add_gradient(parameter: Tensor, gradient: Tensor) -> None:
    """Add to ``.grad`` as a backward pass does, which calls the parameter's hooks."""
    fitting = gradient.to(parameter.dtype)
    hooks = parameter._backward_hooks or parameter._post_accumulate_grad_hooks  # noqa: SLF001
    if hooks or fitting.is_sparse:
        torch.autograd.backward(parameter, fitting)  # several times slower, hence not always
    elif parameter.grad is None:
        parameter.grad = fitting.contiguous()  # fused optimizers read memory in order
    else:
        parameter.grad += fitting
