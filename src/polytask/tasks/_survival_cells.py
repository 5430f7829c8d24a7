"""Cells of times and events: what they may hold, and what is said of those that they may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64, Shaped

from polytask.exceptions import DataError, OneClassError
from polytask.tasks._numbers import number_column

__all__ = ["check_survival", "labelled_survival", "survival_of"]

_KIND = "survival"
_RANGE = (1e-30, 1e30)
"""Of the largest time, so that its square, and that of its inverse, are in the range of floats."""

Numbers = Float64[np.ndarray, " n"]


def survival_of(
    names: Sequence[str], columns: Sequence[Shaped[np.ndarray, " n"]]
) -> tuple[Numbers, Numbers]:
    """Times, and 1 or 0 for an event; NaN where missing or neither."""
    times = number_column(names[0], columns[0], _KIND)
    events = _events(names[1], columns[1])
    return np.where(times >= 0, times, np.nan), np.where(np.isin(events, (0, 1)), events, np.nan)


def labelled_survival(
    owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]], kind: str = _KIND
) -> tuple[Float64[np.ndarray, " m"], Bool[np.ndarray, " m"]]:
    """Times, and whether the event happened, of the rows that have both.

    Raises
    ------
    DataError
        If there are not two columns, a cell is no time or event, or no row is labelled.
    OneClassError
        If nothing happened, one event alone, or all at one time.
    """
    for name, values in columns.items():
        _check_some(owner, name, values)
    if len(columns) != 2:
        sentence = (
            f"Task {owner!r} is {kind} and must have two target columns, the time and whether the "
            f"event happened then. Got {list(columns)}. Write NAME=TIME,EVENT:{kind}, in Python "
            f'Task("NAME", "{kind}", ("TIME", "EVENT")).'
        )
        raise DataError(sentence)
    check_survival(owner, columns, rows=False)
    times, events = survival_of(list(columns), list(columns.values()))
    known = ~np.isnan(times) & ~np.isnan(events)
    time, event = columns
    if not known.any():
        sentence = (
            f"Task {owner!r}: there is no row in which both {time!r} and {event!r} are given."
        )
        raise DataError(sentence)
    times, happened = times[known], events[known] == 1
    _check_several(owner, time, event, times[happened])
    return times, happened


def _check_some(owner: str, name: str, values: Shaped[np.ndarray, " n"]) -> None:
    missing = [value is None or value != value for value in values.tolist()]  # noqa: PLR0124
    if all(missing):
        sentence = f"Task {owner!r}: column {name!r} has no observed value to learn from."
        raise DataError(sentence)


def _check_several(owner: str, time: str, event: str, event_times: Numbers) -> None:
    if len(event_times) == 0:
        sentence = (
            f"Task {owner!r}: column {event!r} holds no event in the training rows, which are all "
            "censored, so that no risk can be learned. Check the split and that 1 marks events, or "
            "drop the task."
        )
        raise OneClassError(sentence, "censored")
    if len(event_times) == 1:
        sentence = (
            f"Task {owner!r}: column {event!r} holds a single event in the training rows, at "
            f"{event_times[0]:g} in column {time!r}, of which no risk can be learned. Give more rows "
            "with events, or drop the task."
        )
        raise OneClassError(sentence, "one event", "a single event")
    if len(np.unique(event_times[event_times > 0])) < 2:
        sentence = (
            f"Task {owner!r}: all events of the training rows happen at one time, "
            f"{event_times.max():g} in column {time!r}, so that there are no intervals between "
            f"them. Choose the kind binary for column {event!r}, or give finer times."
        )
        raise OneClassError(sentence, "one time", "only one time of events")


def check_survival(
    owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]], *, rows: bool = True
) -> None:
    """Raise for cells that are no times or events, and for events without a time.

    Parameters
    ----------
    owner : str
        The task's name, for errors.
    columns : mapping of str to array
        The time, and whether the event happened.
    rows : bool
        Whether rows are those of the user's table, so that the first bad one is named.

    Raises
    ------
    DataError
    """
    time, event = columns
    times, events = number_column(time, columns[time], _KIND), _events(event, columns[event])

    def refuse(column: str, cells: Numbers, bad: Bool[np.ndarray, " n"], remedy: str) -> None:
        if not bad.any():
            return
        first = int(np.argmax(bad))
        held = "nothing" if np.isnan(cells[first]) else f"{cells[first]:g}"
        where = f" in row {first}" if rows else ""
        raise DataError(f"Task {owner!r}: column {column!r} holds {held}{where}. {remedy}")

    refuse(
        time, times, times < 0, "A time is a number of at least 0; empty the cell if it is unknown."
    )
    largest = np.nanmax(times, initial=0.0)
    far = (times > _RANGE[1]) | ((times == largest) & (0 < largest < _RANGE[0]))
    refuse(time, times, far, "Give times in another unit.")
    strange = ~np.isnan(events) & ~np.isin(events, (0, 1))
    remedy = (
        "Write 1 where the event happened, and 0 where the row was censored. One kind of event is "
        "one task; give several a task each."
    )
    refuse(event, events, strange, remedy)
    if rows:
        lost = (events == 1) & np.isnan(times)
        refuse(
            time,
            times,
            lost,
            f"Fill it, or empty the cell of {event!r}, which says that the event happened.",
        )
        lost = np.isnan(events) & ~np.isnan(times)
        refuse(
            event,
            events,
            lost,
            f"Fill it with 1 or 0, or empty the cell of {time!r}, which has a time.",
        )


def _events(name: str, values: Shaped[np.ndarray, " n"]) -> Numbers:
    texts = values.dtype.kind not in "biuf" and any(isinstance(v, str) for v in values.tolist())
    if texts:
        known = sorted({value for value in values.tolist() if isinstance(value, str)})
        shown = ", ".join(map(repr, known[:3])) + ", …" * (len(known) > 3)
        sentence = (
            f"The event column {name!r} of a {_KIND} holds text: {shown}. Write 1 or true where the "
            "event happened, and 0 or false where the row was censored."
        )
        raise DataError(sentence)
    return number_column(name, values, _KIND)
