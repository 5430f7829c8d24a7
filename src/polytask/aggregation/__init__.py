"""Aggregators: maps from the tasks' gradients to one update, independent of any network.

One method per file. Begin with `Aggregator` and its kinds in ``_aggregator.py``, then read
``_mean.py`` and ``_mgda.py``: a `GramianAggregator` returns one weight per task, a
`JacobianAggregator` the update itself, an `AmortisedAggregator` can carry its weights from step to
step. Each declares in `needs` what `polytask.gradients.backward` must serve and in `properties`
what it promises, which `polytask.testing.check_aggregator` tests.

Shared by several methods are ``_served_losses.py``, ``_simplex_weights.py``, ``_bargain.py`` and
``_copied_state.py``. Problems that are solved per step (minimum norm, dual cone, bargaining) lie in
`polytask._linalg`.
"""

from polytask.aggregation._aggregator import (
    Aggregator,
    AmortisedAggregator,
    GramianAggregator,
    JacobianAggregator,
)
from polytask.aggregation._aligned_mtl import AlignedMTL
from polytask.aggregation._cagrad import CAGrad
from polytask.aggregation._config import ConFIG
from polytask.aggregation._conic_grad import ConicGrad
from polytask.aggregation._db_mtl import DBMTL
from polytask.aggregation._dual_proj import DualProj
from polytask.aggregation._every import Every
from polytask.aggregation._excess_mtl import ExcessMTL
from polytask.aggregation._fair_grad import FairGrad
from polytask.aggregation._grad_drop import GradDrop
from polytask.aggregation._grad_norm import GradNorm
from polytask.aggregation._grad_vac import GradVac
from polytask.aggregation._imtl_g import IMTLG
from polytask.aggregation._krum import Krum
from polytask.aggregation._mean import Mean
from polytask.aggregation._mgda import MGDA
from polytask.aggregation._moco import MoCo
from polytask.aggregation._modo import MoDo
from polytask.aggregation._nash_mtl import NashMTL
from polytask.aggregation._pcgrad import PCGrad
from polytask.aggregation._pivrg import PIVRG
from polytask.aggregation._property import Property
from polytask.aggregation._random import Random
from polytask.aggregation._sdm_grad import SDMGrad
from polytask.aggregation._stch import STCH
from polytask.aggregation._sum import Sum
from polytask.aggregation._trimmed_mean import TrimmedMean
from polytask.aggregation._upgrad import UPGrad

__all__ = [
    "DBMTL",
    "IMTLG",
    "MGDA",
    "PIVRG",
    "STCH",
    "Aggregator",
    "AlignedMTL",
    "AmortisedAggregator",
    "CAGrad",
    "ConFIG",
    "ConicGrad",
    "DualProj",
    "Every",
    "ExcessMTL",
    "FairGrad",
    "GradDrop",
    "GradNorm",
    "GradVac",
    "GramianAggregator",
    "JacobianAggregator",
    "Krum",
    "Mean",
    "MoCo",
    "MoDo",
    "NashMTL",
    "PCGrad",
    "Property",
    "Random",
    "SDMGrad",
    "Sum",
    "TrimmedMean",
    "UPGrad",
]
