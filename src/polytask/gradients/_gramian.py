"""Inner products of the tasks' gradients, without any update."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._torch_defaults import graphs_on
from polytask.gradients._engines import ENGINES, task_gradients
from polytask.gradients._given import (
    check,
    check_graph,
    check_present,
    consumed_graphs_said,
    distinct,
    stacked,
)
from polytask.gradients._hooks import hooks_held
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
        In the losses' precision; in double precision where that has no room for squares.

    Raises
    ------
    ParameterError
        If an argument is not what it should be, such as losses without a graph or parameters
        that no loss depends on.

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
    joined = stacked(losses, owner="gramian")
    shared = distinct(shared_parameters, "gramian")
    if present is None:
        present = torch.ones(len(joined), dtype=torch.bool, device=joined.device)
    check_present(present, len(joined), "gramian")
    step = Step(joined, shared, Served(present))
    found = torch.zeros(len(joined), len(joined), dtype=joined.dtype, device=joined.device)
    if len(step.rows) == 0:
        return found
    check_graph(step, "gramian")
    no_autocast = torch.autocast(joined.device.type, enabled=False)
    with hooks_held(shared), no_autocast, consumed_graphs_said("gramian"):
        gradients = task_gradients(engine, step)
        inner = gradients.gramian()
        if not bool(inner.isfinite().all()):  # of gradients whose squares leave the type's range
            gradients.to_double()
            inner = gradients.gramian()
            found = found.double()
    found[step.rows[:, None], step.rows] = inner.to(found)
    return found
