"""Per-task gradients as they are."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from polytask.gradients._parts import (
    Part,
    Update,
    doubled,
    exact,
    flat,
    inner_products,
    n_numbers,
    shaped,
)

__all__ = ["DirectPart"]


class DirectPart(Part):
    """Parameters of any module: each task's gradient is kept as one row.

    Parameters
    ----------
    parameters : sequence of tensors with p elements in all

    Attributes
    ----------
    rows : tensor of shape (k, p), or None before any task came
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.wanted = parameters
        self.rows: Tensor | None = None

    def describe(self) -> str:
        """How its gradients are kept, in words."""
        return f"{len(self.wanted)} tensors as they are"

    def entries(self) -> int:
        """One number a parameter."""
        return sum(map(n_numbers, self.wanted))

    def take(self, task: int, n_tasks: int, caught: Sequence[Tensor | None]) -> None:
        """Write one task's gradients side by side."""
        if self.rows is None:
            first = exact(self.wanted[0])
            shape = (n_tasks, self.entries())
            self.rows = first.new_zeros(shape, dtype=first.dtype.to_real())
        start = 0
        for gradient, parameter in zip(caught, self.wanted, strict=True):
            stop = start + n_numbers(parameter)
            if gradient is not None:
                self.rows[task, start:stop] = flat(gradient)
            start = stop

    def to_double(self) -> None:
        """Keep the rows in double precision."""
        self.rows = doubled(self.rows)

    def gramian(self) -> Float[Tensor, "k k"] | None:
        """Inner products of the rows."""
        return None if self.rows is None else inner_products(self.rows)

    def jacobian(self) -> Float[Tensor, "k p"]:
        """The rows themselves."""
        assert self.rows is not None  # noqa: S101
        return self.rows

    def update(self, weights: Float[Tensor, " k"]) -> Update:
        """The weighted sum of the rows, in the parameters' shapes."""
        if self.rows is None:
            return
        total, start = weights.to(self.rows) @ self.rows, 0
        for parameter in self.wanted:
            stop = start + n_numbers(parameter)
            yield parameter, shaped(total[start:stop], parameter)
            start = stop
