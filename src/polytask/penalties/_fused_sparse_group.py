"""Features selected for all tasks and within them, with equal parameters of neighbouring tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from polytask._validation import Constraint, Each, Interval, Optional, message
from polytask.exceptions import ParameterError
from polytask.penalties._arrays import as_matrix, namespace
from polytask.penalties._penalty import Array, Penalty, State
from polytask.penalties._sparse_group import SparseGroup
from polytask.penalties._total_variation import fuse

__all__ = ["FusedSparseGroup"]

_MOST_STEPS = 100


def _once(chains: Any) -> bool:
    rows = [row for chain in chains for row in chain]
    return len(set(rows)) == len(rows)


@dataclass(frozen=True)
class FusedSparseGroup(Penalty):
    r"""Norms of features over tasks, absolute parameters, and absolute differences of tasks in order (cFSGL).

    .. math:: \alpha \Big[(1 - r) \sum_j \|W_{:j}\|_2 + r \sum_{kj} |W_{kj}|
        + s \sum_{k, j} |W_{k+1, j} - W_{kj}|\Big]

    Its proximal map leaves features out of all tasks or of some, and makes parameters of neighbouring tasks,
    such as times, exactly equal.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.
    l1_ratio : float in [0, 1], default 0.5
        The share r of absolute values; with 1 it is the fused lasso.
    fused_ratio : float in [0, inf), default 0.5
        Strength s of differences, in units of alpha; with 0 it is `SparseGroup`.
    chains : tuple of tuple of int, optional
        Rows of W, in the order in which they are neighbours; one chain of all rows by default. Rows that are
        in none have no neighbours.

    Notes
    -----
    The proximal map is that of differences, then of absolute values, then of norms, as the reference shows.
    Its three strengths are :math:`\alpha r`, :math:`\alpha s` and :math:`\alpha (1 - r)`.

    References
    ----------
    Zhou, Liu, Narayan and Ye, "Modeling disease progression via fused sparse group lasso", KDD 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import FusedSparseGroup
    >>> penalty = FusedSparseGroup(alpha=1.0, l1_ratio=1.0, fused_ratio=1.0)
    >>> penalty.prox(np.array([[1.0, 0.5], [2.0, 0.0], [6.0, -0.5]]), step=1.0).T
    array([[1., 1., 4.],
           [0., 0., 0.]])
    """

    l1_ratio: float = 0.5
    fused_ratio: float = 0.5
    chains: tuple[tuple[int, ...], ...] | None = None

    smooth: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **SparseGroup.parameter_constraints,
        "fused_ratio": Interval(float, 0.0),
        "chains": Optional(Each(Each(Interval(int, 0)))),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.chains is not None:
            object.__setattr__(self, "chains", tuple(map(tuple, self.chains)))
            if not _once(self.chains):
                expected = "chains that hold each row once at most"
                raise ParameterError(message("FusedSparseGroup", "chains", expected, self.chains))

    def value(self, weights: Array, state: State | None = None) -> Array:
        """Norms, absolute values and differences, times alpha."""
        xp = namespace(weights)
        differences = [xp.sum(xp.abs(each)) for _, each in self._differences(as_matrix(weights))]
        return self._unfused.value(weights) + self.alpha * self.fused_ratio * sum(differences)

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """That of `SparseGroup`, and the signs of differences, times alpha."""
        xp = namespace(weights)
        matrix = as_matrix(weights)
        slope = xp.zeros_like(matrix)
        for rows, each in self._differences(matrix):
            signs = xp.sign(each)
            slope[rows[1:]] = slope[rows[1:]] + signs
            slope[rows[:-1]] = slope[rows[:-1]] - signs
        slope = self.alpha * self.fused_ratio * xp.reshape(slope, weights.shape)
        return self._unfused.gradient(weights) + slope

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Neighbours moved towards each other, then parameters towards zero, then features shortened."""
        fused = self._fused(as_matrix(weights), step * self.alpha * self.fused_ratio)
        return self._unfused.prox(namespace(weights).reshape(fused, weights.shape), step)

    def dual_norm(self, gradient: Array) -> float:
        r"""The smallest t of which the proximal map of t times the penalty of strength 1 is 0 for G.

        Before its last step that map is the difference of G and a set that grows with t. The difference is
        convex in t, so that Newton's method from 0 approaches the least t from below.
        """
        xp = namespace(gradient)
        matrix, t, ratio = as_matrix(gradient), 0.0, self.l1_ratio
        for _ in range(_MOST_STEPS):
            lowered = self._fused(matrix, t * self.fused_ratio)
            lowered = lowered - xp.clip(lowered, -t * ratio, t * ratio)
            norms = xp.linalg.vector_norm(lowered, axis=0)
            left = norms - t * (1 - ratio)
            if not xp.any(left > 0):
                break
            matrix, lowered = matrix[:, left > 0], lowered[:, left > 0]
            norms, left = norms[left > 0], left[left > 0]
            cost = ratio * xp.sum(xp.abs(lowered), axis=0)
            for _, each in self._differences(lowered):
                cost = cost + self.fused_ratio * xp.sum(xp.abs(each), axis=0)
            rise = float(xp.max(left / (cost / norms + 1 - ratio)))
            t += rise
            if rise <= 1e-15 * t:
                break
        return t

    @property
    def _unfused(self) -> SparseGroup:
        return SparseGroup(self.alpha, self.l1_ratio)

    def _chains(self, n_rows: int) -> Iterator[list[int]]:
        """Rows of each chain with neighbours."""
        chains = (range(n_rows),) if self.chains is None else self.chains
        for chain in chains:
            if max(chain, default=0) >= n_rows:
                expected = f"rows of W, 0 to {n_rows - 1}"
                raise ParameterError(message("FusedSparseGroup", "chains", expected, self.chains))
            if len(chain) > 1:
                yield list(chain)

    def _differences(self, matrix: Array) -> Iterator[tuple[list[int], Array]]:
        """The rows of each chain, and the differences of neighbours."""
        for rows in self._chains(matrix.shape[0]):
            yield rows, matrix[rows[1:], :] - matrix[rows[:-1], :]

    def _fused(self, matrix: Array, threshold: float) -> Array:
        if self.chains is None:
            return fuse(matrix, threshold)
        fused = matrix + 0
        for rows in self._chains(matrix.shape[0]):
            fused[rows, :] = fuse(matrix[rows, :], threshold)
        return fused
