"""Gradients → update: maps from the Jacobian or its Gramian that know nothing of networks."""

from polytask.aggregation._aggregator import Aggregator, GramianAggregator, JacobianAggregator
from polytask.aggregation._mean import Mean
from polytask.aggregation._mgda import MGDA

__all__ = ["MGDA", "Aggregator", "GramianAggregator", "JacobianAggregator", "Mean"]
