"""Numbers of rounds by held-out rows, for each task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import methodcaller
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int

from polytask.tree_models._additive_problem import AdditiveProblem, common_scores
from polytask.tree_models._cells import LabelledCells
from polytask.tree_models._trees import BoostedTrees

__all__ = ["ChosenRounds", "choose_rounds"]

_PATIENCE = 20
"""Rounds without a lower loss after which boosting ends."""

_PRIOR = 50.0
"""Held-out labels that the mean over tasks counts for in the loss of each of them."""

Losses = Float64[np.ndarray, "rounds tasks"]


@dataclass(frozen=True, eq=False)
class ChosenRounds:
    """Numbers of rounds, and the mean losses of held-out labels.

    Attributes
    ----------
    common, own : array of shape (n_tasks,), int
        Rounds of the common trees, and of a task's own: 0 is without a level, 1 without trees.
    losses : array of shape (3, n_tasks), or None
        Of constants, of the common part, and of both parts.
    """

    common: Int[np.ndarray, " tasks"]
    own: Int[np.ndarray, " tasks"]
    losses: Float64[np.ndarray, "3 tasks"] | None


def choose_rounds(
    problem: AdditiveProblem, held_out: Sequence[Bool[np.ndarray, " n"]], most: int
) -> ChosenRounds:
    """Boost without each fold, and take for each task the rounds with the lowest loss on all folds.

    Parameters
    ----------
    problem : AdditiveProblem
    held_out : sequence of array of shape (n,), bool
        Each fold's rows.
    most : int
        Largest number of rounds of each part.
    """
    folds = [_Fold(problem, rows) for rows in held_out]
    mass = sum(fold.held.totals(np.ones(len(fold.held.task))) for fold in folds)
    n_groups = int(problem.group.max()) + 1
    common = np.zeros(len(problem.group), dtype=np.int64)
    losses = np.zeros((3, len(common)))
    for group in range(n_groups):
        of_group = problem.group == group
        mass_of_group = np.where(of_group, mass, 0.0)
        curve = _curve(
            folds, mass_of_group, most, methodcaller("common_losses", group), of_group.copy()
        )
        best = _best(curve, mass_of_group)
        common[of_group] = best[of_group]
        losses[0, of_group] = curve[0, of_group]
        losses[1, of_group] = curve[best, np.arange(len(best))][of_group]
    if not problem.shares.any():
        losses[2] = losses[1]
        return ChosenRounds(common, np.zeros_like(common), losses)
    mass = np.where(problem.shares, mass, 0.0)
    active = problem.shares.copy()
    of_own = methodcaller("own_losses", common, active)
    curve = _curve(folds, mass, most + 1, of_own, active)
    own = np.where(problem.shares, _best(curve, mass), 0)
    losses[2] = np.where(problem.shares, curve[own, np.arange(len(own))], losses[1])
    return ChosenRounds(common, own, losses)


def _curve(
    folds: Sequence[_Fold],
    mass: Float64[np.ndarray, " tasks"],
    most: int,
    losses: Callable[[_Fold], Iterator[Losses]],
    active: Bool[np.ndarray, " tasks"],
) -> Losses:
    """Mean losses after each round, until no task is active any more or there are `most`.

    A task that has had its lowest loss for some rounds is made inactive, and keeps its loss.
    """
    running = [losses(fold) for fold in folds]
    curve: Losses = np.zeros((0, len(mass)))
    while active.any() and len(curve) <= most:
        block = sum(map(next, running[1:]), next(running[0]))
        curve = np.concatenate([curve, block / np.where(mass > 0, mass, 1.0)])
        active &= len(curve) - 1 - _best(curve, mass) < _PATIENCE
    return curve[: most + 1]


def _best(curve: Losses, mass: Float64[np.ndarray, " tasks"]) -> Int[np.ndarray, " tasks"]:
    """The round of each task's lowest loss, whose changes are drawn towards their mean over tasks."""
    change = curve - curve[:1]
    seen = mass > 0
    mean = change[:, seen].mean(axis=1, keepdims=True)
    best: np.ndarray = (mass * change + _PRIOR * mean).argmin(axis=0)
    return best


