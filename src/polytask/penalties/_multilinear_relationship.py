"""Learned covariances of tasks and of the axes of their parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polytask._validation import Constraint, Interval, message
from polytask.exceptions import ParameterError
from polytask.penalties._arrays import like, namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["MultilinearRelationship"]


@dataclass(frozen=True)
class MultilinearRelationship(Penalty):
    r"""A tensor-normal prior with learned covariances of tasks, outputs and inputs (MRN).

    .. math:: \alpha\,\tfrac12 \Bigl[\operatorname{vec}(W)^\top
              (\Sigma_0 \otimes \Sigma_1 \otimes \cdots)^{-1} \operatorname{vec}(W)
              + \varepsilon \sum_a \tfrac{D}{D_a} \operatorname{tr}(\Sigma_a^{-1})\Bigr],
              \qquad \det \Sigma_a = 1

    for W of shape :math:`(D_0, D_1, \dots)` with D numbers in all. Its state holds the covariances:
    ``tasks``, (n_tasks, n_tasks), and ``axis_1``, ``axis_2``, … of the further axes, of a layer its
    outputs and inputs. `refit` makes one round of the flip-flop algorithm, which minimises the
    value over one covariance after another.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength; with the first covariances, identities, the penalty is
        :math:`\tfrac\alpha2\|W\|^2`.
    epsilon : float in (0, inf), default 1e-3
        Keeps covariances invertible; in units of a squared parameter. A larger one keeps them
        nearer to the identity.

    Notes
    -----
    Long et al. estimate covariances by maximum likelihood, with :math:`\log\det\Sigma_a` in the
    objective. As W is learned too, the likelihood grows without bound as W and its
    covariance shrink together. Here the determinants are held at 1, so that the covariances keep
    the shape of the maximum-likelihood estimate (with :math:`\varepsilon` added), and alpha alone
    is the scale. All of W's axes are kept; the paper's layers have three: tasks, outputs, inputs.

    References
    ----------
    Long, Cao, Wang and Yu, "Learning multiple tasks with multilinear relationship networks",
    NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import MultilinearRelationship
    >>> first, other = np.random.default_rng(0).normal(size=(2, 4, 6))
    >>> weights = np.stack([first, first + 0.1 * other, other])  # the first two tasks are alike
    >>> penalty = MultilinearRelationship()
    >>> state = penalty.refit(weights, penalty.start(weights.shape))
    >>> {name: covariance.shape for name, covariance in state.items()}
    {'tasks': (3, 3), 'axis_1': (4, 4), 'axis_2': (6, 6)}
    >>> bool(state["tasks"][0, 1] > 5 * abs(state["tasks"][0, 2]))
    True
    """

    epsilon: float = 1e-3

    relation: ClassVar[str | None] = "tasks"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "epsilon": Interval(float, 0.0, closed="neither"),
    }

    def start(self, shape: tuple[int, ...]) -> dict[str, Array]:
        """Identities."""
        return {name: np.eye(size) for name, size in zip(_names(shape), shape, strict=True)}

    def value(self, weights: Array, state: State | None = None) -> Array:
        """Half of the quadratic form and of the traces times epsilon, times alpha."""
        xp = namespace(weights)
        inverses = self._inverses(weights, state)
        value = xp.sum(weights * _along_axes(weights, inverses))
        for inverse in inverses:
            n_columns = math.prod(weights.shape) / inverse.shape[0]
            value = value + self.epsilon * n_columns * xp.linalg.trace(inverse)
        return 0.5 * self.alpha * value

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """W times the inverse covariances along all axes, times alpha."""
        return self.alpha * _along_axes(weights, self._inverses(weights, state))

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """W shrunk in the eigenvectors of the covariances, where the variance is small."""
        xp = namespace(weights)
        bases = [xp.linalg.eigh(covariance) for covariance in self._covariances(weights, state)]
        turned = _along_axes(weights, [xp.matrix_transpose(axes) for _, axes in bases])
        variance = xp.ones_like(weights)
        for axis, (sizes, _) in enumerate(bases):
            variance = variance * xp.reshape(sizes, _broadcast(axis, weights))
        turned = turned * (variance / (variance + step * self.alpha))
        return _along_axes(turned, [axes for _, axes in bases])

    def refit(self, weights: Array, state: State) -> dict[str, Array]:
        """One round over the axes, each covariance the best for the others."""
        wide = namespace(weights).astype(weights, namespace(weights).float64)
        inverses = self._inverses(wide, state)
        learned = {}
        for axis, name in enumerate(_names(weights.shape)):
            covariance = self._covariance(wide, inverses, axis)
            inverses[axis] = namespace(wide).linalg.inv(covariance)
            learned[name] = like(covariance, weights)
        return learned

    def _covariance(self, weights: Array, inverses: list[Array], axis: int) -> Array:
        """The covariance along one axis that is the best for the others."""
        xp = namespace(weights)
        size = weights.shape[axis]
        kept = [inverse for other, inverse in enumerate(inverses) if other != axis]
        first = xp.moveaxis(weights, axis, 0)
        moved = xp.reshape(_along_axes(first, [None, *kept]), (size, -1))
        products = moved @ xp.matrix_transpose(xp.reshape(first, (size, -1))) / moved.shape[1]
        sizes, axes = xp.linalg.eigh((products + xp.matrix_transpose(products)) / 2)
        sizes = xp.clip(sizes, 0.0) + self.epsilon
        scale = xp.exp(xp.mean(xp.log(sizes)))
        return (axes * (sizes / scale)) @ xp.matrix_transpose(axes)

    def _covariances(self, weights: Array, state: State | None) -> list[Array]:
        """Covariances of all axes, in the library of W and of its sizes."""
        shape = tuple(weights.shape)
        state = self.start(shape) if state is None else state
        sizes = {name: tuple(covariance.shape) for name, covariance in state.items()}
        if sizes != {name: (size, size) for name, size in zip(_names(shape), shape, strict=True)}:
            expected = f"covariances of the axes of W, which has the shape {shape}"
            remedy = f"`start({shape})` makes them."
            raise ParameterError(
                message("MultilinearRelationship", "state", expected, sizes, remedy)
            )
        return [like(state[name], weights) for name in _names(shape)]

    def _inverses(self, weights: Array, state: State | None) -> list[Array]:
        xp = namespace(weights)
        return [xp.linalg.inv(covariance) for covariance in self._covariances(weights, state)]


def _names(shape: tuple[int, ...]) -> Iterator[str]:
    yield "tasks"
    yield from (f"axis_{axis}" for axis in range(1, len(shape)))


def _along_axes(weights: Array, matrices: list[Array]) -> Array:
    """W multiplied by a matrix along each axis; None leaves an axis as it is."""
    xp = namespace(weights)
    for axis, matrix in enumerate(matrices):
        if matrix is not None:
            weights = xp.moveaxis(xp.tensordot(matrix, weights, axes=((1,), (axis,))), 0, axis)
    return weights


def _broadcast(axis: int, weights: Array) -> tuple[int, ...]:
    return tuple(-1 if other == axis else 1 for other in range(len(weights.shape)))
