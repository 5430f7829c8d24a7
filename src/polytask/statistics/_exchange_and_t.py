"""p-value of a difference: the larger of the exchange test's and Student's."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from polytask.statistics._sign_flip import sign_flip
from polytask.statistics._spread import Spread

__all__ = ["exchange_and_t"]


def exchange_and_t(
    amounts: Float[np.ndarray, "studies units"], spread: Spread, n_tests: int = 1, seed: int = 0
) -> Float64[np.ndarray, " studies"]:
    """Test jointly “the two learners are exchangeable” and “the expected difference is 0”.

    Parameters
    ----------
    amounts : array of shape (studies, units)
        Contributions of units to the difference, see `sign_flip`.
    spread : Spread
        Spread of the difference over units and seeds, or over splits.
    n_tests : int
        Number of p-values that are corrected together.
    seed : int
    """
    exchanged = sign_flip(amounts, n_tests, seed)
    return np.maximum(exchanged, spread.p_value(amounts.sum(axis=-1)))
