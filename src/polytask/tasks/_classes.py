"""Class labels of a column, and their codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import repeat
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from polytask.exceptions import DataError
from polytask.tasks._fitted_target import FittedTarget, Label

__all__ = [
    "class_summary",
    "codes",
    "counted",
    "has_class_counts",
    "missing",
    "observed_classes",
    "only_column",
]


def observed_classes(
    owner: str, column: str, values: Shaped[np.ndarray, " n"]
) -> tuple[tuple[Label, ...], Int64[np.ndarray, " classes"]]:
    """Return the sorted classes of a column and how often each occurs.

    Raises
    ------
    DataError
        If nothing is observed, labels of several types are mixed, or one is infinite.
    """
    observed = values[~missing(values)]
    if observed.size == 0:
        sentence = f"Task {owner!r}: column {column!r} has no observed label to learn from."
        raise DataError(sentence)
    try:
        counts = _counts(observed)
        labels: list[Any] = sorted(counts)
    except (TypeError, OverflowError) as error:
        sentence = (
            f"Task {owner!r}: column {column!r} mixes labels of several types, or holds some "
            "that are neither text, finite numbers nor true and false."
        )
        raise DataError(sentence) from error
    return tuple(labels), np.array([counts[label] for label in labels], dtype=np.int64)


def codes(
    values: Shaped[np.ndarray, " n"], classes: tuple[Label, ...]
) -> Float64[np.ndarray, " n"]:
    """Positions of `values` in `classes`; NaN where missing or unknown.

    1, 1.0 and True are one label.
    """
    position = {label: float(code) for code, label in enumerate(classes)}
    if values.dtype.kind in "biuf":
        distinct, inverse = np.unique(values, return_inverse=True)
        return np.array([position.get(label, np.nan) for label in distinct.tolist()])[inverse]
    label_codes = map(position.get, values.tolist(), repeat(np.nan))
    return np.fromiter(label_codes, dtype=np.float64, count=len(values))


def counted(values: Shaped[np.ndarray, " n"], fitted: FittedTarget) -> FittedTarget:
    """The same target with the class counts of these values."""
    label_codes = codes(values, fitted.classes)
    counts = np.bincount(
        label_codes[~np.isnan(label_codes)].astype(int), minlength=len(fitted.classes)
    )
    return replace(fitted, learned={"class_counts": tuple(counts.astype(float).tolist())})


def has_class_counts(fitted: FittedTarget) -> bool:
    """Whether nothing but one count for each class was learned."""
    return (
        set(fitted.learned) == {"class_counts"}
        and len(fitted.learned["class_counts"]) == len(fitted.classes)
        and min(fitted.learned["class_counts"]) >= 0
    )


def class_summary(truth: Float64[np.ndarray, "..."], fitted: FittedTarget) -> dict[str, Any]:
    """How often each class occurs, in plain values."""
    known = truth[~np.isnan(truth)].astype(np.int64)
    counts = np.bincount(known, minlength=len(fitted.classes))
    return {"classes": list(fitted.classes), "counts": counts.tolist(), "overlapping": False}


def missing(values: Shaped[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Where a value is None or NaN."""
    if values.dtype.kind in "biuf":
        return np.isnan(values.astype(np.float64))
    objects, nothing = values.astype(object), np.array(None, dtype=object)
    return np.equal(objects, nothing) | np.not_equal(objects, objects)


def _counts(observed: np.ndarray) -> dict[Label, int]:
    """How often each label occurs, labels as plain Python values."""
    if observed.dtype.kind in "biuf":
        labels, counts = np.unique(observed, return_counts=True)
        counter = dict(zip(labels.tolist(), counts.tolist(), strict=True))
    else:
        counter = Counter(observed.tolist())
    return {_label(value): count for value, count in counter.items()}


def _label(value: object) -> Label:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float):
        return int(plain) if plain == int(plain) else plain  # int(inf) raises OverflowError
    if isinstance(plain, str | int):
        return plain
    raise TypeError


def only_column(
    owner: str, columns: Mapping[str, Shaped[np.ndarray, " n *cells"]], kind: str
) -> tuple[str, Shaped[np.ndarray, " n *cells"]]:
    """Return the one target column of a kind that has no more."""
    if len(columns) != 1:
        sentence = (
            f"Task {owner!r} is {kind} and must have one target column. Got {list(columns)} "
            "instead."
        )
        raise DataError(sentence)
    return next(iter(columns.items()))
