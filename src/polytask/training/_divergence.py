"""Penalties that diverge in a training run."""

from __future__ import annotations

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.exceptions import NonFiniteLossError

__all__ = ["Divergence"]


class Divergence:
    """How large the penalties of a run have been beside its losses."""

    def __init__(self) -> None:
        self._ratio: Tensor | None = None

    def add(self, losses: Tensor, penalties: list[Tensor]) -> None:
        """Record the losses (n_tasks,) and penalties of a batch."""
        if not penalties:
            return
        total = torch.stack([term.detach().float() for term in penalties]).sum().abs()
        ratio = total / losses.detach().sum().abs().clamp(min=1e-30)
        self._ratio = ratio if self._ratio is None else torch.maximum(self._ratio, ratio)

    def check(self, network: MultiTaskModule, step: int) -> None:
        """Raise if penalties were larger than the losses, which have ceased to be finite.

        Raises
        ------
        NonFiniteLossError
            Naming the network and the strengths of its penalties.
        """
        if self._ratio is None or float(self._ratio) <= 1:
            return
        strengths = {name: value for name, value in network.strengths().items() if value}
        listed = " and ".join(f"`{name}` ({value:g})" for name, value in strengths.items())
        sentence = (
            f"Training stopped at optimiser step {step + 1}: the losses are not finite, after the "
            f"penalty of {type(network).__name__} had grown to {float(self._ratio):.3g} times the "
            f"losses. Lower {listed or 'its strength'}, or `learning_rate`."
        )
        raise NonFiniteLossError(sentence)
