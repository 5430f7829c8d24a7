"""Factored gradients of tasks whose signals lie on rows of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from polytask.gradients._parts import inner_products

__all__ = ["OwnRows"]

_spare: Any = WeakIdKeyDictionary()
_MEMORY = 40  # products that take as long as writing one number and reading it twice


class OwnRows:
    r"""Gradients :math:`\delta_k^\top a_k` of one weight, each from the rows of one task.

    Inner products come from the rows' kernels, summed over pairs of tasks, or from the
    gradients themselves, whichever costs less.

    Parameters
    ----------
    n_tasks : int
    bias : bool
        Whether a bias is added, whose gradient is the sum of the signals.
    weight : tensor, optional
        Keeps the memory of the gradients from step to step, for as long as it lives itself:
        asking the system for it anew takes as long as the products.
    """

    def __init__(self, n_tasks: int, bias: bool, weight: Tensor | None = None) -> None:
        self.n_tasks, self.bias, self.weight = n_tasks, bias, weight
        self.owners: list[Tensor] = []
        self.signals: list[Tensor] = []
        self.inputs: list[Tensor] = []
        self.gradients: Tensor | None = None

    def take(
        self,
        owners: Int[Tensor, " n"],
        signals: Float[Tensor, "n o"],
        inputs: Float[Tensor, "n i"],
    ) -> None:
        """Keep rows, and which task each belongs to."""
        self.owners.append(owners)
        self.signals.append(signals)
        self.inputs.append(inputs)

    def to_double(self) -> None:
        """Keep rows in double precision."""
        self.signals = [signals.double() for signals in self.signals]
        self.inputs = [inputs.double() for inputs in self.inputs]
        self.gradients = None

    def gramian(self) -> Float[Tensor, "k k"]:
        """Inner products of the tasks' gradients."""
        n_rows = sum(map(len, self.signals))
        n_outputs, n_inputs = self.signals[0].shape[1], self.inputs[0].shape[1]
        by_kernel = n_rows**2 * (n_outputs + n_inputs)
        by_gradient = self.n_tasks * (self.n_tasks + _MEMORY) * n_outputs * n_inputs
        return self._by_kernel() if by_kernel < by_gradient else self._by_gradient()

    def _by_kernel(self) -> Tensor:
        signals, inputs = _joined(self.signals), _joined(self.inputs)
        kernel = inputs @ inputs.T
        if self.bias:
            kernel += 1.0
        kernel *= signals @ signals.T
        belongs = torch.nn.functional.one_hot(_joined(self.owners), self.n_tasks).to(kernel)
        return belongs.T @ kernel @ belongs

    def _by_gradient(self) -> Tensor:
        self.gradients = self._formed()
        flat = self.gradients.flatten(1)
        inner = inner_products(flat)
        if self.bias:
            sums = self._sums()
            inner = inner + sums @ sums.T
        return inner

    def _formed(self) -> Float[Tensor, "k o i"]:
        """The gradients themselves, which the update then uses again."""
        shape = (self.n_tasks, self.signals[0].shape[1], self.inputs[0].shape[1])
        formed = self._memory(shape)
        fresh = set(range(self.n_tasks))
        for task, signals, inputs in self._by_task():
            if task in fresh:
                torch.mm(signals.T, inputs, out=formed[task])
                fresh.discard(task)
            else:
                formed[task].addmm_(signals.T, inputs)
        for task in fresh:
            formed[task] = 0.0
        return formed

    def _memory(self, shape: tuple[int, ...]) -> Tensor:
        """Memory that an earlier step left, if it fits."""
        spare = None if self.weight is None else _spare.pop(self.weight, None)
        like = self.signals[0]
        if spare is None or (spare.shape, spare.dtype, spare.device) != (
            torch.Size(shape),
            like.dtype,
            like.device,
        ):
            return like.new_empty(shape)
        return spare

    def _by_task(self) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Signals and inputs of one task at a time."""
        for owners, signals, inputs in zip(self.owners, self.signals, self.inputs, strict=True):
            sizes = torch.bincount(owners, minlength=self.n_tasks).tolist()
            if max(sizes) == len(owners):
                yield sizes.index(max(sizes)), signals, inputs
                continue
            order = torch.argsort(owners, stable=True)
            pieces = zip(
                torch.split(signals[order], sizes), torch.split(inputs[order], sizes), strict=True
            )
            for task, (own_signals, own_inputs) in enumerate(pieces):
                yield task, own_signals, own_inputs

    def _sums(self) -> Float[Tensor, "k o"]:
        sums = self.signals[0].new_zeros(self.n_tasks, self.signals[0].shape[1])
        for owners, signals in zip(self.owners, self.signals, strict=True):
            sums.index_add_(0, owners, signals)
        return sums

    def total(self, weights: Float[Tensor, " k"]) -> tuple[Tensor, Tensor]:
        """Weighted sums of the gradients of weight and bias."""
        if self.gradients is not None:
            total = torch.tensordot(weights, self.gradients, dims=1)
            if self.weight is not None:
                _spare[self.weight] = self.gradients
                self.gradients = None
            return total, weights @ self._sums()
        signals = _joined(self.signals) * weights[_joined(self.owners), None]
        return signals.T @ _joined(self.inputs), signals.sum(dim=0)


def _joined(pieces: list[Tensor]) -> Tensor:
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)
