"""The simplest penalty, datafit and joint estimators, for tests of their contracts."""

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from array_api_compat import array_namespace
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning

from polytask.constraints import Interval
from polytask.datafits import Datafit
from polytask.penalties import Penalty
from polytask.ranges import Range


@dataclass(frozen=True)
class SquaredNorm(Penalty):
    """½ α ‖W‖²."""

    alpha: float = 1.0

    def value(self, weights, state=None):
        return 0.5 * self.alpha * (weights * weights).sum()

    def gradient(self, weights, state=None):
        return self.alpha * weights

    def prox(self, weights, step, state=None):
        return weights / (1 + step * self.alpha)


@dataclass(frozen=True)
class AbsoluteSum(Penalty):
    """α Σ |W|, with a kink at zero."""

    alpha: float = 1.0

    smooth = False

    def value(self, weights, state=None):
        return self.alpha * abs(weights).sum()

    def gradient(self, weights, state=None):
        return self.alpha * array_namespace(weights).sign(weights)

    def prox(self, weights, step, state=None):
        positive, negative = weights - step * self.alpha, weights + step * self.alpha
        return positive * (positive > 0) + negative * (negative < 0)


@dataclass(frozen=True)
class LearnedCentre(Penalty):
    """½ α Σ ‖W_k − c‖² with a learned c, which is 1 at first."""

    alpha: float = 1.0

    def value(self, weights, state=None):
        away = weights - self._centre(weights, state)
        return 0.5 * self.alpha * (away * away).sum()

    def gradient(self, weights, state=None):
        return self.alpha * (weights - self._centre(weights, state))

    def prox(self, weights, step, state=None):
        pull = step * self.alpha
        return (weights + pull * self._centre(weights, state)) / (1 + pull)

    def start(self, shape):
        return {"centre": np.ones((1, *shape[1:]))}

    def refit(self, weights, state):
        return {"centre": array_namespace(weights).mean(weights, axis=0, keepdims=True)}

    def _centre(self, weights, state):
        centre = (state or self.start(weights.shape))["centre"]
        return array_namespace(weights).asarray(centre, dtype=weights.dtype)


@dataclass(frozen=True)
class Squared(Datafit):
    """½ (s − y)²."""

    curvature = 1.0

    def loss(self, scores, labels):
        return 0.5 * (scores - labels) ** 2

    def slope(self, scores, labels):
        return scores - labels

    def conjugate(self, slopes, labels):
        return slopes * (0.5 * slopes + labels)


class _Joint(BaseEstimator):
    """Ridge regressions pulled towards their mean, in closed form; (n, T) with gaps or own rows.

    It follows the contract of polytask's joint estimators: losses are means over each task's
    labels, weighted by `sample_weight`, and summed over tasks.
    """

    parameter_constraints: ClassVar = {"alpha": Interval(float, 0.0, closed="neither")}
    search_ranges: ClassVar = {"alpha": Range(1e-3, 1e2, log=True, default=0.1, values=(1.0, 0.01))}

    def __init__(self, alpha=0.1):
        self.alpha = alpha

    def _fit(self, X, labels, weights, task_weights):
        """Labels and weights (n, T), NaN where missing; the coefficients are those of all tasks."""
        X = np.asarray(X, dtype=float)
        n_tasks, width = labels.shape[1], X.shape[1] + 1
        wide = np.column_stack([X, np.ones(len(X))])
        A, b = np.zeros((n_tasks * width, n_tasks * width)), np.zeros(n_tasks * width)
        pull = np.eye(n_tasks) - 0.9 / n_tasks  # towards the mean, a little towards 0
        penalty = np.diag([1.0] * (width - 1) + [1e-9])
        scale = np.ones(n_tasks) if task_weights is None else np.asarray(task_weights)
        for k in range(n_tasks):
            seen = np.isfinite(labels[:, k])
            v = weights[seen, k] / weights[seen, k].sum() * scale[k] / scale.mean()
            own = slice(k * width, (k + 1) * width)
            A[own, own] += wide[seen].T @ (wide[seen] * v[:, None])
            b[own] = wide[seen].T @ (labels[seen, k] * v)
        solved = np.linalg.solve(A + self.alpha * np.kron(pull, penalty), b).reshape(n_tasks, width)
        self.n_features_in_, self.n_tasks_ = X.shape[1], n_tasks
        return solved[:, :-1], solved[:, -1]

    def _table(self, Y, tasks, sample_weight):
        """Labels and weights (n, T) of any form; sets the ids of the tasks."""
        Y = np.asarray(Y, dtype=float)
        if tasks is None:
            table = Y.reshape(len(Y), -1)
            self.tasks_, self.own_rows_ = np.arange(table.shape[1]), False
            weights = np.ones_like(table) if sample_weight is None else sample_weight
            return table, np.asarray(weights, dtype=float).reshape(table.shape)
        self.tasks_, index = np.unique(tasks, return_inverse=True)
        self.own_rows_ = True
        table, weights = np.full((2, len(Y), len(self.tasks_)), np.nan)
        table[np.arange(len(Y)), index] = Y
        weights[np.arange(len(Y)), index] = 1.0 if sample_weight is None else sample_weight
        return table, weights

    def _index(self, tasks):
        unknown = sorted(set(np.asarray(tasks).tolist()) - set(self.tasks_.tolist()))
        if unknown:
            raise ValueError(f"unknown tasks {unknown}; known are {self.tasks_[:3]}")
        return np.searchsorted(self.tasks_, tasks)


