"""How far predicted probabilities are from the frequencies that they state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64, Int64

from polytask._validation import Constraint, Interval, check_parameters
from polytask.metrics._decisions import decisions
from polytask.metrics._metric import Metric
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel, Ordinal

__all__ = ["ExpectedCalibrationError"]


@dataclass(frozen=True)
class ExpectedCalibrationError(Metric):
    r"""Mean distance of probabilities from frequencies, over bins of equal width.

    .. math:: \sum_b \Big| \frac{1}{n} \sum_{i \in b} (h_i - p_i) \Big|

    with, for two classes, the probability p of the positive one, and h = 1 for a positive row, else
    0; for several, the probability p of the likeliest class, and h = 1 where that is the true one.
    Row i is in bin b of B if :math:`(b - 1) / B < p_i \le b / B`. For multilabel the mean over the
    columns. It says whether probabilities are honest, not whether they tell rows apart: the shares
    of the training rows are honest, too, so that it never enters Δm.

    Parameters
    ----------
    n_bins : int, default 15

    Notes
    -----
    Of a model whose probabilities are right it is not 0 but of the order of
    :math:`\sqrt{B / n}`, since frequencies in bins vary.

    References
    ----------
    Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
    AAAI 2015, for two classes. Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural
    networks", ICML 2017, for several.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import ExpectedCalibrationError
    >>> from polytask.tasks import FittedTarget
    >>> truth, probability = np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.7, 0.7, 0.7, 0.1])
    >>> target = FittedTarget(("y",), ("no", "yes"))
    >>> round(ExpectedCalibrationError().score(truth, probability, target).value, 3)
    0.25
    """

    n_bins: int = 15

    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multiclass, Multilabel, Ordinal)
    greater_is_better: ClassVar[bool] = False
    ranks_models: ClassVar[bool] = False
    best: ClassVar[float | None] = 0.0
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"n_bins": Interval(int, 1)}

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def name(self) -> str:  # type: ignore[override]
        """``expected_calibration_error``, with the number of bins if that is not 15."""
        name = "expected_calibration_error"
        return name if self.n_bins == type(self).n_bins else f"{name}_{self.n_bins}"

    @property
    def label(self) -> str:  # type: ignore[override]
        """“calibration error”, with the number of bins if that is not 15."""
        label = "calibration error"
        return label if self.n_bins == type(self).n_bins else f"{label}, {self.n_bins} bins"

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n *classes"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The sum over bins."""
        del fitted
        bins, distances = self._distances(truth, response)
        by_bin = np.bincount(bins, weight * distances) / weight.sum()
        return MetricValue(float(np.abs(by_bin).sum()))

    def influence(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n *classes"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Each row's distance in the direction of its bin's, less the value."""
        del fitted
        bins, distances = self._distances(truth, response)
        share = weight / weight.sum()
        by_bin = np.bincount(bins, share * distances)
        return share * (np.sign(by_bin)[bins] * distances - np.abs(by_bin).sum())

    def _distances(
        self, truth: Float64[np.ndarray, " n"], response: Float64[np.ndarray, " n *classes"]
    ) -> tuple[Int64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
        """Bin of each row, and whether what is stated is so, less the stated probability."""
        if response.ndim == 1:
            stated, happened = response, truth == 1
        else:
            stated, happened = response.max(axis=1), decisions(response) == truth
        edges = np.arange(1, self.n_bins) / self.n_bins
        return np.searchsorted(edges, stated), happened - stated
