"""Answers of fitted scikit-learn estimators, by kind of task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.base import is_classifier, is_regressor

from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel, Regression

__all__ = ["Answer", "answer_for", "has_method"]


class Answer(ABC):
    """What estimators must be, and how what they say becomes a response.

    Attributes
    ----------
    kinds : tuple of Kind classes
        The kinds it serves.
    """

    kinds: ClassVar[tuple[type[Kind], ...]]

    @abstractmethod
    def accepts(self, estimator: Any) -> bool:
        """Whether an unfitted estimator can learn such tasks."""

    @abstractmethod
    def response(self, estimators: Sequence[Any], X: Any, target: FittedTarget) -> np.ndarray:
        """Response of a task for one or more rows.

        Parameters
        ----------
        estimators : sequence
            One for all of the task's columns, or one a column, fitted on `Kind.encode` or, in the
            user's units, on `Kind.truth`.
        X : matrix of n rows
        target : FittedTarget
        """


class Numbers(Answer):
    """`predict` of regressors."""

    kinds: ClassVar[tuple[type[Kind], ...]] = (Regression,)

    def accepts(self, estimator: Any) -> bool:
        """Regressors."""
        return is_regressor(estimator)

    def response(self, estimators: Sequence[Any], X: Any, target: FittedTarget) -> np.ndarray:
        """Numbers in the units in which the estimators learned them."""
        del target
        table = np.column_stack([estimator.predict(X) for estimator in estimators])
        return table[:, 0] if table.shape[1] == 1 else table


class Probabilities(Answer):
    """`predict_proba` of a classifier; a class it never saw has probability 0."""

    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multiclass)

    def accepts(self, estimator: Any) -> bool:
        """Classifiers that give probabilities."""
        return is_classifier(estimator) and has_method(estimator, "predict_proba")

    def response(self, estimators: Sequence[Any], X: Any, target: FittedTarget) -> np.ndarray:
        """Probabilities of the classes, or of the positive one."""
        table = _probabilities(estimators[0], X, len(target.classes))
        return table[:, 1] if target.size == 1 else table


class Memberships(Probabilities):
    """`predict_proba` of a classifier a column."""

    kinds: ClassVar[tuple[type[Kind], ...]] = (Multilabel,)

    def response(self, estimators: Sequence[Any], X: Any, target: FittedTarget) -> np.ndarray:
        """Probability of every label."""
        return np.column_stack([_probabilities(one, X, 2)[:, 1] for one in estimators])


def _probabilities(estimator: Any, X: Any, n_classes: int) -> np.ndarray:
    found = estimator.predict_proba(X)
    table = np.zeros((len(found), n_classes))
    table[:, estimator.classes_.astype(int)] = found
    return table


_ANSWERS = (Numbers(), Probabilities(), Memberships())


def answer_for(kind: Kind) -> Answer | None:
    """How estimators answer tasks of this kind, if they can."""
    return next((answer for answer in _ANSWERS if isinstance(kind, answer.kinds)), None)


def has_method(estimator: Any, name: str) -> bool:
    """Whether an unfitted estimator will have a method.

    Stacking asks its final estimator, which there is none of before `fit` where it is left open.
    """
    if hasattr(estimator, name):
        return True
    open_end = getattr(estimator, "final_estimator", estimator) is None
    return open_end and hasattr(type(estimator), name)
