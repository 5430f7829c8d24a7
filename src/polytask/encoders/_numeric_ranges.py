"""Search range of the embedding of numeric columns."""

from __future__ import annotations

from polytask.encoders._periodic import Periodic
from polytask.encoders._piecewise_linear import PiecewiseLinear
from polytask.encoders._standardized import Standardized
from polytask.ranges import Choices

__all__ = ["NUMBERS_RANGE"]

NUMBERS_RANGE = Choices((Standardized(), PiecewiseLinear(), Periodic()))
