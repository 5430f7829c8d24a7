"""The backward pass that combines the tasks' gradients by an aggregator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from polytask._torch_defaults import graphs_on
from polytask.exceptions import ParameterError
from polytask.gradients._aggregate import aggregate
from polytask.gradients._arguments import (
    check_aggregator,
    check_features,
    check_finite,
    check_graph,
    check_present,
    check_second,
    check_task_of_row,
    consumed_graphs_explained,
    stack_losses,
    unique_parameters,
)
from polytask.gradients._backward_options import (
    MEMORY_LIMIT,
    check_group_options,
    check_needs,
    check_options,
)
from polytask.gradients._foreign import as_aggregator
from polytask.gradients._process_group import aggregate_across, check_same_call
from polytask.gradients._served import Served
from polytask.gradients._step import Step
from polytask.processes import Processes, as_processes

__all__ = ["backward"]


@graphs_on()
def backward(
    losses: Float[Tensor, " n_tasks"] | Sequence[Tensor],
    shared_parameters: Iterable[Tensor],
    aggregator: Any,
    *,
    present: Bool[Tensor, " n_tasks"] | None = None,
    engine: str = "auto",
    features: Tensor | Sequence[Tensor] | None = None,
    task_of_row: Int[Tensor, " n_rows"] | None = None,
    second: Float[Tensor, " n_tasks"] | Sequence[Tensor] | None = None,
    scale: float = 1.0,
    skip_overflow: bool | None = None,
    heads: str = "weighted",
    memory_limit: int = MEMORY_LIMIT,
    group: Any = None,
    task_parameters: Iterable[Tensor] | None = None,
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
        Parameters that several tasks use; those that need no gradient are skipped.
    aggregator : Aggregator
        Or one of TorchJD's aggregators or weightings.
    present : tensor of shape (n_tasks,), bool, optional
        Tasks labelled in the batch; the others are dropped before anything is solved.
    engine : {"auto", "layerwise", "batched", "per_task", "last_layer", "features"}
        How the Gramian is computed. ``"layerwise"`` is exact and keeps the gradients of linear
        and embedding layers factored, with one backward pass per task. ``"batched"`` joins these
        passes into one with an axis for the tasks. ``"auto"`` is the latter on a GPU and the
        former elsewhere. ``"per_task"`` forms the Jacobian.
        ``"last_layer"`` and ``"features"`` are cheap surrogates: they measure gradients at the
        last shared layers only, or at the features.
    features : tensor or sequence of tensors, optional
        The tensors that all heads start from. The engine ``"features"`` needs them; for other
        engines, heads whose losses are computed together are then passed once for all tasks.
    task_of_row : tensor of shape (n_rows,), int, optional
        The index of the task that each row of the batch belongs to, where every row has one: a
        single backward pass then carries all tasks' signals. The network must keep rows apart,
        with the batch as the first axis throughout.
    second : like `losses`, optional
        Losses of an independent batch, for aggregators that need one.
    scale : float, default 1.0
        A factor on the losses, such as that of mixed precision's loss scaler: gradients carry it,
        the aggregator does not see it.
    skip_overflow : bool, optional
        Whether a loss scaler is at work, for which gradients that overflow are normal: the
        aggregator is not called then, and ``.grad`` gets the overflowing gradient of the sum of
        the losses, by which the scaler skips the step. Otherwise gradients that are not finite
        are an error. By default True where `scale` is larger than 1.
    heads : {"weighted", "plain"}
        Whether heads follow their own loss with the same weights, or without.
    memory_limit : int, default 2 GiB
        Bytes that tasks' gradients may take at a time; beyond it they are computed in several
        rounds of backward passes.
    group : torch.distributed.ProcessGroup or Processes, optional
        Processes that hold parts of the batch and call this together. The update is that of the
        mean of their losses, the same on each; modules must not be wrapped to average gradients
        themselves. The Jacobian is formed whole, without a choice of `engine` or `memory_limit`,
        and `task_of_row` has no effect. A process without a row of the batch gives zeros.
    task_parameters : iterable of tensors, optional
        All other parameters, in the same order on every process; needed with `group`.

    Returns
    -------
    tensor of shape (n_tasks,)
        The weights, 0 for absent tasks and 1 for present ones where there are none.

    Raises
    ------
    ParameterError
        If an argument is invalid, such as losses without a graph or an engine that lacks the
        features it works on; or if processes of `group` give different numbers of losses,
        parameters or aggregators, in all of them.
    NonFiniteLossError
        If the loss or the gradient of a task that is present is infinite or not a number, unless
        a loss scaler skips such a step. `.grad` is then of no use.
    UnservedNeedError
        If the aggregator needs what no engine serves.

    Notes
    -----
    Tensor hooks and post-accumulate-grad hooks of parameters are called once, with the update;
    backward hooks of shared modules are called in every backward pass, at most once per task.
    A checkpoint recomputes its part of the network in each of these passes, and once for each of
    its layers whose inputs are needed; batch norm inside it updates its statistics each time. It
    must be a checkpoint with ``use_reentrant=False``. Modules of ``torch.compile`` are passed
    several times, which those with donated buffers refuse: set
    ``torch._functorch.config.donated_buffer`` to False before they are compiled.
    Embeddings with ``sparse=True`` get sparse gradients by exact engines for the Gramian, dense
    ones by the Jacobian. Autocast is switched off within.

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
    check_aggregator(aggregator)
    aggregator = as_aggregator(aggregator)
    check_needs(aggregator, second)
    scale = float(scale) if isinstance(scale, Tensor) else scale
    check_options(
        engine=engine,
        heads=heads,
        scale=scale,
        skip_overflow=skip_overflow,
        memory_limit=memory_limit,
    )
    if group is not None:
        check_group_options(engine, memory_limit)
    stacked = stack_losses(losses)
    shared = unique_parameters(shared_parameters)
    others = [] if group is None else _trainable(task_parameters, shared)
    processes = None if group is None else as_processes(group)
    if processes is not None:
        check_same_call(
            processes,
            stacked.device,
            losses=len(stacked),
            shared_parameters=_shapes(shared),
            task_parameters=_shapes(others),
            aggregator=(type(aggregator).__name__, sorted(aggregator.needs)),
            second=second is not None,
            scale=scale,
            skip_overflow=skip_overflow,
            heads=heads,
        )
    step = Step(
        losses=stacked if scale == 1.0 else stacked * scale,
        shared=shared,
        served=_served(stacked, present, processes),
        features=_features(features),
        task_of_row=_task_of_row(task_of_row, len(stacked), features),
        second=None if second is None else _second(second, len(stacked), group) * scale,
        scale=scale,
        skips_overflow=scale > 1.0 if skip_overflow is None else skip_overflow,
        plain_heads=heads == "plain",
        memory_limit=memory_limit,
    )
    return _update(step, aggregator, engine, processes, others)


def _update(
    step: Step, aggregator: Any, engine: str, processes: Processes | None, others: list[Tensor]
) -> Float[Tensor, " n_tasks"]:
    """Fill gradients; return the weights of all tasks, 0 for absent ones."""
    weights = torch.zeros_like(step.losses.detach())
    if len(step.indices) == 0:
        return weights
    if not step.skips_overflow and step.served.losses is not None:
        check_finite(step.served.losses, step.indices)
    if processes is None:
        check_graph(step)
    with torch.autocast(weights.device.type, enabled=False), consumed_graphs_explained():
        present_weights = (
            aggregate(step, aggregator, engine)
            if processes is None
            else aggregate_across(step, aggregator, processes, others)
        )
    weights[step.indices] = present_weights.to(weights)
    return weights


def _shapes(parameters: Sequence[Tensor]) -> list[tuple[int, ...]]:
    return [tuple(parameter.shape) for parameter in parameters]


def _served(losses: Tensor, present: Tensor | None, processes: Processes | None) -> Served:
    """The tasks present on any process, and the mean of their losses over all processes."""
    if present is None:
        present = torch.ones(len(losses), dtype=torch.bool, device=losses.device)
    check_present(present, len(losses))
    values = losses.detach()
    if processes is None:
        return Served(present, values)
    return Served(processes.any(present), processes.mean(values))


def _features(features: Tensor | Sequence[Tensor] | None) -> Sequence[Tensor] | None:
    if features is None:
        return None
    listed = [features] if isinstance(features, Tensor) else features
    check_features(listed)
    return listed


def _task_of_row(
    task_of_row: Tensor | None, n_tasks: int, features: Tensor | Sequence[Tensor] | None
) -> Int[Tensor, " n_rows"] | None:
    if task_of_row is None:
        return None
    check_task_of_row(task_of_row, n_tasks, _features(features))
    return task_of_row.long()


def _second(
    second: Tensor | Sequence[Tensor], n_tasks: int, group: object
) -> Float[Tensor, " n_tasks"]:
    stacked = stack_losses(second, "second")
    check_second(stacked, n_tasks, graph=group is None)  # else another process may have the labels
    return stacked


def _trainable(task_parameters: Iterable[Tensor] | None, shared: list[Tensor]) -> list[Tensor]:
    if task_parameters is None:
        sentence = (
            "With `group`, backward averages the gradients of heads over processes. Give all "
            "parameters that are not shared as `task_parameters`, in one order."
        )
        raise ParameterError(sentence)
    known = set(shared)
    unique = dict.fromkeys(task_parameters)
    return [parameter for parameter in unique if parameter.requires_grad and parameter not in known]
