"""Random functions of generated inputs."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

__all__ = ["random_function"]


def random_function(
    generator: np.random.Generator, X: Float64[np.ndarray, "n f"]
) -> Float64[np.ndarray, " n"]:
    """A random nonlinear function of the rows, of mean 0 and deviation 1 where it varies.

    A linear function, a sine and a product of projections of the inputs, summed.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datasets._random_function import random_function
    >>> generator = np.random.default_rng(0)
    >>> values = random_function(generator, generator.standard_normal((50, 3)))
    >>> round(float(values.std()), 6)
    1.0
    """
    projections = X @ generator.standard_normal((X.shape[1], 4)) / np.sqrt(X.shape[1])
    values = projections[:, 0] + np.sin(2 * projections[:, 1])
    values = values + projections[:, 2] * projections[:, 3]
    centered = values - values.mean()
    return centered / (centered.std() or 1.0)
