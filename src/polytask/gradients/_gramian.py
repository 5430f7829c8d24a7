"""Inner products of the tasks' gradients, without any update."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.gradients._engines import task_gradients
from polytask.gradients._given import distinct, stacked
from polytask.gradients._hooks import hooks_held
from polytask.gradients._served import Served
from polytask.gradients._step import Step

__all__ = ["gramian"]


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

    Examples
    --------
    >>> import torch
    >>> from polytask.gradients import gramian
    >>> point = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    >>> gramian([point.sum(), point[0] * 3], [point])
    tensor([[2., 3.],
            [3., 9.]])
    """
    joined = stacked(losses)
    everyone = torch.ones(len(joined), dtype=torch.bool, device=joined.device)
    served = Served(everyone if present is None else present)
    shared = distinct(shared_parameters)
    step = Step(joined, shared, served)
    found = torch.zeros(len(joined), len(joined), dtype=joined.dtype, device=joined.device)
    if len(step.rows) > 0 and shared:
        with hooks_held(shared), torch.autocast(joined.device.type, enabled=False):
            inner = task_gradients(engine, step).gramian()
        found[step.rows[:, None], step.rows] = inner.to(found)
    return found
