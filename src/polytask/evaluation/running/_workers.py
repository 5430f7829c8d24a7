"""Jobs one after another here, or side by side in worker processes."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import Any, TypeVar

import cloudpickle
from joblib import cpu_count

from polytask._processes import Worker, free_memory, signals_held
from polytask.exceptions import WorkerError

__all__ = ["Workers"]

Job = TypeVar("Job")
Result = TypeVar("Result")

_BYTES_PER_WORKER = 1e9
"""What a process takes that has imported torch and holds a table of some size."""

_REMEDY = "Finished runs are kept where `out` is given; run again with fewer `jobs`."


class Workers:
    """Worker processes that are started when first needed, and that share one thing.

    Parameters
    ----------
    common : object
        Sent to every worker process once.
    number : int
        At most; there are never more than jobs, or than free memory allows at 1 GB each. One
        works in this process.
    note : callable, optional
        Receives a sentence if there are fewer workers than `number`.
    """

    def __init__(
        self, common: Any, number: int, note: Callable[[str], None] = lambda _: None
    ) -> None:
        self.common = common
        self.number = number
        self._note: Callable[[str], None] | None = note
        self._workers: list[Worker] = []

    def run(
        self, work: Callable[[Job, Any], Result], jobs: Sequence[Job]
    ) -> Iterator[tuple[int, Result]]:
        """Call ``work(job, common)`` for every job; yield positions and results as they come.

        Parameters
        ----------
        work : callable
            A function that an importable module names.
        jobs : sequence

        Raises
        ------
        WorkerError
            If a worker process cannot be started, or ends before its job does.
        """
        number = self._affordable(len(jobs))
        if number <= 1:
            for position, job in enumerate(jobs):
                yield position, work(job, self.common)
            return
        ahead, done = deque(enumerate(jobs)), SimpleQueue[tuple[int, bool, Any]]()
        ended = False
        try:
            for worker in self._started(number):
                arguments = (worker, work, ahead, done)
                threading.Thread(target=_attend, args=arguments, daemon=True).start()
            for _ in jobs:
                position, well, found = done.get()
                if not well:
                    raise found
                yield position, found
            ended = True
        finally:
            if not ended:
                self.close()

    def close(self) -> None:
        """End the worker processes, whatever they do."""
        with signals_held():
            for worker in self._workers:
                worker.end()
            self._workers.clear()

    def _affordable(self, n_jobs: int) -> int:
        """How many workers there may be for so many jobs; those that run have their memory."""
        wanted = min(self.number, n_jobs)
        if wanted <= 1:
            self._say_fewer(wanted, "there is one job to do")
            return wanted
        memory = free_memory()
        affordable = len(self._workers) + memory / _BYTES_PER_WORKER
        if affordable >= wanted:
            self._say_fewer(wanted, f"there are {wanted} jobs to do")
            return wanted
        number = max(1, math.floor(affordable))
        self._say_fewer(number, f"{memory / 1e9:.1f} GB of memory are free, and each may take 1 GB")
        return number

    def _say_fewer(self, number: int, reason: str) -> None:
        """Report the first reduction; later steps of a study have fewer jobs anyway."""
        if self._note is None or number == 0:
            return
        if number < self.number:
            processes = "1 process works" if number == 1 else f"{number} processes work"
            self._note(f"{processes} instead of the {self.number} asked for by `jobs`: {reason}.")
        self._note = None

    def _started(self, number: int) -> list[Worker]:
        """The first `number` workers, started if there are not so many yet."""
        if len(self._workers) < number:
            shared = cloudpickle.dumps(self.common)
            environment = _environment(max(1, cpu_count() // number))
            try:
                with signals_held():
                    while len(self._workers) < number:
                        self._workers.append(Worker(shared, environment))
            except OSError as error:
                sentence = f"Worker processes cannot be started ({error}). {_REMEDY}"
                raise WorkerError(sentence) from error
        return self._workers[:number]


def _environment(threads: int) -> dict[str, str]:
    """Few threads a process, asleep while they wait: two spinning processes halt each other."""
    libraries = ("OMP", "OPENBLAS", "MKL")
    limits = {f"{library}_NUM_THREADS": str(threads) for library in libraries}
    return {**limits, "OMP_WAIT_POLICY": "passive", "POLARS_MAX_THREADS": str(threads)}


def _attend(
    worker: Worker,
    work: Callable[[Any, Any], Any],
    ahead: deque[tuple[int, Any]],
    done: SimpleQueue[tuple[int, bool, Any]],
) -> None:
    """Give one job after another to a worker, in a thread of its own."""
    while True:
        try:
            position, job = ahead.popleft()
        except IndexError:
            return
        try:
            request = cloudpickle.dumps((work, job))
        except Exception as error:  # noqa: BLE001 - whatever a user's class may raise
            done.put((position, False, error))
            continue
        try:
            done.put((position, *worker.ask(request)))
        except (OSError, EOFError, ValueError) as error:  # a pipe that is closed is a ValueError
            done.put((position, False, _ended(error)))
            return
        except Exception as error:  # noqa: BLE001 - an answer that cannot be read in this process
            done.put((position, False, error))
            return


def _ended(error: Exception) -> WorkerError:
    sentence = (
        f"A worker process ended before its run did, most likely for lack of memory. {_REMEDY}"
    )
    found = WorkerError(sentence)
    found.__cause__ = error
    return found
