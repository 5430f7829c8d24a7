"""What kinds that label the steps of a sequence have in common."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

__all__ = ["NO_STEP", "is_step"]

NO_STEP = -(2.0**13)  # which half precision holds
"""All raw scores of a step that the row does not have."""


def is_step(raw: Float[np.ndarray, "n l c"]) -> Bool[np.ndarray, "n l"]:
    """Which steps a row has, of raw scores.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import NO_STEP, is_step
    >>> is_step(np.array([[[0.5, -1.0], [NO_STEP, NO_STEP]]]))
    array([[ True, False]])
    """
    return np.asarray((raw > NO_STEP).any(axis=-1))
