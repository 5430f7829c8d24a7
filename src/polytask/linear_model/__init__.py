"""Linear models that learn several tasks together, by scikit-learn's contract.

Each minimises a datafit plus a penalty (`PenalizedEstimator`), or defines its own `learn`; those named
``…CV`` choose the strength by folds (`PathEstimator`).
"""

from polytask.linear_model._l21_classifier import L21Classifier
from polytask.linear_model._l21_classifier_cv import L21ClassifierCV
from polytask.linear_model._l21_regressor import L21Regressor
from polytask.linear_model._l21_regressor_cv import L21RegressorCV
from polytask.linear_model._mean_regularized_classifier import MeanRegularizedClassifier
from polytask.linear_model._mean_regularized_regressor import MeanRegularizedRegressor
from polytask.linear_model._task_relationship_classifier import TaskRelationshipClassifier
from polytask.linear_model._task_relationship_regressor import TaskRelationshipRegressor
from polytask.linear_model._trace_norm_classifier import TraceNormClassifier
from polytask.linear_model._trace_norm_classifier_cv import TraceNormClassifierCV
from polytask.linear_model._trace_norm_regressor import TraceNormRegressor
from polytask.linear_model._trace_norm_regressor_cv import TraceNormRegressorCV

__all__ = [
    "L21Classifier",
    "L21ClassifierCV",
    "L21Regressor",
    "L21RegressorCV",
    "MeanRegularizedClassifier",
    "MeanRegularizedRegressor",
    "TaskRelationshipClassifier",
    "TaskRelationshipRegressor",
    "TraceNormClassifier",
    "TraceNormClassifierCV",
    "TraceNormRegressor",
    "TraceNormRegressorCV",
]
