"""The exchange test: p-values of sums under random signs."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Float64
from scipy import special

__all__ = ["sign_flip"]

_ENUMERATED = 12
_ASYMPTOTIC = 2000
_STOP = 100
_FEWEST_DRAWS, _DRAWS_PER_TEST = 4999, 40
_TIE, _NOTHING = 1e-9, 1e-12
_GAUSSIAN_BOUND = 3.178


def sign_flip(
    amounts: Float[np.ndarray, "studies units"], n_tests: int = 1, seed: int = 0
) -> Float64[np.ndarray, " studies"]:
    r"""Two-sided p-value of :math:`|\sum_u c_u|` among :math:`|\sum_u \epsilon_u c_u|`.

    Parameters
    ----------
    amounts : array of shape (studies, units)
        Contributions of units to the difference of two models; exchanging the models in a unit
        flips its sign. Each row is a separate test.
    n_tests : int
        Number of p-values that are corrected together; more draws are made for more of them.
    seed : int
        Seed of the draws.

    Returns
    -------
    array of shape (studies,)
        Never below 2 · 2⁻ⁿ, where n counts the units that contribute. All signs are enumerated up
        to 12 units; up to 2000, signs are drawn until the sum was reached 100 times [1]_; beyond,
        the sum is taken as normal. Sums too large to be reached by draws get the bound
        2 · 3.178 P(Z ≥ z) [2]_, which no such p exceeds.

    Notes
    -----
    Other signs that give exactly the same sum count half (the mid-p [3]_): if contributions are
    0, 1 or −1, as for accuracy, counting them fully would lose power.

    References
    ----------
    .. [1] Besag & Clifford, *Sequential Monte Carlo p-values*, Biometrika 1991.
    .. [2] Bentkus & Dzindzalieta, *A tight Gaussian bound for weighted sums of Rademacher random
       variables*, Bernoulli 2015.
    .. [3] Fagerland, Lydersen & Laake, *The McNemar test for binary matched-pairs data: mid-p and
       asymptotic are better than exact conditional*, BMC Medical Research Methodology 2013.

    Examples
    --------
    >>> import numpy as np
    >>> float(sign_flip(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]))[0])
    0.0625
    """
    amounts = np.asarray(amounts, dtype=np.float64)
    sizes = np.abs(amounts)
    amounts = amounts[:, (sizes > _NOTHING * sizes.max(initial=0.0)).any(axis=0)]
    n_units = amounts.shape[1]
    if n_units == 0:
        return np.ones(len(amounts))
    if n_units > _ASYMPTOTIC:
        return 2 * special.ndtr(-_standardised(amounts))
    tolerance = _tolerance(amounts)
    least = 2.0 ** (1 - (np.abs(amounts) > tolerance).sum(axis=1))
    if n_units <= _ENUMERATED:
        p = _enumerate(amounts, least)
    else:
        p = _draw(amounts, max(_FEWEST_DRAWS, _DRAWS_PER_TEST * n_tests - 1), seed)
    some = np.abs(amounts.sum(axis=1)) > tolerance[:, 0]
    return np.where(some, np.maximum(p, least), 1.0)


def _standardised(amounts: np.ndarray) -> np.ndarray:
    """Sums divided by their standard deviation under random signs."""
    deviation = np.linalg.norm(amounts, axis=1)
    total = np.abs(amounts.sum(axis=1))
    return np.divide(total, deviation, out=np.zeros_like(total), where=deviation > 0)


def _enumerate(amounts: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """p-values over all signs; ties count half, but the identity counts fully."""
    beyond, tied = _reached(amounts, _all_signs(amounts.shape[1]))
    return np.asarray(beyond.mean(axis=1) + np.maximum(tied.mean(axis=1) / 2, identity))


def _reached(amounts: np.ndarray, signs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which sums exceed the observed one, and which equal it; (studies, signs)."""
    beyond = np.abs(amounts @ signs.T) - np.abs(amounts.sum(axis=1, keepdims=True))
    tolerance = _tolerance(amounts)
    return beyond > tolerance, np.abs(beyond) <= tolerance


def _tolerance(amounts: np.ndarray) -> np.ndarray:
    return _TIE * np.abs(amounts).sum(axis=1, keepdims=True)


@lru_cache(maxsize=_ENUMERATED)
def _all_signs(n_units: int) -> np.ndarray:
    """All signs up to a common factor, which changes no absolute value; the first is all 1."""
    bits = np.arange(2 ** (n_units - 1))[:, None] >> np.arange(n_units)
    return 1.0 - 2.0 * (bits & 1)


def _draw(amounts: np.ndarray, limit: int, seed: int) -> np.ndarray:
    """Besag and Clifford's sequential p-values; all studies use the same signs."""
    p = 2 * _GAUSSIAN_BOUND * special.ndtr(-_standardised(amounts))
    going = np.flatnonzero(p * (limit + 1) >= 1)
    reached = np.zeros(len(amounts))
    rng = np.random.default_rng(seed)
    drawn = 0
    while len(going) and drawn < limit:
        size = min(_chunk(drawn, len(going)), limit - drawn)
        signs = _signs(rng, size, amounts.shape[1])
        beyond, tied = _reached(amounts[going], signs)
        times = reached[going, None] + np.cumsum(beyond + tied / 2, axis=1)
        ended = times[:, -1] >= _STOP
        last = np.argmax(times[ended] >= _STOP, axis=1) + 1
        p[going[ended]] = _STOP / (drawn + last)
        reached[going] = times[:, -1]
        going, drawn = going[~ended], drawn + size
    p[going] = (reached[going] + 1) / (drawn + 1)
    return p


def _signs(rng: np.random.Generator, size: int, n_units: int) -> np.ndarray:
    bits = np.frombuffer(rng.bytes(-(-size * n_units // 8)), dtype=np.uint8)
    return np.unpackbits(bits)[: size * n_units].reshape(size, n_units) * 2.0 - 1.0


def _chunk(drawn: int, n_studies: int) -> int:
    """Number of draws: few at first, since most tests end early; limited by memory."""
    return max(1, min(max(250, drawn), math.ceil(4e6 / n_studies)))
