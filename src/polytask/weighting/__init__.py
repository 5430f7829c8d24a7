"""Weightings: scalar functions of the tasks' losses, independent of any network.

One method per file. Begin with `Weighting` in ``_weighting.py``, then read ``_equal.py`` and
``_uncertainty_weighting.py``: a weighting maps losses to one scalar, and its weights are the
scalar's gradient. What it needs beside the losses (a Gramian, losses after the step, held-out rows)
it declares in `needs`, and the training loop calls the hook of that need.
`polytask.testing.check_weighting` tests a weighting.

``_learned_weighting.py`` and ``_weighted_distance.py`` are base classes of several methods;
``_per_task_adam.py`` is the optimiser of their own parameters.
"""

from polytask.weighting._auto_lambda import AutoLambda
from polytask.weighting._auto_scale import AutoScale
from polytask.weighting._dynamic_task_priority import DynamicTaskPriority
from polytask.weighting._dynamic_weight_average import DynamicWeightAverage
from polytask.weighting._equal import Equal
from polytask.weighting._famo import FAMO
from polytask.weighting._geometric_loss import GeometricLoss
from polytask.weighting._go4align import GO4Align
from polytask.weighting._imtl_l import IMTLL
from polytask.weighting._ldc_mtl import LDCMTL
from polytask.weighting._log_scalarization import LogScalarization
from polytask.weighting._random_loss_weighting import RandomLossWeighting
from polytask.weighting._revised_uncertainty_weighting import RevisedUncertaintyWeighting
from polytask.weighting._smooth_tchebycheff import SmoothTchebycheff
from polytask.weighting._static import Static
from polytask.weighting._tchebycheff import Tchebycheff
from polytask.weighting._uncertainty_weighting import UncertaintyWeighting
from polytask.weighting._weighting import Weighting

__all__ = [
    "FAMO",
    "IMTLL",
    "LDCMTL",
    "AutoLambda",
    "AutoScale",
    "DynamicTaskPriority",
    "DynamicWeightAverage",
    "Equal",
    "GO4Align",
    "GeometricLoss",
    "LogScalarization",
    "RandomLossWeighting",
    "RevisedUncertaintyWeighting",
    "SmoothTchebycheff",
    "Static",
    "Tchebycheff",
    "UncertaintyWeighting",
    "Weighting",
]
