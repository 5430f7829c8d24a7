"""Per-task gradients as they are."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from polytask.gradients._parts import Part, Update, exact

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
        return sum(parameter.numel() for parameter in self.wanted)

    def take(self, task: int, n_tasks: int, caught: Sequence[Tensor | None]) -> None:
        """Write one task's gradients side by side."""
        if self.rows is None:
            self.rows = exact(self.wanted[0]).new_zeros(n_tasks, self.entries())
        start = 0
        for gradient, parameter in zip(caught, self.wanted, strict=True):
            stop = start + parameter.numel()
            if gradient is not None:
                dense = gradient.to_dense() if gradient.is_sparse else gradient
                self.rows[task, start:stop] = dense.reshape(-1)
            start = stop

    def gramian(self) -> Float[Tensor, "k k"] | None:
        """Inner products of the rows."""
        return None if self.rows is None else self.rows @ self.rows.T

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
            stop = start + parameter.numel()
            yield parameter, total[start:stop].view_as(parameter)
            start = stop
