"""What estimators of several tasks share: checks of their input, and the forms of their answers.

Begin with `MultiTaskEstimator`; `TaskTable` is what `fit` learns from.
"""

from polytask._estimator._classifier import MultiTaskClassifier
from polytask._estimator._estimator import MultiTaskEstimator
from polytask._estimator._regressor import MultiTaskRegressor
from polytask._estimator._task_table import TaskTable

__all__ = ["MultiTaskClassifier", "MultiTaskEstimator", "MultiTaskRegressor", "TaskTable"]
