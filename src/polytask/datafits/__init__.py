"""Losses of linear models on the rows of several tasks.

`Datafit` states the contract: a convex loss of a score on a label. Bound to rows, `SharedRows` or
`OwnRows`, it is a function of coefficients and intercepts, `Bound`, which solvers minimise beside a
penalty.
"""

from polytask.datafits._bound import Bound
from polytask.datafits._calibrated_bound import CalibratedBound
from polytask.datafits._datafit import Datafit
from polytask.datafits._huber import Huber
from polytask.datafits._logistic import Logistic
from polytask.datafits._mapped_rows import MappedRows
from polytask.datafits._moments import Moments
from polytask.datafits._multinomial import Multinomial
from polytask.datafits._own_rows import OwnRows
from polytask.datafits._poisson import Poisson
from polytask.datafits._quantile import Quantile
from polytask.datafits._repeated_rows import RepeatedRows
from polytask.datafits._rows_of import rows_of
from polytask.datafits._scaled_tasks import ScaledTasks
from polytask.datafits._shared_rows import SharedRows
from polytask.datafits._squared import Squared
from polytask.datafits._squared_bound import SquaredBound
from polytask.datafits._squared_hinge import SquaredHinge
from polytask.datafits._task_rows import TaskRows

__all__ = [
    "Bound",
    "CalibratedBound",
    "Datafit",
    "Huber",
    "Logistic",
    "MappedRows",
    "Moments",
    "Multinomial",
    "OwnRows",
    "Poisson",
    "Quantile",
    "RepeatedRows",
    "ScaledTasks",
    "SharedRows",
    "Squared",
    "SquaredBound",
    "SquaredHinge",
    "TaskRows",
    "rows_of",
]
