"""Baselines whose metric is too small to divide by."""

from __future__ import annotations

from polytask.metrics import Metric

__all__ = ["too_small"]

_SHARE_OF_CONSTANT, _LEAST_SCORE = 0.01, 0.05


def too_small(metric: Metric, value: float | None, constant: float | None) -> str | None:
    """Reason why a relative change of a baseline's metric would be meaningless.

    Parameters
    ----------
    metric : Metric
    value : float or None
        Of the baseline; None gives None.
    constant : float or None
        Of the best constant predictor, where it is known.

    Returns
    -------
    str or None
        For errors: below 1 % of the constant's, or 0. For scores: below 0.05.
    """
    if value is None:
        return None
    if metric.greater_is_better:
        low = value < _LEAST_SCORE
        return f"the baseline's {metric.label} is below {_LEAST_SCORE}" if low else None
    if value == 0:
        return f"the baseline's {metric.label} is 0"
    if constant is not None and value < _SHARE_OF_CONSTANT * constant:
        return f"the baseline's {metric.label} is below 1 % of a constant's"
    return None
