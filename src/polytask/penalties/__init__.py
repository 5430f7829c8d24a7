"""Regularisers of stacked task parameters, shared by linear models and networks.

`Penalty` states the contract: value, (sub)gradient, proximal map and what is learned, in numpy or
torch. `QuadraticPenalty` is the base of relations between tasks.
"""

from polytask.penalties._cluster_norm import ClusterNorm
from polytask.penalties._fused_sparse_group import FusedSparseGroup
from polytask.penalties._graph_laplacian import GraphLaplacian
from polytask.penalties._l1 import L1
from polytask.penalties._l1_mean_deviation import L1MeanDeviation
from polytask.penalties._l21 import L21
from polytask.penalties._linf1 import LInf1
from polytask.penalties._mean_deviation import MeanDeviation
from polytask.penalties._multi_level_lasso import MultiLevelLasso
from polytask.penalties._multilinear_relationship import MultilinearRelationship
from polytask.penalties._pairwise_l1 import PairwiseL1
from polytask.penalties._penalty import Penalty
from polytask.penalties._quadratic_penalty import QuadraticPenalty
from polytask.penalties._relation_graph import RelationGraph
from polytask.penalties._sparse_group import SparseGroup
from polytask.penalties._squared_l2 import SquaredL2
from polytask.penalties._subspace import Subspace
from polytask.penalties._task_covariance import TaskCovariance
from polytask.penalties._task_norms import TaskNorms
from polytask.penalties._tensor_trace_norm import TensorTraceNorm
from polytask.penalties._trace_norm import TraceNorm

__all__ = [
    "L1",
    "L21",
    "ClusterNorm",
    "FusedSparseGroup",
    "GraphLaplacian",
    "L1MeanDeviation",
    "LInf1",
    "MeanDeviation",
    "MultiLevelLasso",
    "MultilinearRelationship",
    "PairwiseL1",
    "Penalty",
    "QuadraticPenalty",
    "RelationGraph",
    "SparseGroup",
    "SquaredL2",
    "Subspace",
    "TaskCovariance",
    "TaskNorms",
    "TensorTraceNorm",
    "TraceNorm",
]
