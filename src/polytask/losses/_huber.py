"""Huber's loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import huber_loss

from polytask._validation import Constraint, Interval, check_parameters
from polytask.losses._loss import Loss
from polytask.losses._reduce import mean_over_observed
from polytask.tasks import Kind, Regression

__all__ = ["Huber"]


@dataclass(frozen=True)
class Huber(Loss):
    r"""Quadratic near zero, linear beyond `delta`; outliers count less than in squared error.

    .. math:: \ell(r) = \begin{cases} r^2 / 2 & |r| \le \delta \\
                        \delta (|r| - \delta / 2) & \text{otherwise} \end{cases}

    with the residual r in units of the target's standard deviation.

    Parameters
    ----------
    delta : float, default 1.0
        Where the loss becomes linear, in standard deviations of the target.

    References
    ----------
    Huber, "Robust estimation of a location parameter", 1964.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import Huber
    >>> scores, values = torch.tensor([[0.5], [3.0]]), torch.zeros(2, 1)
    >>> Huber(delta=1.0).rowwise(scores, values, torch.ones(2, 1, dtype=torch.bool), {})
    tensor([0.1250, 2.5000])
    """

    delta: float = 1.0

    kinds: ClassVar[tuple[type[Kind], ...]] = (Regression,)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "delta": Interval(float, 0.0, closed="neither")
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def rowwise(
        self,
        scores: Float[Tensor, "*rows size"],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Mean Huber loss over the row's observed columns."""
        del constants
        return mean_over_observed(
            huber_loss(scores, values, reduction="none", delta=self.delta), mask
        )
