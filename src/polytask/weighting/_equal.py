"""Equal weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor

from polytask.weighting._weighting import Weighting

__all__ = ["Equal"]


@dataclass
class Equal(Weighting):
    r"""The plain sum of the losses.

    .. math:: \varphi(\ell) = \sum_k \ell_k

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import Equal
    >>> Equal().weights(torch.tensor([0.3, 2.0]), torch.tensor([True, True]))
    tensor([1., 1.])
    """

    fixed: ClassVar[bool] = True

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Sum the losses of the tasks present."""
        return (losses * present).sum()

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """1 for every task present."""
        return present.to(losses.dtype)
