"""Conflicts between the tasks' gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float64
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.exceptions import UnservedNeedError
from polytask.gradients import Need
from polytask.observers._observer import Observer
from polytask.observers._rounded import rounded
from polytask.observers._view import View

__all__ = ["GradientConflict"]

_MOST_TASKS = 20


@dataclass(frozen=True)
class GradientConflict(Observer):
    r"""Cosines between the tasks' gradients at the shared parameters, and how many are negative.

    .. math:: c_{ij} = \frac{1}{|B_{ij}|} \sum_{b \in B_{ij}}
              \frac{g_i^{b\top} g_j^b}{\|g_i^b\| \, \|g_j^b\|}

    with the gradient :math:`g_i^b` of task i's loss on training batch b, and the batches
    :math:`B_{ij}` in which both tasks have a gradient that is not zero.

    Parameters
    ----------
    n_batches : int, default 4
        Training batches, the same at every evaluation. Each costs a forward pass and a
        backward pass per task.

    Notes
    -----
    `observe` returns, with cosines rounded to four decimals and None where there is none,

    - ``tasks``: their names; None where ``cosines`` is;
    - ``cosines``: the matrix :math:`c`, row by row, in this order; None for more than 20 tasks,
      whose matrices would fill the records;
    - ``mean``: the mean of all cosines of all pairs and batches;
    - ``negative``: the share of them that are negative, which the paper calls conflicting.

    Deviations: gradients are those of minibatches, in training mode and before the weights of
    balancing, which do not change cosines; the paper's measure of curvature is left out, and that of
    magnitudes is in `StageConflict`.

    References
    ----------
    Yu, Kumar, Gupta, Levine, Hausman & Finn, "Gradient surgery for multi-task learning",
    NeurIPS 2020.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.datasets import load_digits_tasks
    >>> from polytask.observers import GradientConflict
    >>> from polytask.training import Trainer
    >>> trainer = Trainer(steps=25, observers=(GradientConflict(n_batches=2),))
    >>> history = trainer.fit(HardSharing(), load_digits_tasks()).history
    >>> sorted(history.epochs[0].observed["gradient_conflict"])
    ['cosines', 'mean', 'negative', 'tasks']
    """

    n_batches: int = 4

    needs: ClassVar[frozenset[str]] = frozenset({Need.GRAMIAN})
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_batches": Interval(int, 1, 1000)
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def observe(self, view: View) -> dict[str, Any]:
        """Measure conflicts on the batches of a view."""
        if view.gramians is None:
            raise UnservedNeedError("GradientConflict needs `gramians` in its view. Give them.")
        cosines, defined = _cosines(view.gramians)
        upper = torch.ones_like(defined).triu(diagonal=1)
        of_pairs = cosines[defined & upper]
        few = len(view.tasks) <= _MOST_TASKS
        matrix = cosines.sum(dim=0) / defined.sum(dim=0)  # 0/0 where a pair never meets
        return {
            "tasks": list(view.tasks) if few else None,
            "cosines": rounded(matrix) if few else None,
            "mean": rounded(of_pairs.mean()),
            "negative": rounded((of_pairs < 0).double().mean()),
        }


def _cosines(
    gramians: Float64[Tensor, "b k k"],
) -> tuple[Float64[Tensor, "b k k"], Bool[Tensor, "b k k"]]:
    """Cosines per batch, 0 where there is none, and where there is one."""
    norms = gramians.diagonal(dim1=1, dim2=2).sqrt()
    products = norms[:, :, None] * norms[:, None, :]
    cosines = (gramians / products).clamp(-1.0, 1.0)
    defined = cosines.isfinite() & products.isfinite()
    return torch.where(defined, cosines, 0.0), defined
