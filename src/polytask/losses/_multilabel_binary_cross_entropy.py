"""Log loss of several yes-or-no columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from polytask.losses._loss import Loss
from polytask.tasks import Kind, Multilabel

__all__ = ["MultilabelBinaryCrossEntropy"]


@dataclass(frozen=True)
class MultilabelBinaryCrossEntropy(Loss):
    r"""Log loss of several yes-or-no columns, summed over a row's observed cells.

    .. math:: \ell = -\sum_{j \in O} \left(y_j \log \sigma(s_j)
              + (1 - y_j) \log(1 - \sigma(s_j))\right)

    Each observed cell counts as a label, so the task's loss is a mean over cells.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import MultilabelBinaryCrossEntropy
    >>> scores, values = torch.zeros(1, 3), torch.tensor([[1.0, 0.0, 0.0]])
    >>> mask = torch.tensor([[True, True, False]])
    >>> MultilabelBinaryCrossEntropy().rowwise(scores, values, mask, {})
    tensor([1.3863])
    """

    counts_cells: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Kind], ...]] = (Multilabel,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Multilabel,)

    def rowwise(
        self,
        scores: Float[Tensor, "*rows size"],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Summed log loss of a row's observed cells."""
        del constants
        cells = binary_cross_entropy_with_logits(scores, values, reduction="none")
        return (cells * mask).sum(dim=-1)
