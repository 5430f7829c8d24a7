"""Real-valued targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32, Real, Shaped

from polytask._validation import Choice, Constraint, check_parameters, message
from polytask.exceptions import ParameterError
from polytask.tasks._calibrated_cells import calibrated_cells
from polytask.tasks._calibration import Calibration, calibrated_means
from polytask.tasks._estimator_answers import gives_numbers, predicted_numbers
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind, Scores
from polytask.tasks._numbers import number_column
from polytask.tasks._standardised import standardised
from polytask.tasks._transformed import (
    accepts_numbers,
    check_domain,
    deviations,
    learn_numbers,
    transformed,
    untransformed,
)
from polytask.tasks._transforms import (
    TRANSFORM_NAMES,
    TRANSFORMS,
    TransformName,
    named_transform,
)

__all__ = ["Regression"]


@dataclass(frozen=True)
class Regression(Kind):
    r"""One or several real numbers, standardised for training and predicted in the user's units.

    A row counts as labelled if any of its columns is; its loss is the mean over those.

    Parameters
    ----------
    transform : {None, "log1p", "yeo_johnson", "quantile_normal"}, default None
        Map of every column before it is standardised, for skewed numbers; on the command line
        ``price:regression:log1p``. ``"log1p"`` is the logarithm of 1 + y, for y above -1.
        ``"yeo_johnson"`` is a power of 1 + y, and of 1 - y below 0, whose exponent makes the
        training rows' values likeliest under a normal distribution. ``"quantile_normal"`` is the
        normal quantile of a value's rank among the training rows, of which at most 1000 quantiles
        are kept.

    References
    ----------
    Yeo & Johnson, "A new family of power transformations to improve normality or symmetry",
    Biometrika 2000. Duan, "Smearing estimate: a nonparametric retransformation method", JASA 1983.

    Notes
    -----
    Networks and estimators alike learn the transformed numbers, and responses are transformed back:
    metrics, predictions and tables are in the user's units. What comes back is near the median. It
    is not corrected for the mean (no smearing), which lies above it where numbers are skewed to
    the right, so that a transform tends to improve the absolute error more than the squared error.

    Responses stay in the range of the training rows, widened by its own width on either side, since
    inverse transforms grow fast outside of it; those of ``"quantile_normal"`` stay inside it. Its
    smallest and largest value are half a step inside 0 and 1, where scikit-learn's
    `QuantileTransformer` moves them to ±5.2 deviations. λ of ``"yeo_johnson"`` is between -2 and 4.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Regression
    >>> Regression().fit("price", {"price": np.array([1.0, 3.0])}).learned
    {'center': (2.0,), 'scale': (1.0,)}
    >>> kind = Regression("log1p")
    >>> target = kind.fit("price", {"price": np.array([0.0, 8.0])})
    >>> kind.response(np.zeros((1, 1), dtype=np.float32), target)
    array([2.])
    """

    transform: TransformName | None = field(default=None, metadata={"omit_default": True})

    name: ClassVar[str] = "regression"
    numeric: ClassVar[bool] = True
    takes_text: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "transform": Choice((None, *TRANSFORMS)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @classmethod
    def from_text(cls, text: str) -> Regression:
        """The transform in any spelling, such as ``yeo_johnson``."""
        transform = named_transform(text)
        if transform is None:
            raise ParameterError(message("kind regression", "transform", TRANSFORM_NAMES, text))
        return cls(transform)

    @property
    def scores(self) -> Scores | None:  # type: ignore[override]
        """Means in factors of the unit, unless a transform bends them."""
        return "means" if self.transform is None else None

    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Learn each column's mean and standard deviation (1 for a constant column)."""
        learned = learn_numbers(owner, columns, self.name, self.transform)
        return FittedTarget(tuple(columns), learned=learned)

    def check_cells(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> None:
        """Raise for the first number that the transform does not take."""
        for name, values in columns.items():
            check_domain(owner, name, values, self.name, self.transform, rows=True)

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are a mean and a deviation for every column, in the range of `fit`."""
        return (
            super().accepts(fitted)
            and not fitted.classes
            and accepts_numbers(fitted, self.transform)
        )

    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One score for each column."""
        return (len(fitted.columns),)

    def units(self, fitted: FittedTarget) -> tuple[float, ...]:
        """Standard deviation of each column; none with a transform, which depends on the unit."""
        return () if self.transform else self.deviations(fitted)

    def deviations(self, fitted: FittedTarget) -> tuple[float, ...]:
        """Standard deviation of each column."""
        return deviations(fitted, self.transform)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """Standardised values, transformed before."""
        table = self._table(columns, fitted)
        return standardised(transformed(table, fitted, self.transform), fitted)

    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """The values as given."""
        table = self._table(columns, fitted)
        return table[:, 0] if table.shape[1] == 1 else table

    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Scores in the user's units."""
        table = raw.astype(np.float64) * np.array(fitted.learned["scale"])
        table += np.array(fitted.learned["center"])
        table = untransformed(table, fitted, self.transform)
        return table[:, 0] if table.shape[1] == 1 else table

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Standardised predictions."""
        table = response.reshape(len(response), len(fitted.columns)).astype(np.float64)
        return standardised(transformed(table, fitted, self.transform), fitted)

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

    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration | None:
        """Observed means beside predictions, of several columns in deviations, as the error is."""
        if truth.ndim > 1:
            (center,) = self.response(np.zeros((1, truth.shape[1]), dtype=np.float32), fitted)
            moments = list(zip(center.tolist(), self.deviations(fitted), strict=True))
            return calibrated_cells(truth, response, weight, "labels", moments)
        seen = np.isfinite(truth)
        labels = ("prediction", "mean of the rows")
        return calibrated_means(
            response[seen],
            truth[seen],
            weight[seen],
            labels,
            size=self.deviations(fitted)[0],
            error_label="mean distance, in deviations of the target",
        )

    def note(self, fitted: FittedTarget, column: str, *, inferred: bool) -> str:
        """The transform, if there is one."""
        del fitted, column, inferred
        if self.transform is None:
            return ""
        return f"learned as its {self.transform}, predicted and measured in its own units"

    def of_several(self) -> tuple[Kind, str]:
        """One regression, for several columns of numbers."""
        return self, "numbers"

    def _table(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        pairs = zip(fitted.columns, columns, strict=True)
        return np.stack([number_column(name, values, self.name) for name, values in pairs], axis=1)
