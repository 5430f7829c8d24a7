"""Matrix products with a shared weight: gradients stay factored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.graph import GradientEdge

from polytask.gradients._own_rows import OwnRows
from polytask.gradients._parts import Part, Update, doubled, exact, inner_products

__all__ = ["LinearPart"]


class LinearPart(Part):
    r"""A linear layer, used once or at several places of the network.

    The gradient of task k is :math:`\delta_k^\top a`, with activations a and the signals
    :math:`\delta_k` that its backward pass brings to the layer's output. Inner products come
    without forming it,

    .. math:: \langle g_j, g_k \rangle = \langle \delta_j, (a a^\top) \delta_k \rangle,

    which costs n instead of in_features products an entry, for n rows; where there are more
    rows than inputs, the gradients themselves are the smaller form and are kept. Tasks that
    reach only some of the places have rows of their own.

    Parameters
    ----------
    weight : tensor of shape (out_features, in_features), or transposed
    bias : tensor of shape (out_features,), optional
    nodes : sequence of nodes
        Where the weight is used.
    activations : sequence of tensors of shape (n, in_features)
    transposed : bool
        Whether the weight is stored as (in_features, out_features).
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
        self.wanted = [GradientEdge(node, 0) for node in nodes]
        self.activations = [activation.detach() for activation in activations]
        self.inputs: Tensor | None = None
        self.kept: Tensor | None = None
        self.bias_kept: Tensor | None = None
        self.own: OwnRows | None = None

    def describe(self) -> str:
        """How its gradients are kept, in words."""
        return f"a {self.n_inputs} × {self.n_outputs} layer factored"

    def entries(self) -> int:
        """The smaller of signals and gradient, and as much while products are made."""
        n_rows = sum(map(len, self.activations))
        return 2 * min(n_rows, self.n_inputs) * self.n_outputs

    # ── keeping ──────────────────────────────────────────────────────────────────────────────

    def take(self, task: int, n_tasks: int, caught: Sequence[Tensor | None]) -> None:
        """Keep signals, or the gradient where that is smaller."""
        if all(signal is None for signal in caught):
            return
        if self.own is None and self.kept is None:
            self._choose(n_tasks, common=all(signal is not None for signal in caught))
        if self.own is not None:
            pairs = [
                (signal, activation)
                for signal, activation in zip(caught, self.activations, strict=True)
                if signal is not None
            ]
            for signal, activation in pairs:
                owners = torch.full((len(signal),), task, device=signal.device)
                self.own.take(owners, exact(signal), exact(activation))
        else:
            self._keep(task, self._joined(caught))

    def take_rows(
        self, n_tasks: int, caught: Sequence[Tensor | None], task_of_row: Int[Tensor, " n_rows"]
    ) -> None:
        """Keep the signals of all tasks, each on rows of its own."""
        self.own = OwnRows(n_tasks, self.bias is not None, self.weight)
        for signals, activation in zip(caught, self.activations, strict=True):
            if signals is None:
                continue
            rows, inputs = exact(signals), exact(activation)
            owners = task_of_row.repeat_interleave(len(rows) // len(task_of_row))
            self.own.take(owners, rows, inputs)

    def _choose(self, n_tasks: int, *, common: bool) -> None:
        """Settle the form, once it is seen how a task reaches the layer."""
        if not common:
            self.own = OwnRows(n_tasks, self.bias is not None, self.weight)
            return
        self.inputs = exact(
            self.activations[0] if len(self.activations) == 1 else torch.cat(self.activations)
        )
        n_rows = len(self.inputs)
        self.factored = n_rows <= self.n_inputs
        shape = (n_rows, self.n_outputs) if self.factored else (self.n_outputs, self.n_inputs)
        self.kept = self.inputs.new_zeros(n_tasks, *shape)
        if self.bias is not None and not self.factored:
            self.bias_kept = self.inputs.new_zeros(n_tasks, self.n_outputs)

    def _joined(self, caught: Sequence[Tensor | None]) -> Tensor:
        """Signals at all places, one below the other."""
        pieces = [
            activation.new_zeros(len(activation), self.n_outputs) if signal is None else signal
            for signal, activation in zip(caught, self.activations, strict=True)
        ]
        return exact(pieces[0] if len(pieces) == 1 else torch.cat(pieces))

    def _keep(self, task: int, signals: Tensor) -> None:
        assert self.kept is not None  # noqa: S101
        assert self.inputs is not None  # noqa: S101
        if self.factored:
            self.kept[task] = signals
            return
        torch.mm(signals.T, self.inputs, out=self.kept[task])
        if self.bias_kept is not None:
            self.bias_kept[task] = signals.sum(dim=0)

    # ── what is made of it ───────────────────────────────────────────────────────────────────

    def to_double(self) -> None:
        """Keep signals, activations and gradients in double precision."""
        self.kept, self.inputs = doubled(self.kept), doubled(self.inputs)
        self.bias_kept = doubled(self.bias_kept)
        if self.own is not None:
            self.own.to_double()

    def gramian(self) -> Float[Tensor, "k k"] | None:
        """Inner products of the tasks' gradients of weight and bias."""
        if self.own is not None:
            return self.own.gramian()
        if self.kept is None or self.inputs is None:
            return None
        flat = self.kept.flatten(1)
        if self.factored:
            kernel = self.inputs @ self.inputs.T
            if self.bias is not None:
                kernel += 1.0
            return flat @ torch.matmul(kernel, self.kept).flatten(1).T
        inner = inner_products(flat)
        return inner if self.bias_kept is None else inner + self.bias_kept @ self.bias_kept.T

    def update(self, weights: Float[Tensor, " k"]) -> Update:
        """One product of the weighted signals with the activations."""
        found = self._totals(weights)
        if found is None:
            return
        gradient, sums = found
        yield self.weight, (gradient.T if self.transposed else gradient)
        if self.bias is not None and sums is not None:
            yield self.bias, sums

    def _totals(self, weights: Tensor) -> tuple[Tensor, Tensor | None] | None:
        if self.own is not None:
            return self.own.total(weights.to(self.own.signals[0]))
        if self.kept is None or self.inputs is None:
            return None
        total = torch.tensordot(weights.to(self.kept), self.kept, dims=1)
        if self.factored:
            return total.T @ self.inputs, total.sum(dim=0)
        sums = None if self.bias_kept is None else weights.to(self.kept) @ self.bias_kept
        return total, sums
