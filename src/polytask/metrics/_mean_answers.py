"""Means of responses that hold distributions."""

from __future__ import annotations

import numpy as np

__all__ = ["mean_answers"]


def mean_answers(truth: np.ndarray, response: np.ndarray) -> np.ndarray:
    """The means of a response of means and deviations; any other response as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics._mean_answers import mean_answers
    >>> mean_answers(np.zeros(2), np.array([[1.0, 0.5], [3.0, 0.5]]))
    array([1., 3.])
    """
    return response[:, 0] if truth.ndim == 1 and response.shape[1:] == (2,) else response
