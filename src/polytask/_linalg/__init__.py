"""Small optimisation problems on Gramians, solved to rounding in numpy float64.

Begin with ``_min_norm_point.py``, the active-set method that the others build on. Every function
takes inner products of k vectors, of any scale and rank, and returns weights of the vectors.
"""

from polytask._linalg._bargaining import bargaining_weights
from polytask._linalg._dual_cone import project_dual_cone
from polytask._linalg._max_min_slope import max_min_slope_in_ball, max_min_slope_in_cone
from polytask._linalg._min_norm_point import min_norm_point
from polytask._linalg._normalised_gramian import damped, even_direction, normalised
from polytask._linalg._simplex import project_simplex

__all__ = [
    "bargaining_weights",
    "damped",
    "even_direction",
    "max_min_slope_in_ball",
    "max_min_slope_in_cone",
    "min_norm_point",
    "normalised",
    "project_dual_cone",
    "project_simplex",
]
