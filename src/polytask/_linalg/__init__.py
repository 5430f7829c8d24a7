"""Linear algebra that several rooms share."""

from polytask._linalg._min_norm_point import min_norm_point
from polytask._linalg._simplex import project_simplex

__all__ = ["min_norm_point", "project_simplex"]
