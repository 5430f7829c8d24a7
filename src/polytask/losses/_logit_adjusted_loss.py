"""Log loss of scores to which the logarithms of class shares are added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.losses._label_cells import label_log_probabilities
from polytask.losses._loss import Loss
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Tokens, labels_by_class

__all__ = ["LogitAdjustedLoss"]


@dataclass(frozen=True)
class LogitAdjustedLoss(Loss):
    r"""Log loss of scores plus the logarithms of class shares, for balanced accuracy.

    .. math:: \ell = -\log \mathrm{softmax}(s + \tau \log \pi)_y,
              \quad \pi_j = \frac{n_j}{\sum_i n_i}

    with the scores s of the classes, true class y and the training labels :math:`n_j` of each
    class. Scores learned so are those of classes that are equally frequent (for :math:`\tau = 1`):
    frequent classes have to be likelier than their share, and rare ones are decided for more often.

    Parameters
    ----------
    tau : float, default 1.0
        Strength of the adjustment; 0 is the log loss.

    Notes
    -----
    Predictions are made from s alone, as in the paper's Equation 10: decisions aim at the mean
    accuracy over classes, and predicted probabilities are those under equal shares, not the
    frequencies of the table. Look at balanced accuracy; log loss and calibration get worse. A
    yes-or-no target has the log-odds s and the shift :math:`\tau \log (\pi_1 / \pi_0)`. Classes
    that a task's training rows lack count as half a label. Estimators learn without it.

    References
    ----------
    Menon, Jayasumana, Rawat, Jain, Veit & Kumar, "Long-tail learning via logit adjustment", ICLR
    2021.

    Examples
    --------
    Equal scores are as likely as the classes are frequent:

    >>> import torch
    >>> from polytask.losses import LogitAdjustedLoss
    >>> from polytask.tasks import FittedTarget
    >>> loss, counts = LogitAdjustedLoss(), {"class_counts": (90.0, 9.0, 1.0)}
    >>> constants = loss.constants([FittedTarget(("y",), ("a", "b", "c"), counts)])
    >>> codes = torch.tensor([[0.0], [2.0]])
    >>> (-loss.rowwise(torch.zeros(2, 3), codes, codes >= 0, constants)).exp()
    tensor([0.9000, 0.0100])
    """

    tau: float = 1.0

    counts_cells: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multiclass, Tokens)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "tau": Interval(float, 0.0, closed="left")
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def rowwise(
        self,
        scores: Float[Tensor, "..."],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Log loss of each row, the sum over its labelled steps."""
        shares = self.tau * constants["log_share"]
        if scores.shape == values.shape:
            shares = (shares[..., 1] - shares[..., 0]).unsqueeze(-1)
        elif scores.ndim > values.ndim:
            shares = shares.unsqueeze(-2)
        cells = -label_log_probabilities(scores + shares, values)
        return torch.where(mask, cells, 0.0).sum(dim=-1)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """`log_share` (n_tasks, n_classes), the logarithm of each class's share."""
        counts = torch.tensor([labels_by_class(target) for target in targets], dtype=torch.float64)
        counts = counts.clamp(min=0.5)
        return {"log_share": (counts / counts.sum(dim=-1, keepdim=True)).log().float()}
