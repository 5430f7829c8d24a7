"""The update of a batch that is spread over several processes."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, distributed

from polytask.gradients._engines import explicit_jacobian
from polytask.gradients._follow import add_flat
from polytask.gradients._hooks import hooks_held
from polytask.gradients._needs import Need
from polytask.gradients._parts import n_numbers, products
from polytask.gradients._step import Step

__all__ = ["follow_across", "over_processes"]


def over_processes(values: Tensor, group: Any, *, mean: bool) -> Tensor:
    """The mean over all processes, or the largest value."""
    values = values.clone()
    distributed.all_reduce(
        values, distributed.ReduceOp.SUM if mean else distributed.ReduceOp.MAX, group
    )
    return values / distributed.get_world_size(group) if mean else values


def follow_across(
    step: Step, aggregator: Any, group: Any, task_parameters: list[Tensor]
) -> Float[Tensor, " k"]:
    """Fill gradients of the mean of all processes' losses; the same on every process.

    Per-task gradients are averaged before the aggregator sees them, since the Gramian of
    averaged gradients is not the average of Gramians.
    """
    with hooks_held(step.shared):
        local = explicit_jacobian(step) if step.losses.requires_grad else _nothing(step)
    jacobian = over_processes(local, group, mean=True) / step.scale
    weights, update = _decide(step, aggregator, jacobian)
    add_flat(step.shared, update * step.scale)
    own = _head_gradients(step, weights, task_parameters)
    if own is not None:
        add_flat(task_parameters, over_processes(own, group, mean=True))
    return weights


def _decide(step: Step, aggregator: Any, jacobian: Tensor) -> tuple[Tensor, Tensor]:
    """Weights for the heads, and the shared update."""
    if step.overflowed(jacobian):
        ones = torch.ones_like(jacobian[:, 0])
        return ones, ones @ jacobian
    if Need.JACOBIAN in aggregator.needs:
        update = aggregator.combine(jacobian, *step.told(aggregator))
        return torch.ones_like(jacobian[:, 0]), update
    if Need.GRAMIAN in aggregator.needs:
        inner = products(jacobian)
        weights = aggregator.weights(inner, *step.told(aggregator)).to(jacobian)
        return weights, weights @ jacobian
    weights = aggregator.carried(step.served).to(jacobian)
    update = weights @ jacobian
    if Need.PRODUCT in aggregator.needs:
        aggregator.move(jacobian @ update, step.served)
    return weights, update


def _head_gradients(step: Step, weights: Tensor, parameters: list[Tensor]) -> Tensor | None:
    if not parameters:
        return None
    found: Any = [None] * len(parameters)
    if step.losses.requires_grad:
        total = step.present_losses.sum() if step.plain_heads else step.weighted(weights)
        found = torch.autograd.grad(total, parameters, allow_unused=True)
    return torch.cat(
        [
            (torch.zeros_like(parameter) if gradient is None else gradient).flatten()
            for parameter, gradient in zip(parameters, found, strict=True)
        ]
    )


def _nothing(step: Step) -> Tensor:
    """Gradients of a process without a label."""
    size = sum(map(n_numbers, step.shared))
    return step.losses.new_zeros(len(step.rows), size)
