"""Parameter tensors of low rank along all axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Choice, Constraint
from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array, Penalty, State
from polytask.penalties._singular_values import (
    lower_singular_values,
    trace_norm,
    trace_norm_gradient,
)

__all__ = ["TensorTraceNorm"]

_MOST_ROUNDS = 500


@dataclass(frozen=True)
class TensorTraceNorm(Penalty):
    r"""The mean trace norm of matrices that W, (n_tasks, …), is unfolded to.

    .. math:: \alpha\,\tfrac1M \sum_{m=1}^M \|W_{(m)}\|_*

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.
    kind : {"tucker", "tensor_train", "last_axis"}, default "tucker"
        The unfoldings: each axis against all others; the first axes against the last, wherever
        they may be parted; or the tasks against all others, which is `TraceNorm`.

    Notes
    -----
    Yang and Hospedales put the tasks on the last axis, hence the name of the third kind; here they
    are on the first, which leaves all unfoldings the same up to transposition. They weight the
    unfoldings and follow a subgradient. Here the weights are equal and sum to 1, so that all
    kinds are `TraceNorm` for a matrix, and there is a proximal map: unfoldings are thresholded in
    turn by Dykstra's algorithm until the point no longer changes, for at most 500 rounds. With the
    small steps of training two or three suffice.

    References
    ----------
    Yang and Hospedales, "Trace norm regularised deep multi-task learning", ICLR Workshop 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import TensorTraceNorm
    >>> sides = np.random.default_rng(0).normal(size=(3, 4))
    >>> weights = np.einsum("i,j,k->ijk", *sides)  # of rank one
    >>> weights += 0.05 * np.random.default_rng(1).normal(size=(4, 4, 4))
    >>> point = TensorTraceNorm(alpha=0.5).prox(weights, step=1.0)
    >>> int(np.linalg.matrix_rank(point.reshape(4, 16), tol=1e-6))
    1
    """

    kind: str = "tucker"

    smooth: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "kind": Choice(("tucker", "tensor_train", "last_axis")),
    }

    def value(self, weights: Array, state: State | None = None) -> Array:
        """The mean of the unfoldings' trace norms, times alpha."""
        norms = [trace_norm(_unfold(weights, axes)) for axes in self._unfoldings(weights)]
        return self.alpha / len(norms) * sum(norms)

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """The mean of the unfoldings' subgradients, times alpha."""
        slopes = [
            _fold(trace_norm_gradient(_unfold(weights, axes)), axes, weights)
            for axes in self._unfoldings(weights)
        ]
        return self.alpha / len(slopes) * sum(slopes)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Singular values of all unfoldings lowered, to rounding."""
        xp = namespace(weights)
        unfoldings = list(self._unfoldings(weights))
        threshold = step * self.alpha / len(unfoldings)
        removed = [xp.zeros_like(weights) for _ in unfoldings]
        rounding = xp.finfo(weights.dtype).eps ** 0.75 * xp.max(xp.abs(weights))
        point = weights
        for _ in range(_MOST_ROUNDS):
            before = point
            for index, axes in enumerate(unfoldings):
                whole = point + removed[index]
                lowered = lower_singular_values(_unfold(whole, axes), threshold)
                point = _fold(lowered, axes, weights)
                removed[index] = whole - point
            if len(unfoldings) == 1 or xp.max(xp.abs(point - before)) <= rounding:
                break
        return point

    def _unfoldings(self, weights: Array) -> Iterator[tuple[int, ...]]:
        """The axes that become the rows of each unfolding."""
        n_axes = len(weights.shape)
        if self.kind == "last_axis" or n_axes <= 2:
            yield (0,)
        elif self.kind == "tucker":
            yield from ((axis,) for axis in range(n_axes))
        else:
            yield from (tuple(range(n_first)) for n_first in range(1, n_axes))


def _order(axes: tuple[int, ...], n_axes: int) -> tuple[int, ...]:
    """All axes, the given ones first."""
    return (*axes, *(axis for axis in range(n_axes) if axis not in axes))


def _unfold(weights: Array, axes: tuple[int, ...]) -> Array:
    """The matrix whose rows are the given axes."""
    xp = namespace(weights)
    moved = xp.permute_dims(weights, _order(axes, len(weights.shape)))
    n_rows = math.prod(weights.shape[axis] for axis in axes)
    return xp.reshape(moved, (n_rows, math.prod(weights.shape) // n_rows))


def _fold(matrix: Array, axes: tuple[int, ...], weights: Array) -> Array:
    """The tensor of W's shape that unfolds to a matrix."""
    xp = namespace(weights)
    order = _order(axes, len(weights.shape))
    moved = xp.reshape(matrix, tuple(weights.shape[axis] for axis in order))
    return xp.permute_dims(moved, tuple(order.index(axis) for axis in range(len(order))))
