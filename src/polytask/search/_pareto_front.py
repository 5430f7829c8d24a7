"""Points that no other point dominates."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["pareto_front"]


def pareto_front(points: Float[np.ndarray, "n m"]) -> Bool[np.ndarray, " n"]:
    r"""Which points are on the Pareto front, where larger is better in every coordinate.

    A point :math:`a` dominates :math:`b` if :math:`a_i \geq b_i` for all :math:`i`, and
    :math:`a \neq b`. Equal points are on the front together.

    Parameters
    ----------
    points : array of shape (n, m)
        Finite numbers, such as gains of m tasks under n choices of task weights.

    Returns
    -------
    array of shape (n,), bool

    Raises
    ------
    ParameterError
        If a point is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.search import pareto_front
    >>> pareto_front(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.5]]))
    array([ True,  True, False])
    """
    if not np.isfinite(points).all():
        raise ParameterError(message("pareto_front", "points", "finite", points))
    at_least = (points[:, None] >= points[None]).all(axis=2)
    above = (points[:, None] > points[None]).any(axis=2)
    return np.logical_not((at_least & above).any(axis=0))
