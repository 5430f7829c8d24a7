"""Affinity by the weights of the heads of one joint network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.analysis._affinity import Affinity
from polytask.analysis._group_runs import Group, GroupRuns
from polytask.analysis._head_cosines import head_cosines
from polytask.analysis._joint_trainings import JointTraining, joint_trainings, network_model
from polytask.analysis._similarity import Similarity
from polytask.analysis._task_features import task_features

__all__ = ["HeadSimilarity"]


@dataclass(frozen=True)
class HeadSimilarity(Affinity):
    r"""Likeness of the tasks' head weights in one joint network, whatever their sign.

    .. math:: A_{ij} = \frac{1}{T} \sum_{t=1}^{T} |s_{ij}^{(t)}|

    with the cosine :math:`s^{(t)}` of the weights of two heads in the network of seed t, or of heads with
    several scores the likeness of what they span, as `polytask.analysis.learned_relations` gives them.
    Tasks that read the same features are alike; a task and its opposite are equal. One joint
    network is trained per seed, on the training rows of its first fold.

    Notes
    -----
    Heads are compared where they read the same features, as in hard sharing; in other networks nothing
    is known. It is the correlation of tasks in the estimators that learn a task covariance, read from a
    network that does not.

    References
    ----------
    Zhang & Yeung, "A convex formulation for learning task relationships in multi-task learning", UAI
    2010, who learn the covariance of such weights.

    Examples
    --------
    >>> from polytask.analysis import GroupRuns, HeadSimilarity
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=120, spread=0.2, noise=0.3)
    >>> runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=150))
    >>> similarity = HeadSimilarity().estimate(runs)
    >>> similarity.n_networks, bool(similarity.matrix[0, 1] > similarity.matrix[0, 2])
    (1, True)
    """

    needs: ClassVar[str] = "one joint network per seed"
    threshold: ClassVar[float] = 0.3

    def trains(self, runs: GroupRuns) -> Sequence[Group]:
        """No group beside the joint networks that are read."""
        del runs
        return ()

    def measure(self, runs: GroupRuns) -> Float64[np.ndarray, "k k"]:
        """Mean likeness; NaN where heads cannot be compared."""
        size = len(runs.tasks)
        found = [
            np.abs(one.matrix)
            for training in joint_trainings(runs)
            for one in _head_cosines(training)
        ]
        return np.mean(found, axis=0) if found else np.full((size, size), np.nan)


def _head_cosines(training: JointTraining) -> list[Similarity]:
    """The cosines, after a few rows have shown that all heads read the same features."""
    data, model = training.train, network_model(training.predictor)
    source = max(data.sources, key=lambda one: len(one.tasks))
    n_rows = min(source.n_rows, 8 if len(source.tasks) != 8 else 9)
    few = replace(source, labels=None, task_index=None, weights=None).take(np.arange(n_rows))
    rows = model.tensors(few)
    features = task_features(model.network, source.name, rows)
    return head_cosines(model.network, source.name, rows, features)
