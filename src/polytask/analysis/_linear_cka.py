"""Similarity of two representations of the same rows."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["linear_cka"]


def linear_cka(first: Float[np.ndarray, "n p"], second: Float[np.ndarray, "n q"]) -> float:
    r"""Similarity of two representations of the same rows, by linear centred kernel alignment.

    .. math:: \mathrm{CKA}(X, Y) = \frac{\|Y^\top X\|_F^2}{\|X^\top X\|_F \, \|Y^\top Y\|_F}

    with the columns of X and Y centred. It is 1 for representations that differ by a rotation and a common
    scale, and does not depend on the order of units, so that features of networks that were trained
    apart can be compared.

    Parameters
    ----------
    first, second : array of shape (n, p), (n, q)
        Features of the same n rows, in the same order.

    Returns
    -------
    float
        From 0 to 1; NaN if one of them is the same for all rows.

    Raises
    ------
    ParameterError
        If the numbers of rows differ.

    Notes
    -----
    Independent representations are above 0: with p and q independent features of one variance the value is near
    :math:`\sqrt{p q / ((n + p)(n + q))}`. `learned_relations` measures it with rows in another order.

    References
    ----------
    Kornblith, Norouzi, Lee & Hinton, "Similarity of neural network representations revisited", ICML 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.analysis import linear_cka
    >>> features = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(linear_cka(features, 2 * features[:, ::-1]), 6)
    1.0
    """
    if len(first) != len(second):
        expected = f"features of {len(first)} rows, as `first` has"
        raise ParameterError(message("linear_cka", "second", expected, len(second)))
    x, y = (np.asarray(one, dtype=np.float64) for one in (first, second))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    both = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    if not both > 0:
        return float("nan")
    return float(min(1.0, np.square(np.linalg.norm(y.T @ x)) / both))
