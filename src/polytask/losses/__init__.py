"""Losses of networks: masked torch functions of raw scores and labels, per row and task.

`Loss` (``_loss.py``) is the contract, and ``_huber.py`` a short example; `ListwiseLoss` is that of
losses that compare rows. A loss declares the kinds it serves. `loss_for` chooses the loss of a task,
and `MultiTaskLoss` sums row losses to one loss per task. Begin with `Loss`.
"""

from polytask.losses._binary_cross_entropy import BinaryCrossEntropy
from polytask.losses._count_likelihood import CountLikelihood
from polytask.losses._cox_likelihood import CoxLikelihood
from polytask.losses._cross_entropy import CrossEntropy
from polytask.losses._cumulative_log_loss import CumulativeLogLoss
from polytask.losses._dense_absolute_error import DenseAbsoluteError
from polytask.losses._dense_cross_entropy import DenseCrossEntropy
from polytask.losses._dense_squared_error import DenseSquaredError
from polytask.losses._focal_loss import FocalLoss
from polytask.losses._gaussian_likelihood import GaussianLikelihood
from polytask.losses._hazard_likelihood import HazardLikelihood
from polytask.losses._heat_map_focal_loss import HeatMapFocalLoss
from polytask.losses._huber import Huber
from polytask.losses._listwise_loss import ListwiseLoss
from polytask.losses._logit_adjusted_loss import LogitAdjustedLoss
from polytask.losses._loss import Loss
from polytask.losses._mean_absolute_error import MeanAbsoluteError
from polytask.losses._mean_squared_error import MeanSquaredError
from polytask.losses._multi_task_loss import MultiTaskLoss
from polytask.losses._multilabel_binary_cross_entropy import MultilabelBinaryCrossEntropy
from polytask.losses._pinball_loss import PinballLoss
from polytask.losses._select import check_losses, loss_for
from polytask.losses._step_absolute_error import StepAbsoluteError
from polytask.losses._step_squared_error import StepSquaredError
from polytask.losses._token_cross_entropy import TokenCrossEntropy

__all__ = [
    "BinaryCrossEntropy",
    "CountLikelihood",
    "CoxLikelihood",
    "CrossEntropy",
    "CumulativeLogLoss",
    "DenseAbsoluteError",
    "DenseCrossEntropy",
    "DenseSquaredError",
    "FocalLoss",
    "GaussianLikelihood",
    "HazardLikelihood",
    "HeatMapFocalLoss",
    "Huber",
    "ListwiseLoss",
    "LogitAdjustedLoss",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "MultiTaskLoss",
    "MultilabelBinaryCrossEntropy",
    "PinballLoss",
    "StepAbsoluteError",
    "StepSquaredError",
    "TokenCrossEntropy",
    "check_losses",
    "loss_for",
]
