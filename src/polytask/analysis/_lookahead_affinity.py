"""Affinity by looking one step ahead in joint training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor, nn

from polytask._validation import Constraint, Interval, Optional, check_parameters
from polytask.analysis._affinity import Affinity
from polytask.analysis._group_runs import Group, GroupRuns
from polytask.architectures import MultiTaskModule
from polytask.data import Batch
from polytask.losses import MultiTaskLoss
from polytask.observers import Observer, View
from polytask.observers._observer import BATCHES

__all__ = ["LookaheadAffinity"]

_MOST_TASKS = 30


@dataclass(frozen=True)
class LookaheadAffinity(Affinity):
    r"""How much a step for one task lowers the loss of another, averaged over joint training.

    .. math:: A_{ij} = \frac{1}{|B_{ij}|} \sum_{b \in B_{ij}} \left( 1 -
              \frac{L_i^b(\theta_s - \eta \nabla_{\theta_s} L_j^b, \theta_i)}
              {L_i^b(\theta_s, \theta_i)} \right)

    with the loss :math:`L_i^b` of task i on batch b, the shared parameters :math:`\theta_s`, the
    task's own :math:`\theta_i`, the step size :math:`\eta`, and the batches of all evaluations
    :math:`B_{ij}` in which both tasks have labels and the loss of task i is positive. It is
    positive where steps for j help i. One joint network is trained per seed, on the training rows of
    its first fold.

    Parameters
    ----------
    n_batches : int, default 4
        Training batches of every evaluation, the same at all of them.
    learning_rate : float, optional
        The step size; by default that of the network's trainer.

    Notes
    -----
    Deviations: the paper looks ahead at every tenth step of training, on the batch and by the optimiser
    of that step; here it is done at every evaluation, on batches of its own, by a plain gradient
    step, without dropout and with the statistics that batch norm has stored. The mean is over
    evaluations, which may be further apart late in training. Without shared parameters there is no
    affinity, and for more than 30 tasks none is measured.

    References
    ----------
    Fifty, Amid, Zhao, Yu, Anil & Finn, "Efficiently identifying task groupings for multi-task
    learning", NeurIPS 2021.

    Examples
    --------
    >>> from polytask.analysis import GroupRuns, LookaheadAffinity
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=60)
    >>> runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=20))
    >>> record = LookaheadAffinity(n_batches=1).estimate(runs)
    >>> record.n_networks, record.values[0][0]
    (1, None)
    """

    n_batches: int = 4
    learning_rate: float | None = None

    needs: ClassVar[str] = "one joint network per seed"
    observes: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_batches": Interval(int, 1, 1000),
        "learning_rate": Optional(Interval(float, 0.0, closed="neither")),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def trains(self, runs: GroupRuns) -> Sequence[Group]:
        """No group beside the joint network that is observed."""
        del runs
        return ()

    def measure(self, runs: GroupRuns) -> Float64[np.ndarray, "k k"]:
        """Mean relative changes; NaN where two tasks never have a label in one batch."""
        size = len(runs.tasks)
        unknown = np.full((size, size), np.nan)
        rate = self.learning_rate or runs.network.trainer.learning_rate
        observer = _Lookahead(self.n_batches, rate)
        total, known = np.zeros((size, size)), np.zeros((size, size))
        for history in runs.observed_joint_trainings((observer,)) if size <= _MOST_TASKS else ():
            for epoch in history.epochs:
                rows = epoch.observed.get(observer.name, {}).get("changes", unknown)
                matrix = np.array(rows, dtype=np.float64)
                total += np.nan_to_num(matrix)
                known += np.isfinite(matrix)
        return np.where(known > 0, total / np.maximum(known, 1), np.nan)

    def notes(self, matrix: Float64[np.ndarray, "k k"]) -> Sequence[str]:
        """As for every affinity; for more than 30 tasks, that nothing was measured."""
        if len(matrix) > _MOST_TASKS:
            return (
                f"not measured for more than {_MOST_TASKS} tasks, which would take a step each",
            )
        return super().notes(matrix)


@dataclass(frozen=True)
class _Lookahead(Observer):
    """Relative changes of losses after steps for each task, as rows of lists."""

    n_batches: int = 4
    rate: float = 1e-3

    needs: ClassVar[frozenset[str]] = frozenset({BATCHES})

    def observe(self, view: View) -> dict[str, Any]:
        """Means over the batches; None where two tasks never meet."""
        network = view.network
        device = next(network.parameters()).device
        loss = MultiTaskLoss(network.blocks, network.tasks).to(device)
        shared = network.shared_parameters()
        changes = []
        for batch in view.batches:
            full = network.with_members(batch)
            losses = partial(_losses, network, loss, full)
            changes.append(relative_changes(losses, shared, self.rate))
        mean = torch.stack(changes).nanmean(dim=0).tolist()
        return {"changes": [[None if math.isnan(v) else v for v in row] for row in mean]}


def _losses(
    network: MultiTaskModule, loss: MultiTaskLoss, batch: Batch
) -> tuple[Float[Tensor, " k"], Bool[Tensor, " k"]]:
    return loss(network(batch), batch)


def relative_changes(
    losses: Callable[[], tuple[Float[Tensor, " k"], Bool[Tensor, " k"]]],
    shared: Sequence[nn.Parameter],
    rate: float,
) -> Float64[Tensor, "k k"]:
    """Relative decrease of the loss of task i (row) by a step for task j (column).

    Parameters
    ----------
    losses : callable
        Gives the losses and which of them there are, at the parameters as they are.
    shared : sequence of Parameter
        They are as before at the end.
    rate : float
    """
    values, present = losses()
    before = values.detach().double()
    changes = torch.full((len(values), len(values)), torch.nan, dtype=torch.float64)
    defined = present & (before > 0)
    kept = [parameter.detach().clone() for parameter in shared]
    for j in present.nonzero()[:, 0].tolist() if shared else ():
        steps = torch.autograd.grad(values[j], shared, retain_graph=True, allow_unused=True)
        with torch.no_grad():
            for parameter, start, step in zip(shared, kept, steps, strict=True):
                parameter.data = start if step is None else start - rate * step
            after = losses()[0].double()
            for parameter, start in zip(shared, kept, strict=True):
                parameter.data = start
        changes[:, j] = torch.where(defined, 1 - after / before, torch.nan).cpu()
    return changes
