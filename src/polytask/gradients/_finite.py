"""Checks that gradients are finite, which name the tasks whose gradients are not."""

from __future__ import annotations

import cmath
from collections.abc import Collection
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._listing import first_names
from polytask.exceptions import NonFiniteLossError
from polytask.gradients._autograd_graph import leaves_below
from polytask.gradients._roots import node_of_task
from polytask.gradients._step import Step

__all__ = ["check_jacobian", "check_per_task", "check_update"]

_LARGE = 1e15
"""Losses above this are taken for the cause of gradients that overflow."""


def check_per_task(per_task: Float[Tensor, " k"], step: Step, losses: str = "losses") -> None:
    """Refuse gradients of which one number per task is infinite or not a number."""
    finite = per_task.isfinite()
    if not bool(finite.all()):
        raise _error(first_names(step.indices[~finite].tolist()), step, losses)


def check_jacobian(jacobian: Float[Tensor, "k p"], step: Step) -> None:
    """Refuse rows of a Jacobian that are not finite."""
    if not bool(jacobian.sum(dim=1).isfinite().all()):  # finite rows may have an infinite sum
        check_per_task(torch.where(jacobian.isfinite().all(dim=1), 0.0, torch.nan), step)


def check_update(step: Step, parameters: Collection[Tensor]) -> None:
    """Refuse an update, in ``.grad`` of some parameters, that is not finite.

    Vectors are read, such as biases, in which every signal that is not finite shows; or the
    smallest tensor where there are none. To read all numbers takes a pass over all gradients.
    The graph is consumed, so that a task is known by the parameters that it alone reaches.
    Updates that a loss scaler skips are left alone.
    """
    if step.skips_overflow or _have_finite_vectors(parameters):
        return
    bad = {p for p in parameters if p.grad is not None and not bool(_numbers(p).isfinite().all())}
    if bad:
        raise _error(_responsible_tasks(step, bad), step)


def _have_finite_vectors(parameters: Collection[Tensor]) -> bool:
    """Whether the sum over all vectors' gradients is finite."""
    vectors = [g for p in parameters if p.ndim == 1 and (g := p.grad) is not None]
    if not vectors:
        filled = [p for p in parameters if p.grad is not None]
        if not filled:
            return True
        vectors = [_numbers(min(filled, key=Tensor.numel)).flatten()]
    try:
        total = torch.cat(vectors).sum()
    except RuntimeError:  # vectors on several devices
        return False
    return cmath.isfinite(total.item())


def _numbers(parameter: Tensor) -> Tensor:
    """The numbers of a gradient, also of a sparse one."""
    gradient: Any = parameter.grad
    return gradient.coalesce().values() if gradient.is_sparse else gradient


def _responsible_tasks(step: Step, bad: set[Tensor]) -> str:
    """The tasks whose gradients make those of some parameters not finite, for the error."""
    reaching = {parameter: _tasks_reaching(step, parameter) for parameter in bad}
    certain = sorted({tasks[0] for tasks in reaching.values() if len(tasks) == 1})
    if certain:
        return first_names(certain)
    possible = sorted({task for tasks in reaching.values() for task in tasks})
    return f"at least one of the tasks {first_names(possible or step.indices.tolist())}"


def _tasks_reaching(step: Step, parameter: Tensor) -> list[int]:
    """The tasks present whose losses depend on a parameter, as far as the graph tells."""
    tasks: list[int] = step.indices.tolist()
    return [k for k in tasks if parameter in leaves_below(node_of_task(step.losses, k))]


def _error(tasks: str, step: Step, losses: str = "losses") -> NonFiniteLossError:
    largest = float(step.present_losses.detach().abs().max()) / step.scale
    remedy = (
        f"They overflow: losses of {largest:.1e} are too large for {_name(step.losses.dtype)}. "
        "Scale the losses, or the targets and inputs they come from."
        if largest > _LARGE
        else "Look for 0/0, roots and logarithms at 0 and NaN targets: `torch.where` does not keep "
        "them out of gradients, other inputs to them do. Very large values overflow: scale them. "
        "If a loss scaler multiplied the losses, give its factor as `scale` instead."
    )
    task = "" if tasks.startswith("at least") else "task "
    sentence = (
        f"The gradients of the `{losses}` of backward must be finite. Those of {task}{tasks} are "
        f"not, though the losses are. {remedy}"
    )
    return NonFiniteLossError(sentence)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
