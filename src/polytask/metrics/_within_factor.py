"""Share of the numbers of pixels that are off by less than a factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask._validation import Constraint, Interval, check_parameters
from polytask.metrics._pixel_errors import PixelErrorMetric

__all__ = ["WithinFactor"]


@dataclass(frozen=True)
class WithinFactor(PixelErrorMetric):
    r"""Share of the labelled numbers above 0 with :math:`\max(d / \hat d, \hat d / d)` below a factor.

    The *threshold accuracy* of depth estimation, :math:`\delta < 1.25`. Answers of 0 or less are
    wrong.

    Parameters
    ----------
    factor : float, default 1.25
        Above 1.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import WithinFactor
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([[[1.0, 4.0, 5.0, -1.0]]]), np.array([[[1.2, 6.0, 0.0, 1.0]]])
    >>> round(WithinFactor().score(truth, response, FittedTarget(("depth",))).value, 3)
    0.333
    """

    factor: float = 1.25

    greater_is_better: ClassVar[bool] = True
    best: ClassVar[float | None] = 1.0
    nothing: ClassVar[str] = "no labelled pixel above 0"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "factor": Interval(float, 1.0, closed="neither"),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def name(self) -> str:  # type: ignore[override] # depends on the factor
        """``within_factor``, or with another factor than 1.25 such as ``within_factor_1.5``."""
        plain = self.factor == type(self).factor
        return "within_factor" if plain else f"within_factor_{self.factor:g}"

    @property
    def label(self) -> str:  # type: ignore[override] # depends on the factor
        """With the factor."""
        return f"pixels within a factor of {self.factor:g}"

    def errors(
        self, truth: Float64[np.ndarray, "..."], response: Float64[np.ndarray, "..."]
    ) -> Float64[np.ndarray, "..."]:
        """1 where a number is near, NaN where the truth is not above 0."""
        near = (response < self.factor * truth) & (truth < self.factor * response)
        return np.where(truth > 0, near.astype(np.float64), np.nan)
