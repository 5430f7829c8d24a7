"""Ordered set of tasks with unique names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
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
        If it is empty, two tasks carry one name, or dependencies (`Task.after`) form a cycle.
    UnknownNameError
        If a task comes after one that is not in the set.

    Examples
    --------
    >>> from polytask import Task, TaskSet
    >>> tasks = TaskSet([Task("income", "binary"), Task("age", role="auxiliary")])
    >>> tasks.names, tasks.primary.names
    (('income', 'age'), ('income',))
    >>> tasks["income"].kind
    Binary(positive=None)
    >>> TaskSet([Task("buy", after="click"), "click"]).levels()
    (('click',), ('buy',))
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
        self._check_dependencies()

    def _check_names(self) -> None:
        repeated = [name for name, count in Counter(self.names).items() if count > 1]
        if repeated:
            sentence = (
                "The `tasks` parameter of TaskSet must be tasks with unique names. "
                f"Got {repeated[0]!r} twice; rename one of them, or leave it out."
            )
            raise ParameterError(sentence)

    def _check_dependencies(self) -> None:
        names = set(self.names)
        for task in self.tasks:
            for upstream in task.after:
                if upstream not in names:
                    others = names - {task.name}
                    known = suggestion(upstream, others) if others else "It is the only task."
                    sentence = (
                        f"The `after` parameter of task {task.name!r} must be names of the tasks "
                        f"that feed it. Got {upstream!r} instead, which is no task. {known}"
                    )
                    raise UnknownNameError(sentence)
        placed = {name for level in self.levels() for name in level}
        circular = [task for task in self.tasks if task.name not in placed]
        if circular:
            sentence = (
                "The `after` parameters of tasks must form no cycle. "
                f"Got {' after '.join(_cycle(circular))} instead; leave out one of them."
            )
            raise ParameterError(sentence)

    @cached_property
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
        return _closed(counting)

    def subset(self, names: Collection[str]) -> TaskSet:
        """The tasks of these names, in the order of this set.

        As in slices, dependencies on tasks that are not in the subset are dropped.

        Raises
        ------
        UnknownNameError
            If a name is no task of this set.

        Examples
        --------
        >>> from polytask import Task, TaskSet
        >>> tasks = TaskSet([Task("buy", after=("click", "view")), "click", "view"])
        >>> tasks.subset(["view", "buy"])["buy"].after
        ('view',)
        """
        for name in names:
            self[name]
        return _closed([task for task in self.tasks if task.name in names])

    @property
    def has_dependencies(self) -> bool:
        """Whether a task comes after another."""
        return any(task.after for task in self.tasks)

    def after(self, name: str) -> tuple[str, ...]:
        """Names of the tasks that feed a task directly."""
        return tuple(self[name].after)

    def levels(self) -> tuple[tuple[str, ...], ...]:
        """Task names by depth: first those without `after`, each later task above all that feed it.

        Within a level the order is that of the set.

        Examples
        --------
        >>> from polytask import Task, TaskSet
        >>> funnel = [Task("buy", after="click"), "click", Task("return", after=("click", "buy"))]
        >>> TaskSet(funnel).levels()
        (('click',), ('buy',), ('return',))
        """
        levels: list[tuple[str, ...]] = []
        placed: set[str] = set()
        left = list(self.tasks)
        while level := tuple(task.name for task in left if placed.issuperset(task.after)):
            levels.append(level)
            placed.update(level)
            left = [task for task in left if task.name not in placed]
        return tuple(levels)

    @property
    def columns(self) -> tuple[str, ...]:
        """All target columns, each once, in order."""
        return tuple(dict.fromkeys(column for task in self.tasks for column in task.columns))

    def index(self, name: object, start: int = 0, stop: int | None = None) -> int:
        """Position of the task (or of the task of that name)."""
        wanted = name.name if isinstance(name, Task) else str(name)
        position = self._positions.get(wanted)
        if position is None or position not in range(len(self))[start:stop]:
            raise self._unknown(wanted)
        return position

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {task.name: position for position, task in enumerate(self.tasks)}

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
            return _closed(self.tasks[key])
        if isinstance(key, SupportsIndex):
            return self.tasks[key]
        for task in self.tasks:
            if task.name == key:
                return task
        raise self._unknown(str(key))

    def _unknown(self, name: str) -> UnknownNameError:
        return UnknownNameError(f"There is no task named {name!r}. {suggestion(name, self.names)}")


def _closed(tasks: Iterable[Task]) -> TaskSet:
    """A set of these tasks, without dependencies on others."""
    kept = tuple(tasks)
    names = {task.name for task in kept}
    return TaskSet(
        task
        if names.issuperset(task.after)
        else replace(task, after=tuple(name for name in task.after if name in names))
        for task in kept
    )


def _cycle(circular: Sequence[Task]) -> list[str]:
    """Names around a cycle, each fed by the next, among tasks of which each is fed by another."""
    names = {task.name for task in circular}
    upstream = {task.name: next(name for name in task.after if name in names) for task in circular}
    path = [circular[0].name]
    while upstream[path[-1]] not in path:
        path.append(upstream[path[-1]])
    start = upstream[path[-1]]
    return [*path[path.index(start) :], start]
