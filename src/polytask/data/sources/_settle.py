"""Checks of targets, inference of kinds, and notes on both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import polars as pl

from polytask._listing import first_and_more
from polytask.data.cells import NESTED, family, no_infinity, number_hint, unit_hint, written_hint
from polytask.data.names import named
from polytask.data.readers import fault, image_paths
from polytask.data.sources._labels import column_values
from polytask.exceptions import DataError
from polytask.tasks import (
    Binary,
    FittedTarget,
    Kind,
    Multiclass,
    Ordinal,
    Regression,
    Task,
    infer_kind,
)

__all__ = [
    "check_observed",
    "check_target",
    "not_dropped",
    "settled_kind",
    "target_notes",
    "unlabelled",
]

_GIVEN = "as given"
_SHOWN = 5
_FEW_NUMBERS = 50
"""Up to this many whole numbers may be classes."""
_MOST_CODES = 20
"""More numbers in text are no classes, unless they are whole and occur twice."""
_CODE = r"^[^\d<>≤≥~≈]*\d+[^\d*†‡]*$|^\D+$"
"""Text around one whole number, other than what says that it is above or below."""


def check_target(task: str, series: pl.Series, kind: Kind | str | None = None) -> None:
    """Raise unless the column can be a target at all, or one of its kind where that is given."""
    holds = family(series)
    of_pixels = isinstance(kind, Kind) and kind.form == "map" and holds == "tensors"
    if not of_pixels and holds in {None, "bytes", "dates", *NESTED}:
        raise DataError(f"Task {task!r}: {_no_target(series, holds)}")
    if series.null_count() == len(series):
        n_rows = len(series)
        missing = "its row is" if n_rows == 1 else f"all {n_rows:,} rows are"
        sentence = (
            f"Task {task!r}: column {series.name!r} has no observed label to learn from: {missing} "
            "missing."
        )
        raise DataError(sentence)
    no_infinity(series)


def not_dropped(task: Task, roles: Mapping[str, str]) -> None:
    """Raise if one of the task's columns has a role of inputs alone: drop or identifier."""
    for column in task.columns:
        role = roles.get(column)
        if role in {"drop", "identifier"}:
            sentence = (
                f"Task {task.name!r}: column {column!r} is a target and cannot have the role "
                f"{role}. Leave the role out, or the task."
            )
            raise DataError(sentence)


def check_observed(columns: Mapping[str, Sequence[pl.Series]]) -> None:
    """Raise if several tasks have no label, naming all of them.

    Parameters
    ----------
    columns : mapping of task name to its target columns
    """
    empty = unlabelled(columns)
    if len(empty) > 1:
        sentence = (
            f"{len(empty)} tasks have no observed label to learn from, since their columns hold no "
            f"value: {first_and_more([repr(task) for task in empty])}. Leave them out."
        )
        raise DataError(sentence)


def unlabelled(columns: Mapping[str, Sequence[pl.Series]]) -> Collection[str]:
    """Names of tasks whose target columns are empty."""
    return [
        task
        for task, targets in columns.items()
        if all(series.null_count() == len(series) for series in targets)
    ]


def _no_target(series: pl.Series, holds: str | None) -> str:
    """Reason why a column cannot be a target, and the remedy."""
    why = fault(series)
    if series.dtype == pl.Object and why:
        return why[0].lower() + why[1:]
    remedies = {
        "dates": " For times, give the time since a fixed moment, such as days, as numbers.",
        "token lists": f" For a tag for each token of a row, write {series.name}:tokens.",
        "number lists": f" For a number for each step of a row, write {series.name}:step_numbers.",
        "tensors": (
            " Make each number of the arrays a column of its own: a task may have several. For a "
            f"class or a number for each pixel, write {series.name}:dense_classes or "
            f"{series.name}:dense_numbers."
        ),
    }
    sentence = (
        f"column {series.name!r} has the type {series.dtype}, which cannot be a target. "
        f"Give numbers, text or booleans.{remedies.get(holds or '', '')}"
    )
    return f"{sentence} {why}".rstrip()


def settled_kind(
    task: Task,
    columns: Sequence[pl.Series],
    roles: Mapping[str, str] = MappingProxyType({}),
    written: str | None = None,
) -> tuple[Kind, str]:
    """The task's kind, and its reason: given, from declared roles, or inferred.

    Parameters
    ----------
    task : Task
    columns : sequence of polars.Series
        Its target columns.
    roles : mapping of column to str
        Declared roles.
    written : str, optional
        How the user names its first column, where that is not by its own name alone.
    """
    if isinstance(task.kind, Kind):
        return _with_order(task.kind, columns), _GIVEN
    names = [written or series.name if i == 0 else series.name for i, series in enumerate(columns)]
    inferred = [
        _kind(task.name, series, roles.get(series.name), name)
        for series, name in zip(columns, names, strict=True)
    ]
    if len(inferred) == 1:
        kind, reason = inferred[0]
        return kind, f"because of {reason}"
    joint = inferred[0][0].of_several()
    if joint is not None and len({kind for kind, _ in inferred}) == 1:
        kind, held = joint
        return kind, f"because of {len(columns)} columns of {held}"
    kinds = ", ".join(
        f"{s.name}: {kind.name}" for s, (kind, _) in zip(columns, inferred, strict=True)
    )
    sentence = (
        f"The kind of task {task.name!r} cannot be inferred, since its columns differ ({kinds}). "
        "State its kind, or make each column a task of its own."
    )
    raise DataError(sentence)


