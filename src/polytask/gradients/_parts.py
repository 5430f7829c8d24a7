"""What a group of parameters keeps of each task's backward pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = [
    "Part",
    "Update",
    "doubled",
    "exact",
    "flat",
    "inner_products",
    "n_numbers",
    "products",
    "shaped",
]

_PIECE = 2**16

Update = Iterable[tuple[Tensor, Tensor]]
"""Parameters and what is to be added to their gradients."""


class Part(ABC):
    """Parameters whose per-task gradients are kept in one form.

    Attributes
    ----------
    wanted : sequence of tensors or gradient edges
        Where each task's backward pass is to be caught.
    separable : bool
        Whether `take_rows` can part one backward pass by rows.
    """

    wanted: Sequence[Any]
    separable: bool = False

    @abstractmethod
    def describe(self) -> str:
        """How its gradients are kept, in words."""

    @abstractmethod
    def entries(self) -> int:
        """Numbers that are kept of each task, about."""

    @abstractmethod
    def take(self, task: int, n_tasks: int, caught: Sequence[Tensor | None]) -> None:
        """Keep what one task's backward pass sent to the wanted places."""

    def n_rows(self, signal: Tensor) -> int:
        """How many rows a signal has, several to a row of the batch where that has further axes."""
        return signal[..., 0].numel()

    def take_rows(
        self, n_tasks: int, caught: Sequence[Tensor | None], task_of_row: Int[Tensor, " n_rows"]
    ) -> None:
        """Keep one backward pass of all tasks, whose signals lie on rows of their own."""
        del n_tasks, caught, task_of_row
        raise NotImplementedError

    @abstractmethod
    def to_double(self) -> None:
        """Keep gradients in double precision from now on, in which their squares have room."""

    @abstractmethod
    def gramian(self) -> Float[Tensor, "k k"] | None:
        """Inner products of the tasks' gradients; None where no task reaches the part."""

    @abstractmethod
    def update(self, weights: Float[Tensor, " k"]) -> Update:
        """The weighted sum of the tasks' gradients for every parameter of the part."""


def exact(matrix: Tensor) -> Tensor:
    """A matrix in at least single precision, for sums over many products."""
    return matrix.float() if matrix.dtype in {torch.float16, torch.bfloat16} else matrix


def doubled(tensor: Tensor | None) -> Tensor | None:
    """A tensor in double precision; None as it is."""
    return None if tensor is None else tensor.double()


def inner_products(rows: Float[Tensor, "k p"]) -> Float[Tensor, "k k"]:
    """The rows' Gramian, by pieces that stay in the processor's cache."""
    if rows.is_cuda:
        return rows @ rows.T
    found = rows.new_zeros(len(rows), len(rows))
    for start in range(0, rows.shape[1], _PIECE):
        piece = rows[:, start : start + _PIECE]
        found.addmm_(piece, piece.T)
    return found


def products(rows: Float[Tensor, "k p"]) -> Float[Tensor, "k k"]:
    """The rows' Gramian; in double precision where single has no room for squares."""
    found = rows @ rows.T
    if bool(found.isfinite().all()):
        return found
    wide = rows.double()
    return wide @ wide.T


def n_numbers(parameter: Tensor) -> int:
    """Real numbers that a parameter consists of: a complex one is two."""
    return parameter.numel() * (2 if parameter.is_complex() else 1)


def flat(gradient: Tensor) -> Tensor:
    """A gradient as one long vector of real numbers."""
    dense = gradient.to_dense() if gradient.is_sparse else gradient
    if dense.is_complex():
        dense = torch.view_as_real(dense.resolve_conj())
    return dense.reshape(-1)


def shaped(numbers: Float[Tensor, " p"], parameter: Tensor) -> Tensor:
    """A long vector of real numbers as a gradient of a parameter."""
    if parameter.is_complex():
        return torch.view_as_complex(numbers.contiguous().view(*parameter.shape, 2))
    return numbers.view_as(parameter)
