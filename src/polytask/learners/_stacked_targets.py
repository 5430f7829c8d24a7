"""Stacking of targets: a second model per task reads the predictions of all tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from polytask.learners._staged import Staged

__all__ = ["StackedTargets"]


@dataclass(frozen=True)
class StackedTargets(Staged):
    r"""Two models of each task, the second of which reads the predictions of all tasks.

    .. math:: \hat y_k(x) = h_k\big(x, g_1(x), \dots, g_K(x)\big)

    with models :math:`g` and :math:`h` by the same learner, such as forests or linear models.

    Parameters
    ----------
    learner : Learner, default Linear()
        What is fitted in both stages; on the command line ``stacked_targets(extra_trees)``.
    folds : int, default 5
        The first models' predictions of training rows are out of fold.
    label : str, optional
        Name in tables; by default with the name of the learner.

    Notes
    -----
    Deviations from the paper: predictions are raw scores, which are log-odds for classes, so that tasks
    of all kinds are stacked together; every row has predictions for all tasks of its source, whether
    or not it is labelled. Folds are stratified and keep groups of rows together.

    References
    ----------
    Spyromitros-Xioufis, Tsoumakas, Groves and Vlahavas, "Multi-target regression via input space
    expansion: treating targets as inputs", Machine Learning 2016.

    Examples
    --------
    >>> from polytask.learners import ExtraTrees, StackedTargets
    >>> StackedTargets(ExtraTrees()).name
    'stacked_targets(extra_trees)'
    """

    word: ClassVar[str] = "stacked_targets"

    def groups(self, tasks: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """All tasks, twice."""
        return (tuple(tasks), tuple(tasks))
