"""Precision, recall and F1 of every class, and IoU of classes of pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from polytask.tasks import FittedTarget, Kind

__all__ = ["ClassRow", "Decided", "class_rows"]

Decided = tuple[np.ndarray, np.ndarray, FittedTarget, np.ndarray]
"""Truth, response, fitted target and how many rows each row counts as."""

_MOST_CELLS = 1 << 22
"""Numbers of responses that are counted at once, since those of pixels are many."""


@dataclass(frozen=True)
class ClassRow:
    """How well one class is recognised.

    Attributes
    ----------
    name : str
    precision : float or None
        Share of the decisions for it that are right; None if there is none.
    recall : float or None
        Share of its labels that are decided for; None if there is none.
    f1 : float or None
        Harmonic mean of both; None where the class neither occurs nor is decided for.
    support : float
        Its labels, weighted.
    iou : float or None
        Intersection over union of its pixels, where classes are those of pixels; None where the
        class neither occurs nor is decided for.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: float
    iou: float | None = None


def class_rows(kind: Kind, parts: Iterable[Decided]) -> tuple[ClassRow, ...]:
    """A row for each class, or for each column of yes or no; none without classes.

    Steps and pixels count as labels of their own; those without a label are left out.

    Parameters
    ----------
    kind : Kind
    parts : iterable of (truth, response, fitted, weight)
        Rows of the same classes, such as those of several runs.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import class_rows
    >>> from polytask.tasks import FittedTarget, Multiclass
    >>> target = FittedTarget(("y",), ("a", "b"), {"class_counts": (2.0, 2.0)})
    >>> truth, response = np.array([0.0, 0.0, 1.0]), np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]])
    >>> for row in class_rows(Multiclass(), [(truth, response, target, np.ones(3))]):
    ...     print(row)
    ClassRow(name='a', precision=1.0, recall=0.5, f1=0.6667, support=2.0, iou=None)
    ClassRow(name='b', precision=0.5, recall=1.0, f1=0.6667, support=1.0, iou=None)
    """
    totals: dict[str, Float64[np.ndarray, " 3"]] = {}
    for truth, response, fitted, weight in _pieces(parts):
        decided = kind.decided_codes(response, fitted)
        if decided is None:
            return ()
        cells = truth.reshape(len(truth), -1)
        each = weight[:, None] * np.isfinite(cells)
        if truth.ndim > 1 and kind.takes_threshold:
            named = zip(fitted.columns, _of_columns(cells, decided, each), strict=True)
        else:
            counts = _of_classes(cells, decided, each, len(fitted.classes))
            named = zip(map(str, fitted.classes), counts, strict=True)
        for name, own in named:
            totals[name] = totals.get(name, np.zeros(3)) + own
    of_pixels = kind.form == "map"
    return tuple(
        _row(name, *counts.tolist(), of_pixels=of_pixels) for name, counts in totals.items()
    )


def _pieces(parts: Iterable[Decided]) -> Iterator[Decided]:
    """The same rows, no more at once than memory for their cells should be used."""
    for truth, response, fitted, weight in parts:
        step = max(1, _MOST_CELLS // max(1, math.prod(response.shape[1:])))
        for start in range(0, max(1, len(truth)), step):
            own = slice(start, start + step)
            yield truth[own], response[own], fitted, weight[own]


def _of_columns(cells: np.ndarray, decided: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Labels, decisions and right decisions of the event of each column."""
    true, called = cells == 1, decided == 1
    return np.stack([(weight * which).sum(axis=0) for which in (true, called, true & called)], 1)


def _of_classes(
    cells: np.ndarray, decided: np.ndarray, weight: np.ndarray, n_classes: int
) -> np.ndarray:
    """Labels, decisions and right decisions of each class, over all cells."""
    seen = np.isfinite(cells)
    own, called = cells[seen].astype(np.int64), decided[seen].astype(np.int64)
    weights, size = weight[seen], n_classes + 1  # the last: never seen in training
    pairs = ((own, weights), (called, weights), (own, weights * (own == called)))
    return np.stack([np.bincount(code, of, minlength=size) for code, of in pairs], 1)[:n_classes]


def _row(name: str, true: float, called: float, right: float, *, of_pixels: bool) -> ClassRow:
    return ClassRow(
        name,
        _share(right, called),
        _share(right, true),
        _share(2 * right, true + called),
        round(true, 1),
        _share(right, true + called - right) if of_pixels else None,
    )


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole > 0 else None
