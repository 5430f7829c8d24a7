"""The Gramian of the tasks' gradients, without an update."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._torch_defaults import graphs_on
from polytask.gradients._arguments import (
    check,
    check_graph,
    check_present,
    consumed_graphs_explained,
    stack_losses,
    unique_parameters,
)
from polytask.gradients._engines import ENGINES, compute_task_gradients
from polytask.gradients._parameter_hooks import hooks_suspended
from polytask.gradients._served import Served
from polytask.gradients._step import Step

__all__ = ["gramian"]


@graphs_on()
def gramian(
    losses: Float[Tensor, " n_tasks"] | Sequence[Tensor],
    shared_parameters: Iterable[Tensor],
    *,
    present: Bool[Tensor, " n_tasks"] | None = None,
    engine: str = "auto",
) -> Float[Tensor, "n_tasks n_tasks"]:
    r"""Inner products :math:`G_{jk} = g_j^\top g_k` of the tasks' gradients.

    Parameters
    ----------
    losses : tensor of shape (n_tasks,) or sequence of scalar tensors
        Their graph is kept.
    shared_parameters : iterable of tensors
    present : tensor of shape (n_tasks,), bool, optional
        Rows and columns of the other tasks are 0.
    engine : str, default "auto"
        As in `backward`.

    Returns
    -------
    tensor of shape (n_tasks, n_tasks)
        In the losses' precision; in double precision where that is too small for squares.

    Raises
    ------
    ParameterError
        If an argument is invalid, such as losses without a graph or parameters that no loss
        depends on.

    Examples
    --------
    >>> import torch
    >>> from polytask.gradients import gramian
    >>> point = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    >>> gramian([point.sum(), point[0] * 3], [point])
    tensor([[2., 3.],
            [3., 9.]])
    """
    check("engine", ENGINES, engine, "gramian")
    stacked = stack_losses(losses, owner="gramian")
    shared = unique_parameters(shared_parameters, "gramian")
    if present is None:
        present = torch.ones(len(stacked), dtype=torch.bool, device=stacked.device)
    check_present(present, len(stacked), "gramian")
    step = Step(stacked, shared, Served(present))
    products = torch.zeros(len(stacked), len(stacked), dtype=stacked.dtype, device=stacked.device)
    if len(step.indices) == 0:
        return products
    check_graph(step, "gramian")
    no_autocast = torch.autocast(stacked.device.type, enabled=False)
    with hooks_suspended(shared), no_autocast, consumed_graphs_explained("gramian"):
        gradients = compute_task_gradients(engine, step)
        inner = gradients.gramian()
        if not bool(inner.isfinite().all()):  # the range may be too small for squares only
            gradients.to_double()
            inner = gradients.gramian()
            products = products.double()
    products[step.indices[:, None], step.indices] = inner.to(products)
    return products
