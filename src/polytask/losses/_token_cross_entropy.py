"""Log loss of the tags of a row's steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.losses._loss import Loss
from polytask.tasks import Kind, Tokens

__all__ = ["TokenCrossEntropy"]


@dataclass(frozen=True)
class TokenCrossEntropy(Loss):
    r"""Log loss of the tag of every labelled step, added up over a row.

    .. math:: \ell = -\sum_{t \in O} \sum_j q_{tj} \log \mathrm{softmax}(s_t)_j,
              \quad q_t = (1 - \varepsilon) e_{y_t} + \varepsilon / C

    with the labelled steps O, scores s, tags y of C and label smoothing :math:`\varepsilon`. A
    task's loss is the mean over its labelled steps, so that long rows weigh more than short ones.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default 0.0

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import TokenCrossEntropy
    >>> scores = torch.zeros(1, 3, 2)
    >>> labelled = torch.tensor([[True, True, False]])
    >>> TokenCrossEntropy().rowwise(scores, torch.zeros(1, 3), labelled, {})
    tensor([1.3863])
    """

    label_smoothing: float = 0.0

    kinds: ClassVar[tuple[type[Kind], ...]] = (Tokens,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Tokens,)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "label_smoothing": Interval(float, 0.0, 1.0, closed="left"),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def rowwise(
        self,
        scores: Float[Tensor, "*rows l c"],
        values: Float[Tensor, "*rows l"],
        mask: Bool[Tensor, "*rows l"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Log loss of each row, the sum over its labelled steps."""
        del constants
        logs = torch.log_softmax(scores, dim=-1)
        steps = -logs.gather(-1, values.long().unsqueeze(-1)).squeeze(-1)
        if self.label_smoothing:
            steps = (1 - self.label_smoothing) * steps - self.label_smoothing * logs.mean(dim=-1)
        return torch.where(mask, steps, 0.0).sum(dim=-1)

    def counts(self, mask: Bool[Tensor, "*rows c"]) -> Float[Tensor, "*rows"]:
        """The labelled steps."""
        return mask.sum(dim=-1).to(torch.float32)
