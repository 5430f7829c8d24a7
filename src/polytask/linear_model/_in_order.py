"""Numbers of groups in the order of their appearance."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

__all__ = ["in_order"]


def in_order(groups: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """The same groups, numbered from 0 as they appear.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._in_order import in_order
    >>> in_order(np.array([7, 2, 7, 4]))
    array([0, 1, 0, 2])
    """
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    numbers: np.ndarray = np.argsort(np.argsort(first))[inverse]
    return numbers
