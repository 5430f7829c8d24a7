"""What a solver returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64

from polytask.datafits import Bound
from polytask.penalties import Penalty

__all__ = ["Solution", "first_point", "learned"]


@dataclass(frozen=True, eq=False)
class Solution:
    """Coefficients, intercepts, and how near to the optimum they are.

    Attributes
    ----------
    coef : array of shape (n_tasks, n_features)
    intercept : array of shape (n_tasks,)
        For centred inputs; `TaskRows.intercepts` gives those for inputs as they came.
    n_iter : int
        Iterations of the solver.
    gap : float
        The `measure`, relative: a duality gap in units of the loss of zero coefficients, a fixed-point
        residual in units of the coefficients, a residual of
        equations in units of their right-hand sides, a gradient in that at zero coefficients.
    measure : {"duality gap", "fixed-point residual", "residual", "gradient norm", "exact"}
    converged : bool
        Whether the gap is below the tolerance.
    state : mapping of str to array
        What the penalty learned.
    """

    coef: Float64[np.ndarray, "tasks features"]
    intercept: Float64[np.ndarray, " tasks"]
    n_iter: int
    gap: float
    measure: Literal["duality gap", "fixed-point residual", "residual", "gradient norm", "exact"]
    converged: bool
    state: Mapping[str, Any] = field(default_factory=dict)


def first_point(bound: Bound, start: Solution | None) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and intercepts of the solution to start from; else 0 and the best intercepts."""
    if start is None:
        return np.zeros(bound.shape), bound.start()
    return start.coef, start.intercept


def learned(penalty: Penalty, shape: tuple[int, ...], start: Solution | None) -> Mapping[str, Any]:
    """What a penalty learned in the solution to start from; else what it starts with."""
    return dict(start.state) if start is not None and start.state else penalty.start(shape)
