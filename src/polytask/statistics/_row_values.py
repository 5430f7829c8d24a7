"""What each row adds to a metric."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from polytask.metrics import Metric
from polytask.statistics._answers import Answers
from polytask.statistics._contributions import contributions, value_of

__all__ = ["row_values"]


def row_values(metric: Metric, answers: Answers, run: int = 0) -> Float64[np.ndarray, " n"] | None:
    r"""A number per row, whose weighted mean is the metric.

    .. math:: v_r = m + \frac{\sum_k w_k}{w_r} I_r

    with the metric :math:`m` and the influence :math:`I_r` of row r on it, to first order, of weight
    :math:`w_r`. For means over rows, such as a log loss, it is the row's own loss; for a root mean
    square the squared error, linearised; for ROC-AUC the share of rows of the other class that the row
    is ordered rightly to, scaled by the frequency of its class.

    Parameters
    ----------
    metric : Metric
    answers : Answers
    run : int, default 0

    Returns
    -------
    array of shape (n,) or None
        NaN for rows without a label; None where the metric is undefined, or its influence has no
        formula and there are more than 200 rows.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import MAE
    >>> from polytask.statistics import Answers, row_values
    >>> from polytask.tasks import FittedTarget, Regression
    >>> truth, response = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0])
    >>> target = FittedTarget(("y",))
    >>> answers = Answers(truth, (response,), np.ones(3), np.arange(3), target, Regression())
    >>> row_values(MAE(), answers).round(6)
    array([0.5, 0. , 1. ])
    """
    by_row = replace(answers, units=np.arange(len(answers.truth)))
    value = value_of(metric, by_row, run)
    if value.value is None:
        return None
    influence = contributions(metric, by_row, run)
    if influence.blocks:
        return None
    rows, weight = influence.units, np.asarray(answers.weight, dtype=np.float64)
    values = np.full(len(answers.truth), np.nan)
    values[rows] = value.value + influence.amounts * weight[rows].sum() / weight[rows]
    return values
