"""Kinds of a user's own that take a text, and whose columns belong together."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from polytask.exceptions import DataError, ParameterError
from polytask.tasks import (
    FittedTarget,
    Kind,
    gives_numbers,
    number_column,
    observed_numbers,
    predicted_numbers,
)


@dataclass(frozen=True)
class Ratio(Kind):
    """A number per unit of a second column; answers of several estimators are averaged.

    The second column weighs rows, and is never 0 or less.
    """

    answers: int = 1
    name = "ratio"
    numeric = True
    whole_rows = True
    takes_text = True
    joint_outputs = False

    @classmethod
    def from_text(cls, text):
        if not text.isdigit():
            raise ParameterError(f"The answers of a ratio must be a whole number. Got {text!r}.")
        return cls(int(text))

    def fit(self, owner, columns):
        if len(columns) != 2:
            raise DataError(f"Task {owner!r} is a ratio and needs two columns.")
        for name, values in columns.items():
            observed_numbers(owner, name, values, self.name)
        self.check_cells(owner, columns)
        return FittedTarget(tuple(columns))

    def check_cells(self, owner, columns):
        name, units = list(columns.items())[1]
        bad = np.flatnonzero(number_column(name, units, self.name) <= 0)
        if len(bad):
            raise DataError(f"Task {owner!r}: column {name!r} is not positive in row {bad[0]}.")

    def score_shape(self, fitted):
        return (1,)

    def truth(self, columns, fitted):
        pairs = zip(fitted.columns, columns, strict=True)
        return np.stack([number_column(name, values, self.name) for name, values in pairs], axis=1)

    def encode(self, columns, fitted):
        return self.truth(columns, fitted).astype(np.float32)

    def response(self, raw, fitted):
        return raw[:, 0].astype(np.float64)

    def raw(self, response, fitted):
        return response[:, None].astype(np.float32)

    def decide(self, response, fitted):
        return response

    def labels(self, response, fitted):
        return np.column_stack([response, np.ones(len(response))])

    def mean_response(self, truth, fitted, weight):
        known = np.isfinite(truth).all(axis=1)
        total, units = truth[known].T @ weight[known]
        return np.array(total / units)

    def accepts_estimator(self, estimator):
        return gives_numbers(estimator)

    def estimator_rank(self, estimator):
        return int(gives_numbers(estimator)) * (1 + hasattr(estimator, "l1_ratio"))

    def estimators(self, estimator, fitted):
        return [clone(estimator) for _ in range(self.answers)]

    def estimator_counts(self, fitted):
        return {self.answers}

    def estimator_labels(self, columns, fitted, *, standardized):
        total, units = self.truth(columns, fitted).T
        return (total / units)[:, None], units

    def from_estimator(self, estimators, inputs, fitted):
        means = predicted_numbers(estimators, inputs).mean(axis=1)
        return means[:, None].astype(np.float32)
