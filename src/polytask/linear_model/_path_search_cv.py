"""Strengths and further settings of any penalised model, chosen by folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from itertools import product
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64, Int
from sklearn.base import clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from polytask._naming import suggestion
from polytask._validation import message
from polytask.constraints import (
    Constraint,
    Each,
    InstanceOf,
    MappingOf,
    Optional,
    Satisfies,
    check_parameters,
)
from polytask.estimators import MultiTaskEstimator, TaskTable
from polytask.estimators._estimator import Numbers
from polytask.estimators._task_ids import TaskIds
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.linear_model._path_estimator import PathEstimator
from polytask.linear_model._path_search import NO_LOWER, PATH_CONSTRAINTS, search_paths
from polytask.linear_model._penalized_estimator import PenalizedEstimator

__all__ = ["PathSearchCV"]

_PENALISED = Satisfies(
    lambda value: isinstance(value, PenalizedEstimator) and not isinstance(value, PathEstimator),
    "a penalised estimator such as SparseGroupRegressor()",
)


def _has(method: str) -> Callable[[Any], bool]:
    return lambda self: hasattr(self.estimator, method)


class PathSearchCV(MultiTaskEstimator):
    r"""A penalised model whose strength and further settings have the lowest loss on rows that were left out.

    .. math:: \min_{\alpha, \theta}\ \frac{1}{n_\text{folds}} \sum_f \sum_k \frac{1}{n_{kf}} \sum_{i \in f}
        \ell\big(x_i^\top w_k + b_k,\, y_{ik}\big), \qquad
        (W, b) \text{ learned from the other folds with } \alpha, \theta

    with the :math:`n_{kf}` labelled rows of task k in fold f and the model's own loss. Every fold learns all
    strengths from the strongest on, each from the solution before, until less than a thousandth of the loss
    of zero coefficients is left. Squared errors of few features are learned from sums of products, of which
    those of folds are differences.

    Parameters
    ----------
    estimator : PenalizedEstimator
        Unfitted; its own `alpha` (or `radius`) has no effect.
    grid : mapping of setting to list, optional
        Values of further settings of the estimator, all combinations of which are tried:
        ``{"l1_ratio": [0.2, 0.5, 0.8]}``. Not `alpha` (or `radius`) and `loss`.
    n_alphas : int, default 30
        Number of strengths, evenly on a logarithmic scale.
    eps : float in (0, 1), optional
        The smallest strength, in units of the largest. The largest is `alpha_max` of all rows for each
        combination, and `eps` 0.001, where the penalty is a norm. The largest strength of others, such as
        squares, is 100 times the variance of the inputs along the direction where it is largest, averaged
        over tasks, and `eps` 1e-6.
    alphas : list or tuple of float in (0, inf), optional
        The strengths themselves. Bounds such as `radius` must be given.
    cv : int, splitter of scikit-learn, or list of (training rows, test rows), default 5
        Number of folds, each with an equal share of the labels of every task, or other folds of rows.
    random_state : int, optional
        Of the folds of an integer `cv`; None keeps the order of rows.

    Attributes
    ----------
    estimator_ : PenalizedEstimator
        Fitted on all rows with the chosen settings. All its fitted attributes (`coef_`, `intercept_`, `classes_`
        …) are attributes of the search, too.
    alpha_ : float
        The strength that was chosen.
    setting_ : dict
        The combination of `grid` that was chosen.
    settings_ : list of dict
        All combinations.
    alphas_ : array of shape (n_settings, n_alphas)
        Strengths of each, the largest first; of bounds the smallest.
    losses_ : array of shape (n_settings, n_alphas, n_folds)
        Sums over tasks of mean losses (of root mean squared errors by `CalibratedRegressor`) on rows that
        were left out; infinite where a path had ended.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range, or `grid` names one that the estimator has not.
    DataError
        If rows, labels and tasks do not fit together, a task has fewer labels than there are folds, or a
        split has no labels of a task to learn from.

    Notes
    -----
    It is scikit-learn's ``GridSearchCV`` with folds of every task, and with paths of strengths, as
    ``ElasticNetCV`` has them, for any penalised model of `polytask.linear_model` and any of your own.
    `L21RegressorCV` and its like are short for those without further settings.

    References
    ----------
    Friedman, Hastie and Tibshirani, "Regularization paths for generalized linear models via coordinate
    descent", Journal of Statistical Software 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import PathSearchCV, SparseGroupRegressor
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 0.0], [-1.0, 1.0]])
    >>> model = PathSearchCV(SparseGroupRegressor(), {"l1_ratio": [0.2, 0.8]}, n_alphas=5, cv=3)
    >>> model.fit(X, Y).setting_, model.losses_.shape
    ({'l1_ratio': 0.2}, (2, 5, 3))
    >>> model.coef_.round(1) + 0
    array([[ 1., -1.,  0.,  0.],
           [ 0.,  1.,  0.,  0.]])
    """

    alpha_: float
    setting_: dict[str, Any]
    settings_: list[dict[str, Any]]
    alphas_: Float64[np.ndarray, "settings n_alphas"]
    losses_: Float64[np.ndarray, "settings n_alphas folds"]

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "estimator": _PENALISED,
        "grid": Optional(MappingOf(InstanceOf((str,)), Each(InstanceOf((object,)), minimum=1))),
        **PATH_CONSTRAINTS,
    }

    def __init__(
        self,
        estimator: Any,
        grid: Mapping[str, Sequence[Any]] | None = None,
        *,
        n_alphas: int = 30,
        eps: float | None = None,
        alphas: Sequence[float] | None = None,
        cv: Any = 5,
        random_state: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.grid = grid
        self.n_alphas = n_alphas
        self.eps = eps
        self.alphas = alphas
        self.cv = cv
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """Those of the estimator."""
        return get_tags(self.estimator)

    def _table(self, *rows: Any, **known: Any) -> TaskTable:
        """Rows as the estimator checks them."""
        self._model = clone(self.estimator)
        return self._model._table(*rows, **known)  # noqa: SLF001

    def _numbers(self, labels: np.ndarray, ids: TaskIds) -> Numbers:
        return self._model._numbers(labels, ids)  # noqa: SLF001

    def learn(self, table: TaskTable) -> None:
        """Choose the settings by folds, and learn from all rows with them."""
        settings = self._settings()
        models = [copy(self._model).set_params(**each) for each in settings]
        for model in models:
            check_parameters(model)
            model._zero_remedy = NO_LOWER  # noqa: SLF001
        searched = search_paths(type(self).__name__, self, models, table)
        for name in [name for name in vars(self) if _is_fitted(name)]:
            delattr(self, name)
        for name, value in vars(searched.model).items():
            if _is_fitted(name):
                setattr(self, name, value)
        self.estimator_, self.alpha_ = searched.model, searched.model.strength
        self.settings_, self.setting_ = settings, settings[searched.position]
        self.alphas_, self.losses_ = searched.alphas, searched.losses
        del self._model

    def _settings(self) -> list[dict[str, Any]]:
        """All combinations of the grid."""
        grid = {} if self.grid is None else dict(self.grid)
        reasons = {
            self.estimator.strength_setting: "Strengths are given by `alphas`.",
            "loss": "Losses have no common measure: set one on the estimator.",
        }
        known = [name for name in self.estimator.get_params(deep=False) if name not in reasons]
        expected = f"settings of {type(self.estimator).__name__}: {', '.join(known)}"
        for name in grid:
            if name not in known:
                error = ParameterError if name in reasons else UnknownNameError
                remedy = reasons.get(name) or suggestion(name, known)
                raise error(message(type(self).__name__, "grid", expected, name, remedy))
        return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]

    def scores(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores of the chosen model."""
        scores: np.ndarray = self.estimator_.scores(X, task)
        return scores

    def predict(self, X: Any, *, tasks: Any = None) -> np.ndarray:
        """What the chosen model predicts."""
        return np.asarray(self._fitted().predict(X, tasks=tasks))

    @available_if(_has("decision_function"))  # type: ignore[untyped-decorator] # scikit-learn's
    def decision_function(self, X: Any, *, tasks: Any = None) -> Any:
        """Scores of classes of the chosen model."""
        return self._fitted().decision_function(X, tasks=tasks)

    @available_if(_has("predict_proba"))  # type: ignore[untyped-decorator] # scikit-learn's
    def predict_proba(self, X: Any, *, tasks: Any = None) -> Any:
        """Probabilities of classes of the chosen model."""
        return self._fitted().predict_proba(X, tasks=tasks)

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, tasks: Any = None) -> float:
        """R², or the share of right classes, of the chosen model: the mean over tasks."""
        return float(self._fitted().score(X, y, sample_weight, tasks=tasks))

    def _fitted(self) -> Any:
        check_is_fitted(self)
        return self.estimator_


def _is_fitted(name: str) -> bool:
    return name.endswith("_") and not name.startswith("_")
