"""Dispatch on what an aggregator needs: Jacobian, Gramian, product or losses."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.gradients._engines import compute_jacobian, compute_task_gradients
from polytask.gradients._finite import check_jacobian, check_per_task, check_update
from polytask.gradients._flattening import slices, unflatten
from polytask.gradients._needs import Need
from polytask.gradients._parameter_hooks import hooks_suspended
from polytask.gradients._slopes import slopes, slopes_from_gradients, weighted_gradients
from polytask.gradients._step import Step, add_gradient

__all__ = ["add_flat_gradient", "aggregate"]


def aggregate(step: Step, aggregator: Any, engine: str) -> Float[Tensor, " k"]:
    """Fill gradients; return the weights of the tasks present."""
    needs = aggregator.needs  # those of this step: they may change from step to step
    if Need.JACOBIAN in needs:
        return _apply_jacobian_update(step, aggregator)
    if Need.GRAMIAN in needs:
        return _apply_gramian_weights(step, aggregator, engine)
    weights = aggregator.carried(step.served)
    if Need.PRODUCT in needs:
        per_task = _apply_carried_weights(step, weights)
        if not step.overflowed(per_task):
            aggregator.move(per_task, step.served)
    else:
        step.backward_weighted(weights)
        check_update(step, step.graph.leaves)
    return weights


def _apply_jacobian_update(step: Step, aggregator: Any) -> Float[Tensor, " k"]:
    """Shared parameters follow the update from the Jacobian, heads their own losses."""
    with hooks_suspended(step.shared):
        jacobian = compute_jacobian(step)
    if step.overflowed(jacobian):
        return _backward_sum(step)
    check_jacobian(jacobian, step)
    if step.scale != 1.0:
        jacobian /= step.scale  # in place: it may take most of the memory
    update = aggregator.combine(jacobian, *step.served_for(aggregator)) * step.scale
    ones = torch.ones_like(step.present_losses.detach())
    step.backward_heads(ones)
    check_update(step, step.heads)
    add_flat_gradient(step.shared, update, step.graph.leaves)
    return ones


def _apply_gramian_weights(step: Step, aggregator: Any, engine: str) -> Float[Tensor, " k"]:
    """All parameters follow the losses with weights from the Gramian."""
    with hooks_suspended(step.shared):
        gradients = compute_task_gradients(engine, step)
        gramian = gradients.gramian().to(step.losses.device) / step.scale**2
        if step.overflowed(gramian):
            return _backward_sum(step)
        if not bool(gramian.isfinite().all()):  # the range may be too small for squares only
            gradients.to_double()
            gramian = gradients.gramian().to(step.losses.device) / step.scale**2
    check_per_task(gramian.diagonal(), step)
    weights: Tensor = aggregator.weights(gramian, *step.served_for(aggregator))
    if not gradients.complete:
        step.backward_weighted(weights)
        check_update(step, step.graph.leaves)
        return weights
    step.backward_heads(weights)
    check_update(step, step.heads)
    for parameter, gradient in gradients.update(weights):
        add_gradient(parameter, gradient)
    return weights


def _apply_carried_weights(step: Step, weights: Float[Tensor, " k"]) -> Float[Tensor, " k"]:
    """All parameters follow carried weights; returns every task's slope along that update."""
    weights_with_grad = weights.detach().to(step.losses).clone().requires_grad_()
    parameters = [parameter for parameter in step.shared if parameter in step.graph.leaves]
    heads = [] if step.plain_heads else step.heads
    with hooks_suspended([*parameters, *heads]):
        gradients = weighted_gradients(
            step.present_losses, weights_with_grad, [*parameters, *heads]
        )
        shared_gradients = gradients[: len(parameters)]
        update = [None if g is None else g.detach() for g in shared_gradients]

        def slopes_along(direction: list[Tensor | None]) -> Float[Tensor, " k"]:
            if step.second is not None:
                return slopes(step.second[step.indices], parameters, direction)
            return slopes_from_gradients(
                step.present_losses, weights_with_grad, parameters, shared_gradients, direction
            )

        per_task = slopes_along(update)
        if not step.skips_overflow and not bool(per_task.isfinite().all()):
            check_jacobian(compute_jacobian(step), step)
            per_task = _slopes_along_shortened(slopes_along, update)
            check_per_task(per_task, step, "losses" if step.second is None else "second")
    for leaf, gradient in zip([*parameters, *heads], gradients, strict=True):
        if gradient is not None:
            add_gradient(leaf, gradient.detach().clone())  # another leaf may have the same tensor
    if step.plain_heads:
        step.backward_heads(weights)
    check_update(step, step.heads)
    return per_task / step.scale**2


def _backward_sum(step: Step) -> Float[Tensor, " k"]:
    """Follow the plain sum, which overflows too, so that the loss scaler skips the step."""
    ones = torch.ones_like(step.present_losses.detach())
    step.backward_weighted(ones)
    return ones


def _slopes_along_shortened(
    slopes_along: Callable[[list[Tensor | None]], Tensor], direction: list[Tensor | None]
) -> Float[Tensor, " k"]:
    """Slopes beyond the range of single precision, along a shortened direction."""
    length = max(float(tensor.abs().max()) for tensor in direction if tensor is not None)
    shortened = [None if tensor is None else tensor / length for tensor in direction]
    return slopes_along(shortened).double() * length


def add_flat_gradient(
    parameters: list[Tensor], update: Float[Tensor, " p"], only: Container[Tensor] | None = None
) -> None:
    """Add a flattened update to the gradients of the parameters, or of only some of them."""
    for parameter, columns in zip(parameters, slices(parameters), strict=True):
        if only is None or parameter in only:
            add_gradient(parameter, unflatten(update[columns], parameter))
