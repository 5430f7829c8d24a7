"""Regularisers of stacked task parameters, shared by linear models and networks."""

from polytask.penalties._penalty import Penalty

__all__ = ["Penalty"]
