"""A common part of groups of tasks, and a part of each task's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int

from polytask.tree_models._cells import LabelledCells
from polytask.tree_models._trees import BoostedTrees, Booster, staged_sums

__all__ = ["AdditiveProblem", "common_scores"]


@dataclass(frozen=True, eq=False)
class AdditiveProblem:
    r"""Labels with the scores :math:`b_k + F_g(x) + a_k + G_k(x)`, to be learned in this order.

    Attributes
    ----------
    X : array of shape (n, n_features)
    cells : LabelledCells
    start : array of shape (n_tasks,)
        b.
    group : array of shape (n_tasks,), int
        g: the tasks that have a part F in common.
    common, own : Booster
        Of F and of G; the leaves of the latter are shrunk, and so is the level a.
    """

    X: Any
    cells: LabelledCells
    start: Float64[np.ndarray, " tasks"]
    group: Int[np.ndarray, " tasks"]
    common: Booster
    own: Booster

    @property
    def shrinkage(self) -> float:
        """Rows without a deviation, which are added to each leaf and level of a task."""
        return float(self.own.settings["l2_regularization"])

    @property
    def shares(self) -> Bool[np.ndarray, " tasks"]:
        """Which tasks have another of their group."""
        shared: np.ndarray = np.bincount(self.group)[self.group] > 1
        return shared

    def of_rows(self, rows: Bool[np.ndarray, " n"]) -> AdditiveProblem:
        """The same problem for the labels of some rows; the others stay in X."""
        return replace(self, cells=self.cells.take(rows[self.cells.row]))

    def common_trees(self, group: int) -> BoostedTrees:
        """The common part of a group, before the first round."""
        cells = self.cells.take(self.group[self.cells.task] == group)
        scores = self.start[cells.task]
        return BoostedTrees(self.common, self.X, cells.row, cells.label, cells.weight, scores)

    def own_trees(self, task: int, common: Float64[np.ndarray, " n"]) -> BoostedTrees:
        """The part of one task, before the first round.

        Parameters
        ----------
        task : int
        common : array of shape (n,)
            The common part in all rows.
        """
        cells = self.cells.take(self.cells.task == task)
        scores = self.start[task] + common[cells.row]
        weight = cells.unit_weights()
        return BoostedTrees(self.own, self.X, cells.row, cells.label, weight, scores)


def common_scores(
    parts: Sequence[Sequence[Any]],
    group: Int[np.ndarray, " tasks"],
    rounds: Int[np.ndarray, " tasks"],
    X: Any,
) -> Float64[np.ndarray, "n tasks"]:
    """The common part of each task after its own number of rounds.

    Parameters
    ----------
    parts : sequence of sequence of boosters
        Those of each group.
    group, rounds : array of shape (n_tasks,), int
    X : array of shape (n, n_features)
    """
    scores = np.zeros((len(X), len(group)))
    for number, boosters in enumerate(parts):
        wanted = np.where(group == number, rounds, -1)
        for stage, values in enumerate(staged_sums(boosters, X)):
            scores[:, wanted == stage] = values[:, None]
            if stage >= wanted.max():
                break
    return scores
