"""Estimators of a kind: which can learn it, what they learn, and how their answers are read."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind_labels import Columns, KindLabels

__all__ = ["KindEstimators"]


class KindEstimators(KindLabels):
    """The part of `polytask.tasks.Kind` on scikit-learn's estimators."""

    def accepts_estimator(self, estimator: Any) -> bool:
        """Whether an unfitted scikit-learn estimator can learn such targets; by default none can.

        `polytask.tasks.gives_numbers` and `gives_probabilities` recognise regressors and
        classifiers.
        """
        del estimator
        return False

    def estimator_rank(self, estimator: Any) -> int:
        """How well an unfitted estimator suits such targets: 0 not at all, 1 if it can, 2 made for it.

        Of several estimators a task gets the first of the highest rank. By default 1 for all that
        `accepts_estimator` accepts.
        """
        return int(self.accepts_estimator(estimator))

    def suited(self, estimator: Any) -> Any:
        """An accepted estimator in the form that suits such targets; by default as it is.

        A kind of counts may return it with a Poisson loss. What is returned is unfitted, and
        accepted too; the one given must not change.
        """
        return estimator

    def estimators(self, estimator: Any, fitted: FittedTarget) -> Sequence[Any]:
        """One unfitted estimator for each answer that the kind needs; by default this one alone.

        Quantiles need one for each level, with the level among its settings. Each is fitted on the
        columns that `estimator_labels` gives: on all at once if it gives several outputs, otherwise
        a clone on each.

        Parameters
        ----------
        estimator : estimator
            Unfitted, as `suited` gives it; it must not change.
        fitted : FittedTarget
        """
        del fitted
        return (estimator,)

    def estimator_counts(self, fitted: FittedTarget) -> Collection[int]:
        """How many fitted estimators may answer one task: those of a file are checked by it.

        By default one for all label cells, or one for each.
        """
        return {1, math.prod(self.target_shape(fitted))}

    def estimator_outputs(self, fitted: FittedTarget) -> int:
        """How many columns `estimator_labels` gives: by default all label cells."""
        return math.prod(self.target_shape(fitted))

    def accepts_fitted(self, estimator: Any) -> bool:
        """Whether `from_estimator` reads the answers of a fitted estimator: those of a file are checked.

        By default those that `estimator_rank` ranks. A fitted one may show less than an unfitted
        one, such as boosting of which the trees alone were saved.
        """
        return self.estimator_rank(estimator) > 0

    def estimator_labels(
        self, columns: Columns, fitted: FittedTarget, *, standardized: bool
    ) -> tuple[Float64[np.ndarray, "n outputs"], Float64[np.ndarray, " n"] | None]:
        """What estimators learn, and a factor of the row weights.

        By default the encoded labels, or `truth` in the user's units if that is requested and there
        are units; no factor.

        Parameters
        ----------
        columns : sequence of array
        fitted : FittedTarget
        standardized : bool
            False for estimators that require positive numbers.

        Returns
        -------
        labels : array of shape (n, n_outputs)
            NaN where missing.
        factor : array of shape (n,) or None
            Positive, such as the exposure of a rate; its scale has no effect. None if all are 1.
        """
        shape = (len(columns[0]), self.estimator_outputs(fitted))
        if standardized or not self.units(fitted):
            return self.encode(columns, fitted).reshape(shape).astype(np.float64), None
        return self.truth(columns, fitted).reshape(shape), None

    def from_estimator(
        self, estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
    ) -> Float32[np.ndarray, " n *scores"]:
        """Raw scores from the answers of fitted estimators.

        Parameters
        ----------
        estimators : sequence
            For each of `estimators`, one that learned all columns of `estimator_labels`, or one for
            each column.
        inputs : matrix of n rows
        fitted : FittedTarget
        """
        del estimators, inputs, fitted
        raise TypeError(f"No estimator answers tasks of kind {self.name}.")
