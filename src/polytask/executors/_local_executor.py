"""Executor of this machine: jobs in this process, or in parallel worker processes."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeVar

import cloudpickle
from joblib import cpu_count
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from polytask._validation import Choice, Interval, OneOf, check
from polytask._workers import Worker, free_memory, signals_held
from polytask.exceptions import WorkerError
from polytask.executors._executor import Executor
from polytask.executors._helpers import Done, Helpers, Waiting
from polytask.executors._thread_limits import thread_limits

__all__ = ["LocalExecutor"]

Job = TypeVar("Job")
Result = TypeVar("Result")

_BYTES_PER_WORKER = 1e9
"""Memory of a process that has imported torch and holds a table of some size."""

_REMEDY = "Finished runs are kept where `out` is given; run again with fewer `jobs`."


class LocalExecutor(Executor):
    """Runs jobs in worker processes of this machine, or in this process if one worker is enough.

    Parameters
    ----------
    jobs : int or "auto", default 1
        Largest number of workers. There are never more than jobs to do, or than free memory allows
        at 1 GB each. A single worker is this process. With "auto", this process works, and others
        join it on the other cores where its jobs take more than some seconds.
    note : callable, optional
        Receives a sentence if there are fewer workers than `jobs`.

    Notes
    -----
    Workers start when first needed and stay for later runs with the same `common`. They end with
    the process that started them, with the first error, or with `close`. The cores are divided
    among them.

    Examples
    --------
    >>> import operator
    >>> from polytask.executors import LocalExecutor
    >>> list(LocalExecutor().run(operator.add, [1, 2], 10))
    [(0, 11), (1, 12)]
    """

    def __init__(
        self, jobs: int | Literal["auto"] = 1, note: Callable[[str], None] = lambda _: None
    ) -> None:
        check("LocalExecutor", "jobs", jobs, OneOf((Interval(int, 1), Choice(("auto",)))))
        self._joined = jobs == "auto"
        self.jobs: int = cpu_count() if jobs == "auto" else jobs
        self._note: Callable[[str], None] | None = note
        self._common: Any = None
        self._workers: list[Worker] = []

    def run(
        self, work: Callable[[Job, Any], Result], jobs: Sequence[Job], common: Any
    ) -> Iterator[tuple[int, Result]]:
        """Call ``work(job, common)`` for every job; yield positions and results as they come.

        Raises
        ------
        WorkerError
            If a worker process cannot be started, or ends before its job does.
        """
        if self._joined:
            yield from self._run_joined(work, jobs, common)
            return
        number = self._affordable(len(jobs))
        if number <= 1:
            for position, job in enumerate(jobs):
                yield position, work(job, common)
            return
        waiting, done = deque(enumerate(jobs)), Done()
        completed = False
        try:
            for worker in self._started(number, common):
                arguments = (worker, work, waiting, done)
                threading.Thread(target=_serve_jobs, args=arguments, daemon=True).start()
            for _ in jobs:
                position, succeeded, result = done.get()
                if not succeeded:
                    raise result
                yield position, result
            completed = True
        finally:
            if not completed:
                self.close()

    def _run_joined(
        self, work: Callable[[Job, Any], Result], jobs: Sequence[Job], common: Any
    ) -> Iterator[tuple[int, Result]]:
        """Do jobs in this process, and in workers that join it."""
        waiting, done = deque(enumerate(jobs)), Done()
        completed = False
        try:
            with Helpers(
                lambda number: self._joining(number, common),
                lambda worker: _serve_jobs(worker, work, waiting, done),
                waiting,
                len(jobs),
                self.jobs - 1,
                at_once=bool(self._workers) and self._common is common,
            ):
                for _ in jobs:
                    position, succeeded, result = self._next(work, common, waiting, done)
                    if not succeeded:
                        raise result
                    yield position, result
            completed = True
        finally:
            if not completed:
                self.close()

    def _next(
        self, work: Callable[[Job, Any], Result], common: Any, waiting: Waiting, done: Done
    ) -> tuple[int, bool, Any]:
        """The next result: one that is there, or else that of a job that waits."""
        mine = _popped(waiting) if done.empty() else None
        if mine is None:
            return done.get()
        position, job = mine
        if not self._workers:
            return position, True, work(job, common)
        with threadpool_limits(max(1, self.jobs // (len(self._workers) + 1))):
            return position, True, work(job, common)

    def _joining(self, number: int, common: Any) -> list[Worker]:
        """At most so many workers, as free memory allows; none if they cannot be started."""
        affordable = len(self._workers) + math.floor(free_memory() / _BYTES_PER_WORKER)
        try:
            return self._started(min(number, affordable), common, beside=1)
        except WorkerError:  # this process goes on alone
            return []

    def close(self) -> None:
        """End the worker processes, busy or not."""
        with signals_held():
            for worker in self._workers:
                worker.end()
            self._workers.clear()
            self._common = None

    def _affordable(self, n_jobs: int) -> int:
        """The number of workers for so many jobs; running workers have their memory already."""
        wanted = min(self.jobs, n_jobs)
        if wanted <= 1:
            self._note_fewer(wanted, "there is one job to do")
            return wanted
        memory = free_memory()
        affordable = len(self._workers) + memory / _BYTES_PER_WORKER
        if affordable >= wanted:
            self._note_fewer(wanted, f"there are {wanted} jobs to do")
            return wanted
        number = max(1, math.floor(affordable))
        reason = f"{memory / 1e9:.1f} GB of memory are free, and each may take 1 GB"
        self._note_fewer(number, reason)
        return number

    def _note_fewer(self, number: int, reason: str) -> None:
        """Report the first reduction; later steps of a study have fewer jobs anyway."""
        if self._note is None or number == 0:
            return
        if number < self.jobs:
            processes = "1 process works" if number == 1 else f"{number} processes work"
            self._note(f"{processes} instead of the {self.jobs} asked for by `jobs`: {reason}.")
        self._note = None

    def _started(self, number: int, common: Any, beside: int = 0) -> list[Worker]:
        """The first `number` workers that hold `common`; missing ones are started.

        The cores are divided among them and processes `beside` them.
        """
        if self._common is not common:
            self.close()
        if len(self._workers) < number:
            shared = cloudpickle.dumps(common)
            environment = thread_limits(max(1, cpu_count() // (number + beside)))
            try:
                with signals_held():
                    self._common = common
                    while len(self._workers) < number:
                        self._workers.append(Worker(shared, environment))
            except OSError as error:
                sentence = f"Worker processes cannot be started ({error}). {_REMEDY}"
                raise WorkerError(sentence) from error
        return self._workers[:number]


def _serve_jobs(
    worker: Worker,
    work: Callable[[Any, Any], Any],
    waiting: Waiting,
    done: Done,
) -> None:
    """Send one job after another to a worker; runs in a thread of its own."""
    while True:
        mine = _popped(waiting)
        if mine is None:
            return
        position, job = mine
        try:
            request = cloudpickle.dumps((work, job))
        except Exception as error:  # noqa: BLE001 - whatever a user's class may raise
            done.put((position, False, error))
            continue
        try:
            done.put((position, *worker.ask(request)))
        except (OSError, EOFError, ValueError) as error:  # a pipe that is closed is a ValueError
            done.put((position, False, _ended_error(error)))
            return
        except Exception as error:  # noqa: BLE001 - a result that cannot be read in this process
            done.put((position, False, error))
            return


def _popped(waiting: Waiting) -> tuple[int, Any] | None:
    """The first job that waits, which no other thread gets; None if there is none."""
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _ended_error(cause: Exception) -> WorkerError:
    sentence = (
        f"A worker process ended before its run did, most likely for lack of memory. {_REMEDY}"
    )
    error = WorkerError(sentence)
    error.__cause__ = cause
    return error
