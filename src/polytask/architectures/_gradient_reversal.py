"""Gradient reversal."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["reverse_gradient"]


class _Reversal(torch.autograd.Function):
    """The identity; its backward pass changes the sign."""

    @staticmethod
    def forward(values: Tensor) -> Tensor:
        return values.view_as(values)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        del ctx
        return -gradients[0]


def reverse_gradient(values: Tensor) -> Tensor:
    r"""Return the values unchanged; gradients that pass through are multiplied by -1.

    What stands behind learns to lower a loss, what stands before to raise it.

    References
    ----------
    Ganin and Lempitsky, "Unsupervised domain adaptation by backpropagation", ICML 2015.

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._gradient_reversal import reverse_gradient
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> (2 * reverse_gradient(x)).backward()
    >>> x.grad
    tensor(-2.)
    """
    reversed_: Tensor = _Reversal.apply(values)  # type: ignore[no-untyped-call]
    return reversed_
