"""Affinity by training every pair of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.analysis._affinity import Affinity
from polytask.analysis._group_runs import Group, GroupRuns
from polytask.analysis._measured_gain import gain_of_task

__all__ = ["TrainedPairs"]


@dataclass(frozen=True)
class TrainedPairs(Affinity):
    r"""Gain of each task when it is trained with another, against alone.

    .. math:: A_{ij} = g_{i|j}

    as `polytask.analysis.transfer_map` measures it, without its tests. It trains
    :math:`K (K - 1) / 2` networks per fold and seed, and is what cheaper affinities are held against.

    References
    ----------
    Standley, Zamir, Chen, Guibas, Malik & Savarese, "Which tasks should be learned together in
    multi-task learning?", ICML 2020.

    Examples
    --------
    >>> from polytask.analysis import GroupRuns, TrainedPairs
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(1, 3, n_rows=60)
    >>> runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=10))
    >>> TrainedPairs().estimate(runs).n_networks
    12
    """

    needs: ClassVar[str] = "one network per pair of tasks and one per task, per fold and seed"

    def trains(self, runs: GroupRuns) -> Sequence[Group]:
        """Every task alone, and every pair."""
        return [*((name,) for name in runs.tasks), *combinations(runs.tasks, 2)]

    def measure(self, runs: GroupRuns) -> Float64[np.ndarray, "k k"]:
        """Gains as fractions."""
        names = runs.tasks
        runs.train(self.trains(runs))
        values = np.full((len(names), len(names)), np.nan)
        for i, task in enumerate(names):
            for j, other in enumerate(names):
                if i != j:
                    gain = gain_of_task(runs, task, (task, other), 1).gain
                    values[i, j] = np.nan if gain is None else gain
        return values
