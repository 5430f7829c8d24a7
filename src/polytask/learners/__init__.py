"""Learners: networks and scikit-learn estimators behind one interface.

The base class `Learner` lies in ``polytask/_learner.py``; begin there. Adapters of scikit-learn
estimators are `PerTaskEstimator`, `PooledEstimator` and `JointEstimator`; `Linear`, `GradientBoosting`,
`LightGBM`, `PooledLinear` and others are recipes for them. `fit` trains any learner on a data set.
"""

from polytask._learner import FitRequest, Learner
from polytask.learners._as_learner import Estimator, as_learners
from polytask.learners._checked_tasks import with_checked_tasks
from polytask.learners._constant import Constant
from polytask.learners._default_learners import default_learners
from polytask.learners._elastic_net import ElasticNet
from polytask.learners._ensemble import Ensemble
from polytask.learners._extra_trees import ExtraTrees
from polytask.learners._fit import fit
from polytask.learners._gradient_boosting import GradientBoosting
from polytask.learners._joint_estimator import JointEstimator
from polytask.learners._joint_methods import joint_methods, method_name
from polytask.learners._lasso import Lasso
from polytask.learners._light_gbm import LightGBM
from polytask.learners._linear import Linear
from polytask.learners._logistic_regression import LogisticRegression
from polytask.learners._on_device import on_device
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._pooled_estimator import PooledEstimator
from polytask.learners._pooled_linear import PooledLinear
from polytask.learners._random_forest import RandomForest
from polytask.learners._ridge import Ridge
from polytask.learners._stacked_targets import StackedTargets
from polytask.learners._svm import SVM
from polytask.learners._target_chain import TargetChain
from polytask.learners._unserved import unserved
from polytask.learners.names import resolve_learner

__all__ = [
    "SVM",
    "Constant",
    "ElasticNet",
    "Ensemble",
    "Estimator",
    "ExtraTrees",
    "FitRequest",
    "GradientBoosting",
    "JointEstimator",
    "Lasso",
    "Learner",
    "LightGBM",
    "Linear",
    "LogisticRegression",
    "PerTaskEstimator",
    "PooledEstimator",
    "PooledLinear",
    "RandomForest",
    "Ridge",
    "StackedTargets",
    "TargetChain",
    "as_learners",
    "default_learners",
    "fit",
    "joint_methods",
    "method_name",
    "on_device",
    "resolve_learner",
    "unserved",
    "with_checked_tasks",
]
