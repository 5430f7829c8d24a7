"""Per-task gradients of one layer's parameters: the base of the forms in which they are stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor

__all__ = ["LayerGradients", "Update"]

Update = Iterable[tuple[Tensor, Tensor]]
"""Parameters and what is to be added to their gradients."""


class LayerGradients(ABC):
    """Per-task gradients of some parameters, all stored in one form.

    Attributes
    ----------
    capture_points : sequence of tensors or gradient edges
        Where each task's backward pass is captured.
    separable : bool
        Whether `store_rows` can separate one backward pass by rows.
    """

    capture_points: Sequence[Any]
    separable: bool = False

    @abstractmethod
    def describe(self) -> str:
        """The form in which the gradients are stored, for the log."""

    @abstractmethod
    def n_stored(self) -> int:
        """Approximate count of numbers stored per task."""

    @abstractmethod
    def store(self, task: int, n_tasks: int, captured: Sequence[Tensor | None]) -> None:
        """Store what one task's backward pass sent to the capture points."""

    def n_rows(self, signal: Tensor) -> int:
        """Rows of a signal: several per row of the batch where that has further axes."""
        return signal[..., 0].numel()

    def store_rows(
        self, n_tasks: int, captured: Sequence[Tensor | None], task_of_row: Int[Tensor, " n_rows"]
    ) -> None:
        """Store one backward pass of all tasks, each of which has rows of its own."""
        del n_tasks, captured, task_of_row
        raise NotImplementedError

    @abstractmethod
    def to_double(self) -> None:
        """Store gradients in double precision, whose range holds their squares."""

    @abstractmethod
    def gramian(self) -> Float[Tensor, "k k"] | None:
        """Inner products of the tasks' gradients; None where no task reaches the layer."""

    @abstractmethod
    def update(self, weights: Float[Tensor, " k"]) -> Update:
        """The weighted sum of the tasks' gradients, per parameter."""
