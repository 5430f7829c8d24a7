"""Per-task gradients of any parameters, stored as the rows of a Jacobian."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from polytask.gradients._flattening import flatten, real_size, slices, unflatten
from polytask.gradients._inner_products import as_double, at_least_single, blocked_gramian
from polytask.gradients._layer_gradients import LayerGradients, Update

__all__ = ["DenseGradients"]


class DenseGradients(LayerGradients):
    """Gradients of the parameters of any module: one row per task.

    Parameters
    ----------
    parameters : sequence of tensors with p elements in all

    Attributes
    ----------
    rows : tensor of shape (k, p), or None before the first task is stored
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.capture_points = parameters
        self.rows: Tensor | None = None

    def describe(self) -> str:
        """The form in which the gradients are stored, for the log."""
        return f"{len(self.capture_points)} tensors as they are"

    def n_stored(self) -> int:
        """One number per parameter."""
        return sum(map(real_size, self.capture_points))

    def store(self, task: int, n_tasks: int, captured: Sequence[Tensor | None]) -> None:
        """Write one task's gradients into its row."""
        if self.rows is None:
            first = at_least_single(self.capture_points[0])
            shape = (n_tasks, self.n_stored())
            self.rows = first.new_zeros(shape, dtype=first.dtype.to_real())
        for gradient, columns in zip(captured, slices(self.capture_points), strict=True):
            if gradient is not None:
                self.rows[task, columns] = flatten(gradient)

    def to_double(self) -> None:
        """Store the rows in double precision."""
        self.rows = as_double(self.rows)

    def gramian(self) -> Float[Tensor, "k k"] | None:
        """Inner products of the rows."""
        return None if self.rows is None else blocked_gramian(self.rows)

    def jacobian(self) -> Float[Tensor, "k p"]:
        """The rows themselves."""
        assert self.rows is not None  # noqa: S101
        return self.rows

    def update(self, weights: Float[Tensor, " k"]) -> Update:
        """The weighted sum of the rows, in the parameters' shapes."""
        if self.rows is None:
            return
        total = weights.to(self.rows) @ self.rows
        for parameter, columns in zip(
            self.capture_points, slices(self.capture_points), strict=True
        ):
            yield parameter, unflatten(total[columns], parameter)
