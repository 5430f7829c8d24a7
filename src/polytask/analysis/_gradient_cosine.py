"""Affinity by the directions of gradients in joint training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask._validation import Constraint, Interval, check_parameters
from polytask.analysis._affinity import Affinity
from polytask.analysis._group_runs import Group, GroupRuns
from polytask.observers import GradientConflict

__all__ = ["GradientCosine"]


@dataclass(frozen=True)
class GradientCosine(Affinity):
    r"""Mean cosine between the tasks' gradients at the shared parameters, over joint training.

    .. math:: A_{ij} = \frac{1}{T} \sum_{t=1}^{T} c_{ij}^{(t)}

    with the cosine :math:`c^{(t)}` that `polytask.observers.GradientConflict` gives at evaluation t.
    One joint network is trained per seed, on the training rows of its first fold.

    Parameters
    ----------
    n_batches : int, default 4
        Training batches of every evaluation.

    Notes
    -----
    Cosines near 0 are usual for related tasks too, in networks with many parameters and towards the
    end of training; their order says more than their size. There are none for more than 20 tasks.

    References
    ----------
    Du, Czarnecki, Jayakumar, Farajtabar, Pascanu & Lakshminarayanan, "Adapting auxiliary losses using
    gradient similarity", 2018.

    Fifty, Amid, Zhao, Yu, Anil & Finn, "Efficiently identifying task groupings for multi-task
    learning", NeurIPS 2021, who hold cosines against trained groups.

    Examples
    --------
    >>> from polytask.analysis import GradientCosine, GroupRuns
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=60)
    >>> runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=20))
    >>> cosines = GradientCosine(n_batches=1).estimate(runs)
    >>> cosines.n_networks, cosines.values[0][0]
    (1, None)
    """

    n_batches: int = 4

    needs: ClassVar[str] = "one joint network per seed"
    observes: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_batches": Interval(int, 1, 1000)
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def trains(self, runs: GroupRuns) -> Sequence[Group]:
        """No group beside the joint network that is observed."""
        del runs
        return ()

    def measure(self, runs: GroupRuns) -> Float64[np.ndarray, "k k"]:
        """Mean cosines; NaN where two tasks never have a gradient in one batch."""
        size = len(runs.tasks)
        total, known = np.zeros((size, size)), np.zeros((size, size))
        for history in runs.observed_joint_trainings((GradientConflict(self.n_batches),)):
            for epoch in history.epochs:
                cosines = epoch.observed.get("gradient_conflict", {}).get("cosines")
                if cosines is None:
                    continue
                matrix = np.array(cosines, dtype=np.float64)
                total += np.nan_to_num(matrix)
                known += np.isfinite(matrix)
        with np.errstate(invalid="ignore"):
            return np.where(known > 0, total / np.maximum(known, 1), np.nan)
