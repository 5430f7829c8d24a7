"""Number of bins of histogram boosting by the values that the columns hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

__all__ = ["set_fewest_bins"]

_FEW_ROWS = 20_000


def set_fewest_bins(estimator: Any, X: Any) -> None:
    """Lower ``max_bins`` of histogram boosting to the most distinct values of any column.

    The model stays the same, since each value has a bin of its own in either case. Histograms of
    few rows take time by their length: pixels, counts and indicators are boosted up to twice as
    fast.

    Parameters
    ----------
    estimator : estimator
        Changed in place; others than those of histogram boosting are left alone.
    X : array of shape (n_rows, n_columns)
        The rows that it will be fitted to.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from polytask.learners._fewest_bins import set_fewest_bins
    >>> boosting = HistGradientBoostingRegressor()
    >>> set_fewest_bins(boosting, np.array([[0.0, 5.0], [1.0, 6.0], [1.0, 7.0]]))
    >>> boosting.max_bins
    3
    """
    boosts = isinstance(estimator, (HistGradientBoostingRegressor, HistGradientBoostingClassifier))
    if not boosts or len(X) >= _FEW_ROWS:
        return
    most = 2
    for column in np.asarray(X).T:
        most = max(most, len(np.unique(column[~np.isnan(column)])))
        if most >= estimator.max_bins:
            return
    estimator.set_params(max_bins=most)
