"""Per-task gradients of a convolution whose tasks have rows of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.graph import GradientEdge

from polytask.gradients._inner_products import as_double, at_least_single, blocked_gramian
from polytask.gradients._layer_gradients import LayerGradients, Update

__all__ = ["ConvolutionGradients"]


class ConvolutionGradients(LayerGradients):
    """Gradients of a convolution's weight, formed per task from its own rows.

    One backward pass computes the signals of all tasks. The gradients of all tasks together
    cost as much as the weight gradient of the batch.

    Parameters
    ----------
    weight : tensor of shape (out_channels, in_channels / groups, …)
    bias : tensor of shape (out_channels,), optional
    nodes : sequence of nodes
        Where the weight is used.

    Attributes
    ----------
    rows : tensor of shape (k, p), or None before the first signals are stored
        One row per task: the gradient of the weight, then that of the bias.
    """

    separable = True

    def __init__(self, weight: Tensor, bias: Tensor | None, nodes: Sequence[Any]) -> None:
        self.weight, self.bias, self.nodes = weight, bias, nodes
        self.capture_points = [GradientEdge(node, 0) for node in nodes]
        self.rows: Tensor | None = None

    def describe(self) -> str:
        """The form in which the gradients are stored, for the log."""
        return "a convolution, from each task's own rows"

    def n_stored(self) -> int:
        """One number per parameter."""
        return self.weight.numel() + (0 if self.bias is None else self.bias.numel())

    def store(self, task: int, n_tasks: int, captured: Sequence[Tensor | None]) -> None:
        """Form one task's gradients from all rows."""
        for node, signals in zip(self.nodes, captured, strict=True):
            if signals is not None:
                self._add(task, n_tasks, node, signals, node._saved_input)  # noqa: SLF001

    def n_rows(self, signal: Tensor) -> int:
        """Images of the batch."""
        return len(signal)

    def store_rows(
        self, n_tasks: int, captured: Sequence[Tensor | None], task_of_row: Int[Tensor, " n_rows"]
    ) -> None:
        """Form every task's gradients from its own rows."""
        for node, signals in zip(self.nodes, captured, strict=True):
            if signals is None:
                continue
            inputs = node._saved_input  # noqa: SLF001
            task_of_signal = task_of_row.repeat_interleave(len(signals) // len(task_of_row))
            for task in torch.unique(task_of_signal).tolist():
                rows = torch.nonzero(task_of_signal == task).flatten()
                self._add(task, n_tasks, node, signals[rows], inputs[rows])

    def _add(self, task: int, n_tasks: int, node: Any, signals: Tensor, inputs: Tensor) -> None:
        if self.rows is None:
            self.rows = at_least_single(self.weight).new_zeros(n_tasks, self.n_stored())
        _, weight_gradient, bias_gradient = torch.ops.aten.convolution_backward(
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
        self.rows[task, :size] += weight_gradient.flatten()
        if self.bias is not None:
            self.rows[task, size:] += bias_gradient

    def to_double(self) -> None:
        """Store gradients in double precision."""
        self.rows = as_double(self.rows)

    def gramian(self) -> Float[Tensor, "k k"] | None:
        """Inner products of the tasks' gradients of weight and bias."""
        return None if self.rows is None else blocked_gramian(self.rows)

    def update(self, weights: Float[Tensor, " k"]) -> Update:
        """The weighted sum, in the parameters' shapes."""
        if self.rows is None:
            return
        total = weights.to(self.rows) @ self.rows
        size = self.weight.numel()
        yield self.weight, total[:size].view_as(self.weight)
        if self.bias is not None:
            yield self.bias, total[size:]
