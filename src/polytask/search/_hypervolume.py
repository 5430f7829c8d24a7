"""The volume that a set of points dominates."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.search._pareto_front import pareto_front

__all__ = ["hypervolume"]

_MOST_EXACT = 6
_DRAWS = 200_000


def hypervolume(points: Float[np.ndarray, "n m"], reference: Float[np.ndarray, " m"]) -> float:
    r"""Volume of the region between a reference point and a set of points, larger being better.

    .. math:: HV(P, r) = \lambda\Bigl(\bigcup_{p \in P} [r_1, p_1] \times \dots \times [r_m, p_m]\Bigr)

    with the Lebesgue measure :math:`\lambda`. Points that are not above the reference in every
    coordinate add nothing.

    Parameters
    ----------
    points : array of shape (n, m)
        Finite numbers.
    reference : array of shape (m,)
        A point that is worse than what is of interest, in every coordinate.

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        If a number is not finite.

    Notes
    -----
    Up to 6 coordinates it is exact, by the WFG recursion: the volume that each point adds to those
    after it is its own box less what these cover of it. With more, the time grows too fast with the
    points, and 200,000 uniform draws from the bounding box estimate it, with a fixed seed: the
    standard error is at most 0.12 % of the box.

    References
    ----------
    While, Bradstreet and Barone, "A fast way of calculating exact hypervolumes", IEEE Transactions
    on Evolutionary Computation 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.search import hypervolume
    >>> hypervolume(np.array([[2.0, 1.0], [1.0, 2.0]]), np.zeros(2))
    3.0
    """
    for name, values in (("points", points), ("reference", reference)):
        if not np.isfinite(values).all():
            raise ParameterError(message("hypervolume", name, "finite", values))
    above = points - reference
    above = above[(above > 0).all(axis=1)]
    if not len(above):
        return 0.0
    front = np.unique(above[pareto_front(above)], axis=0)
    return _exact(front) if front.shape[1] <= _MOST_EXACT else _estimated(front)


def _exact(front: np.ndarray) -> float:
    """Volume that points on a front dominate, from the origin."""
    front = front[np.argsort(-front[:, 0])]
    return float(sum(_added(front[place], front[place + 1 :]) for place in range(len(front))))


def _added(point: np.ndarray, others: np.ndarray) -> float:
    """Volume of a point's box that the boxes of others leave over."""
    volume = float(np.prod(point))
    if not len(others):
        return volume
    covered = np.unique(np.minimum(others, point), axis=0)
    return volume - _exact(covered[pareto_front(covered)])


def _estimated(front: np.ndarray) -> float:
    """The same by uniform draws from the bounding box."""
    corner = front.max(axis=0)
    generator = np.random.default_rng(0)
    inside = 0
    for _ in range(20):
        draws = generator.uniform(size=(_DRAWS // 20, len(corner))) * corner
        covered = np.zeros(len(draws), dtype=bool)
        for point in front:
            covered |= (draws <= point).all(axis=1)
        inside += int(covered.sum())
    return float(np.prod(corner)) * inside / _DRAWS
