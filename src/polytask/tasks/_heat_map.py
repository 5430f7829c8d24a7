"""Probabilities of an event at each pixel of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask.exceptions import DataError
from polytask.tasks._calibration import Calibration, calibrated_means
from polytask.tasks._dense import Dense, mean_pixels
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns

__all__ = ["HeatMap"]

_RAREST = 1e-5
"""Shares and probabilities nearer to 0 or 1 have its log-odds."""


@dataclass(frozen=True)
class HeatMap(Dense):
    r"""A number from 0 to 1 for each pixel, such as 1 at the centers of objects and less around them.

    A cell is an array (height, width), or (channels, height, width) for several sorts of objects.
    The response, and the decision, are probabilities of the same shape,
    :math:`\sigma(s + b)` with the score s and the log-odds b of the channel's mean over the
    training pixels, so that networks begin with rare events.

    Parameters
    ----------
    ignore : float, optional
        Value of pixels that are not labelled. NaN and null never are.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import HeatMap
    >>> maps = np.array([[[0.0, 0.5, 1.0, 0.5]], [[0.0, 0.0, 0.0, 0.0]]])
    >>> kind = HeatMap()
    >>> target = kind.fit("centers", {"centers": maps})
    >>> kind.response(np.zeros((1, 1, 1, 4), dtype=np.float32), target)
    array([[[0.25, 0.25, 0.25, 0.25]]])
    """

    name: ClassVar[str] = "heat_map"
    holds: ClassVar[str] = "numbers from 0 to 1 for pixels"

    # ── what is learned ───────────────────────────────────────────────────────
    def fit(
        self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n *cells"]]
    ) -> FittedTarget:
        """Learn the shape of the arrays, each channel's log-odds, and how many pixels hold 1."""
        name, values, known = self.observed(owner, columns)
        _check_range(owner, name, values)
        shape = values.shape[1:]
        by_channel = values.swapaxes(0, 1) if values.ndim == 4 else values[None]
        means = [float(own[~np.isnan(own)].mean() if own.size else 0.0) for own in by_channel]
        odds = np.clip(np.nan_to_num(means), _RAREST, 1 - _RAREST)
        learned = {
            "shape": tuple(map(float, shape)),
            "log_odds": tuple(map(float, np.log(odds / (1 - odds)))),
            "share_of_ones": (float((values == 1).sum() / known.sum()),),
        }
        return FittedTarget((name,), learned=learned)

    def check_cells(
        self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n *cells"]]
    ) -> None:
        """Raise for arrays of anything but numbers from 0 to 1, naming the row."""
        _check_range(owner, *self.pixels(owner, columns))

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are a shape, log-odds of each channel, and a share."""
        if not self.has_shape(fitted):
            return False
        shape = fitted.learned["shape"]
        n_channels = int(shape[0]) if len(shape) == 3 else 1
        counts = {"shape": len(shape), "log_odds": n_channels, "share_of_ones": 1}
        return (
            not fitted.classes
            and fitted.learned_counts == counts
            and max(map(abs, fitted.learned["log_odds"])) < -2 * np.log(_RAREST)
            and 0 <= fitted.learned["share_of_ones"][0] <= 1
        )

    # ── labels ────────────────────────────────────────────────────────────────
    def truth(self, columns: Columns, fitted: FittedTarget) -> Float64[np.ndarray, " n *cells"]:
        """The numbers."""
        return self.values(columns, fitted)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, " n *cells"]:
        """The numbers."""
        return self.values(columns, fitted).astype(np.float32)

    # ── scores ────────────────────────────────────────────────────────────────
    def response(
        self, raw: Float32[np.ndarray, "n c h w"], fitted: FittedTarget
    ) -> Float64[np.ndarray, " n *cells"]:
        """Probabilities."""
        from scipy.special import expit  # heavy, and not needed to read a table

        scores = raw.astype(np.float64) + self._log_odds(fitted)
        return np.asarray(expit(scores)).reshape(len(raw), *self.target_shape(fitted))

    def raw(
        self, response: Float[np.ndarray, " n *cells"], fitted: FittedTarget
    ) -> Float32[np.ndarray, "n c h w"]:
        """Log-odds beyond those of the channel's mean."""
        clipped = np.clip(response, 1e-15, 1 - 1e-15).reshape(-1, *self.score_shape(fitted))
        odds = np.log(clipped) - np.log1p(-clipped)
        return (odds - self._log_odds(fitted)).astype(np.float32)

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
        odds = self._log_odds(fitted).reshape((-1, 1, 1)[3 - len(truth.shape[1:]) :])
        return mean_pixels(truth.astype(np.float64), weight, 1 / (1 + np.exp(-odds)))

    # ── tables and reports ────────────────────────────────────────────────────
    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration:
        """Means of the maps beside probabilities, over all pixels."""
        del fitted
        seen = np.isfinite(truth)
        row = np.nonzero(seen)[0]
        stated, observed = response[seen].astype(np.float64), truth[seen].astype(np.float64)
        labels = ("stated probability of a pixel", "mean of the heat maps")
        return calibrated_means(stated, observed, weight[row], labels, row=row)

    def examples(self) -> Sequence[Mapping[str, Shaped[np.ndarray, " n *cells"]]]:
        """Small maps of a few rows, one and two for each."""
        rng = np.random.default_rng(0)
        maps = np.round(rng.uniform(-1.5, 1.5, (24, 2, 2)).clip(0, 1), 2)
        maps[3], maps[5, 0, 1] = np.nan, np.nan
        return [{"centers": maps}, {"corners": np.stack([maps[:, :1], maps[:, 1:]], axis=1)}]

    @staticmethod
    def _log_odds(fitted: FittedTarget) -> Float64[np.ndarray, "c 1 1"]:
        return np.array(fitted.learned["log_odds"])[:, None, None]


def _check_range(owner: str, name: str, values: Float[np.ndarray, " n *cells"]) -> None:
    """Raise for the first row with a pixel below 0 or above 1."""
    with np.errstate(invalid="ignore"):
        wrong = (values < 0) | (values > 1)
    rows = wrong.any(axis=tuple(range(1, wrong.ndim)))
    if rows.any():
        row = int(rows.argmax())
        value = float(values[row][wrong[row]][0])
        sentence = (
            f"Task {owner!r}: column {name!r} must hold numbers from 0 to 1. Got {value:g} in row "
            f"{row}. Make it NaN if the pixel is not labelled; choose dense_numbers for other numbers."
        )
        raise DataError(sentence)
