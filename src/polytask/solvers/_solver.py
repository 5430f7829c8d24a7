"""Abstract base class of solvers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask.constraints import Constraint, Interval, check_parameters
from polytask.datafits import Bound
from polytask.exceptions import ParameterError
from polytask.penalties import Penalty
from polytask.solvers._solution import Solution

__all__ = ["Solver"]


@dataclass(frozen=True)
class Solver(ABC):
    r"""Minimises :math:`f(W, b) + \alpha\,\Omega(W)`, a datafit bound to rows and a penalty.

    Parameters
    ----------
    tol : float in (0, inf), default 1e-6
        Relative duality gap where the dual is known, else the relative fixed-point residual, at which the
        solver stops.
    max_iter : int, default 10000
        Largest number of iterations.
    """

    tol: float = 1e-6
    max_iter: int = 10_000

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "tol": Interval(float, 0.0, closed="neither"),
        "max_iter": Interval(int, 1),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @abstractmethod
    def refuses(self, bound: Bound, penalty: Penalty) -> str | None:
        """A sentence on what is missing of datafit or penalty; None if nothing is."""

    def solve(self, bound: Bound, penalty: Penalty, start: Solution | None = None) -> Solution:
        """Minimise, from zero or from a solution of a near problem.

        Raises
        ------
        ParameterError
            If the solver does not serve the datafit or the penalty.
        """
        refusal = self.refuses(bound, penalty)
        if refusal is not None:
            raise ParameterError(refusal)
        return self.minimize(bound, penalty, start)

    @abstractmethod
    def minimize(self, bound: Bound, penalty: Penalty, start: Solution | None) -> Solution:
        """As `solve`, of a datafit and a penalty that are served."""
