"""Optimisers and schedules, by PyTorch's names or by factory."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from polytask._naming import resolve, suggestion
from polytask._paths import assignments, name_and_settings
from polytask._reason import reason
from polytask._validation import Constraint, check, message
from polytask.exceptions import ParameterError

__all__ = [
    "check_scheduler_options",
    "make_optimizer",
    "make_scheduler",
    "optimizer_factory",
    "scheduler_factory",
]


def optimizer_factory(optimizer: str | Callable[..., Any]) -> Any:
    """The optimiser class of `torch.optim` with a name; a factory as it is."""
    if not isinstance(optimizer, str):
        return optimizer
    return _resolved(optimizer, ("torch.optim",), "optimizer", Optimizer)


def scheduler_factory(scheduler: str | Callable[..., Any]) -> Any:
    """The schedule of this room or `torch.optim.lr_scheduler` with a name; a factory as it is."""
    if not isinstance(scheduler, str):
        return scheduler
    rooms = ("polytask.training", "torch.optim.lr_scheduler")
    return _resolved(scheduler, rooms, "scheduler", LRScheduler)


def _resolved(text: str, rooms: Sequence[str], what: str, base: type) -> Any:
    """The class that a name means; refuse options in brackets, and say where they are given."""
    name, inner = name_and_settings(text)
    found = resolve(name, rooms, what, base)
    if name == text:
        return found
    _, pairs = assignments(inner)
    option, value = pairs[0] if pairs else ("NAME", "VALUE")
    remedy = (
        f"Its options are `{what}_options`: --set trainer.{what}_options.{option}={value}, in Python "
        f"{what}_options={{{option!r}: {value}}}."
    )
    raise ParameterError(message("Trainer", what, "a name without brackets", text, remedy))


def check_scheduler_options(
    scheduler: str | Callable[..., Any] | None, options: Mapping[str, Any]
) -> None:
    """Refuse options that a schedule with declared constraints does not accept.

    Raises
    ------
    ParameterError
        On an option that it does not have, or a value that it does not accept.
    """
    if scheduler is None:
        return
    factory = scheduler_factory(scheduler)
    constraints: Mapping[str, Constraint] = getattr(factory, "parameter_constraints", {})
    for name, value in options.items() if constraints else ():
        if name not in constraints:
            expected = f"a mapping with options of {factory.__name__}"
            remedy = suggestion(name, constraints)
            raise ParameterError(
                message("Trainer", "scheduler_options", expected, {name: value}, remedy)
            )
        check(factory.__name__, name, value, constraints[name])


def make_optimizer(
    optimizer: str | Callable[..., Optimizer],
    parameters: Iterable[nn.Parameter],
    learning_rate: float,
    weight_decay: float,
    options: Mapping[str, Any],
) -> Optimizer:
    """Build an optimiser of `torch.optim` by name, or any other by factory.

    On a CPU, Adam and AdamW by name update a tensor in one pass over it (``fused``), unless the
    options choose how.
    """
    factory, parameters = optimizer_factory(optimizer), list(parameters)
    arguments = {"lr": learning_rate, "weight_decay": weight_decay, **options}
    if isinstance(optimizer, str) and _can_fuse(factory, parameters, options):
        arguments["fused"] = True
    try:
        built: Optimizer = factory(parameters, **arguments)
    except (TypeError, ValueError) as error:
        raise ParameterError(_unusable("optimizer", optimizer, error)) from error
    if arguments.get("fused") and "fused" not in options:
        built.register_step_pre_hook(_lay_out_gradients)
    return built


def _can_fuse(
    factory: type[Optimizer], parameters: Sequence[nn.Parameter], options: Mapping[str, Any]
) -> bool:
    """Whether a fused step, which reads memory in order whatever the strides, gives the same.

    `_lay_out_gradients` puts the memory of gradients in order before every step.
    """
    return (
        issubclass(factory, (torch.optim.Adam, torch.optim.AdamW))
        and options.keys().isdisjoint({"fused", "foreach", "capturable", "differentiable"})
        and all(
            p.device.type == "cpu" and p.is_floating_point() and p.is_contiguous()
            for p in parameters
        )
    )


def _lay_out_gradients(optimizer: Optimizer, *_: Any) -> None:
    """Copy gradients whose memory is in another order than that of their parameters.

    Backward passes give none; hooks and networks that set ``.grad`` themselves may.
    """
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            gradient = parameter.grad
            if gradient is not None and not (gradient.is_contiguous() or gradient.is_sparse):
                parameter.grad = gradient.contiguous()


def make_scheduler(
    scheduler: str | Callable[..., Any] | None,
    optimizer: Optimizer,
    n_steps: int,
    options: Mapping[str, Any],
) -> LRScheduler | ReduceLROnPlateau | None:
    """Build a schedule by name, or any other by factory.

    Lengths that a schedule takes (``T_max``, ``total_steps``, ``total_iters``) default to the
    number of optimiser steps.
    """
    if scheduler is None:
        return None
    factory = scheduler_factory(scheduler)
    accepted = inspect.signature(factory).parameters
    lengths = {
        name: n_steps for name in ("T_max", "total_steps", "total_iters") if name in accepted
    }
    try:
        return factory(optimizer, **{**lengths, **options})
    except (TypeError, ValueError) as error:
        raise ParameterError(_unusable("scheduler", scheduler, error)) from error


def _unusable(parameter: str, given: object, error: Exception) -> str:
    return (
        f"The `{parameter}` parameter of Trainer must be buildable with the "
        f"`{parameter}_options` given. {given!r} said: {reason(error, named=False)}."
    )
