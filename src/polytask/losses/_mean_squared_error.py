"""Squared error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor

from polytask.losses._loss import Loss
from polytask.losses._reduce import mean_over_observed
from polytask.tasks import Kind, Regression

__all__ = ["MeanSquaredError"]


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    r"""Squared error in units of the target's standard deviation.

    .. math:: \ell = \frac{1}{|O|} \sum_{j \in O} (s_j - y_j)^2

    with scores s, standardised targets y and the row's observed columns O.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import MeanSquaredError
    >>> MeanSquaredError().rowwise(
    ...     torch.tensor([[3.0]]), torch.tensor([[1.0]]), torch.tensor([[True]]), {}
    ... )
    tensor([4.])
    """

    kinds: ClassVar[tuple[type[Kind], ...]] = (Regression,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Regression,)

    def rowwise(
        self,
        scores: Float[Tensor, "*rows size"],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Mean squared error over the row's observed columns."""
        del constants
        return mean_over_observed((scores - values).square(), mask)
