"""Mean of a number per row, with an interval for new units and runs."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from polytask.statistics._single import Single
from polytask.statistics._spread import of_seeds, of_units, tailed, with_seeds

__all__ = ["mean_of_units"]


def mean_of_units(
    values: Float64[np.ndarray, "runs n"], units: Int64[np.ndarray, " n"], *, level: float = 0.95
) -> Single:
    """Mean over rows and runs, with Student's interval that counts units and runs as two levels.

    Parameters
    ----------
    values : array of shape (runs, n)
        n at least 1.
    units : array of shape (n,)
        Independent units, such as groups of rows.
    level : float

    Returns
    -------
    Single

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.statistics import mean_of_units
    >>> mean_of_units(np.array([[1.0, 2.0, 3.0, 6.0]]), np.arange(4)).value
    3.0
    """
    by_run = values.mean(axis=1)
    mean = float(by_run.mean())
    _, position = np.unique(units, return_inverse=True)
    amounts = np.bincount(position, (values.mean(axis=0) - mean) / values.shape[1])
    per_run = tuple(by_run.tolist())
    spread = with_seeds(tailed(of_units(amounts), amounts), of_seeds([per_run]))
    half = float(spread.half_width(level)) if spread.known else None
    interval = None if half is None else (mean - half, mean + half)
    return Single(mean, interval, per_run, len(amounts))
