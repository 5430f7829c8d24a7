"""Linear models that learn several tasks together, by scikit-learn's contract.

Each minimises a datafit plus a penalty (`PenalizedEstimator`), or defines its own `learn`.
"""

from polytask.linear_model._l21_classifier import L21Classifier
from polytask.linear_model._l21_regressor import L21Regressor

__all__ = ["L21Classifier", "L21Regressor"]
