"""Boosted trees in common and of each task, for regressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from polytask.constraints import Constraint, InstanceOf
from polytask.datafits import Datafit, Squared
from polytask.estimators import MultiTaskRegressor
from polytask.tree_models._additive_boosting import AdditiveBoosting
from polytask.tree_models._cells import LabelledCells

__all__ = ["MultiTaskBoostingRegressor"]


class MultiTaskBoostingRegressor(MultiTaskRegressor, AdditiveBoosting):
    r"""Boosted trees that all tasks have in common, and trees of each task on what these leave.

    .. math:: \hat y_{ik} = \mu_k + \sigma_k \big( F(x_i) + a_k + G_k(x_i) \big), \qquad
        \min_{F,\, a,\, G}\ \sum_k \frac{1}{n_k} \sum_i \Big( \frac{y_{ik} - \mu_k}{\sigma_k}
        - F(x_i) - a_k - G_k(x_i) \Big)^2

    with the :math:`n_k` labelled rows of task k. F is boosted first, on the labels of all tasks; then the
    level :math:`a_k` and the trees :math:`G_k` on the residuals of each. Every task uses the first rounds of F
    and as many of :math:`G_k` as were best on held-out rows: none of F where the others do not help, and
    none of :math:`G_k` where it has too few rows.

    Parameters
    ----------
    learning_rate : float in (0, inf), default 0.1
        Factor of every tree.
    max_leaf_nodes : int from 2, default 31
        Largest number of leaves per tree.
    min_samples_leaf : int from 1, default 20
        Smallest number of rows per leaf.
    l2_regularization : float in [0, inf), default 0.0
        Added to the number of labels in the leaves of F.
    shrinkage : float in [0, inf), default 10.0
        Rows without a deviation, added to the level of each task and to the leaves of its own trees:
        :math:`a_k = \sum_i r_{ik} / (n_k + \text{shrinkage})` of residuals r.
    standardize : bool, default True
        Whether :math:`\mu_k` and :math:`\sigma_k` are mean and standard deviation of each task. If not, they
        are common to all, and levels of tasks are drawn to their mean: for labels in one unit.
    max_features : float in (0, 1], default 1.0
        Share of the features that is drawn for each split; fewer than all make trees differ.
    max_bins : int from 2 to 255, default 255
        Largest number of bins of a feature, which are learned once from all rows.
    max_iter : int from 1, default 300
        Largest number of rounds of F, and of each :math:`G_k`.
    folds : int from 2, or None, default 3
        Folds of rows on which numbers of rounds are chosen; all rows are used in the end. None runs
        `max_iter` rounds of both parts.
    random_state : int, RandomState or None, default None
        Draws the folds, features of splits, and the rows that bins are learned from where there are more than 200 000.

    Attributes
    ----------
    n_common_iter_ : array of shape (n_tasks,)
        Rounds of F that each task uses.
    n_own_iter_ : array of shape (n_tasks,)
        Rounds of :math:`G_k`.
    n_iter_ : int
        The most rounds of both parts together.
    features_ : array of shape (n_used,)
        Positions of the features that can be split with `min_samples_leaf` rows on both sides.
    bin_edges_ : array of shape (n_used, n_edges)
        Edges between the bins of these, in units of the feature, then the largest float; trees split numbers of bins.
    validation_loss_ : array of shape (3, n_tasks)
        Mean loss of held-out labels, half a squared error in units of :math:`\sigma_k^2`, of constants, of F alone,
        and of both parts; not where `folds` is None.
    level_ : array of shape (n_tasks,)
        a, in units of :math:`\sigma_k`.
    offset_, scale_ : array of shape (n_tasks,)
        :math:`\mu` and :math:`\sigma`, in units of labels.
    common_, own_ : list of list of HistGradientBoostingRegressor
        The trees.
    group_ : array of shape (n_tasks,)
        0: all tasks have F in common.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together.

    Notes
    -----
    The paper grows common and own trees in turn, each where it lowers the loss most; here the common ones
    come first, so that scikit-learn's ``HistGradientBoostingRegressor`` grows all of them. One task is
    that booster alone. A loss of few held-out labels is drawn to the mean over tasks, as if 50 more
    were held out.

    Features may be missing (NaN). `min_samples_leaf` counts rows, whatever their weights. Time is
    that of a booster of n rows, and of one of :math:`n_k` rows per task, each ``folds + 1`` times; tasks that
    share rows are not stacked. A hundred own boosters of a hundred rows take 2 to 3 s per fold.

    References
    ----------
    Chapelle, Shivaswamy, Vadrevu, Weinberger, Zhang and Tseng, "Multi-task learning for boosting with
    application to web search ranking", KDD 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tree_models import MultiTaskBoostingRegressor
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(300, 2))
    >>> Y = np.stack([np.sin(3 * X[:, 0]), np.sin(3 * X[:, 0]) + X[:, 1]], axis=1)
    >>> Y[:150, 1] = np.nan  # labels may be missing
    >>> model = MultiTaskBoostingRegressor(max_iter=40, random_state=0).fit(X, Y)
    >>> model.predict(X[:2]).shape
    (2, 2)
    >>> bool(model.n_own_iter_[1] > 0)
    True
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **AdditiveBoosting.parameter_constraints,
        "standardize": InstanceOf((bool,)),
    }

    def __init__(
        self,
        *,
        learning_rate: float = 0.1,
        max_leaf_nodes: int = 31,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        shrinkage: float = 10.0,
        standardize: bool = True,
        max_features: float = 1.0,
        max_bins: int = 255,
        max_iter: int = 300,
        folds: int | None = 3,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            max_leaf_nodes=max_leaf_nodes,
            min_samples_leaf=min_samples_leaf,
            l2_regularization=l2_regularization,
            shrinkage=shrinkage,
            max_features=max_features,
            max_bins=max_bins,
            max_iter=max_iter,
            folds=folds,
            random_state=random_state,
        )
        self.standardize = standardize

    def datafit(self) -> Datafit:
        """Squared errors."""
        return Squared()

    def units(self, cells: LabelledCells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores of 0, and mean and standard deviation of each task or of all labels."""
        means = cells.means(cells.label)
        if not self.standardize:
            means[:] = np.average(cells.label, weights=cells.weight)
        squares = cells.means(np.square(cells.label - means[cells.task]))
        if not self.standardize:
            squares[:] = np.average(squares)
        scale = np.sqrt(squares)
        return np.zeros(len(means)), means, np.where(scale > 0, scale, 1.0)
