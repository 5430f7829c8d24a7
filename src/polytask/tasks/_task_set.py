"""The tasks learned together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from polytask._naming import suggestion
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.tasks._task import Task

__all__ = ["TaskSet"]


@dataclass(frozen=True)
class TaskSet(Sequence[Task]):
    """An ordered set of tasks with unique names.

    Parameters
    ----------
    tasks : iterable of Task or str
        Tasks; a string is a task of that name whose kind is inferred.

    Raises
    ------
    ParameterError
        If it is empty, or two tasks carry one name.

    Examples
    --------
    >>> from polytask import Task, TaskSet
    >>> TaskSet([Task("income", "binary"), Task("age", "regression", role="auxiliary")]).primary.names
    ('income',)
    """

    tasks: tuple[Task, ...]

    def __init__(self, tasks: Iterable[Task | str]) -> None:
        given = tuple(Task(task) if isinstance(task, str) else task for task in tasks)
        object.__setattr__(self, "tasks", given)
        self._check()

    def _check(self) -> None:
        if not self.tasks:
            sentence = "The `tasks` parameter of TaskSet must be at least one task. Got none."
            raise ParameterError(sentence)
        seen: set[str] = set()
        for task in self.tasks:
            if task.name in seen:
                sentence = (
                    "The `tasks` parameter of TaskSet must be tasks with unique names. "
                    f"Got {task.name!r} twice; rename one of them."
                )
                raise ParameterError(sentence)
            seen.add(task.name)

    @property
    def names(self) -> tuple[str, ...]:
        """The tasks' names in order."""
        return tuple(task.name for task in self.tasks)

    @property
    def primary(self) -> TaskSet:
        """The tasks that count in Δm, early stopping and model choice."""
        return TaskSet(task for task in self.tasks if task.is_primary)

    @property
    def columns(self) -> tuple[str, ...]:
        """All target columns, each once, in order."""
        return tuple(dict.fromkeys(column for task in self.tasks for column in task.columns))

    def index(self, name: object, start: int = 0, stop: int | None = None) -> int:
        """Position of the task (or of the task of that name)."""
        wanted = name.name if isinstance(name, Task) else name
        return self.names.index(str(wanted), start, len(self) if stop is None else stop)

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks)

    @overload
    def __getitem__(self, key: int | str) -> Task: ...
    @overload
    def __getitem__(self, key: slice) -> TaskSet: ...  # type: ignore[override]
    def __getitem__(self, key: int | str | slice) -> Task | TaskSet:
        if isinstance(key, slice):
            return TaskSet(self.tasks[key])
        if isinstance(key, int):
            return self.tasks[key]
        for task in self.tasks:
            if task.name == key:
                return task
        sentence = f"There is no task named {key!r}. {suggestion(key, self.names)}"
        raise UnknownNameError(sentence)
