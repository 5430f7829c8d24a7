"""Factored gradients of tasks whose signals lie on rows of their own."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["OwnRows"]

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
    """

    def __init__(self, n_tasks: int, bias: bool) -> None:
        self.n_tasks, self.bias = n_tasks, bias
        self.tasks: list[int] = []
        self.signals: list[Tensor] = []
        self.inputs: list[Tensor] = []
        self.gradients: Tensor | None = None

    def take(self, task: int, signals: Float[Tensor, "n o"], inputs: Float[Tensor, "n i"]) -> None:
        """Keep the rows of one task."""
        self.tasks.append(task)
        self.signals.append(signals)
        self.inputs.append(inputs)

    def gramian(self) -> Float[Tensor, "k k"]:
        """Inner products of the tasks' gradients."""
        n_rows = sum(map(len, self.signals))
        n_outputs, n_inputs = self.signals[0].shape[1], self.inputs[0].shape[1]
        by_kernel = n_rows**2 * (n_outputs + n_inputs)
        by_gradient = self.n_tasks * (self.n_tasks + _MEMORY) * n_outputs * n_inputs
        return self._by_kernel() if by_kernel < by_gradient else self._by_gradient()

    def _by_kernel(self) -> Tensor:
        signals, inputs = torch.cat(self.signals), torch.cat(self.inputs)
        kernel = inputs @ inputs.T
        if self.bias:
            kernel += 1.0
        kernel *= signals @ signals.T
        belongs = torch.nn.functional.one_hot(self._task_of_row(), self.n_tasks).to(kernel)
        return belongs.T @ kernel @ belongs

    def _by_gradient(self) -> Tensor:
        self.gradients = self._formed()
        flat = self.gradients.flatten(1)
        inner = flat @ flat.T
        if self.bias:
            sums = self._sums()
            inner = inner + sums @ sums.T
        return inner

    def _formed(self) -> Float[Tensor, "k o i"]:
        """The gradients themselves, which the update then uses again."""
        shape = (self.n_tasks, self.signals[0].shape[1], self.inputs[0].shape[1])
        formed = self.signals[0].new_empty(shape)
        fresh = set(range(self.n_tasks))
        for task, signals, inputs in zip(self.tasks, self.signals, self.inputs, strict=True):
            if task in fresh:
                torch.mm(signals.T, inputs, out=formed[task])
                fresh.discard(task)
            else:
                formed[task].addmm_(signals.T, inputs)
        for task in fresh:
            formed[task] = 0.0
        return formed

    def _sums(self) -> Float[Tensor, "k o"]:
        sums = self.signals[0].new_zeros(self.n_tasks, self.signals[0].shape[1])
        for task, signals in zip(self.tasks, self.signals, strict=True):
            sums[task] += signals.sum(dim=0)
        return sums

    def total(self, weights: Float[Tensor, " k"]) -> tuple[Tensor, Tensor]:
        """Weighted sums of the gradients of weight and bias."""
        if self.gradients is not None:
            return torch.tensordot(weights, self.gradients, dims=1), weights @ self._sums()
        signals = torch.cat(self.signals) * weights[self._task_of_row(), None]
        return signals.T @ torch.cat(self.inputs), signals.sum(dim=0)

    def _task_of_row(self) -> Tensor:
        sizes = torch.tensor([len(signals) for signals in self.signals])
        tasks = torch.tensor(self.tasks).repeat_interleave(sizes)
        return tasks.to(self.signals[0].device)
