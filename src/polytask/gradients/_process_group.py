"""The update from a batch whose parts lie in several processes."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.exceptions import ParameterError
from polytask.gradients._aggregate import add_flat_gradient
from polytask.gradients._arguments import no_shared_parameter_error
from polytask.gradients._engines import compute_jacobian
from polytask.gradients._finite import check_jacobian, check_per_task, check_update
from polytask.gradients._flattening import flatten, real_size, slices, unflatten
from polytask.gradients._inner_products import widened_gramian
from polytask.gradients._needs import Need
from polytask.gradients._parameter_hooks import hooks_suspended
from polytask.gradients._slopes import slopes
from polytask.gradients._step import Step
from polytask.processes import Processes, differing_ranks

__all__ = ["aggregate_across", "check_same_call"]

_TOLERANCE = 1e-3
"""Largest relative difference of updates between processes; processors round differently."""


def check_same_call(processes: Processes, device: torch.device, **arguments: object) -> None:
    """Refuse calls of `backward` that differ between processes, in all of them.

    Otherwise they would wait for each other, or exchange numbers that mean different things.
    """
    for name, rank in differing_ranks(processes, arguments, device).items():
        sentence = (
            f"The `{name}` parameter of backward must be alike in all processes of `group`. That "
            f"of process {rank} differs from that of process 0. Build the same model and the same "
            "method in each, and give the losses of all tasks in one order: `present` says which "
            "of them have labels."
        )
        raise ParameterError(sentence)


def aggregate_across(
    step: Step, aggregator: Any, processes: Processes, task_parameters: list[Tensor]
) -> Float[Tensor, " k"]:
    """Fill gradients of the mean of all processes' losses; the same on every process.

    Per-task gradients are averaged before the aggregator sees them, since the Gramian of
    averaged gradients is not the average of Gramians.
    """
    reached = _reached_anywhere(step, [*step.shared, *task_parameters], processes)
    if reached.isdisjoint(step.shared):
        raise no_shared_parameter_error()
    with hooks_suspended(step.shared):
        local = compute_jacobian(step) if step.losses.requires_grad else _zero_jacobian(step)
    jacobian = processes.mean(local) / step.scale
    if not step.skips_overflow:
        check_jacobian(jacobian, step)
    weights, update = _weights_and_update(step, aggregator, jacobian, processes)
    _check_same_update(weights, update, processes)
    add_flat_gradient(step.shared, update * step.scale, reached)
    head_gradient = _head_gradient(step, weights, task_parameters)
    if head_gradient is not None:
        add_flat_gradient(task_parameters, processes.mean(head_gradient), reached)
        check_update(step, task_parameters)
    return weights


def _reached_anywhere(step: Step, parameters: list[Tensor], processes: Processes) -> set[Tensor]:
    """Parameters that a loss of some process depends on; others keep no gradient.

    A process without a label of a task, or without a row of a source, reaches fewer of them.
    """
    own = torch.tensor([p in step.graph.leaves for p in parameters], device=step.losses.device)
    flags = processes.any(own).tolist()
    return {p for p, reached in zip(parameters, flags, strict=True) if reached}


def _check_same_update(
    weights: Float[Tensor, " k"], update: Float[Tensor, " p"], processes: Processes
) -> None:
    """Refuse aggregators that draw or remember something else in each process."""
    first = processes.sum(update if processes.rank == 0 else torch.zeros_like(update))
    lengths = [torch.linalg.vector_norm(v.double())[None] for v in (update, update - first)]
    outcome = torch.cat([weights.double(), *lengths])
    outcomes = processes.gather(outcome)
    deviations = (outcomes - outcomes[0]).abs().amax(dim=1)
    differing = deviations > _TOLERANCE * outcomes.abs().max()  # False where gradients overflowed
    if bool(differing.any()):
        sentence = (
            "The `aggregator` parameter of backward must give the same update in all processes of "
            f"`group`. That of process {int(differing.int().argmax())} differs from that of "
            "process 0. In each process, start it anew before training, with a generator of the "
            "same seed: `start(n_tasks, generator=…)`."
        )
        raise ParameterError(sentence)


def _weights_and_update(
    step: Step, aggregator: Any, jacobian: Float[Tensor, "k p"], processes: Processes
) -> tuple[Float[Tensor, " k"], Float[Tensor, " p"]]:
    """Weights for the heads, and the shared update."""
    ones = torch.ones_like(jacobian[:, 0])
    if step.overflowed(jacobian):
        return ones, ones @ jacobian
    if Need.JACOBIAN in aggregator.needs:
        return ones, aggregator.combine(jacobian, *step.served_for(aggregator))
    if Need.GRAMIAN in aggregator.needs:
        inner = widened_gramian(jacobian)
        weights = aggregator.weights(inner, *step.served_for(aggregator)).to(jacobian)
        return weights, weights @ jacobian
    weights = aggregator.carried(step.served).to(jacobian)
    update = weights @ jacobian
    if Need.PRODUCT in aggregator.needs:
        aggregator.move(_slopes_along(step, update, jacobian, processes), step.served)
    return weights, update


def _slopes_along(
    step: Step, update: Float[Tensor, " p"], jacobian: Float[Tensor, "k p"], processes: Processes
) -> Float[Tensor, " k"]:
    """Every task's slope along the update: of an independent batch, where there is one."""
    if step.second is None:
        return jacobian @ update
    direction = [
        unflatten(update[columns], parameter)
        for parameter, columns in zip(step.shared, slices(step.shared), strict=True)
    ]
    second = step.second[step.indices]
    with hooks_suspended(step.shared):
        local = slopes(second, step.shared, direction) if second.requires_grad else 0.0 * second
    per_task = processes.mean(local) / step.scale
    if not step.skips_overflow:
        check_per_task(per_task, step, "second")
    return per_task


def _head_gradient(
    step: Step, weights: Float[Tensor, " k"], parameters: list[Tensor]
) -> Float[Tensor, " p"] | None:
    """The gradient of one process on parameters that are not shared, flattened."""
    if not parameters:
        return None
    gradients: Any = [None] * len(parameters)
    if step.losses.requires_grad:
        total = step.present_losses.sum() if step.plain_heads else step.weighted_loss(weights)
        gradients = torch.autograd.grad(total, parameters, allow_unused=True)
    return torch.cat(
        [
            flatten(torch.zeros_like(parameter) if gradient is None else gradient)
            for parameter, gradient in zip(parameters, gradients, strict=True)
        ]
    )


def _zero_jacobian(step: Step) -> Float[Tensor, "k p"]:
    """The gradients of a process without a label."""
    return step.losses.new_zeros(len(step.indices), sum(map(real_size, step.shared)))
