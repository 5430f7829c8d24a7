"""Optimisers and schedules of members that are trained side by side."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from polytask.training._optimizers import make_optimizer, make_scheduler
from polytask.training._trainer_settings import TrainerSettings

__all__ = ["StackOptimizers", "optimizer_key", "steps_elementwise"]

_ELEMENTWISE = frozenset(
    [
        "adadelta",
        "adagrad",
        "adam",
        "adamax",
        "adamw",
        "asgd",
        "nadam",
        "radam",
        "rmsprop",
        "rprop",
        "sgd",
    ]
)
"""Optimisers of `torch.optim` that move every number by its own gradients alone."""


def steps_elementwise(optimizer: str | Callable[..., Any]) -> bool:
    """Whether an optimiser moves every number by its own gradients alone.

    Examples
    --------
    >>> from polytask.training._stack_optimizers import steps_elementwise
    >>> steps_elementwise("AdamW"), steps_elementwise("adafactor")
    (True, False)
    """
    return isinstance(optimizer, str) and optimizer.lower().replace("_", "") in _ELEMENTWISE


def optimizer_key(trainer: TrainerSettings, n_steps: int, member: Hashable) -> tuple[Hashable, ...]:
    """Equal for members that one optimiser and one schedule may move.

    Parameters
    ----------
    trainer : TrainerSettings
        With the member's own settings.
    n_steps : int
        Its planned steps, which schedules follow.
    member : hashable
        Of this member alone, which is by itself where steps mix numbers or a schedule follows losses.
    """
    lone = not steps_elementwise(trainer.optimizer) or _follows_losses(trainer)
    scheduled = n_steps if trainer.scheduler is not None else 0
    return trainer.learning_rate, trainer.weight_decay, scheduled, member if lone else None


def _follows_losses(trainer: TrainerSettings) -> bool:
    """Whether a schedule may be one that receives losses; a factory may be any."""
    scheduler = trainer.scheduler
    return scheduler is not None and (
        not isinstance(scheduler, str) or "plateau" in scheduler.lower()
    )


@dataclass(eq=False)
class _Slice:
    """Members next to one another that one optimiser moves."""

    members: list[int]
    trainer: TrainerSettings
    n_steps: int
    whole: bool  # whether the optimiser sees the axis over the members
    parameters: dict[str, nn.Parameter] = field(default_factory=dict)
    optimizer: Any = None
    scheduler: Any = None

    def views(self, stacked: Mapping[str, Tensor], start: int) -> dict[str, Tensor]:
        """Its part of stacked tensors, in their memory."""
        stop = start + len(self.members)
        if self.whole:
            return {name: tensor[start:stop] for name, tensor in stacked.items()}
        return {name: tensor[start] for name, tensor in stacked.items()}


class StackOptimizers:
    """One optimiser and schedule of PyTorch per distinct setting, on slices of stacked tensors.

    Parameters
    ----------
    trainers : sequence of TrainerSettings
        By member; members of equal keys stand next to one another.
    n_steps : sequence of int
    keys : sequence of tuple
        As `optimizer_key` gives them.
    stacked : mapping of str to tensor
        Parameters, (n_members, …).
    """

    def __init__(
        self,
        trainers: Sequence[TrainerSettings],
        n_steps: Sequence[int],
        keys: Sequence[tuple[Hashable, ...]],
        stacked: Mapping[str, Tensor],
    ) -> None:
        self.slices: list[_Slice] = []
        for position, key in enumerate(keys):
            if position and key == keys[position - 1]:
                self.slices[-1].members.append(position)
                continue
            trainer = trainers[position]
            whole = steps_elementwise(trainer.optimizer)
            self.slices.append(_Slice([position], trainer, n_steps[position], whole))
        self._attach(stacked)
        for own in self.slices:
            trainer = own.trainer
            own.optimizer = make_optimizer(
                trainer.optimizer,
                own.parameters.values(),
                trainer.learning_rate,
                trainer.weight_decay,
                trainer.optimizer_options,
            )
            own.scheduler = make_scheduler(
                trainer.scheduler, own.optimizer, own.n_steps, trainer.scheduler_options
            )

    def _attach(self, stacked: Mapping[str, Tensor]) -> None:
        """Make parameters of the slices, in the memory of stacked tensors."""
        start = 0
        for own in self.slices:
            views = own.views({n: t.detach() for n, t in stacked.items()}, start)
            own.parameters = {name: nn.Parameter(view) for name, view in views.items()}
            start += len(own.members)

    def step(self, stacked: Mapping[str, Tensor]) -> None:
        """Move all members by the gradients of stacked tensors."""
        start = 0
        gradients = {n: t.grad for n, t in stacked.items() if t.grad is not None}
        for own in self.slices:
            views = own.views(gradients, start)
            for name, parameter in own.parameters.items():
                parameter.grad = views.get(name)
            own.optimizer.step()
            if own.scheduler is not None and not isinstance(own.scheduler, ReduceLROnPlateau):
                own.scheduler.step()
            start += len(own.members)

    def learning_rate(self, member: int) -> float:
        """That of a member, counted in the stack as it is."""
        return float(self._of(member).optimizer.param_groups[0]["lr"])

    def receive(self, member: int, loss: float) -> None:
        """Give the loss of a member to a schedule that follows it."""
        scheduler = self._of(member).scheduler
        if isinstance(scheduler, ReduceLROnPlateau):
            scheduler.step(loss)

    def _of(self, member: int) -> _Slice:
        return next(own for own in self.slices if member in own.members)

    def keep(self, members: Sequence[int], stacked: Mapping[str, Tensor]) -> None:
        """Remove all other members; `stacked` are the tensors of those that are left."""
        kept = set(members)
        slices, number = [], 0
        for own in self.slices:
            local = [k for k, member in enumerate(own.members) if member in kept]
            if not local:
                continue
            own.members = list(range(number, number + len(local)))
            number += len(local)
            slices.append((own, torch.tensor(local)))
        before = [own.parameters for own, _ in slices]
        self.slices = [own for own, _ in slices]
        self._attach(stacked)
        for (own, chosen), parameters in zip(slices, before, strict=True):
            _hand_over(own, parameters, chosen)

    def state_dict(self) -> list[dict[str, Any]]:
        """The state of every optimiser and schedule, so that training resumes exactly."""
        return [
            {
                "optimizer": own.optimizer.state_dict(),
                "scheduler": {} if own.scheduler is None else own.scheduler.state_dict(),
            }
            for own in self.slices
        ]


def _hand_over(own: _Slice, before: Mapping[str, nn.Parameter], local: Tensor) -> None:
    """Give an optimiser the new parameters of a slice, with what it knows of those that are left."""
    optimizer: Optimizer = own.optimizer
    renamed = {id(before[name]): own.parameters[name] for name in before}
    for group in optimizer.param_groups:
        group["params"] = [renamed[id(parameter)] for parameter in group["params"]]
    for name, old in before.items():
        state = optimizer.state.pop(old, None)
        if state is not None:
            optimizer.state[own.parameters[name]] = {
                key: _selected(value, old, local) if own.whole else value
                for key, value in state.items()
            }


def _selected(value: Any, parameter: Tensor, local: Tensor) -> Any:
    """The part of an optimiser's number or tensor that belongs to some members."""
    if isinstance(value, Tensor) and value.shape == parameter.shape:
        return value.index_select(0, local.to(value.device))
    return value
