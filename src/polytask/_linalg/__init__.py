"""Linear algebra that several rooms share."""

from polytask._linalg._bargaining import bargaining
from polytask._linalg._dual_cone import dual_cone
from polytask._linalg._max_min_slope import max_min_slope_in_ball, max_min_slope_in_cone
from polytask._linalg._min_norm_point import min_norm_point
from polytask._linalg._normalised_gramian import damped, even_direction, normalised
from polytask._linalg._simplex import project_simplex

__all__ = [
    "bargaining",
    "damped",
    "dual_cone",
    "even_direction",
    "max_min_slope_in_ball",
    "max_min_slope_in_cone",
    "min_norm_point",
    "normalised",
    "project_simplex",
]
