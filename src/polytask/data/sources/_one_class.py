"""Errors and notes about tasks without labels, or with labels of one class."""

from __future__ import annotations

from collections.abc import Mapping

from polytask.exceptions import OneClassError

__all__ = ["NO_LABEL", "left_out_notes", "one_class_error"]


class _NoLabel:
    def __repr__(self) -> str:
        return "no label"


NO_LABEL = _NoLabel()
"""Placeholder of the class of tasks without labels."""


def one_class_error(errors: Mapping[str, OneClassError]) -> OneClassError:
    """Return one error that names all tasks of one class, or the error of a single task."""
    if len(errors) == 1:
        return next(iter(errors.values()))
    listed = "; ".join(
        f"{', '.join(map(repr, names))} ({label!r})" for label, names in _alike(errors)
    )
    sentence = (
        f"{len(errors)} tasks hold only one class in the training rows: {listed}. "
        "Check the split or drop these tasks."
    )
    return OneClassError(sentence)


def left_out_notes(errors: Mapping[str, OneClassError], where: str) -> tuple[str, ...]:
    """Notes on left-out tasks, one per class.

    Parameters
    ----------
    errors : mapping of task name to OneClassError
    where : str
        Where the labels are, such as ``"in the training rows"``.

    Examples
    --------
    >>> from polytask.data.sources._one_class import left_out_notes
    >>> from polytask.exceptions import OneClassError
    >>> left_out_notes({"a": OneClassError("…", 0), "b": OneClassError("…", 0)}, "in the table")
    ('a, b: left out, since only one class, 0, is observed in the table',)
    """
    whys = {
        error.label: error.observed or f"only one class, {error.label!r},"
        for error in errors.values()
    }
    return tuple(
        f"{', '.join(names)}: left out, since {whys[label]} is observed {where}"
        for label, names in _alike(errors)
    )


def _alike(errors: Mapping[str, OneClassError]) -> list[tuple[object, list[str]]]:
    """Tasks by the only class of their labels."""
    alike: dict[object, list[str]] = {}
    for name, error in errors.items():
        alike.setdefault(error.label, []).append(name)
    return list(alike.items())
