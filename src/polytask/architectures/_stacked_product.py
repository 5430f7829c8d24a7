"""Products of stacked matrices whose gradients are laid out as the matrices are."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["stacked_product"]


def stacked_product(
    rows: Float[Tensor, "*k n d"], others: Float[Tensor, "k m d"]
) -> Float[Tensor, "k n m"]:
    """Products of every row with every other row of the same slice; rows may be common to all.

    As ``torch.bmm(rows, others.mT)``, which gives gradients of `others` transposed in memory, so
    that those of a parameter are copied.

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._stacked_product import stacked_product
    >>> stacked_product(torch.ones(1, 2, 3), torch.ones(1, 1, 3))
    tensor([[[3.],
             [3.]]])
    """
    product: Tensor = _StackedProduct.apply(rows, others)  # type: ignore[no-untyped-call]
    return product


class _StackedProduct(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(rows: Tensor, others: Tensor) -> Tensor:
        return torch.bmm(_apart(rows, others), others.mT)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        del output
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        rows, others = (tensor.to(gradient.dtype) for tensor in ctx.saved_tensors)  # as autocast
        of_rows, of_others = ctx.needs_input_grad
        if not of_rows:
            slope = None
        elif rows.ndim == 2:
            width = gradient.shape[0] * gradient.shape[2]  # also without rows
            joined = gradient.transpose(0, 1).reshape(len(rows), width)
            slope = joined @ others.reshape(-1, others.shape[-1])
        else:
            slope = gradient @ others
        return slope, gradient.mT @ _apart(rows, others) if of_others else None

    @staticmethod
    def jvp(ctx: Any, of_rows: Tensor, of_others: Tensor) -> Tensor:
        rows, others = ctx.saved_tensors
        return torch.bmm(_apart(of_rows, others), others.mT) + torch.bmm(
            _apart(rows, others), of_others.mT
        )


def _apart(rows: Tensor, others: Tensor) -> Tensor:
    """Rows of every slice, without a copy."""
    return rows.expand(len(others), *rows.shape[-2:])
