"""Numbers for each pixel of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask.tasks._calibrated_cells import calibrated_cells
from polytask.tasks._calibration import Calibration
from polytask.tasks._dense import Dense, mean_pixels
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns
from polytask.tasks._numbers import center_and_scale
from polytask.tasks._standardised import FARTHEST, check_range, is_in_range

__all__ = ["DenseNumbers"]


@dataclass(frozen=True)
class DenseNumbers(Dense):
    """Numbers for each pixel, such as a depth: an array (height, width) in each cell.

    Several numbers per pixel, such as the three of a surface normal, are arrays (channels, height,
    width). The response and the decision are arrays of the same shape, in the user's units. Networks
    learn the numbers in deviations from the mean of each channel over all labelled pixels.

    Parameters
    ----------
    ignore : float, optional
        Value of pixels that are not labelled, such as 0 where a depth was not measured. NaN and null
        never are.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import DenseNumbers
    >>> depths = np.array([[[1.0, 3.0]], [[0.0, 5.0]]])
    >>> kind = DenseNumbers(ignore=0)
    >>> target = kind.fit("depth", {"depth": depths})
    >>> target.learned["center"]
    (3.0,)
    >>> kind.response(kind.encode([depths], target)[:1, None], target).round(3)
    array([[[1., 3.]]])
    """

    name: ClassVar[str] = "dense_numbers"
    holds: ClassVar[str] = "numbers of pixels"

    # ── what is learned ───────────────────────────────────────────────────────
    def fit(
        self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n *cells"]]
    ) -> FittedTarget:
        """Learn the shape of the arrays, and each channel's mean and deviation over all pixels."""
        name, values, known = self.observed(owner, columns)
        moments = []
        for channel in range(values.shape[1] if values.ndim == 4 else 1):
            own = (slice(None), channel) if values.ndim == 4 else ...
            numbers = values[own][known[own]].astype(np.float64)
            if not numbers.size:  # of one channel alone
                moments.append((0.0, 1.0))
                continue
            center, scale = center_and_scale(numbers)
            check_range(owner, name, numbers, constant=bool(numbers.min() == numbers.max()))
            moments.append((center, scale))
        centers, scales = zip(*moments, strict=True)
        learned = {
            "shape": tuple(map(float, values.shape[1:])),
            "center": tuple(centers),
            "scale": tuple(scales),
        }
        return FittedTarget((name,), learned=learned)

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are a shape, and a mean and a deviation for each channel."""
        if not self.has_shape(fitted):
            return False
        shape = fitted.learned["shape"]
        n_channels = int(shape[0]) if len(shape) == 3 else 1
        counts = {"shape": len(shape), "center": n_channels, "scale": n_channels}
        return not fitted.classes and fitted.learned_counts == counts and is_in_range(fitted)

    # ── labels ────────────────────────────────────────────────────────────────
    def truth(self, columns: Columns, fitted: FittedTarget) -> Float64[np.ndarray, " n *cells"]:
        """The numbers in the user's units."""
        return self.values(columns, fitted)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, " n *cells"]:
        """Numbers in deviations from the mean of their channel."""
        center, scale = self._moments(fitted)
        scaled = (self.values(columns, fitted) - center) / scale
        return np.clip(scaled, -FARTHEST, FARTHEST).astype(np.float32)

    # ── scores ────────────────────────────────────────────────────────────────
    def response(
        self, raw: Float32[np.ndarray, "n c h w"], fitted: FittedTarget
    ) -> Float64[np.ndarray, " n *cells"]:
        """The numbers in the user's units."""
        center, scale = self._moments(fitted)
        scores = raw.reshape(len(raw), *self.target_shape(fitted)).astype(np.float64)
        return scores * scale + center

    def raw(
        self, response: Float[np.ndarray, " n *cells"], fitted: FittedTarget
    ) -> Float32[np.ndarray, "n c h w"]:
        """Numbers in deviations from the mean."""
        center, scale = self._moments(fitted)
        scaled = ((response - center) / scale).astype(np.float32)
        return scaled.reshape(len(response), *self.score_shape(fitted))

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The response."""
        del fitted
        return response

    def mean_response(
        self,
        truth: Float[np.ndarray, " n *cells"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Float64[np.ndarray, " *cells"]:
        """The mean of each pixel, over the rows that label it."""
        center, _ = self._moments(fitted)
        return mean_pixels(truth.astype(np.float64), weight, center)

    # ── tables and reports ────────────────────────────────────────────────────
    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration | None:
        """Observed means beside predictions, over all pixels; of several channels in deviations."""
        moments = zip(fitted.learned["center"], fitted.learned["scale"], strict=True)
        return calibrated_cells(truth, response, weight, "pixels", list(moments))

    def examples(self) -> Sequence[Mapping[str, Shaped[np.ndarray, " n *cells"]]]:
        """Small maps of a few rows, of one number and of two for each pixel."""
        rng = np.random.default_rng(0)
        depths = rng.uniform(1.0, 9.0, (24, 2, 2))
        depths[3], depths[5, 0, 1] = np.nan, np.nan
        sizes = np.stack([depths[:, :1], 10 + 3 * depths[:, 1:] ** 2], axis=1)
        return [{"depth": depths}, {"size": sizes}]

    @staticmethod
    def _moments(
        fitted: FittedTarget,
    ) -> tuple[Float64[np.ndarray, "*c 1 1"], Float64[np.ndarray, "*c 1 1"]]:
        """Mean and deviation of each channel, in the shape of an array of one pixel."""
        shape = (-1, 1, 1)[3 - len(fitted.learned["shape"]) :]
        center, scale = (np.array(fitted.learned[name]) for name in ("center", "scale"))
        return center.reshape(shape), scale.reshape(shape)