class PulledRegressor(RegressorMixin, _Joint):
    """Ridge regressions pulled towards their mean."""

    def fit(self, X, Y, *, tasks=None, sample_weight=None, task_weights=None):
        labels, weights = self._table(Y, tasks, sample_weight)
        self.coef_, self.intercept_ = self._fit(X, labels, weights, task_weights)
        if self.alpha < 0.002:
            warnings.warn("not there yet", ConvergenceWarning, stacklevel=2)
        return self

    def predict(self, X, *, tasks=None):
        scores = X @ self.coef_.T + self.intercept_
        if tasks is not None:
            return scores[np.arange(len(scores)), self._index(tasks)]
        return scores[:, 0] if self.n_tasks_ == 1 else scores

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class PulledClassifier(ClassifierMixin, _Joint):
    """The same on indicators of classes, whose clipped scores are probabilities."""

    def fit(self, X, Y, *, tasks=None, sample_weight=None):
        labels, weights = self._table(Y, tasks, sample_weight)
        found = [np.unique(column[np.isfinite(column)]) for column in labels.T]
        together = np.unique(np.concatenate(found))
        known = [together] * len(found) if tasks is not None else found
        self.classes_ = known[0] if np.ndim(Y) == 1 else known
        self._counts = [len(each) for each in known]
        columns = [
            np.where(np.isfinite(label), (label == c).astype(float), np.nan)
            for label, own in zip(labels.T, known, strict=True)
            for c in own
        ]
        repeated = np.repeat(weights, self._counts, axis=1)
        self.coef_, self.intercept_ = self._fit(X, np.column_stack(columns), repeated, None)
        self.n_tasks_ = len(known)
        return self

    def predict_proba(self, X, *, tasks=None):
        scores = np.clip(X @ self.coef_.T + self.intercept_, 1e-3, None)
        parts = np.split(scores, np.cumsum(self._counts)[:-1], axis=1)
        tables = [part / part.sum(axis=1, keepdims=True) for part in parts]
        if tasks is not None:
            return np.stack(tables)[self._index(tasks), np.arange(len(scores))]
        return tables[0] if self.n_tasks_ == 1 and not isinstance(self.classes_, list) else tables

    def predict(self, X, *, tasks=None):
        proba = self.predict_proba(X, tasks=tasks)
        if isinstance(proba, list):
            pairs = zip(proba, self.classes_, strict=True)
            return np.column_stack([c[p.argmax(axis=1)] for p, c in pairs])
        return self.classes_[proba.argmax(axis=1)]
