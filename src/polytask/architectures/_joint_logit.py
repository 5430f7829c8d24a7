"""Logit of a product of probabilities, from their logits."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["CERTAIN", "any_logit", "joint_logit", "mixed_logit"]

CERTAIN = 1e4
"""Logit of a certain event: beyond all scores, and within the range of half precision."""


def joint_logit(logits: Float[Tensor, "*shape k"]) -> Float[Tensor, "*shape"]:
    r"""Logit of :math:`\prod_i \sigma(s_i)`, without overflow or loss of digits at either end.

    .. math:: -\log(e^{-a} + e^{-b} + e^{-a-b}), \quad \text{from} \quad
        \frac{1}{\sigma(a)\,\sigma(b)} = (1 + e^{-a})(1 + e^{-b})

    for two, and so on.

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._joint_logit import joint_logit
    >>> joint_logit(torch.tensor([[0.0, 0.0], [100.0, -100.0]])).sigmoid()
    tensor([0.2500, 0.0000])
    """
    joint, *others = logits.unbind(-1)
    for other in others:
        joint = -torch.logsumexp(torch.stack([-joint, -other, -joint - other]), dim=0)
    return joint


def any_logit(logits: Float[Tensor, "*shape k"]) -> Float[Tensor, "*shape"]:
    """Logit of the probability that one or more of independent events happen."""
    return -joint_logit(-logits)


def mixed_logit(
    weight: Float[Tensor, "*shape"], first: Float[Tensor, "*shape"], second: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    r"""Logit of :math:`w\,p + (1 - w)\,q`, all given by their logits."""
    log = torch.nn.functional.logsigmoid
    happens = torch.logaddexp(log(weight) + log(first), log(-weight) + log(second))
    fails = torch.logaddexp(log(weight) + log(-first), log(-weight) + log(-second))
    return happens - fails