class _Fold:
    """The problem without a fold's rows, and the labels that are held out."""

    def __init__(self, problem: AdditiveProblem, rows: Bool[np.ndarray, " n"]) -> None:
        cells = replace(problem.cells, weight=problem.cells.unit_weights())
        self.inside = problem.of_rows(~rows)
        self.held = cells.take(rows[cells.row])
        self.common: dict[int, BoostedTrees] = {}

    def common_losses(self, group: int) -> Iterator[Losses]:
        """Totals of the tasks' held-out losses, of round 0 and then of each block of rounds."""
        trees = self.common[group] = self.inside.common_trees(group)
        held = self.held.take(self.inside.group[self.held.task] == group)
        scores = self.inside.start[held.task]
        yield self._totals(held, scores)[None]
        rows, position = np.unique(held.row, return_inverse=True)
        while True:
            block = np.tile(self._totals(held, scores), (trees.booster.block, 1))
            before = scores
            for i, stage in enumerate(_stages(trees, self.inside.X[rows])):
                scores = before + stage[position]
                block[i] = self._totals(held, scores)
            yield block

    def own_losses(
        self, rounds: Int[np.ndarray, " tasks"], active: Bool[np.ndarray, " tasks"]
    ) -> Iterator[Losses]:
        """The same of the own parts of tasks while they are active, after some common rounds."""
        inside = self.inside
        parts = [self.common[number].parts for number in sorted(self.common)]
        common = common_scores(parts, inside.group, rounds, inside.X)
        tasks = np.flatnonzero(inside.shares).tolist()
        own = [_Held(inside, k, self.held.take(self.held.task == k), common[:, k]) for k in tasks]
        del common
        yield self._own_totals(own)
        for each in own:
            each.shift()
        yield self._own_totals(own)
        while True:
            blocks = [each.boost() if active[each.task] else each.rest() for each in own]
            yield np.concatenate(
                [self._own_totals(own, stage) for stage in zip(*blocks, strict=True)]
            )

    def _totals(self, cells: LabelledCells, scores: np.ndarray) -> np.ndarray:
        return cells.totals(self.inside.common.loss.loss(scores, cells.label))

    def _own_totals(
        self, own: Sequence[_Held], scores: Sequence[np.ndarray] | None = None
    ) -> Losses:
        given = [each.scores for each in own] if scores is None else scores
        pairs = zip(own, given, strict=True)
        return np.sum([self._totals(each.held, values) for each, values in pairs], axis=0)[None]


class _Held:
    """One task's own trees, and its scores of held-out labels."""

    def __init__(
        self, inside: AdditiveProblem, task: int, held: LabelledCells, common: np.ndarray
    ) -> None:
        self.trees = inside.own_trees(task, common)
        self.task, self.held = task, held
        self.X = inside.X
        self.scores = inside.start[task] + common[held.row]
        self.shrinkage = inside.shrinkage

    def shift(self) -> None:
        """Add the level."""
        self.scores = self.scores + self.trees.shift(self.shrinkage)

    def boost(self) -> list[np.ndarray]:
        """Scores after each round of a block."""
        before = self.scores
        stages = [before + stage for stage in _stages(self.trees, self.X[self.held.row])]
        self.scores = stages[-1] if stages else before
        return stages or self.rest()

    def rest(self) -> list[np.ndarray]:
        """As many, unchanged."""
        return [self.scores] * self.trees.booster.block


def _stages(trees: BoostedTrees, X: Any) -> Iterator[np.ndarray]:
    """What each round of another block adds in rows of X; nothing where there are no rows."""
    if len(trees.row) and len(X):
        stages: Iterator[np.ndarray] = trees.boost(trees.booster.block).staged_predict(X)
        return stages
    return iter(())