def _with_order(kind: Kind, columns: Sequence[pl.Series]) -> Kind:
    """An ordinal kind with the order of a column whose type states one, if it has none."""
    dtype = columns[0].dtype
    if isinstance(kind, Ordinal) and not kind.order and isinstance(dtype, pl.Enum):
        return replace(kind, order=tuple(dtype.categories.to_list()))
    return kind


def _kind(task: str, series: pl.Series, role: str | None, written: str) -> tuple[Kind, str]:
    values = column_values(series)
    if role == "numeric":
        return Regression(), "numbers, as declared"
    count = series.drop_nulls().n_unique()
    if role != "categorical":
        _check_no_images(task, series, count, written)
        doubt = _numbers_in_text(task, series, count)
        whole = _all_whole(series)
        # pandas stores whole numbers as floats where some are missing
        integer = series.dtype.is_integer() or (whole and series.null_count() > 0)
        kind, reason = infer_kind(task, series.name, values, integer=integer)
        few = whole and count <= _FEW_NUMBERS
        classes = f" ({count} different ones; write {written}:multiclass for classes)"
        return kind, reason + classes * (few and kind.numeric) + doubt
    kind = Binary() if count <= 2 else Multiclass()
    return kind, f"{count} {'category' if count == 1 else 'categories'}, as declared"


def _check_no_images(task: str, series: pl.Series, count: int, written: str) -> None:
    """Raise for a text target of as many different paths of images, which name no classes."""
    several = count > 2 and len(series) - series.null_count() < 2 * count
    if series.dtype != pl.String or not several or image_paths(series, "") is None:
        return
    sentence = (
        f"Task {task!r}: column {series.name!r} holds paths of images, which are no classes. For a "
        f"class or a number for each pixel, write {written}:dense_classes or {written}:dense_numbers; "
        "otherwise choose another target."
    )
    raise DataError(sentence)


def _all_whole(series: pl.Series) -> bool:
    if not series.dtype.is_float():
        return series.dtype.is_integer()
    return bool((series.drop_nulls().drop_nans() % 1 == 0).all())


def _numbers_in_text(task: str, series: pl.Series, count: int) -> str:
    """Remark on a text target of numbers whose kind is not given; empty otherwise.

    Raises
    ------
    DataError
        If the numbers are many and no codes.
    """
    if series.dtype != pl.String:
        return ""
    noted = number_hint(series)  # where the cells were read
    hint = named(noted or unit_hint(series) or written_hint(series), series.name)
    if not hint:
        return ""
    repeated = 2 * count <= len(series) - series.null_count()
    few = count <= 2 or (count <= _MOST_CODES and repeated)
    if few or (repeated and series.str.contains(_CODE).all()):
        return "" if noted else f", which look like {hint}"
    sentence = (
        f"Task {task!r}: column {series.name!r} holds {hint}. Or write "
        f"{series.name}:multiclass if they are classes all the same."
    )
    raise DataError(sentence)


def target_notes(
    tasks: Iterable[Task],
    reasons: Mapping[str, str],
    fitted: Mapping[str, FittedTarget],
    written: Mapping[str, str],
) -> tuple[str, ...]:
    """One note for every group of tasks with the same text.

    Parameters
    ----------
    tasks : iterable of Task
    reasons : mapping of task name to str
        Why each task is of its kind.
    fitted : mapping of task name to FittedTarget
    written : mapping of task name to str
        How the user names its column, where that is not by its own name alone.
    """
    alike: dict[str, list[str]] = {}
    for task in tasks:
        kind, reason = task.known_kind, reasons[task.name]
        column = written.get(task.name, task.columns[0])
        note = kind.note(fitted[task.name], column, inferred=reason != _GIVEN)
        if note or reason != _GIVEN:
            text = f"{kind.name}, {reason}" + f"; {note}" * bool(note)
            alike.setdefault(text, []).append(task.name)
    return tuple(f"{_listed(names)}: {text}" for text, names in alike.items())


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _SHOWN:
        return ", ".join(names)
    return f"{len(names)} tasks ({', '.join(names[:_SHOWN])}, …)"
