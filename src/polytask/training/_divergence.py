"""Losses and penalties that diverge in a training run."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.exceptions import NonFiniteLossError
from polytask.tasks import TaskSet

__all__ = ["Divergence"]


class Divergence:
    """Watch over the losses of a run, and how large penalties have been beside them.

    Parameters
    ----------
    network : MultiTaskModule
    tasks : TaskSet
    """

    def __init__(self, network: MultiTaskModule, tasks: TaskSet) -> None:
        self.network, self.tasks = network, tasks
        self._ratio: Tensor | None = None

    def add(self, losses: Tensor, penalties: list[Tensor]) -> None:
        """Record the losses (n_tasks,) and penalties of a batch."""
        if not penalties:
            return
        total = torch.stack([term.detach().float() for term in penalties]).sum().abs()
        ratio = total / losses.detach().sum().abs().clamp(min=1e-30)
        self._ratio = ratio if self._ratio is None else torch.maximum(self._ratio, ratio)

    def check(self, losses: Tensor, step: int, position: int, steps_per_epoch: int) -> None:
        """Raise if losses are not finite.

        Parameters
        ----------
        losses : tensor of shape (n_tasks,)
        step : int
            Optimiser steps that were taken.
        position : int
            The number of the batch, from 0.
        steps_per_epoch : int

        Raises
        ------
        NonFiniteLossError
            Naming the penalties if they were larger than the losses, otherwise tasks and batch.
        """
        if math.isfinite(float(losses.detach().sum())):
            return
        values = losses.detach().tolist()
        bad = [k for k, value in enumerate(values) if not math.isfinite(value)]
        if not bad:  # finite losses whose sum overflows
            bad = [values.index(max(values))]
        self._check_penalties(step)
        epoch, batch = divmod(position, steps_per_epoch)
        names = ", ".join(f"{self.tasks.names[k]!r} ({values[k]:g})" for k in bad[:5])
        sentence = (
            f"Training stopped: the loss of task {names} is not finite in batch {batch + 1} of "
            f"epoch {epoch + 1} (optimiser step {step + 1}). Lower `learning_rate`, set "
            "`clip_norm`, or look for extreme values in the inputs and targets."
        )
        raise NonFiniteLossError(sentence)

    def _check_penalties(self, step: int) -> None:
        """Raise if penalties were larger than the losses."""
        if self._ratio is None or float(self._ratio) <= 1:
            return
        strengths = {name: value for name, value in self.network.strengths().items() if value}
        listed = " and ".join(f"`{name}` ({value:g})" for name, value in strengths.items())
        sentence = (
            f"Training stopped at optimiser step {step + 1}: the losses are not finite, after the "
            f"penalty of {type(self.network).__name__} had grown to {float(self._ratio):.3g} times "
            f"the losses. Lower {listed or 'its strength'}, or `learning_rate`."
        )
        raise NonFiniteLossError(sentence)
