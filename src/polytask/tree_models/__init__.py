"""Boosted trees that learn several tasks together, by scikit-learn's contract."""

from polytask.tree_models._multi_task_boosting_classifier import MultiTaskBoostingClassifier
from polytask.tree_models._multi_task_boosting_regressor import MultiTaskBoostingRegressor

__all__ = ["MultiTaskBoostingClassifier", "MultiTaskBoostingRegressor"]
