"""Log loss of the classes of an image's pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor

from polytask.losses._cell_cross_entropy import CellCrossEntropy
from polytask.tasks import DenseClasses, Kind

__all__ = ["DenseCrossEntropy"]


@dataclass(frozen=True)
class DenseCrossEntropy(CellCrossEntropy):
    r"""Log loss of the class of every labelled pixel, added up over a row.

    .. math:: \ell = -\sum_{p \in O} c_{y_p} \sum_j q_{pj} \log \mathrm{softmax}(s_p)_j,
              \quad q_p = (1 - \varepsilon) e_{y_p} + \varepsilon / C

    with the labelled pixels O, scores s, classes y of C, class weights c and label smoothing
    :math:`\varepsilon`. A task's loss is the mean over its labelled pixels.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default 0.0
    class_weight : None, "balanced" or mapping of class to float
        ``"balanced"`` gives each class the same total weight over the training pixels.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import DenseCrossEntropy
    >>> scores = torch.zeros(1, 2, 1, 3)
    >>> labelled = torch.tensor([[[True, True, False]]])
    >>> DenseCrossEntropy().rowwise(scores, torch.zeros(1, 1, 3), labelled, {})
    tensor([1.3863])
    """

    kinds: ClassVar[tuple[type[Kind], ...]] = (DenseClasses,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (DenseClasses,)

    def rowwise(
        self,
        scores: Float[Tensor, "*rows c h w"],
        values: Float[Tensor, "*rows h w"],
        mask: Bool[Tensor, "*rows h w"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Log loss of each row, the sum over its labelled pixels."""
        by_pixel = scores.flatten(-2).transpose(-1, -2)
        return super().rowwise(by_pixel, values.flatten(-2), mask.flatten(-2), constants)
