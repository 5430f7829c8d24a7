"""Runs one after another here, or side by side in worker processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from typing import Any, TypeVar

from joblib.externals.loky import ProcessPoolExecutor

__all__ = ["run_all"]

Job = TypeVar("Job")
Result = TypeVar("Result")

_COMMON: Any = None
"""What every job of this worker process shares."""


def run_all(
    work: Callable[[Job, Any], Result], jobs: Sequence[Job], common: Any, workers: int
) -> Iterator[tuple[int, Result]]:
    """Call ``work(job, common)`` for every job; yield positions and results as they come.

    Parameters
    ----------
    work : callable
        A function that an importable module names.
    jobs : sequence
    common : object
        Sent to every worker process once.
    workers : int
        1 works in this process.
    """
    workers = min(workers, len(jobs))
    if workers <= 1:
        for position, job in enumerate(jobs):
            yield position, work(job, common)
        return
    threads = max(1, (os.cpu_count() or 1) // workers)
    executor = ProcessPoolExecutor(
        workers, initializer=_start, initargs=(common, threads), env=_environment(threads)
    )
    try:
        futures = {executor.submit(_call, work, job): i for i, job in enumerate(jobs)}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        executor.shutdown(wait=True, kill_workers=True)


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
