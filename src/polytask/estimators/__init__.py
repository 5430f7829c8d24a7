"""Base classes of joint estimators: checks of their inputs, and the forms of their answers.

`MultiTaskEstimator` is the root; `TaskTable` holds the checked rows that `learn` receives.
"""

from polytask.estimators._classifier import MultiTaskClassifier
from polytask.estimators._estimator import MultiTaskEstimator
from polytask.estimators._regressor import MultiTaskRegressor
from polytask.estimators._task_table import TaskTable

__all__ = ["MultiTaskClassifier", "MultiTaskEstimator", "MultiTaskRegressor", "TaskTable"]
