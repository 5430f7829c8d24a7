"""Common check of executors."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

from polytask.executors import Executor
from polytask.testing._require import require, require_instance

__all__ = ["check_executor"]

_N_JOBS = 7


def check_executor(executor: Executor) -> None:
    """Raise AssertionError unless an executor keeps the promises of `Executor`.

    Every job is done once, with the `common` of its own run; positions belong to the jobs; an
    error comes back as it was and ends its run alone; a run that is abandoned leaves nothing to
    the next; a closed executor can be used again. The executor is closed at the end.

    Parameters
    ----------
    executor : Executor

    Examples
    --------
    >>> from polytask.executors import LocalExecutor
    >>> from polytask.testing import check_executor
    >>> check_executor(LocalExecutor())
    """
    require_instance("check_executor", "executor", executor, Executor)
    with executor as entered:
        require(entered is executor, "`with executor` must give the executor itself")
        _check_results(executor)
        _check_common(executor)
        _check_errors(executor)
        _check_early_close(executor)
        executor.close()
        executor.close()
        _check_results(executor)


def _results(executor: Executor, jobs: list[Any], common: Any) -> list[tuple[int, Any]]:
    pairs = executor.run(operator.getitem, jobs, common)
    require(
        isinstance(pairs, Iterator), "run must return an iterator, to yield results as they come"
    )
    return list(pairs)


def _check_results(executor: Executor) -> None:
    require(_results(executor, [], 0) == [], "run must yield nothing where there are no jobs")
    jobs = [[10 * k, 10 * k + 1] for k in range(_N_JOBS)]
    pairs = _results(executor, jobs, 1)
    positions = sorted(position for position, _ in pairs)
    require(
        positions == list(range(_N_JOBS)),
        f"run must yield the position of each of {_N_JOBS} jobs once, not {positions}",
    )
    for position, result in pairs:
        require(
            result == 10 * position + 1,
            f"run must yield the result of job {position}, not {result!r}",
        )
    local = list(executor.run(operator.call, [lambda common: common + 1], 1))
    require(local == [(0, 2)], "run must accept jobs that cloudpickle can pickle, such as lambdas")


def _check_common(executor: Executor) -> None:
    jobs = [{"a": k, "b": -k} for k in range(_N_JOBS)]
    for common, sign in (("a", 1), ("b", -1), ("a", 1)):
        results = dict(_results(executor, jobs, common))
        require(
            results == {k: sign * k for k in range(_N_JOBS)},
            "run must pass the `common` of this run to its jobs, not that of an earlier one",
        )


def _check_errors(executor: Executor) -> None:
    jobs = [{"a": 1}] * 3 + [{"b": 1}] + [{"a": 1}] * 3
    raised: Exception | None = None
    try:
        _results(executor, jobs, "a")
    except Exception as error:  # noqa: BLE001 - whatever the executor raises is looked at
        raised = error
    require(raised is not None, "run must raise the error of a job that fails")
    require(
        repr(raised) == "KeyError('a')",
        f"run must raise the error of a job as it was, KeyError('a'), and not {raised!r}",
    )
    _check_results(executor)


def _check_early_close(executor: Executor) -> None:
    pairs = executor.run(operator.getitem, [["left over"]] * _N_JOBS, 0)
    require(next(pairs)[1] == "left over", "run must yield the results of its jobs")
    close: Any = getattr(pairs, "close", None)
    require(close is not None, "run must return a generator, or an iterator with `close`")
    close()
    _check_results(executor)
