"""Tasks, sets of tasks, and the kinds of targets.

Begin with `Task`: a name, a kind, target columns and a weight. A `Kind` (``_kind.py``, the
contract) says what a target is; each has a file, of which ``_regression.py`` is the easiest to
read first. What a kind learns on training rows is a `FittedTarget`. Losses and metrics declare the
kinds that they serve, so that kinds know nothing of them. Importing this room loads neither torch
nor scikit-learn. `docs/kinds.md` builds a kind, a loss and a metric.
"""

from polytask.tasks._binary import Binary
from polytask.tasks._calibration import (
    Calibration,
    calibrated_curve,
    calibrated_levels,
    calibrated_means,
    calibrated_shares,
)
from polytask.tasks._class_weight import (
    ClassWeight,
    class_weights,
    labels_by_class,
    takes_class_weights,
)
from polytask.tasks._count import Count
from polytask.tasks._dense_classes import DenseClasses
from polytask.tasks._dense_numbers import DenseNumbers
from polytask.tasks._distribution import Distribution
from polytask.tasks._estimator_answers import (
    gives_numbers,
    gives_probabilities,
    has_method,
    learns_loss,
    predicted_numbers,
    predicted_probabilities,
    with_loss,
)
from polytask.tasks._fitted_target import FittedTarget, Label
from polytask.tasks._grade_scores import median_grades
from polytask.tasks._heat_map import HeatMap
from polytask.tasks._infer import infer_kind
from polytask.tasks._kind import Columns, Kind
from polytask.tasks._means import weighted_means
from polytask.tasks._multiclass import Multiclass
from polytask.tasks._multilabel import Multilabel
from polytask.tasks._named_kind import named_kind, takes_text
from polytask.tasks._named_object import named_object
from polytask.tasks._numbers import center_and_scale, number_column, observed_numbers
from polytask.tasks._ordinal import Ordinal
from polytask.tasks._own_default import has_own_kind, own_default
from polytask.tasks._partition_problem import partition_problem
from polytask.tasks._proportional_survival import ProportionalSurvival
from polytask.tasks._quantile import Quantile
from polytask.tasks._regression import Regression
from polytask.tasks._step_numbers import StepNumbers
from polytask.tasks._steps import NO_STEP, is_step
from polytask.tasks._survival import Survival
from polytask.tasks._survival_curves import restricted_means, value_before
from polytask.tasks._tags import LIST_SEPARATOR
from polytask.tasks._task import Task
from polytask.tasks._task_relation import TaskRelation
from polytask.tasks._task_set import TaskSet
from polytask.tasks._threshold import above_thresholds, thresholds_of, with_thresholds
from polytask.tasks._tokens import Tokens

__all__ = [
    "LIST_SEPARATOR",
    "NO_STEP",
    "Binary",
    "Calibration",
    "ClassWeight",
    "Columns",
    "Count",
    "DenseClasses",
    "DenseNumbers",
    "Distribution",
    "FittedTarget",
    "HeatMap",
    "Kind",
    "Label",
    "Multiclass",
    "Multilabel",
    "Ordinal",
    "ProportionalSurvival",
    "Quantile",
    "Regression",
    "StepNumbers",
    "Survival",
    "Task",
    "TaskRelation",
    "TaskSet",
    "Tokens",
    "above_thresholds",
    "calibrated_curve",
    "calibrated_levels",
    "calibrated_means",
    "calibrated_shares",
    "center_and_scale",
    "class_weights",
    "gives_numbers",
    "gives_probabilities",
    "has_method",
    "has_own_kind",
    "infer_kind",
    "is_step",
    "labels_by_class",
    "learns_loss",
    "median_grades",
    "named_kind",
    "named_object",
    "number_column",
    "observed_numbers",
    "own_default",
    "partition_problem",
    "predicted_numbers",
    "predicted_probabilities",
    "restricted_means",
    "takes_class_weights",
    "takes_text",
    "thresholds_of",
    "value_before",
    "weighted_means",
    "with_loss",
    "with_thresholds",
]
