"""Base class of boosting of a common part and of parts of the tasks' own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float64, Int
from sklearn.utils import check_random_state

from polytask.constraints import Constraint, InstanceOf, Interval, OneOf
from polytask.datafits import Datafit
from polytask.estimators import MultiTaskEstimator, TaskTable
from polytask.ranges import Range, SearchRange
from polytask.tree_models._additive_problem import AdditiveProblem, common_scores
from polytask.tree_models._bins import Bins
from polytask.tree_models._cells import LabelledCells
from polytask.tree_models._chosen_rounds import ChosenRounds, choose_rounds
from polytask.tree_models._trees import Booster, sum_of_trees

__all__ = ["AdditiveBoosting"]


class AdditiveBoosting(MultiTaskEstimator):
    r"""Boosts trees that tasks have in common, then trees of each task on what is left.

    .. math:: s_{ik} = b_k + F(x_i) + a_k + G_k(x_i)

    A class defines `datafit` and `units`.

    Parameters
    ----------
    learning_rate, max_leaf_nodes, min_samples_leaf, l2_regularization, max_features, max_bins
        As in ``HistGradientBoostingRegressor``.
    shrinkage : float in [0, inf), default 10.0
        Rows without a deviation, added to each level and each leaf of a task's own trees.
    max_iter : int, default 300
        Largest number of rounds of each part.
    folds : int from 2, or None, default 3
        Folds of rows on which each task's numbers of rounds are chosen; None runs all rounds.
    random_state : int, RandomState or None, default None
        Draws the folds, features of splits, and the rows that bins are learned from where there are more than 200 000.

    Attributes
    ----------
    common_ : list of list of boosters
        The trees in common of each group of columns of scores; several boosters follow one another.
    own_ : list of list of boosters
        The trees of each column.
    group_, n_common_iter_, n_own_iter_ : array of shape (n_columns,), int
    n_iter_ : int
        The most rounds of both parts together.
    features_ : array of shape (n_used,), int
        The features that some split of so many rows per leaf can divide; trees see no others.
    bin_edges_ : array of shape (n_used, n_edges)
        Edges of bins, by whose numbers trees split.
    level_, offset_, scale_ : array of shape (n_columns,)
    validation_loss_ : array of shape (3, n_columns)
        Where numbers of rounds were chosen.
    """

    accepts_sparse: ClassVar[bool] = False
    accepts_missing: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "learning_rate": Interval(float, 0.0, closed="neither"),
        "max_leaf_nodes": Interval(int, 2),
        "min_samples_leaf": Interval(int, 1),
        "l2_regularization": Interval(float, 0.0),
        "shrinkage": Interval(float, 0.0),
        "max_features": Interval(float, 0.0, 1.0, closed="right"),
        "max_bins": Interval(int, 2, 255),
        "max_iter": Interval(int, 1),
        "folds": OneOf((Interval(int, 2), InstanceOf((type(None),)))),
        "random_state": InstanceOf((int, np.integer, np.random.RandomState, type(None))),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "learning_rate": Range(0.02, 0.3, log=True, default=0.1),
        "max_leaf_nodes": Range(4, 64, log=True, integer=True, default=31),
        "min_samples_leaf": Range(2, 50, log=True, integer=True, default=20),
        "shrinkage": Range(1.0, 300.0, log=True, default=10.0),
        "max_features": Range(0.1, 1.0, default=1.0),
    }

    common_: list[list[Any]]
    own_: list[list[Any]]
    features_: Int[np.ndarray, " used"]
    bin_edges_: Float64[np.ndarray, "used edges"]
    level_: Float64[np.ndarray, " tasks"]
    offset_: Float64[np.ndarray, " tasks"]
    scale_: Float64[np.ndarray, " tasks"]
    n_common_iter_: Int[np.ndarray, " tasks"]
    n_own_iter_: Int[np.ndarray, " tasks"]

    def __init__(
        self,
        *,
        learning_rate: float = 0.1,
        max_leaf_nodes: int = 31,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        shrinkage: float = 10.0,
        max_features: float = 1.0,
        max_bins: int = 255,
        max_iter: int = 300,
        folds: int | None = 3,
        random_state: Any = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.shrinkage = shrinkage
        self.max_features = max_features
        self.max_bins = max_bins
        self.max_iter = max_iter
        self.folds = folds
        self.random_state = random_state

    @abstractmethod
    def datafit(self) -> Datafit:
        """The loss."""

    @abstractmethod
    def units(self, cells: LabelledCells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """By task, the scores to begin at, and offset and scale of its labels."""

    def groups(self, n_columns: int) -> Int[np.ndarray, " columns"]:
        """Which columns of scores have trees in common."""
        return np.zeros(n_columns, dtype=np.int64)

    def learn(self, table: TaskTable) -> None:
        """Choose numbers of rounds on folds, and boost both parts on all rows."""
        generator = check_random_state(self.random_state)
        cells = LabelledCells.of(table)
        start, self.offset_, self.scale_ = self.units(cells)
        label = (cells.label - self.offset_[cells.task]) / self.scale_[cells.task]
        settings = self._settings(int(generator.randint(np.iinfo(np.int32).max)))
        bins = Bins.of(table.X, self.max_bins, self.min_samples_leaf, generator)
        self.features_, self.bin_edges_ = bins.features, bins.edges
        settings["max_bins"] = bins.most
        problem = AdditiveProblem(
            bins.numbers(table.X),
            cells.with_labels(label),
            start,
            self.groups(table.n_tasks),
            Booster(self.datafit(), settings | {"l2_regularization": self.l2_regularization}),
            Booster(self.datafit(), settings | {"l2_regularization": self.shrinkage}),
        )
        self._keep(problem, self._rounds(problem, generator))
        self.level_ += start

    def _settings(self, seed: int) -> dict[str, Any]:
        """What the boosters of both parts have in common."""
        return {
            "learning_rate": self.learning_rate,
            "max_leaf_nodes": self.max_leaf_nodes,
            "min_samples_leaf": self.min_samples_leaf,
            "max_features": self.max_features,
            "early_stopping": False,
            "random_state": seed,
        }

    def _rounds(self, problem: AdditiveProblem, generator: Any) -> ChosenRounds:
        """Numbers of rounds: all, or those chosen on folds."""
        n_tasks = len(problem.group)
        if self.folds is None or len(problem.X) < 2:
            common = np.full(n_tasks, self.max_iter)
            return ChosenRounds(common, np.where(problem.shares, common + 1, 0), None)
        return choose_rounds(problem, self._folds(problem, generator), self.max_iter)

    def _folds(self, problem: AdditiveProblem, generator: Any) -> list[Bool[np.ndarray, " n"]]:
        """The rows of each fold; those of each task are dealt out in turn where it has its own."""
        n = len(problem.X)
        first = np.full(n, problem.cells.n_tasks)
        first[problem.cells.row[::-1]] = problem.cells.task[::-1]
        order = generator.permutation(n)
        order = order[np.argsort(first[order], kind="stable")]
        fold = np.empty(n, dtype=np.int64)
        fold[order] = np.arange(n) % min(self.folds or n, n)
        return [fold == number for number in range(fold.max() + 1)]

    def _keep(self, problem: AdditiveProblem, rounds: ChosenRounds) -> None:
        """Boost on all rows by these numbers of rounds, and set the fitted attributes."""
        self.common_ = []
        for group in range(int(problem.group.max()) + 1):
            most = rounds.common[problem.group == group].max()
            self.common_.append(problem.common_trees(group).run(int(most)))
        common = common_scores(self.common_, problem.group, rounds.common, problem.X)
        self.level_ = np.zeros(len(rounds.own))
        self.own_ = []
        for task, own in enumerate(rounds.own):
            trees = problem.own_trees(task, common[:, task]) if own else None
            if trees is not None:
                self.level_[task] = trees.shift(problem.shrinkage)
            self.own_.append([] if trees is None else trees.run(int(own) - 1))
        self.group_ = problem.group
        self.n_common_iter_ = rounds.common
        self.n_own_iter_ = np.maximum(rounds.own - 1, 0)
        self.n_iter_ = int((self.n_common_iter_ + self.n_own_iter_).max())
        if rounds.losses is not None:
            self.validation_loss_ = rounds.losses

    def scores(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores of all tasks, (n, n_tasks), or of each row by its own task, (n,)."""
        X = Bins(self.features_, self.bin_edges_).numbers(X)
        common = common_scores(self.common_, self.group_, self.n_common_iter_, X)
        if task is None:
            own = np.stack([sum_of_trees(parts, X) for parts in self.own_], axis=1)
            return self.offset_ + self.scale_ * (self.level_ + common + own)
        total = self.level_[task] + common[np.arange(len(task)), task]
        for each in np.unique(task):
            rows = np.flatnonzero(task == each)
            total[rows] += sum_of_trees(self.own_[each], X[rows])
        answer: np.ndarray = self.offset_[task] + self.scale_[task] * total
        return answer
