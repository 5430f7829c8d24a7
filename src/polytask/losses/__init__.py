"""How far raw scores are from labels: masked torch losses, one value per task."""

from polytask.losses._binary_cross_entropy import BinaryCrossEntropy
from polytask.losses._cross_entropy import CrossEntropy
from polytask.losses._huber import Huber
from polytask.losses._loss import Loss
from polytask.losses._mean_absolute_error import MeanAbsoluteError
from polytask.losses._mean_squared_error import MeanSquaredError
from polytask.losses._multi_task_loss import MultiTaskLoss
from polytask.losses._multilabel_binary_cross_entropy import MultilabelBinaryCrossEntropy
from polytask.losses._select import check_losses, loss_for

__all__ = [
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Huber",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "MultiTaskLoss",
    "MultilabelBinaryCrossEntropy",
    "check_losses",
    "loss_for",
]
