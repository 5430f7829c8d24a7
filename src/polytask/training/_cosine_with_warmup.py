"""Schedule of the learning rate: linear warm-up, then half a cosine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from polytask._validation import Constraint, Interval, check

__all__ = ["CosineWithWarmup"]


class CosineWithWarmup(LRScheduler):
    r"""Raise the learning rate linearly, then lower it along half a cosine.

    With :math:`T` steps, of which :math:`W = \mathrm{round}(wT)` warm up, step :math:`t = 0, 1, …`
    has the learning rate times

    .. math::
        \frac{t + 1}{W + 1} \;\text{ for } t < W, \qquad
        f + \frac{1 - f}{2} \left(1 + \cos \pi \frac{t - W}{T - 1 - W}\right) \;\text{ after.}

    The first step after the warm-up has the whole learning rate, the last one the share :math:`f`.

    Parameters
    ----------
    optimizer : Optimizer
    total_steps : int
        Planned number of optimiser steps :math:`T`; further steps keep the final learning rate.
    warmup : float in [0, 1), default 0.05
        Share :math:`w` of the steps that warm up.
    final : float in [0, 1], default 0.01
        Share :math:`f` of the learning rate at the last step.

    Examples
    --------
    >>> import torch
    >>> from polytask.training import CosineWithWarmup, Trainer
    >>> optimizer = torch.optim.SGD(torch.nn.Linear(2, 1).parameters(), lr=1.0)
    >>> schedule = CosineWithWarmup(optimizer, total_steps=5, warmup=0.2, final=0.1)
    >>> [round(schedule.share(step), 3) for step in range(5)]
    [0.5, 1.0, 0.775, 0.325, 0.1]

    In a training run:

    >>> trainer = Trainer(scheduler="cosine_with_warmup", scheduler_options={"warmup": 0.1})
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "total_steps": Interval(int, 1),
        "warmup": Interval(float, 0.0, 1.0, closed="left"),
        "final": Interval(float, 0.0, 1.0),
    }

    def __init__(
        self, optimizer: Optimizer, total_steps: int, warmup: float = 0.05, final: float = 0.01
    ) -> None:
        values = {"total_steps": total_steps, "warmup": warmup, "final": final}
        for name, constraint in self.parameter_constraints.items():
            check(type(self).__name__, name, values[name], constraint)
        self.total_steps, self.warmup, self.final = total_steps, warmup, final
        super().__init__(optimizer)

    def get_lr(self) -> list[Any]:
        """Learning rates of the parameter groups at this step."""
        share = self.share(self.last_epoch)
        return [rate * share for rate in self.base_lrs]

    def share(self, step: int) -> float:
        """Share of the learning rate at a step."""
        n_warming = round(self.warmup * self.total_steps)
        if step < n_warming:
            return (step + 1) / (n_warming + 1)
        passed = min(1.0, (step - n_warming) / max(1, self.total_steps - 1 - n_warming))
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * passed)) / 2
