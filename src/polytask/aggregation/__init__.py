"""Gradients → update: maps from the Jacobian or its Gramian that know nothing of networks."""

from polytask.aggregation._aggregator import (
    Aggregator,
    AmortisedAggregator,
    GramianAggregator,
    JacobianAggregator,
)
from polytask.aggregation._aligned_mtl import AlignedMTL
from polytask.aggregation._config import ConFIG
from polytask.aggregation._grad_drop import GradDrop
from polytask.aggregation._grad_vac import GradVac
from polytask.aggregation._imtl_g import IMTLG
from polytask.aggregation._krum import Krum
from polytask.aggregation._mean import Mean
from polytask.aggregation._mgda import MGDA
from polytask.aggregation._pcgrad import PCGrad
from polytask.aggregation._property import Property
from polytask.aggregation._random import Random
from polytask.aggregation._sum import Sum
from polytask.aggregation._trimmed_mean import TrimmedMean

__all__ = [
    "IMTLG",
    "MGDA",
    "Aggregator",
    "AlignedMTL",
    "AmortisedAggregator",
    "ConFIG",
    "GradDrop",
    "GradVac",
    "GramianAggregator",
    "JacobianAggregator",
    "Krum",
    "Mean",
    "PCGrad",
    "Property",
    "Random",
    "Sum",
    "TrimmedMean",
]
