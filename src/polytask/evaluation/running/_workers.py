"""Jobs one after another here, or side by side in worker processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from joblib.externals.loky import ProcessPoolExecutor

from polytask.exceptions import StudyError

__all__ = ["Workers"]

Job = TypeVar("Job")
Result = TypeVar("Result")

_COMMON: Any = None
"""What every job of this worker process shares."""


class Workers:
    """Worker processes that are started when first needed, and that share one thing.

    Parameters
    ----------
    common : object
        Sent to every worker process once.
    number : int
        1 works in this process.
    """

    def __init__(self, common: Any, number: int) -> None:
        self.common = common
        self.number = number
        self._executor: Any = None

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
        StudyError
            If a worker process ends before its job does.
        """
        if self.number == 1 or not jobs:
            for position, job in enumerate(jobs):
                yield position, work(job, self.common)
            return
        with _interrupts_held():
            futures = {self._started().submit(_call, work, job): i for i, job in enumerate(jobs)}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            sentence = (
                "A worker process ended before its run did, most likely for lack of memory. "
                "Finished runs are kept where `out` is given; run again with fewer `jobs`."
            )
            raise StudyError(sentence) from error

    def close(self) -> None:
        """End the worker processes, whatever they do."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, kill_workers=True)
            self._executor = None

    def _started(self) -> Any:
        if self._executor is None:
            threads = max(1, (os.cpu_count() or 1) // self.number)
            self._executor = ProcessPoolExecutor(
                self.number,
                initializer=_start,
                initargs=(self.common, threads),
                env=_environment(threads),
            )
        return self._executor


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let Ctrl-C wait while workers start; from them, who inherit this, it is held for good.

    A pool that is interrupted while it starts leaves workers that nobody ends, and a worker that
    is interrupted while it starts writes its traceback to the terminal.
    """
    if os.name == "nt":  # signals cannot be held there
        yield
        return
    resource_tracker.ensure_running()  # before Python 3.12 its start lets signals through again
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _environment(threads: int) -> dict[str, str]:
    """Few threads a process, asleep while they wait: two spinning processes halt each other."""
    libraries = ("OMP", "OPENBLAS", "MKL")
    limits = {f"{library}_NUM_THREADS": str(threads) for library in libraries}
    return {**limits, "OMP_WAIT_POLICY": "passive", "POLARS_MAX_THREADS": str(threads)}


def _start(common: Any, threads: int) -> None:
    import torch

    global _COMMON  # noqa: PLW0603 - one data set a worker process, sent once
    _COMMON = common
    torch.set_num_threads(threads)


def _call(work: Callable[[Any, Any], Result], job: Any) -> Result:
    return work(job, _COMMON)
