"""Calibration of labels of which a row has several: columns, steps or pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Real

from polytask.tasks._calibration import Calibration, calibrated_means, calibrated_shares

__all__ = ["calibrated_cells", "calibrated_classes"]


def calibrated_cells(
    truth: Real[np.ndarray, " n *cells"],
    response: Real[np.ndarray, " n *cells"],
    weight: Real[np.ndarray, " n"],
    cells: str,
    moments: Sequence[tuple[float, float]],
) -> Calibration | None:
    """Observed means beside predictions, over all cells; those of several columns in deviations.

    Parameters
    ----------
    truth, response : array of shape (n, ``*cells``)
        Cells that are not labelled, or not predicted, are NaN.
    weight : array of shape (n,)
        How many rows each counts as.
    cells : str
        What they are, such as ``"pixels"``.
    moments : sequence of (float, float)
        Center and deviation, the only ones or those of each column, which is the axis after that of
        rows.

    Returns
    -------
    Calibration or None
        None without any cell.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._calibrated_cells import calibrated_cells
    >>> truth, response = np.array([[1.0, np.nan], [3.0, 3.0]]), np.array([[2.0, 9.0], [2.0, 4.0]])
    >>> checked = calibrated_cells(truth, response, np.ones(2), "steps", [(0.0, 2.0)])
    >>> checked.stated, checked.happened, checked.error
    ((2.0, 4.0), (2.0, 3.0), 0.16667)
    """
    seen = np.isfinite(truth) & np.isfinite(response)
    if not seen.any():
        return None
    row, *position = np.nonzero(seen)
    stated, observed = response[seen].astype(np.float64), truth[seen].astype(np.float64)
    labels = ("prediction", f"mean of the {cells}")
    size = moments[0][1]
    if len(moments) > 1:
        center, scale = np.array(moments)[position[0]].T
        stated, observed, size = (stated - center) / scale, (observed - center) / scale, 1.0
        labels = ("prediction, in deviations", f"mean of the {cells}, in deviations")
    return calibrated_means(
        stated,
        observed,
        weight[row],
        labels,
        row=row,
        size=size,
        error_label="mean distance, in deviations of the target",
    )


def calibrated_classes(
    truth: Real[np.ndarray, " n *cells"],
    response: Real[np.ndarray, " n *cells classes"],
    weight: Real[np.ndarray, " n"],
    label: str,
    cells: str,
) -> Calibration:
    """Shares of cells whose likeliest class is true, beside its probability.

    Parameters
    ----------
    truth : array of shape (n, ``*cells``)
        Codes of classes; cells that are not labelled are NaN.
    response : array of shape (n, ``*cells``, n_classes)
    weight : array of shape (n,)
        How many rows each counts as.
    label, cells : str
        What a class and the cells are called, such as ``"tag"`` and ``"steps"``.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._calibrated_cells import calibrated_classes
    >>> response = np.array([[[0.75, 0.25], [0.25, 0.75]]])
    >>> truth = np.array([[0.0, np.nan]])
    >>> checked = calibrated_classes(truth, response, np.ones(1), "class", "pixels")
    >>> checked.stated, checked.happened
    ((0.75,), (1.0,))
    """
    seen = np.isfinite(truth)
    row = np.nonzero(seen)[0]
    right = (response.argmax(axis=-1) == truth)[seen]
    stated = response.max(axis=-1)[seen].astype(np.float64)
    labels = (f"stated probability of the likeliest {label}", f"share of {cells} where it is true")
    return calibrated_shares(stated, right, weight[row], labels, row=row)
