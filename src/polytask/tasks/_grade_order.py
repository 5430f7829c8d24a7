"""The order of grades: which labels have one, and how it is written."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

from polytask.exceptions import DataError
from polytask.tasks._fitted_target import Label

__all__ = [
    "MOST_GRADES",
    "check_sortable",
    "grades_of",
    "is_order",
    "strange_grade",
    "written_grades",
]

MOST_GRADES = 1000
_SHOWN = 8
_LARGEST = sys.float_info.max


def _is_label(value: object) -> bool:
    return (isinstance(value, str) and bool(value)) or (
        isinstance(value, int | float) and -_LARGEST <= value <= _LARGEST
    )


def is_order(value: object) -> bool:
    """Whether it is a tuple of different labels, none of them or two at least."""
    return (
        isinstance(value, tuple)
        and len(value) != 1
        and len(value) <= MOST_GRADES
        and all(map(_is_label, value))
        and len(set(map(str, value))) == len(set(value)) == len(value)
    )


def check_sortable(owner: str, column: str, labels: Sequence[Label]) -> None:
    """Raise unless the labels are whole numbers, whose order is known, and not too many."""
    if isinstance(labels[0], str):
        sentence = (
            f"Task {owner!r} is ordinal, but column {column!r} holds text, whose order is not "
            f"known. Give its order: {column}:ordinal:low<mid<high, or "
            'Ordinal(("low", "mid", "high")).'
        )
        raise DataError(sentence)
    fraction = next((label for label in labels if isinstance(label, float)), None)
    if fraction is not None:
        sentence = (
            f"Task {owner!r} is ordinal, but column {column!r} holds fractions such as "
            f"{fraction!r}. Choose the kind regression, or give the order of its grades."
        )
        raise DataError(sentence)
    if len(labels) > MOST_GRADES:
        sentence = (
            f"Task {owner!r} is ordinal, but column {column!r} holds {len(labels)} distinct "
            f"values; at most {MOST_GRADES} grades can be learned. Choose the kind regression."
        )
        raise DataError(sentence)


def grades_of(
    owner: str, column: str, order: tuple[Label, ...], labels: Sequence[Label]
) -> tuple[Label, ...]:
    """The declared grades as the column would hold them."""
    grades = tuple(_as_label(owner, column, grade, labels) for grade in order)
    if len(set(grades)) < len(grades):
        sentence = (
            f"Task {owner!r}: the order {written_grades(order)} names a grade of column {column!r} "
            "twice. Leave out one of them."
        )
        raise DataError(sentence)
    return grades


def _as_label(owner: str, column: str, grade: Label, labels: Sequence[Label]) -> Label:
    """A declared grade as the column would hold it; the command line writes all as text."""
    for label in labels:
        if label == grade or str(label) == str(grade):
            return label
        if isinstance(label, bool) and str(label).lower() == str(grade).lower():
            return label
    if isinstance(labels[0], str):
        return str(grade)
    try:
        number = float(grade)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        sentence = (
            f"Task {owner!r}: column {column!r} holds numbers, but the grade {grade!r} of its "
            "order is none. Write the order in the column's own labels."
        )
        raise DataError(sentence)
    return int(number) if number == int(number) else number


def strange_grade(start: str, column: str, label: object, grades: Sequence[Label]) -> str:
    """A sentence on a label that is none of the grades."""
    whole = isinstance(label, float) and label.is_integer()
    shown = f"{label:.0f}" if whole else repr(label)  # of a column with empty cells
    return (
        f"{start} column {column!r} holds {shown}, which is none of its grades "
        f"{written_grades(grades)}. Add it to these, or leave such "
        "cells empty."
    )


def written_grades(grades: Sequence[Label]) -> str:
    """The grades in order; of many the first few and the last."""
    shown = list(map(str, grades))
    if len(shown) > _SHOWN:
        shown = [*shown[: _SHOWN - 2], "…", shown[-1]]
    return " < ".join(shown)
