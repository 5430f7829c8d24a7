"""Backward passes that let an aggregator decide how task gradients meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.gradients._engines import SURROGATES, explicit_jacobian, task_gradients
from polytask.gradients._losses import stacked
from polytask.gradients._needs import Need
from polytask.gradients._served import Served
from polytask.gradients._slopes import product, slopes, weighted_gradients
from polytask.gradients._step import Step, add_gradient

__all__ = ["backward"]

_SERVED = frozenset(
    {Need.GRAMIAN, Need.JACOBIAN, Need.PRODUCT, Need.SECOND_BATCH, Need.PRESENT, Need.LOSSES}
)


def backward(
    losses: Float[Tensor, " n_tasks"] | Sequence[Tensor],
    shared_parameters: Iterable[Tensor],
    aggregator: Any,
    *,
    present: Bool[Tensor, " n_tasks"] | None = None,
    engine: str = "auto",
    features: Tensor | Sequence[Tensor] | None = None,
    rows: Int[Tensor, " n_rows"] | None = None,
    second: Float[Tensor, " n_tasks"] | Sequence[Tensor] | None = None,
    scale: float = 1.0,
) -> Float[Tensor, " n_tasks"]:
    r"""Fill ``.grad`` of shared and task parameters with an aggregated update.

    .. math:: g_{\text{shared}} = \sum_k w_k g_k, \qquad
              g_{\text{task}} = \sum_k w_k \frac{\partial \ell_k}{\partial \theta_{\text{task}}}

    with the gradients :math:`g_k` of the tasks present on the shared parameters. Aggregators
    that combine coordinate by coordinate have no weights; heads then follow their plain losses.
    Gradients add to what ``.grad`` holds, as in PyTorch.

    Parameters
    ----------
    losses : tensor of shape (n_tasks,) or sequence of scalar tensors
        With their graph, which is consumed.
    shared_parameters : iterable of tensors
        Parameters through which tasks meet; those that need no gradient are passed over.
    aggregator : Aggregator
        Or one of TorchJD's aggregators or weightings.
    present : tensor of shape (n_tasks,), bool, optional
        Tasks labelled in the batch; the others are dropped before anything is solved.
    engine : {"auto", "layerwise", "batched", "per_task", "last_layer", "features"}
        How the Gramian is found. ``"layerwise"`` is exact and keeps the gradients of linear and
        embedding layers factored, with one backward pass a task; ``"batched"`` makes these
        passes one with an axis for the tasks; ``"auto"`` takes the latter on a GPU and the
        former elsewhere, where it was always faster; ``"per_task"`` forms the Jacobian;
        ``"last_layer"`` and ``"features"`` are cheap surrogates: they measure gradients at the
        last shared layers only, or at the features.
    features : tensor or sequence of tensors, optional
        What all heads start from: the engine ``"features"`` works on it, and heads whose losses
        are computed together are then passed once for all tasks.
    rows : tensor of shape (n_rows,), int, optional
        The task that each row of the batch belongs to, where every row has one: one backward
        pass then carries all tasks' signals.
    second : like `losses`, optional
        Losses of an independent batch, for aggregators that need one.
    scale : float, default 1.0
        The factor by which mixed precision scales losses before a backward pass; gradients
        carry it, the aggregator does not see it.

    Returns
    -------
    tensor of shape (n_tasks,)
        The weights, 0 for absent tasks and 1 for present ones where there are none.

    Raises
    ------
    ParameterError
        If the losses are of another shape, no shared parameter needs a gradient, the engine is
        unknown or lacks what it works on.
    UnservedNeedError
        If the aggregator needs what no engine serves.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import MGDA
    >>> from polytask.gradients import backward
    >>> point = torch.nn.Parameter(torch.tensor([1.0, 0.0]))
    >>> losses = [(point[0] - 2) ** 2, (point[1] - 2) ** 2]
    >>> backward(losses, [point], MGDA()), point.grad
    (tensor([0.8000, 0.2000]), tensor([-1.6000, -0.8000]))
    """
    _check_needs(aggregator, second)
    joined = stacked(losses)
    shared = [parameter for parameter in shared_parameters if parameter.requires_grad]
    if not shared:
        sentence = (
            "The `shared_parameters` parameter of backward must be parameters that need gradients. "
            "Got none; without shared parameters there is nothing to aggregate."
        )
        raise ParameterError(sentence)
    if present is None:
        present = torch.ones(len(joined), dtype=torch.bool, device=joined.device)
    step = Step(
        losses=joined if scale == 1.0 else joined * scale,
        shared=shared,
        served=Served(present, joined.detach()),
        features=[features] if isinstance(features, Tensor) else features,
        task_of_row=rows,
        second=None if second is None else stacked(second) * scale,
        scale=scale,
    )
    weights = torch.zeros_like(joined.detach())
    if len(step.rows) > 0:
        weights[step.rows] = _aggregate(step, aggregator, engine).to(weights)
    return weights


def _aggregate(step: Step, aggregator: Any, engine: str) -> Tensor:
    """Fill gradients; return the weights of the tasks present."""
    told = (step.served,) if aggregator.needs & {Need.PRESENT, Need.LOSSES} else ()
    if Need.JACOBIAN in aggregator.needs:
        return _combine(step, aggregator, told)
    if Need.GRAMIAN in aggregator.needs:
        return _weigh(step, aggregator, told, engine)
    weights = aggregator.carried(step.served)
    if Need.PRODUCT in aggregator.needs:
        aggregator.move(_carry(step, weights), step.served)
    else:
        step.lead_all(weights)
    return weights


def _combine(step: Step, aggregator: Any, told: tuple[Served, ...]) -> Tensor:
    """Shared parameters follow what is made of the whole Jacobian, heads their own losses."""
    jacobian = explicit_jacobian(step)
    update = aggregator.combine(jacobian / step.scale, *told) * step.scale
    ones = torch.ones_like(step.present_losses.detach())
    step.lead_heads(ones)
    sizes = [parameter.numel() for parameter in step.shared]
    for parameter, piece in zip(step.shared, update.split(sizes), strict=True):
        add_gradient(parameter, piece.view_as(parameter))
    return ones


def _weigh(step: Step, aggregator: Any, told: tuple[Served, ...], engine: str) -> Tensor:
    """The weights follow from the Gramian."""
    gradients = task_gradients(engine, step)
    weights = aggregator.weights(gradients.gramian() / step.scale**2, *told)
    if engine in SURROGATES:
        step.lead_all(weights)
        return weights
    step.lead_heads(weights)
    for parameter, gradient in gradients.update(weights):
        add_gradient(parameter, gradient)
    return weights


def _carry(step: Step, weights: Tensor) -> Tensor:
    """Follow carried weights; return every task's slope along the update."""
    varied = weights.detach().to(step.losses).clone().requires_grad_()
    leaves = list(step.graph.leaves)
    shared = set(step.shared)
    gradients = weighted_gradients(step.present_losses, varied, leaves)
    ours = [(leaf, found) for leaf, found in zip(leaves, gradients, strict=True) if leaf in shared]
    parameters = [leaf for leaf, _ in ours]
    direction = [None if found is None else found.detach() for _, found in ours]
    if step.second is None:
        found = product(step.present_losses, varied, parameters, [g for _, g in ours], direction)
    else:
        found = slopes(step.second[step.rows], parameters, direction)
    for leaf, gradient in zip(leaves, gradients, strict=True):
        if gradient is not None:
            add_gradient(leaf, gradient.detach())
    return found / step.scale**2


def _check_needs(aggregator: Any, second: object) -> None:
    served = _SERVED if second is not None else _SERVED - {Need.SECOND_BATCH}
    unserved = sorted(aggregator.needs - served)
    if unserved == [Need.SECOND_BATCH]:
        sentence = (
            f"{type(aggregator).__name__} needs the losses of an independent batch. "
            "Give them as `second` to backward."
        )
        raise UnservedNeedError(sentence)
    if unserved:
        sentence = (
            f"{type(aggregator).__name__} needs {', '.join(unserved)}, which `backward` does not "
            "serve. Choose an aggregator that works on the Gramian or the Jacobian."
        )
        raise UnservedNeedError(sentence)
