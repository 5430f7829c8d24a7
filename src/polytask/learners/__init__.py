"""Learners: networks and scikit-learn estimators behind one interface.

The base class `Learner` lies in ``polytask/_learner.py``; begin there. Adapters of scikit-learn
estimators are `PerTaskEstimator` and `PooledEstimator`; `Linear`, `GradientBoosting`,
`LightGBM` and `PooledLinear` are recipes for them. `fit` trains any learner on a data set.
"""

from polytask._learner import FitRequest, Learner
from polytask.learners._as_learner import Estimator, as_learners
from polytask.learners._checked_tasks import with_checked_tasks
from polytask.learners._constant import Constant
from polytask.learners._default_learners import default_learners
from polytask.learners._ensemble import Ensemble
from polytask.learners._fit import fit
from polytask.learners._gradient_boosting import GradientBoosting
from polytask.learners._light_gbm import LightGBM
from polytask.learners._linear import Linear
from polytask.learners._on_device import on_device
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._pooled_estimator import PooledEstimator
from polytask.learners._pooled_linear import PooledLinear
from polytask.learners._unserved import unserved
from polytask.learners.names import resolve_learner

__all__ = [
    "Constant",
    "Ensemble",
    "Estimator",
    "FitRequest",
    "GradientBoosting",
    "Learner",
    "LightGBM",
    "Linear",
    "PerTaskEstimator",
    "PooledEstimator",
    "PooledLinear",
    "as_learners",
    "default_learners",
    "fit",
    "on_device",
    "resolve_learner",
    "unserved",
    "with_checked_tasks",
]
