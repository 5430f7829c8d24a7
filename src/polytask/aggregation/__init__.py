"""Gradients → update: maps from the Jacobian or its Gramian that know nothing of networks."""

from polytask.aggregation._aggregator import (
    Aggregator,
    AmortisedAggregator,
    GramianAggregator,
    JacobianAggregator,
)
from polytask.aggregation._mean import Mean
from polytask.aggregation._mgda import MGDA
from polytask.aggregation._property import Property

__all__ = [
    "MGDA",
    "Aggregator",
    "AmortisedAggregator",
    "GramianAggregator",
    "JacobianAggregator",
    "Mean",
    "Property",
]
