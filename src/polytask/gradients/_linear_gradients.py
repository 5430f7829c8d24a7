"""Per-task gradients of a linear layer, factored into signals and activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.graph import GradientEdge

from polytask.gradients._factored_gradients import FactoredGradients
from polytask.gradients._inner_products import as_double, at_least_single, blocked_gramian
from polytask.gradients._layer_gradients import LayerGradients, Update

__all__ = ["LinearGradients"]


class LinearGradients(LayerGradients):
    r"""Gradients of a linear layer, used once or several times in the network.

    The gradient of task k is :math:`\delta_k^\top a`, with activations a and the signals
    :math:`\delta_k` of its backward pass at the layer's output. Inner products are computed
    without forming it,

    .. math:: \langle g_j, g_k \rangle = \langle \delta_j, (a a^\top) \delta_k \rangle,

    which costs n instead of in_features products per entry, for n rows. Where there are more
    rows than inputs, the gradients themselves are the smaller form and are stored. Tasks that
    reach only some of the uses have rows of their own.

    Parameters
    ----------
    weight : tensor of shape (out_features, in_features), or transposed
    bias : tensor of shape (out_features,), optional
    nodes : sequence of nodes
        Where the weight is used.
    activations : sequence of tensors of shape (n, in_features)
    transposed : bool
        Whether the weight is stored as (in_features, out_features).

    Attributes
    ----------
    stored : tensor of shape (k, n, out_features) or (k, out_features, in_features), or None
        Signals where `stores_signals`, else gradients.
    factored : FactoredGradients or None
        In place of `stored`, where tasks have rows of their own.
    """

    separable = True

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        nodes: Sequence[Any],
        activations: Sequence[Tensor],
        *,
        transposed: bool,
    ) -> None:
        self.weight, self.bias, self.transposed = weight, bias, transposed
        self.n_outputs, self.n_inputs = weight.shape[::-1] if transposed else weight.shape
        self.capture_points = [GradientEdge(node, 0) for node in nodes]
        self.activations = [activation.detach() for activation in activations]
        self.inputs: Tensor | None = None
        self.stored: Tensor | None = None
        self.bias_gradients: Tensor | None = None
        self.factored: FactoredGradients | None = None

    def describe(self) -> str:
        """The form in which the gradients are stored, for the log."""
        return f"a {self.n_inputs} × {self.n_outputs} layer factored"

    def n_stored(self) -> int:
        """The smaller of signals and gradient, and as much again while they are multiplied."""
        n_rows = sum(map(len, self.activations))
        return 2 * min(n_rows, self.n_inputs) * self.n_outputs

    # ── storing ──────────────────────────────────────────────────────────────────────────────

    def store(self, task: int, n_tasks: int, captured: Sequence[Tensor | None]) -> None:
        """Store signals, or the gradient where that is smaller."""
        if all(signal is None for signal in captured):
            return
        if self.factored is None and self.stored is None:
            self._choose_form(n_tasks, common=all(signal is not None for signal in captured))
        if self.factored is not None:
            for signal, activation in zip(captured, self.activations, strict=True):
                if signal is not None:
                    tasks = torch.full((len(signal),), task, device=signal.device)
                    self.factored.store(tasks, at_least_single(signal), at_least_single(activation))
        else:
            self._store_common(task, self._join(captured))

    def store_rows(
        self, n_tasks: int, captured: Sequence[Tensor | None], task_of_row: Int[Tensor, " n_rows"]
    ) -> None:
        """Store the signals of all tasks, each on rows of its own."""
        self.factored = FactoredGradients(n_tasks, self.bias is not None, self.weight)
        for signal, activation in zip(captured, self.activations, strict=True):
            if signal is None:
                continue
            signals, inputs = at_least_single(signal), at_least_single(activation)
            tasks = task_of_row.repeat_interleave(len(signals) // len(task_of_row))
            self.factored.store(tasks, signals, inputs)

    def _choose_form(self, n_tasks: int, *, common: bool) -> None:
        """Choose the form by how the first task reaches the layer."""
        if not common:
            self.factored = FactoredGradients(n_tasks, self.bias is not None, self.weight)
            return
        self.inputs = at_least_single(
            self.activations[0] if len(self.activations) == 1 else torch.cat(self.activations)
        )
        n_rows = len(self.inputs)
        self.stores_signals = n_rows <= self.n_inputs
        signals, gradient = (n_rows, self.n_outputs), (self.n_outputs, self.n_inputs)
        shape = signals if self.stores_signals else gradient
        self.stored = self.inputs.new_zeros(n_tasks, *shape)
        if self.bias is not None and not self.stores_signals:
            self.bias_gradients = self.inputs.new_zeros(n_tasks, self.n_outputs)

    def _join(self, captured: Sequence[Tensor | None]) -> Float[Tensor, "n o"]:
        """Signals of all uses, concatenated along the rows; zeros for unreached uses."""
        pieces = [
            activation.new_zeros(len(activation), self.n_outputs) if signal is None else signal
            for signal, activation in zip(captured, self.activations, strict=True)
        ]
        return at_least_single(pieces[0] if len(pieces) == 1 else torch.cat(pieces))

    def _store_common(self, task: int, signals: Float[Tensor, "n o"]) -> None:
        assert self.stored is not None  # noqa: S101
        assert self.inputs is not None  # noqa: S101
        if self.stores_signals:
            self.stored[task] = signals
            return
        torch.mm(signals.T, self.inputs, out=self.stored[task])
        if self.bias_gradients is not None:
            self.bias_gradients[task] = signals.sum(dim=0)

    def to_double(self) -> None:
        """Store signals, activations and gradients in double precision."""
        self.stored, self.inputs = as_double(self.stored), as_double(self.inputs)
        self.bias_gradients = as_double(self.bias_gradients)
        if self.factored is not None:
            self.factored.to_double()

    # ── using ────────────────────────────────────────────────────────────────────────────────

    def gramian(self) -> Float[Tensor, "k k"] | None:
        """Inner products of the tasks' gradients of weight and bias."""
        if self.factored is not None:
            return self.factored.gramian()
        if self.stored is None or self.inputs is None:
            return None
        flat = self.stored.flatten(1)
        if self.stores_signals:
            kernel = self.inputs @ self.inputs.T
            if self.bias is not None:
                kernel += 1.0
            return flat @ torch.matmul(kernel, self.stored).flatten(1).T
        inner = blocked_gramian(flat)
        if self.bias_gradients is None:
            return inner
        return inner + self.bias_gradients @ self.bias_gradients.T

    def update(self, weights: Float[Tensor, " k"]) -> Update:
        """One product of the weighted signals with the activations."""
        pair = self._weighted_sums(weights)
        if pair is None:
            return
        weight_gradient, bias_gradient = pair
        yield self.weight, (weight_gradient.T if self.transposed else weight_gradient)
        if self.bias is not None and bias_gradient is not None:
            yield self.bias, bias_gradient

    def _weighted_sums(self, weights: Tensor) -> tuple[Tensor, Tensor | None] | None:
        """Weighted sums of the gradients of weight and bias."""
        if self.factored is not None:
            return self.factored.update(weights.to(self.factored.signals[0]))
        if self.stored is None or self.inputs is None:
            return None
        total = torch.tensordot(weights.to(self.stored), self.stored, dims=1)
        if self.stores_signals:
            return total.T @ self.inputs, total.sum(dim=0)
        if self.bias_gradients is None:
            return total, None
        return total, weights.to(self.stored) @ self.bias_gradients
