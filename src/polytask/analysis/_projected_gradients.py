"""Affinity by regressions on projected gradients of one joint network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float64

from polytask._validation import Constraint, Interval, check_parameters
from polytask.analysis._affinity import Affinity
from polytask.analysis._group_runs import Group, GroupRuns
from polytask.analysis._joint_trainings import joint_trainings
from polytask.analysis._linearized_network import LinearizedNetwork

__all__ = ["ProjectedGradients"]

_MOST_PAIRED = 40
"""Tasks up to which all pairs are estimated."""


@dataclass(frozen=True)
class ProjectedGradients(Affinity):
    r"""Gain of each task with others, by regressions on projected gradients of one joint network.

    With the shared parameters :math:`\theta` of a joint network, random signs :math:`P` of shape (p, d)
    over :math:`\sqrt d`, and the scores :math:`s_k` of task k, the labels of a group S of tasks are
    explained by the gradients of their scores,

    .. math:: w_S = \arg\min_w \sum_{k \in S} \frac{1}{n_k} \sum_{x, y}
              \ell_k\left(c_k + (\nabla_\theta s_k(x)^\top P)\, w,\; y\right)
              + \frac{\lambda}{2} \|w\|^2

    over training rows: a linear regression for squared losses, a logistic one for binary and multiclass
    tasks. The constants :math:`c_k` are the scores of lowest loss that do not depend on x, such as the mean
    label. The estimated losses :math:`\hat L_k(S)` are those of the same linear model on rows that were not
    trained on, and

    .. math:: A_{ij} = \frac{1}{|\mathcal S_{ij}|} \sum_{S \in \mathcal S_{ij}}
              \left(1 - \hat L_i(S) / \hat L_i(\{i\})\right)

    with the groups :math:`\mathcal S_{ij}` that hold both: the pair itself for up to 40 tasks, random groups
    for more. One joint network is trained per seed, on the training rows of its first fold; each further group
    costs one regression in d numbers.

    Parameters
    ----------
    n_dimensions : int, default 200
        Directions d that gradients are projected on.
    ridge : float, default 100.0
        :math:`\lambda`, in units of the mean eigenvalue of :math:`G^\top G / m` of all m projected
        gradients G (m, d). With small ones the regressions fit noise; with very large ones they are a
        single gradient step, and gains are small numbers of the same order.
    n_rows : int, default 2000
        Training rows at most, and measured rows at most.
    n_groups : int, default 1000
        Random groups, for more than 40 tasks.
    group_size : int, default 10
        Their tasks.
    steps : int, default 20
        Steps of L-BFGS at most, for all groups together.
    seed : int, default 0
        Of directions, groups, and rows where there are more than `n_rows`.

    Notes
    -----
    The network's own scores are no part of the regression, as in the authors' code: the gradients have
    to explain the labels anew. Where scores start from :math:`s_k(x)`, as a first-order approximation of
    the network does, a group can gain only what the joint network has not learned, which is mostly noise.
    The joint network is that of the whole budget, at its best validation loss: before that,
    heads of related tasks do not point the same way yet.

    Deviations from the authors' code: only parameters that tasks share are projected, and heads stay as they are,
    as in their code for images; that for graphs projects all. In few dimensions the heads of different tasks
    then overlap at random. Each task has a constant of its own, where their logistic regression has one
    intercept. The ridge is far stronger than theirs, whose tasks have many more rows.
    Losses are those of the network rather than logistic ones alone, so that any kind of task is
    served; :math:`\hat L` is the loss of the linear model, where their code evaluates the network
    at :math:`\theta + P w_S`; the affinity is relative to the task alone, so that it has a sign, where
    they average losses themselves; gradients are projected by forward-mode products, which give the
    same numbers without forming them; and groups come from `polytask.search.best_partition` in place of
    a semidefinite program. Losses that may be negative or zero have no affinity, and neither have networks
    without shared parameters.

    References
    ----------
    Li, Sharma & Zhang, "Scalable multitask learning using gradient-based estimation of task affinity"
    (Grad-TAG), KDD 2024.

    Examples
    --------
    >>> from polytask.analysis import GroupRuns, ProjectedGradients
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=60)
    >>> runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=20))
    >>> method = ProjectedGradients(n_dimensions=20)
    >>> record = method.estimate(runs)
    >>> record.n_networks, record.values[0][0]
    (1, None)

    Groups of any size, from one further network:

    >>> gains = method.gains(runs, [("task_0", "task_1", "task_2")])
    >>> [sorted(by_task) for by_task in gains]
    [['task_0', 'task_1', 'task_2']]
    """

    n_dimensions: int = 200
    ridge: float = 100.0
    n_rows: int = 2000
    n_groups: int = 1000
    group_size: int = 10
    steps: int = 20
    seed: int = 0

    needs: ClassVar[str] = "one joint network per seed"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_dimensions": Interval(int, 1, 10_000),
        "ridge": Interval(float, 0.0, closed="neither"),
        "n_rows": Interval(int, 2),
        "n_groups": Interval(int, 1),
        "group_size": Interval(int, 2),
        "steps": Interval(int, 1),
        "seed": Interval(int, 0),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def trains(self, runs: GroupRuns) -> Sequence[Group]:
        """No group beside the joint networks that are read."""
        del runs
        return ()

    def measure(self, runs: GroupRuns) -> Float64[np.ndarray, "k k"]:
        """Mean estimated gains; NaN where no group holds both, or losses are not positive."""
        size = len(runs.tasks)
        groups = self._groups(runs.tasks)
        total, known = np.zeros((size, size)), np.zeros((size, size))
        for group, gains in zip(groups, self.gains(runs, groups), strict=True):
            members = [runs.tasks.index(name) for name in group]
            for i in members:
                gain = gains[runs.tasks[i]]
                if np.isfinite(gain):
                    total[i, members] += gain
                    known[i, members] += 1
        with np.errstate(invalid="ignore"):
            matrix = np.where(known > 0, total / np.maximum(known, 1), np.nan)
        np.fill_diagonal(matrix, np.nan)
        return matrix

    def gains(self, runs: GroupRuns, groups: Iterable[Iterable[str]]) -> list[dict[str, float]]:
        """Estimated gains of the tasks of any groups, against each alone.

        Parameters
        ----------
        runs : GroupRuns
            Trains the joint networks.
        groups : iterable of iterable of str
            Of any number of tasks each.

        Returns
        -------
        list of dict of task to float
            One per group: the relative decrease of the estimated loss, pooled over seeds; NaN where a
            loss is not positive, or no measured row has a label.

        Raises
        ------
        ParameterError
            If there is no such task.
        """
        wanted = [runs.group(group) for group in groups]
        alone: list[Group] = [(name,) for name in runs.tasks]
        distinct = list(dict.fromkeys([*alone, *wanted]))
        losses = self._losses(runs, distinct)
        of_alone = np.diag(losses[: len(alone)])
        with np.errstate(invalid="ignore", divide="ignore"):
            relative = np.where(of_alone > 0, 1 - losses / of_alone, np.nan)
        position = {group: place for place, group in enumerate(distinct)}
        return [
            {name: float(relative[position[group], runs.tasks.index(name)]) for name in group}
            for group in wanted
        ]

    def _losses(
        self, runs: GroupRuns, groups: Sequence[Group]
    ) -> Float64[np.ndarray, "n_groups k"]:
        """Estimated losses of all tasks for every group, pooled over seeds."""
        members = torch.tensor([[name in group for name in runs.tasks] for group in groups])
        sums: Any = np.zeros((len(groups), len(runs.tasks)))
        counts: Any = np.zeros(len(runs.tasks))
        for training in joint_trainings(runs):
            if not training.network.shared_parameters():
                continue
            linear = LinearizedNetwork(training, self.n_dimensions, self.n_rows, self.seed)
            losses, labels = linear.losses(members, self.ridge, self.steps)
            sums, counts = sums + losses * labels, counts + labels
        with np.errstate(invalid="ignore"):
            return np.asarray(sums / counts)

    def _groups(self, tasks: Group) -> list[Group]:
        """All pairs, or random groups of many tasks."""
        if len(tasks) <= _MOST_PAIRED:
            return list(combinations(tasks, 2))
        generator = np.random.default_rng(self.seed)
        size = min(self.group_size, len(tasks))
        drawn = [generator.choice(len(tasks), size, replace=False) for _ in range(self.n_groups)]
        return [tuple(tasks[i] for i in sorted(places)) for places in drawn]
