"""Monotone transforms of target columns, which bring skewed numbers nearer to a normal distribution."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float64

from polytask._naming import fold
from polytask.tasks._standardised import LARGEST

__all__ = ["TRANSFORMS", "TRANSFORM_NAMES", "Transform", "TransformName", "named_transform"]

TransformName = Literal["log1p", "yeo_johnson", "quantile_normal"]
Numbers = Float64[np.ndarray, " n"]

_LEAST = -1 + 1e-15
"""Arguments of the logarithm of 1 + y end here."""
_MOST_QUANTILES = 1000
_POWERS = (-2.0, 4.0)
"""Range of λ, symmetric around 1, where nothing changes: λ and 2 - λ are mirror images."""
_NO_SPREAD = 1e9
"""Cost of a λ at which rounding leaves nothing; finite, for the minimiser's parabolas."""
_MOST_FITTED = 10_000
"""λ is found from at most as many values, evenly spaced among those in order."""


class Transform(ABC):
    """A monotone map of numbers, with an inverse, whose constants are learned of training rows.

    Attributes
    ----------
    above : float
        All values must be greater.
    """

    above: ClassVar[float] = -math.inf

    @abstractmethod
    def fit(self, observed: Numbers) -> tuple[float, ...]:
        """The constants of one column."""

    @abstractmethod
    def accepts(self, constants: tuple[float, ...]) -> bool:
        """Whether `fit` could have given these."""

    @abstractmethod
    def forward(self, values: np.ndarray, constants: tuple[float, ...]) -> np.ndarray:
        """Transformed values, NaN where they are."""

    @abstractmethod
    def inverse(self, values: np.ndarray, constants: tuple[float, ...]) -> np.ndarray:
        """The values of transformed ones; infinite beyond all that `forward` gives."""


class _Log1p(Transform):
    """The logarithm of 1 + y."""

    above: ClassVar[float] = -1.0

    def fit(self, observed: Numbers) -> tuple[float, ...]:
        del observed
        return ()

    def accepts(self, constants: tuple[float, ...]) -> bool:
        return not constants

    def forward(self, values: np.ndarray, constants: tuple[float, ...]) -> np.ndarray:
        del constants
        return np.asarray(np.log1p(np.maximum(values, _LEAST)))

    def inverse(self, values: np.ndarray, constants: tuple[float, ...]) -> np.ndarray:
        del constants
        with np.errstate(over="ignore"):
            return np.asarray(np.expm1(values))


class _YeoJohnson(Transform):
    """The power transform of Yeo & Johnson, whose λ is the likeliest for normal values."""

    def fit(self, observed: Numbers) -> tuple[float, ...]:
        from scipy.optimize import minimize_scalar  # heavy, and not needed without transforms

        values = np.sort(observed)
        if len(values) > _MOST_FITTED:
            values = values[np.linspace(0, len(values) - 1, _MOST_FITTED).round().astype(int)]
        slopes = np.sign(values) @ np.log1p(np.abs(values)) / len(values)

        def cost(power: float) -> float:
            spread = _spread(self.forward(values, (power,)))
            return math.log(spread) - (power - 1) * slopes if spread else _NO_SPREAD

        if cost(1.0) == _NO_SPREAD:
            return (1.0,)
        found = minimize_scalar(cost, bounds=_POWERS, method="bounded", options={"xatol": 1e-6})
        return (float(found.x) if found.fun < cost(1.0) else 1.0,)

    def accepts(self, constants: tuple[float, ...]) -> bool:
        return len(constants) == 1 and _POWERS[0] <= constants[0] <= _POWERS[1]

    def forward(self, values: np.ndarray, constants: tuple[float, ...]) -> np.ndarray:
        size, power = np.log1p(np.abs(values)), constants[0]
        with np.errstate(over="ignore"):
            return np.where(values >= 0, _powered(size, power), -_powered(size, 2 - power))

    def inverse(self, values: np.ndarray, constants: tuple[float, ...]) -> np.ndarray:
        size, power = np.abs(values), constants[0]
        with np.errstate(over="ignore"):
            return np.where(values >= 0, _unpowered(size, power), -_unpowered(size, 2 - power))


class _QuantileNormal(Transform):
    """The normal quantile of a value's rank among the training values."""

    def fit(self, observed: Numbers) -> tuple[float, ...]:
        n_quantiles = min(max(len(observed), 2), _MOST_QUANTILES)
        quantiles = np.percentile(observed, np.linspace(0, 100, n_quantiles))
        return tuple(np.maximum.accumulate(quantiles).tolist())

    def accepts(self, constants: tuple[float, ...]) -> bool:
        return (
            2 <= len(constants) <= _MOST_QUANTILES
            and max(map(abs, constants)) <= LARGEST
            and bool((np.diff(constants) >= 0).all())
        )

    def forward(self, values: np.ndarray, constants: tuple[float, ...]) -> np.ndarray:
        from scipy.special import ndtri  # heavy, and not needed without transforms

        quantiles, shares = np.array(constants), np.linspace(0, 1, len(constants))
        first = np.interp(values, quantiles, shares)  # of a value that occurs often: of one end …
        last = -np.interp(-values, -quantiles[::-1], -shares[::-1])  # … and of the other
        return np.asarray(ndtri(_inside((first + last) / 2, len(constants))))

    def inverse(self, values: np.ndarray, constants: tuple[float, ...]) -> np.ndarray:
        from scipy.special import ndtr  # heavy, and not needed without transforms

        n_quantiles = len(constants)
        shares = (ndtr(values) - 0.5 / n_quantiles) / (1 - 1 / n_quantiles)
        return np.asarray(np.interp(shares, np.linspace(0, 1, n_quantiles), constants))


TRANSFORMS: Mapping[TransformName, Transform] = {
    "log1p": _Log1p(),
    "yeo_johnson": _YeoJohnson(),
    "quantile_normal": _QuantileNormal(),
}

TRANSFORM_NAMES = f"{', '.join(list(TRANSFORMS)[:-1])} or {list(TRANSFORMS)[-1]}"
"""For errors."""


def named_transform(text: str) -> TransformName | None:
    """The transform of that name in any spelling, or None.

    Examples
    --------
    >>> from polytask.tasks._transforms import named_transform
    >>> named_transform("Yeo-Johnson"), named_transform("sqrt")
    ('yeo_johnson', None)
    """
    return next((name for name in TRANSFORMS if fold(text) == fold(name)), None)


def _powered(size: np.ndarray, power: float) -> np.ndarray:
    """((1 + y)^λ - 1) / λ from log(1 + y)."""
    return size if abs(power) < 1e-12 else np.expm1(power * size) / power


def _unpowered(size: np.ndarray, power: float) -> np.ndarray:
    """The inverse of `_powered`, back to y; infinite where no y has such a value."""
    if abs(power) < 1e-12:
        return np.asarray(np.expm1(size))
    with np.errstate(divide="ignore"):
        return np.asarray(np.expm1(np.log1p(np.maximum(power * size, -1.0)) / power))


def _spread(values: Numbers) -> float:
    """Standard deviation, 0 where rounding or the range of floats leaves none to rely on."""
    largest = float(np.abs(values).max())
    if not math.isfinite(largest) or largest > LARGEST:
        return 0.0
    spread = float(values.std())
    return spread if spread > 1e-10 * largest else 0.0


def _inside(shares: np.ndarray, n_quantiles: int) -> np.ndarray:
    """Shares moved inside 0 and 1 by half a step at the ends."""
    return 0.5 / n_quantiles + shares * (1 - 1 / n_quantiles)
