"""Abstract base class of executors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

__all__ = ["Executor"]

Job = TypeVar("Job")
Result = TypeVar("Result")


class Executor(ABC):
    """A way to run independent jobs: in this process, in worker processes or on other machines.

    Used as a context manager, it closes itself at the end.

    Examples
    --------
    One that runs the last job first:

    >>> from polytask.executors import Executor
    >>> class Backwards(Executor):
    ...     def run(self, work, jobs, common):
    ...         for position in reversed(range(len(jobs))):
    ...             yield position, work(jobs[position], common)
    >>> import operator
    >>> list(Backwards().run(operator.add, [1, 2], 10))
    [(1, 12), (0, 11)]
    """

    @abstractmethod
    def run(
        self, work: Callable[[Job, Any], Result], jobs: Sequence[Job], common: Any
    ) -> Iterator[tuple[int, Result]]:
        """Call ``work(job, common)`` for every job; yield positions and results in any order.

        Parameters
        ----------
        work : callable
            A function that an importable module names.
        jobs : sequence
            Objects that `cloudpickle` can pickle, as are `common` and the results.
        common : object
            What all jobs share. It may be large: send it once per worker, not once per job. Steps
            of one study pass the same object again.

        Yields
        ------
        int, object
            The position of a job in `jobs` and its result, as soon as it is available.

        Notes
        -----
        The error of a job is raised unchanged and ends the iteration; other jobs are abandoned, as
        they are when the iterator is closed early or a signal interrupts it. The executor can run
        other jobs afterwards.
        """

    def close(self) -> None:  # noqa: B027 - most executors have nothing to release
        """Release workers at once, busy or not; `run` may acquire others. By default nothing."""

    def __enter__(self) -> Executor:  # noqa: PYI034 - beartype does not know Self
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
