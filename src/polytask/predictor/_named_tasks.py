"""The tasks that a caller names for prediction, and their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from polytask._listing import first_names
from polytask._validation import message
from polytask.data import Source
from polytask.exceptions import DataError, ParameterError
from polytask.tasks import TaskSet

__all__ = ["named_tasks", "sources_of_tasks"]


def named_tasks(names: Iterable[str] | str | None, tasks: TaskSet) -> TaskSet:
    """The named tasks in the order of the set; all of them for None.

    Raises
    ------
    ParameterError
        If there is no name, or a name stands twice.
    UnknownNameError
        If a name is no task of the set.
    """
    if names is None:
        return tasks
    listed = [names] if isinstance(names, str) else names
    given = list(listed) if isinstance(listed, Iterable) else []
    if not given or not all(isinstance(name, str) for name in given):
        expected = "at least one name of a task of the model"
        remedy = "Leave it out to predict all tasks."
        raise ParameterError(message("predict", "tasks", expected, names, remedy))
    repeated = [name for name, count in Counter(given).items() if count > 1]
    if repeated:
        sentence = (
            "The `tasks` parameter of predict must name each task once. "
            f"Got {repeated[0]!r} twice; leave it out there."
        )
        raise ParameterError(sentence)
    return tasks.subset(given)


def sources_of_tasks(sources: Sequence[Source], tasks: TaskSet) -> list[Source]:
    """Narrow sources to some tasks; rows that belong to other tasks are left out.

    Raises
    ------
    DataError
        If no source carries one of the tasks, or no row is left.
    """
    carried = {name for source in sources for name in source.tasks.names}
    absent = [name for name in tasks.names if name not in carried]
    if absent:
        own = ", ".join(repr(source.name) for source in sources)
        sentence = (
            f"Task {absent[0]!r} lies in none of the given sources, {own}. Give rows of a source "
            "that carries it, or leave it out of the tasks to predict."
        )
        raise DataError(sentence)
    others = carried - set(tasks.names)
    narrowed = [kept for source in sources if (kept := source.without_tasks(others)) is not None]
    if not any(source.n_rows for source in narrowed):
        named = first_names(map(repr, tasks.names))
        raise DataError(f"No row belongs to a task to predict: {named}.")
    return narrowed
