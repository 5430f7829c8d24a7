"""Boosted trees in common and of each task, for classes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int
from scipy.special import logit

from polytask.datafits import Datafit, Logistic
from polytask.estimators import MultiTaskClassifier
from polytask.tree_models._additive_boosting import AdditiveBoosting
from polytask.tree_models._cells import LabelledCells

__all__ = ["MultiTaskBoostingClassifier"]


class MultiTaskBoostingClassifier(MultiTaskClassifier, AdditiveBoosting):
    r"""Boosted trees that all tasks have in common, and trees of each task, for classes.

    .. math:: s_{ik} = b_k + F(x_i) + a_k + G_k(x_i), \qquad
        \min_{F,\, a,\, G}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}

    with labels y of 0 and 1, the log odds :math:`b_k` of task k and its :math:`n_k` labelled rows. F is boosted
    first, on the labels of all tasks; then the level :math:`a_k` and the trees :math:`G_k` of each. Every task uses
    the first rounds of F and as many of :math:`G_k` as were best on held-out rows. A task of more than two
    classes has scores for each against the rest, and each class has an F in common with the tasks that have
    a class of this name.

    Parameters
    ----------
    learning_rate : float in (0, inf), default 0.1
        Factor of every tree.
    max_leaf_nodes : int from 2, default 31
        Largest number of leaves per tree.
    min_samples_leaf : int from 1, default 20
        Smallest number of rows per leaf.
    l2_regularization : float in [0, inf), default 0.0
        Added to the curvature of the loss in the leaves of F, at most 1/4 per label.
    shrinkage : float in [0, inf), default 10.0
        The same for the level of each task and the leaves of its own trees.
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
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    n_common_iter_, n_own_iter_ : array of shape (n_columns,)
        Rounds of F and of :math:`G_k`; one column of scores per task of two classes, one per class of others.
    n_iter_ : int
        The most rounds of both parts together.
    features_ : array of shape (n_used,)
        Positions of the features that can be split with `min_samples_leaf` rows on both sides.
    bin_edges_ : array of shape (n_used, n_edges)
        Edges between the bins of these, in units of the feature, then the largest float; trees split numbers of bins.
    validation_loss_ : array of shape (3, n_columns)
        Mean log loss of held-out labels, of constants, of F alone, and of both parts; not where
        `folds` is None.
    level_ : array of shape (n_columns,)
        b + a, in log odds.
    offset_, scale_ : array of shape (n_columns,)
        0 and 1.
    common_, own_ : list of list of HistGradientBoostingRegressor
        The trees: of each F, and of each column.
    group_ : array of shape (n_columns,)
        Which F each column has.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together, or a task has one class alone.

    Notes
    -----
    scikit-learn's boosters cannot begin at given scores. In their place, ten rounds at a time lower the
    tightest quadratic above the log loss at the present scores (Jaakkola and Jordan, Statistics and Computing
    2000), summed over the tasks of each row: a regression by ``HistGradientBoostingRegressor``. No such step
    raises the loss on training rows. Leaves are therefore smaller than by Newton's method where a class is rare.

    Common and own trees are not grown in turn as in the paper; see `MultiTaskBoostingRegressor` for this and
    for costs.

    References
    ----------
    Chapelle, Shivaswamy, Vadrevu, Weinberger, Zhang and Tseng, "Multi-task learning for boosting with
    application to web search ranking", KDD 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tree_models import MultiTaskBoostingClassifier
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(200, 2))
    >>> tasks = np.repeat(["a", "b"], 100)
    >>> y = (X[:, 0] * X[:, 1] + 0.2 * (tasks == "a") > 0).astype(int)
    >>> model = MultiTaskBoostingClassifier(max_iter=20, random_state=0).fit(X, y, tasks=tasks)
    >>> model.predict_proba(X[:3], tasks=["a", "b", "b"]).shape
    (3, 2)
    """

    def datafit(self) -> Datafit:
        """Log losses."""
        return Logistic()

    def units(self, cells: LabelledCells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The log odds of each column as scores; labels stay 0 and 1."""
        odds = logit(cells.means(cells.label))
        return odds, np.zeros(len(odds)), np.ones(len(odds))

    def groups(self, n_columns: int) -> Int[np.ndarray, " columns"]:
        """A group of all tasks of two classes, and one of each class of other tasks."""
        group = np.zeros(n_columns, dtype=np.int64)
        order: dict[str, int] = {}
        for classes, columns in zip(self._classes_of_tasks(), self._columns, strict=True):
            names = ["two classes"] if len(classes) == 2 else [f"class {each}" for each in classes]
            for name, column in zip(names, columns, strict=False):
                if column >= 0:
                    group[column] = order.setdefault(name, len(order))
        return group
