"""Ordered set of tasks with unique names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import SupportsIndex, overload

from polytask._naming import suggestion
from polytask._validation import message
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.tasks._task import Task

__all__ = ["TaskSet"]


@dataclass(frozen=True)
class TaskSet(Sequence[Task]):
    """An ordered set of tasks with unique names; `tasks["income"]` is the task of that name.

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
    >>> tasks = TaskSet([Task("income", "binary"), Task("age", role="auxiliary")])
    >>> tasks.names, tasks.primary.names
    (('income', 'age'), ('income',))
    >>> tasks["income"].kind
    Binary(positive=None)
    """

    tasks: tuple[Task, ...]

    def __init__(self, tasks: Iterable[Task | str] | Task) -> None:
        expected = "at least one Task or name of a target column"
        listed = [tasks] if isinstance(tasks, str | Task) else tasks
        if not isinstance(listed, Iterable):
            raise ParameterError(message("TaskSet", "tasks", expected, tasks))
        given = tuple(Task(task) if isinstance(task, str) else task for task in listed)
        if not given or not all(isinstance(task, Task) for task in given):
            raise ParameterError(message("TaskSet", "tasks", expected, given))
        object.__setattr__(self, "tasks", given)
        self._check_names()

    def _check_names(self) -> None:
        repeated = [name for name, count in Counter(self.names).items() if count > 1]
        if repeated:
            sentence = (
                "The `tasks` parameter of TaskSet must be tasks with unique names. "
                f"Got {repeated[0]!r} twice; rename one of them, or leave it out."
            )
            raise ParameterError(sentence)

    @property
    def names(self) -> tuple[str, ...]:
        """The tasks' names in order."""
        return tuple(task.name for task in self.tasks)

    @property
    def primary(self) -> TaskSet:
        """The tasks that count in Δm, early stopping and model choice; raises if there are none."""
        counting = [task for task in self.tasks if task.is_primary]
        if not counting:
            sentence = (
                f"None of the tasks {', '.join(self.names)} is primary, so that there is nothing "
                'to stop or choose a model by. Give at least one the role "primary".'
            )
            raise ParameterError(sentence)
        return TaskSet(counting)

    @property
    def columns(self) -> tuple[str, ...]:
        """All target columns, each once, in order."""
        return tuple(dict.fromkeys(column for task in self.tasks for column in task.columns))

    def index(self, name: object, start: int = 0, stop: int | None = None) -> int:
        """Position of the task (or of the task of that name)."""
        wanted = name.name if isinstance(name, Task) else str(name)
        for position in range(len(self))[start:stop]:
            if self.tasks[position].name == wanted:
                return position
        raise self._unknown(wanted)

    def __contains__(self, key: object) -> bool:
        return key in self.names if isinstance(key, str) else key in self.tasks

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks)

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> Task: ...
    @overload
    def __getitem__(self, key: slice) -> TaskSet: ...
    def __getitem__(self, key: SupportsIndex | str | slice) -> Task | TaskSet:
        if isinstance(key, slice):
            return TaskSet(self.tasks[key])
        if isinstance(key, SupportsIndex):
            return self.tasks[key]
        for task in self.tasks:
            if task.name == key:
                return task
        raise self._unknown(str(key))

    def _unknown(self, name: str) -> UnknownNameError:
        return UnknownNameError(f"There is no task named {name!r}. {suggestion(name, self.names)}")
