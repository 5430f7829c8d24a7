"""Factored gradients of one weight, where each row of the factors belongs to one task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from polytask.gradients._inner_products import blocked_gramian

__all__ = ["FactoredGradients"]

_buffers: Any = WeakIdKeyDictionary()
_COST_OF_MEMORY = 40  # products that take as long as writing one number and reading it twice


class FactoredGradients:
    r"""Gradients :math:`\delta_k^\top a_k` of one weight, each from the rows of one task.

    Inner products come from the rows' kernels, summed over pairs of tasks, or from the
    gradients themselves, whichever costs less.

    Parameters
    ----------
    n_tasks : int
    bias : bool
        Whether a bias is added, whose gradient is the sum of the signals.
    weight : tensor, optional
        Keeps the buffer of the gradients from step to step, as long as the weight itself lives:
        allocating it anew takes as long as the products.
    """

    def __init__(self, n_tasks: int, bias: bool, weight: Tensor | None = None) -> None:
        self.n_tasks, self.bias, self.weight = n_tasks, bias, weight
        self.tasks: list[Tensor] = []
        self.signals: list[Tensor] = []
        self.inputs: list[Tensor] = []
        self.gradients: Tensor | None = None

    def store(
        self,
        tasks: Int[Tensor, " n"],
        signals: Float[Tensor, "n o"],
        inputs: Float[Tensor, "n i"],
    ) -> None:
        """Store rows of signals and inputs, with the task of each row."""
        self.tasks.append(tasks)
        self.signals.append(signals)
        self.inputs.append(inputs)

    def to_double(self) -> None:
        """Store rows in double precision."""
        self.signals = [signals.double() for signals in self.signals]
        self.inputs = [inputs.double() for inputs in self.inputs]
        self.gradients = None

    def gramian(self) -> Float[Tensor, "k k"]:
        """Inner products of the tasks' gradients."""
        n_rows = sum(map(len, self.signals))
        n_outputs, n_inputs = self.signals[0].shape[1], self.inputs[0].shape[1]
        by_kernel = n_rows**2 * (n_outputs + n_inputs)
        by_gradient = self.n_tasks * (self.n_tasks + _COST_OF_MEMORY) * n_outputs * n_inputs
        if by_kernel < by_gradient:
            return self._gramian_by_kernel()
        return self._gramian_by_gradient()

    def _gramian_by_kernel(self) -> Float[Tensor, "k k"]:
        signals, inputs = _joined(self.signals), _joined(self.inputs)
        kernel = inputs @ inputs.T
        if self.bias:
            kernel += 1.0
        kernel *= signals @ signals.T
        membership = torch.nn.functional.one_hot(_joined(self.tasks), self.n_tasks).to(kernel)
        return membership.T @ kernel @ membership

    def _gramian_by_gradient(self) -> Float[Tensor, "k k"]:
        self.gradients = self._multiply()
        inner = blocked_gramian(self.gradients.flatten(1))
        if self.bias:
            sums = self._bias_gradients()
            inner = inner + sums @ sums.T
        return inner

    def _multiply(self) -> Float[Tensor, "k o i"]:
        """The gradients themselves, which the update then uses again."""
        gradients = self._buffer(self.signals[0].shape[1], self.inputs[0].shape[1])
        unwritten = set(range(self.n_tasks))
        for task, signals, inputs in self._by_task():
            if task in unwritten:
                torch.mm(signals.T, inputs, out=gradients[task])
                unwritten.discard(task)
            else:
                gradients[task].addmm_(signals.T, inputs)
        for task in unwritten:
            gradients[task] = 0.0
        return gradients

    def _buffer(self, n_outputs: int, n_inputs: int) -> Float[Tensor, "k o i"]:
        """Uninitialised memory: that of an earlier step, if it fits."""
        buffer = None if self.weight is None else _buffers.pop(self.weight, None)
        shape, like = (self.n_tasks, n_outputs, n_inputs), self.signals[0]
        if buffer is None or (buffer.shape, buffer.dtype, buffer.device) != (
            torch.Size(shape),
            like.dtype,
            like.device,
        ):
            return like.new_empty(shape)
        return buffer

    def _by_task(self) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Signals and inputs of one task at a time."""
        for tasks, signals, inputs in zip(self.tasks, self.signals, self.inputs, strict=True):
            sizes = torch.bincount(tasks, minlength=self.n_tasks).tolist()
            if max(sizes) == len(tasks):
                yield sizes.index(max(sizes)), signals, inputs
                continue
            order = torch.argsort(tasks, stable=True)
            pieces = zip(
                torch.split(signals[order], sizes), torch.split(inputs[order], sizes), strict=True
            )
            for task, (own_signals, own_inputs) in enumerate(pieces):
                yield task, own_signals, own_inputs

    def _bias_gradients(self) -> Float[Tensor, "k o"]:
        sums = self.signals[0].new_zeros(self.n_tasks, self.signals[0].shape[1])
        for tasks, signals in zip(self.tasks, self.signals, strict=True):
            sums.index_add_(0, tasks, signals)
        return sums

    def update(self, weights: Float[Tensor, " k"]) -> tuple[Tensor, Tensor]:
        """Weighted sums of the gradients of weight and bias."""
        if self.gradients is not None:
            total = torch.tensordot(weights, self.gradients, dims=1)
            if self.weight is not None:
                _buffers[self.weight] = self.gradients
                self.gradients = None
            return total, weights @ self._bias_gradients()
        signals = _joined(self.signals) * weights[_joined(self.tasks), None]
        return signals.T @ _joined(self.inputs), signals.sum(dim=0)


def _joined(pieces: list[Tensor]) -> Tensor:
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)
