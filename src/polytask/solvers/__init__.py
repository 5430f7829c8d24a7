"""Solvers of linear models: a datafit bound to rows plus a penalty.

`Solver` states the contract. A solver says in one sentence what it misses of a datafit or a penalty.
"""

from polytask.solvers._alternating_directions import AlternatingDirections
from polytask.solvers._closed_form import ClosedForm
from polytask.solvers._group_newton import GroupNewton
from polytask.solvers._noise_levels import NoiseLevels
from polytask.solvers._proximal_gradient import ProximalGradient
from polytask.solvers._proximal_newton import ProximalNewton
from polytask.solvers._quasi_newton import QuasiNewton
from polytask.solvers._reduced_rank import ReducedRank
from polytask.solvers._solution import Solution
from polytask.solvers._solver import Solver
from polytask.solvers._working_sets import WorkingSets

__all__ = [
    "AlternatingDirections",
    "ClosedForm",
    "GroupNewton",
    "NoiseLevels",
    "ProximalGradient",
    "ProximalNewton",
    "QuasiNewton",
    "ReducedRank",
    "Solution",
    "Solver",
    "WorkingSets",
]
