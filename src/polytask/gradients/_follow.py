"""What one process does with an aggregator, by what it needs."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.exceptions import NonFiniteLossError
from polytask.gradients._engines import explicit_jacobian, task_gradients
from polytask.gradients._hooks import hooks_held
from polytask.gradients._needs import Need
from polytask.gradients._parts import n_numbers, shaped
from polytask.gradients._slopes import product, slopes, weighted_gradients
from polytask.gradients._step import Step, add_gradient

__all__ = ["add_flat", "follow"]

_LARGE = 1e15
"""Losses above this are taken for what makes gradients overflow."""


def follow(step: Step, aggregator: Any, engine: str) -> Float[Tensor, " k"]:
    """Fill gradients; return the weights of the tasks present."""
    needs = aggregator.needs  # those of this step; they may change with it
    if Need.JACOBIAN in needs:
        return _combine(step, aggregator)
    if Need.GRAMIAN in needs:
        return _weigh(step, aggregator, engine)
    weights = aggregator.carried(step.served)
    if Need.PRODUCT in needs:
        found = _carry(step, weights)
        if not step.overflowed(found):
            _check_finite(found, step)
            aggregator.move(found, step.served)
    else:
        step.lead_all(weights)
    return weights


def _combine(step: Step, aggregator: Any) -> Tensor:
    """Shared parameters follow what is made of the whole Jacobian, heads their own losses."""
    with hooks_held(step.shared):
        jacobian = explicit_jacobian(step)
    if step.overflowed(jacobian):
        return _lead_alike(step)
    sums = jacobian.sum(dim=1)
    if not bool(sums.isfinite().all()):  # as the sum of finite numbers may be, too
        _check_finite(torch.where(jacobian.isfinite().all(dim=1), 0.0, torch.nan), step)
    if step.scale != 1.0:
        jacobian /= step.scale  # in place: it may be most of the memory
    update = aggregator.combine(jacobian, *step.told(aggregator)) * step.scale
    ones = torch.ones_like(step.present_losses.detach())
    step.lead_heads(ones)
    add_flat(step.shared, update, step.graph.leaves)
    return ones


def _weigh(step: Step, aggregator: Any, engine: str) -> Tensor:
    """The weights follow from the Gramian."""
    with hooks_held(step.shared):
        gradients = task_gradients(engine, step)
        gramian = gradients.gramian().to(step.losses.device) / step.scale**2
        if step.overflowed(gramian):
            return _lead_alike(step)
        if not bool(gramian.isfinite().all()):  # of gradients whose squares leave the type's range
            gradients.to_double()
            gramian = gradients.gramian().to(step.losses.device)
    _check_finite(gramian.diagonal(), step)
    weights: Tensor = aggregator.weights(gramian, *step.told(aggregator))
    if not gradients.complete:
        step.lead_all(weights)
        return weights
    step.lead_heads(weights)
    for parameter, gradient in gradients.update(weights):
        add_gradient(parameter, gradient)
    return weights


def _lead_alike(step: Step) -> Tensor:
    """All tasks alike: their sum overflows too, by which the loss scaler sees to skip the step."""
    ones = torch.ones_like(step.present_losses.detach())
    step.lead_all(ones)
    return ones


def _carry(step: Step, weights: Tensor) -> Tensor:
    """Follow carried weights; return every task's slope along the update."""
    varied = weights.detach().to(step.losses).clone().requires_grad_()
    parameters = [parameter for parameter in step.shared if parameter in step.graph.leaves]
    heads = [] if step.plain_heads else step.heads
    with hooks_held([*parameters, *heads]):
        gradients = weighted_gradients(step.present_losses, varied, [*parameters, *heads])
        ours = gradients[: len(parameters)]
        direction = [None if found is None else found.detach() for found in ours]

        def along(towards: list[Tensor | None]) -> Tensor:
            if step.second is None:
                return product(step.present_losses, varied, parameters, ours, towards)
            return slopes(step.second[step.rows], parameters, towards)

        found = along(direction)
        if step.scale == 1.0 and not bool(found.isfinite().all()):
            found = _large(along, direction)
    for leaf, gradient in zip([*parameters, *heads], gradients, strict=True):
        if gradient is not None:
            add_gradient(leaf, gradient.detach().clone())  # it may be another leaf's as well
    if step.plain_heads:
        step.lead_heads(weights)
    return found / step.scale**2


def _large(
    along: Callable[[list[Tensor | None]], Tensor], direction: list[Tensor | None]
) -> Float[Tensor, " k"]:
    """Slopes that leave the range of single precision: along a shorter direction, multiplied."""
    longest = max(float(one.abs().max()) for one in direction if one is not None)
    shorter = [None if one is None else one / longest for one in direction]
    return along(shorter).double() * longest


def add_flat(
    parameters: list[Tensor], update: Float[Tensor, " p"], only: Container[Tensor] | None = None
) -> None:
    """Add the pieces of one long vector to the gradients of the parameters, or of some only."""
    start = 0
    for parameter in parameters:
        stop = start + n_numbers(parameter)
        if only is None or parameter in only:
            add_gradient(parameter, shaped(update[start:stop], parameter))
        start = stop


def _check_finite(found: Float[Tensor, " k"], step: Step) -> None:
    """Refuse gradients that would stay in a method's state for good."""
    finite = found.isfinite()
    if bool(finite.all()):
        return
    bad = ", ".join(str(k) for k in step.rows[~finite].tolist()[:5])
    largest = float(step.present_losses.detach().abs().max())
    remedy = (
        f"They overflow: losses of {largest:.1e} are too large for {_name(step.losses.dtype)}. "
        "Scale the losses, or the targets and inputs they come from."
        if largest > _LARGE
        else "Look for 0/0, roots and logarithms at 0 and NaN targets: `torch.where` does not keep "
        "them out of gradients, other inputs to them do. Very large values overflow: scale them."
    )
    sentence = (
        f"The gradients of the `losses` of backward must be finite. Those of task {bad} are not, "
        f"though the losses are. {remedy}"
    )
    raise NonFiniteLossError(sentence)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
