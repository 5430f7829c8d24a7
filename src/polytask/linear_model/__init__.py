"""Linear models that learn several tasks together, by scikit-learn's contract.

Each minimises a datafit plus a penalty (`PenalizedEstimator`), or defines its own `learn`. `PathSearchCV` chooses
the strength and further settings of any by folds; some have classes of their own for that, ``…CV`` (`PathEstimator`).
"""

from polytask.linear_model._amtl_classifier import AMTLClassifier
from polytask.linear_model._amtl_regressor import AMTLRegressor
from polytask.linear_model._aso_classifier import ASOClassifier
from polytask.linear_model._aso_regressor import ASORegressor
from polytask.linear_model._calibrated_regressor import CalibratedRegressor
from polytask.linear_model._clustered_classifier import ClusteredClassifier
from polytask.linear_model._clustered_regressor import ClusteredRegressor
from polytask.linear_model._constrained_trace_norm_classifier import ConstrainedTraceNormClassifier
from polytask.linear_model._constrained_trace_norm_regressor import ConstrainedTraceNormRegressor
from polytask.linear_model._convex_aso_classifier import ConvexASOClassifier
from polytask.linear_model._convex_aso_regressor import ConvexASORegressor
from polytask.linear_model._dirty_model_classifier import DirtyModelClassifier
from polytask.linear_model._dirty_model_regressor import DirtyModelRegressor
from polytask.linear_model._fused_sparse_group_classifier import FusedSparseGroupClassifier
from polytask.linear_model._fused_sparse_group_regressor import FusedSparseGroupRegressor
from polytask.linear_model._gomtl_classifier import GOMTLClassifier
from polytask.linear_model._gomtl_regressor import GOMTLRegressor
from polytask.linear_model._graph_regularized_regressor import GraphRegularizedRegressor
from polytask.linear_model._hierarchical_regressor import HierarchicalRegressor
from polytask.linear_model._independent_ridge_regressor import IndependentRidgeRegressor
from polytask.linear_model._l21_classifier import L21Classifier
from polytask.linear_model._l21_classifier_cv import L21ClassifierCV
from polytask.linear_model._l21_regressor import L21Regressor
from polytask.linear_model._l21_regressor_cv import L21RegressorCV
from polytask.linear_model._linf1_classifier import LInf1Classifier
from polytask.linear_model._linf1_regressor import LInf1Regressor
from polytask.linear_model._mean_regularized_classifier import MeanRegularizedClassifier
from polytask.linear_model._mean_regularized_regressor import MeanRegularizedRegressor
from polytask.linear_model._multi_level_lasso_classifier import MultiLevelLassoClassifier
from polytask.linear_model._multi_level_lasso_regressor import MultiLevelLassoRegressor
from polytask.linear_model._path_estimator import PathEstimator
from polytask.linear_model._path_search_cv import PathSearchCV
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.linear_model._pooled_ridge_regressor import PooledRidgeRegressor
from polytask.linear_model._reduced_rank_regressor import ReducedRankRegressor
from polytask.linear_model._robust_l21_classifier import RobustL21Classifier
from polytask.linear_model._robust_l21_regressor import RobustL21Regressor
from polytask.linear_model._robust_low_rank_classifier import RobustLowRankClassifier
from polytask.linear_model._robust_low_rank_regressor import RobustLowRankRegressor
from polytask.linear_model._sparse_group_classifier import SparseGroupClassifier
from polytask.linear_model._sparse_group_regressor import SparseGroupRegressor
from polytask.linear_model._sparse_low_rank_classifier import SparseLowRankClassifier
from polytask.linear_model._sparse_low_rank_regressor import SparseLowRankRegressor
from polytask.linear_model._task_features_classifier import TaskFeaturesClassifier
from polytask.linear_model._task_features_regressor import TaskFeaturesRegressor
from polytask.linear_model._task_relationship_classifier import TaskRelationshipClassifier
from polytask.linear_model._task_relationship_regressor import TaskRelationshipRegressor
from polytask.linear_model._trace_norm_classifier import TraceNormClassifier
from polytask.linear_model._trace_norm_classifier_cv import TraceNormClassifierCV
from polytask.linear_model._trace_norm_regressor import TraceNormRegressor
from polytask.linear_model._trace_norm_regressor_cv import TraceNormRegressorCV

__all__ = [
    "AMTLClassifier",
    "AMTLRegressor",
    "ASOClassifier",
    "ASORegressor",
    "CalibratedRegressor",
    "ClusteredClassifier",
    "ClusteredRegressor",
    "ConstrainedTraceNormClassifier",
    "ConstrainedTraceNormRegressor",
    "ConvexASOClassifier",
    "ConvexASORegressor",
    "DirtyModelClassifier",
    "DirtyModelRegressor",
    "FusedSparseGroupClassifier",
    "FusedSparseGroupRegressor",
    "GOMTLClassifier",
    "GOMTLRegressor",
    "GraphRegularizedRegressor",
    "HierarchicalRegressor",
    "IndependentRidgeRegressor",
    "L21Classifier",
    "L21ClassifierCV",
    "L21Regressor",
    "L21RegressorCV",
    "LInf1Classifier",
    "LInf1Regressor",
    "MeanRegularizedClassifier",
    "MeanRegularizedRegressor",
    "MultiLevelLassoClassifier",
    "MultiLevelLassoRegressor",
    "PathEstimator",
    "PathSearchCV",
    "PenalizedEstimator",
    "PooledRidgeRegressor",
    "ReducedRankRegressor",
    "RobustL21Classifier",
    "RobustL21Regressor",
    "RobustLowRankClassifier",
    "RobustLowRankRegressor",
    "SparseGroupClassifier",
    "SparseGroupRegressor",
    "SparseLowRankClassifier",
    "SparseLowRankRegressor",
    "TaskFeaturesClassifier",
    "TaskFeaturesRegressor",
    "TaskRelationshipClassifier",
    "TaskRelationshipRegressor",
    "TraceNormClassifier",
    "TraceNormClassifierCV",
    "TraceNormRegressor",
    "TraceNormRegressorCV",
]
