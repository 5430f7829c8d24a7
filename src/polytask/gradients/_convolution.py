"""Convolutions of tasks with rows of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.graph import GradientEdge

from polytask.gradients._parts import Part, Update, doubled, exact, inner_products

__all__ = ["ConvolutionPart"]


class ConvolutionPart(Part):
    """A convolution whose weight gradients are formed task by task, each from its own rows.

    One backward pass brings the signals of all tasks; the gradients of their weights together
    cost what one weight gradient of the batch costs.

    Parameters
    ----------
    weight : tensor of shape (out_channels, in_channels / groups, …)
    bias : tensor of shape (out_channels,), optional
    nodes : sequence of nodes
        Where the weight is used.

    Attributes
    ----------
    kept : tensor of shape (k, p), or None before signals came
        A row a task: the gradient of the weight, then that of the bias.
    """

    separable = True

    def __init__(self, weight: Tensor, bias: Tensor | None, nodes: Sequence[Any]) -> None:
        self.weight, self.bias, self.nodes = weight, bias, nodes
        self.wanted = [GradientEdge(node, 0) for node in nodes]
        self.kept: Tensor | None = None

    def describe(self) -> str:
        """How its gradients are kept, in words."""
        return "a convolution, from each task's own rows"

    def entries(self) -> int:
        """One number a parameter."""
        return self.weight.numel() + (0 if self.bias is None else self.bias.numel())

    def take(self, task: int, n_tasks: int, caught: Sequence[Tensor | None]) -> None:
        """Form one task's gradients from all rows."""
        for node, signals in zip(self.nodes, caught, strict=True):
            if signals is not None:
                self._form(task, n_tasks, node, signals, node._saved_input)  # noqa: SLF001

    def n_rows(self, signal: Tensor) -> int:
        """Images of the batch."""
        return len(signal)

    def take_rows(
        self, n_tasks: int, caught: Sequence[Tensor | None], task_of_row: Int[Tensor, " n_rows"]
    ) -> None:
        """Form every task's gradients from its own rows."""
        for node, signals in zip(self.nodes, caught, strict=True):
            if signals is None:
                continue
            inputs = node._saved_input  # noqa: SLF001
            owners = task_of_row.repeat_interleave(len(signals) // len(task_of_row))
            for task in torch.unique(owners).tolist():
                rows = torch.nonzero(owners == task).flatten()
                self._form(task, n_tasks, node, signals[rows], inputs[rows])

    def _form(self, task: int, n_tasks: int, node: Any, signals: Tensor, inputs: Tensor) -> None:
        if self.kept is None:
            self.kept = exact(self.weight).new_zeros(n_tasks, self.entries())
        _, gradient, sums = torch.ops.aten.convolution_backward(
            signals.to(inputs.dtype),
            inputs.detach(),
            node._saved_weight.detach(),  # noqa: SLF001
            [signals.shape[1]],
            node._saved_stride,  # noqa: SLF001
            node._saved_padding,  # noqa: SLF001
            node._saved_dilation,  # noqa: SLF001
            node._saved_transposed,  # noqa: SLF001
            node._saved_output_padding,  # noqa: SLF001
            node._saved_groups,  # noqa: SLF001
            [False, True, self.bias is not None],
        )
        size = self.weight.numel()
        self.kept[task, :size] += gradient.flatten()
        if self.bias is not None:
            self.kept[task, size:] += sums

    def to_double(self) -> None:
        """Keep gradients in double precision."""
        self.kept = doubled(self.kept)

    def gramian(self) -> Float[Tensor, "k k"] | None:
        """Inner products of the tasks' gradients of weight and bias."""
        return None if self.kept is None else inner_products(self.kept)

    def update(self, weights: Float[Tensor, " k"]) -> Update:
        """The weighted sum, in the parameters' shapes."""
        if self.kept is None:
            return
        total = weights.to(self.kept) @ self.kept
        size = self.weight.numel()
        yield self.weight, total[:size].view_as(self.weight)
        if self.bias is not None:
            yield self.bias, total[size:]
