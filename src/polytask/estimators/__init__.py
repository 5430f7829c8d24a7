"""What estimators of several tasks share: checks of their input, and the forms of their answers.

Begin with `MultiTaskEstimator`; `TaskTable` is what `fit` learns from.
"""

from polytask.estimators._classifier import MultiTaskClassifier
from polytask.estimators._estimator import MultiTaskEstimator
from polytask.estimators._regressor import MultiTaskRegressor
from polytask.estimators._task_table import TaskTable

__all__ = ["MultiTaskClassifier", "MultiTaskEstimator", "MultiTaskRegressor", "TaskTable"]
