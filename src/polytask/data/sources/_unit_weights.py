"""Row weights scaled to a mean of 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from polytask._row_shares import shares_of_largest
from polytask.data.sources._source import Source

__all__ = ["unit_mean", "unit_weights"]


def unit_mean(weights: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Weights divided by their mean: equal ones become exactly 1, and a common factor vanishes.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.data import unit_mean
    >>> unit_mean(np.array([1e-6, 3e-6]))
    array([0.5, 1.5])
    """
    if not weights.any():
        return weights
    shares = shares_of_largest(weights)  # before they are summed, since sums may overflow
    return shares / shares.mean()


def unit_weights(sources: Sequence[Source], task: str) -> dict[str, Float64[np.ndarray, " m"]]:
    """Weights of a task's labelled rows by source, of mean 1; rows without weights have 1."""
    carrying = [source for source in sources if task in source.tasks.names]
    weights = {source.name: source.weights_of(task) for source in carrying}
    weighted = [source.name for source in carrying if source.weights is not None]
    if not weighted:
        return weights
    unit = unit_mean(np.concatenate([weights[name] for name in weighted]))
    ends = np.cumsum([len(weights[name]) for name in weighted])[:-1]
    return weights | dict(zip(weighted, np.split(unit, ends), strict=True))
