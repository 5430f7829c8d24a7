"""Log loss of the tags of a row's steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from polytask.losses._cell_cross_entropy import CellCrossEntropy
from polytask.tasks import Kind, Tokens

__all__ = ["TokenCrossEntropy"]


@dataclass(frozen=True)
class TokenCrossEntropy(CellCrossEntropy):
    r"""Log loss of the tag of every labelled step, added up over a row.

    .. math:: \ell = -\sum_{t \in O} c_{y_t} \sum_j q_{tj} \log \mathrm{softmax}(s_t)_j,
              \quad q_t = (1 - \varepsilon) e_{y_t} + \varepsilon / C

    with the labelled steps O, scores s, tags y of C, class weights c and label smoothing
    :math:`\varepsilon`. A task's loss is the mean over its labelled steps, so that long rows weigh more than short ones.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default 0.0
    class_weight : None, "balanced" or mapping of tag to float
        ``"balanced"`` gives each tag the same total weight over the training rows.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import TokenCrossEntropy
    >>> scores = torch.zeros(1, 3, 2)
    >>> labelled = torch.tensor([[True, True, False]])
    >>> TokenCrossEntropy().rowwise(scores, torch.zeros(1, 3), labelled, {})
    tensor([1.3863])
    """

    kinds: ClassVar[tuple[type[Kind], ...]] = (Tokens,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Tokens,)
