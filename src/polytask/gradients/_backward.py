"""Backward passes that let an aggregator decide how task gradients meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.gradients._aggregates import Aggregates
from polytask.gradients._needs import Need
from polytask.gradients._per_task import per_task_jacobian
from polytask.gradients._served import Served

__all__ = ["backward"]

_SERVED = frozenset({Need.GRAMIAN, Need.JACOBIAN, Need.PRODUCT, Need.PRESENT, Need.LOSSES})


def backward(
    losses: Float[Tensor, " n_tasks"] | Sequence[Tensor],
    shared_parameters: Iterable[Tensor],
    aggregator: Aggregates,
    *,
    present: Bool[Tensor, " n_tasks"] | None = None,
    run: Callable[[Tensor], object] = torch.Tensor.backward,
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
        With their graph.
    shared_parameters : iterable of tensors
        Parameters through which tasks meet; those that need no gradient are passed over.
    aggregator : Aggregator
    present : tensor of shape (n_tasks,), bool, optional
        Tasks labelled in the batch; the others are dropped before anything is solved.
    run : callable, default torch.Tensor.backward
        Runs a scalar's backward pass (mixed precision brings its own).

    Returns
    -------
    tensor of shape (n_tasks,)
        The weights, 0 for absent tasks and 1 for present ones where there are none.

    Raises
    ------
    ParameterError
        If the losses are of another shape, or no shared parameter needs a gradient.
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
    _check_needs(aggregator)
    losses = _stacked(losses)
    shared = [parameter for parameter in shared_parameters if parameter.requires_grad]
    if not shared:
        sentence = (
            "The `shared_parameters` parameter of backward must be parameters that need gradients. "
            "Got none; without shared parameters there is nothing to aggregate."
        )
        raise ParameterError(sentence)
    rows = torch.arange(len(losses)) if present is None else torch.nonzero(present).flatten()
    weights = torch.zeros_like(losses.detach())
    if len(rows) == 0:
        return weights
    here = torch.ones(len(losses), dtype=torch.bool) if present is None else present
    served = Served(here, losses.detach())
    told = (served,) if aggregator.needs & {Need.PRESENT, Need.LOSSES} else ()
    jacobian = per_task_jacobian(losses[rows], shared)
    method: Any = aggregator
    if Need.JACOBIAN in aggregator.needs:
        weights[rows] = 1.0
        _run_with_update(losses, weights, shared, method.combine(jacobian, *told), run)
    elif Need.PRODUCT in aggregator.needs:
        weights[rows] = method.carried(served).to(weights)
        method.move(jacobian @ (weights[rows] @ jacobian), served)
        run((weights * losses).sum())
    else:
        weights[rows] = method.weights(jacobian @ jacobian.T, *told).to(weights)
        run((weights * losses).sum())
    return weights


def _stacked(losses: Tensor | Sequence[Tensor]) -> Tensor:
    """The losses as one tensor with an entry a task."""
    if isinstance(losses, list | tuple) and losses and all(map(_is_scalar, losses)):
        return torch.stack(list(losses))
    if isinstance(losses, Tensor) and losses.ndim == 1:
        return losses
    expected = "a tensor of shape (n_tasks,) or a sequence of scalars"
    raise ParameterError(message("backward", "losses", expected, losses))


def _is_scalar(loss: object) -> bool:
    return isinstance(loss, Tensor) and loss.ndim == 0


def _check_needs(aggregator: Aggregates) -> None:
    unserved = sorted(aggregator.needs - _SERVED)
    if unserved:
        sentence = (
            f"{type(aggregator).__name__} needs {', '.join(unserved)}, which `backward` does not "
            "serve. Choose an aggregator that works on the Gramian or the Jacobian."
        )
        raise UnservedNeedError(sentence)


def _run_with_update(
    losses: Tensor,
    weights: Tensor,
    shared: list[Tensor],
    update: Tensor,
    run: Callable[[Tensor], object],
) -> None:
    """One ordinary backward for the heads; shared gradients get the update instead."""
    before = [None if p.grad is None else p.grad.clone() for p in shared]
    run((weights * losses).sum())
    start = 0
    for parameter, earlier in zip(shared, before, strict=True):
        part = update[start : start + parameter.numel()].view_as(parameter)
        parameter.grad = part.clone() if earlier is None else earlier + part
        start += parameter.numel()
