"""Real-valued targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32, Shaped

from polytask.tasks._estimator_answers import gives_numbers, predicted_numbers
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind, Scores
from polytask.tasks._numbers import center_and_scale, number_column, observed_numbers
from polytask.tasks._standardised import check_range, is_in_range, standardised

__all__ = ["Regression"]


@dataclass(frozen=True)
class Regression(Kind):
    """One or several real numbers, standardised for training and predicted in the user's units.

    A row counts as labelled if any of its columns is; its loss is the mean over those.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Regression
    >>> Regression().fit("price", {"price": np.array([1.0, 3.0])}).learned
    {'center': (2.0,), 'scale': (1.0,)}
    """

    name: ClassVar[str] = "regression"
    numeric: ClassVar[bool] = True
    scores: ClassVar[Scores | None] = "means"

    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Learn each column's mean and standard deviation (1 for a constant column)."""
        centers, scales = [], []
        for name, values in columns.items():
            observed = observed_numbers(owner, name, values, self.name)
            constant = bool(observed.min() == observed.max())
            check_range(owner, name, observed, constant=constant)
            center, scale = center_and_scale(observed)
            centers.append(center)
            scales.append(scale)
        learned = {"center": tuple(centers), "scale": tuple(scales)}
        return FittedTarget(tuple(columns), learned=learned)

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are a mean and a deviation for every column, in the range of `fit`."""
        n_columns = len(fitted.columns)
        return (
            super().accepts(fitted)
            and not fitted.classes
            and fitted.learned_counts == {"center": n_columns, "scale": n_columns}
            and is_in_range(fitted)
        )

    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One score for each column."""
        return (len(fitted.columns),)

    def units(self, fitted: FittedTarget) -> tuple[float, ...]:
        """Standard deviation of each column."""
        return fitted.learned.get("scale", ())

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """Standardised values."""
        return standardised(self._table(columns, fitted), fitted)

    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """The values as given."""
        table = self._table(columns, fitted)
        return table[:, 0] if table.shape[1] == 1 else table

    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Scores in the user's units."""
        table = raw.astype(np.float64) * np.array(fitted.learned["scale"])
        table += np.array(fitted.learned["center"])
        return table[:, 0] if table.shape[1] == 1 else table

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Standardised predictions."""
        return standardised(response.reshape(len(response), len(fitted.columns)), fitted)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The response itself."""
        del fitted
        return response

    def accepts_estimator(self, estimator: Any) -> bool:
        """Whether it is a regressor."""
        return gives_numbers(estimator)

    def from_estimator(
        self, estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
    ) -> Float32[np.ndarray, "n size"]:
        """Predictions of the regressors, which learned standardised values."""
        del fitted
        return predicted_numbers(estimators, inputs).astype(np.float32)

    def of_several(self) -> tuple[Kind, str]:
        """One regression, for several columns of numbers."""
        return self, "numbers"

    def _table(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        pairs = zip(fitted.columns, columns, strict=True)
        return np.stack([number_column(name, values, self.name) for name, values in pairs], axis=1)
