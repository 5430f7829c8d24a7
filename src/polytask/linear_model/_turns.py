"""Learning parts in turns, each for the others as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from polytask.solvers import Solution
from polytask.solvers._anderson import Anderson

__all__ = ["Turns", "take_turns"]

_MEMORY = 8


class Turns(NamedTuple):
    """What is learned in turns.

    Attributes
    ----------
    turn : callable
        A solution that is no worse, and does not change where all parts are best for each other.
    objective : callable
        What is minimised.
    part : callable
        The array that the next turn starts from.
    with_part : callable
        The solution with another such array.
    """

    turn: Callable[[Solution], Solution]
    objective: Callable[[Solution], float]
    part: Callable[[Solution], Float64[np.ndarray, "..."]]
    with_part: Callable[[Solution, Float64[np.ndarray, "..."]], Solution]


def take_turns(turns: Turns, start: Solution, tol: float, max_iter: int) -> Solution:
    """Turns until they move nothing, with Anderson's extrapolation where it lowers the objective.

    Parameters
    ----------
    turns : Turns
    start : Solution
    tol : float
        Largest move of the part in a turn, relative to its norm.
    max_iter : int

    Examples
    --------
    >>> from dataclasses import replace
    >>> import numpy as np
    >>> from polytask.linear_model._turns import Turns, take_turns
    >>> from polytask.solvers import Solution
    >>> turns = Turns(
    ...     lambda s: replace(s, coef=1 + 0.9 * s.coef),
    ...     lambda s: float(np.abs(s.coef - 10).max()),
    ...     lambda s: s.coef,
    ...     lambda s, part: replace(s, coef=part),
    ... )
    >>> start = Solution(np.ones((1, 1)), np.zeros(1), 0, np.inf, "fixed-point residual", False)
    >>> found = take_turns(turns, start, 1e-6, 100)
    >>> found.n_iter, found.converged, found.coef.round(3)
    (3, True, array([[10.]]))
    """
    accelerate = Anderson(_MEMORY)
    now, value, moved, n_iter = start, np.inf, np.inf, 0
    point = turns.part(start)
    while moved > tol and n_iter < max_iter:
        n_iter += 1
        new = turns.turn(turns.with_part(now, point))
        lower = turns.objective(new)
        if lower > value:  # the extrapolation is worse than a turn
            accelerate.forget()
            point = turns.part(now)
            new = turns.turn(now)
            lower = turns.objective(new)
        after = turns.part(new)
        moved = _move(after, point)
        point = accelerate(point, after - point)
        now, value = new, lower
    return replace(
        now, n_iter=n_iter, gap=moved, measure="fixed-point residual", converged=moved <= tol
    )


def _move(after: np.ndarray, before: np.ndarray) -> float:
    """How far an array moved, relative to its norm."""
    return float(np.linalg.norm(after - before)) / max(float(np.linalg.norm(after)), 1e-300)
