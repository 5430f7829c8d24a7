"""What is added to the losses after balancing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from polytask.architectures import MultiTaskModule
from polytask.architectures._overrides import overrides
from polytask.training._balancing import Balancing
from polytask.training._divergence import Divergence
from polytask.training._forward import BatchLosses

__all__ = ["Regularizer"]


class Regularizer:
    """Sum of the network's penalties, that of its preference, and the L1 norm of its parameters.

    Parameters
    ----------
    network : MultiTaskModule
    parameters : sequence of parameters
        Those that are trained.
    l1 : float
        Weight of their absolute sum.
    balancing : Balancing
    divergence : Divergence
        Records the penalties beside the losses.
    """

    def __init__(
        self,
        network: MultiTaskModule,
        parameters: Sequence[nn.Parameter],
        l1: float,
        balancing: Balancing,
        divergence: Divergence,
    ) -> None:
        self.network, self.parameters, self.l1 = network, parameters, l1
        self.balancing, self.divergence = balancing, divergence
        self.penalized = overrides(network, "penalty")

    def __call__(self, batch_losses: BatchLosses) -> Tensor | None:
        """The sum for a batch; None if there is nothing to add."""
        terms = [] if batch_losses.penalty is None else [batch_losses.penalty]
        if self.penalized:
            terms.append(self.network.penalty())
        self.divergence.add(batch_losses.values, terms)
        preference = self.balancing.preference_penalty(batch_losses)
        if preference is not None:
            terms.append(preference)
        if self.l1:
            norms = [parameter.abs().sum() for parameter in self.parameters]
            terms.append(self.l1 * torch.stack(norms).sum())
        return torch.stack(terms).sum() if terms else None
