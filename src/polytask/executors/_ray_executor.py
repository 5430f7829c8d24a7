"""Executor of an existing Ray cluster."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from uuid import uuid4

import cloudpickle

from polytask._reason import reason
from polytask._validation import InstanceOf, Interval, Optional, check
from polytask.exceptions import WorkerError
from polytask.executors._executor import Executor
from polytask.executors._ray_cluster import (
    check_connected,
    check_versions,
    connect,
    imported_ray,
    own_nodes,
)
from polytask.executors._ray_work import Sender, answer
from polytask.executors._thread_limits import thread_limits

__all__ = ["RayExecutor"]

Job = TypeVar("Job")
Result = TypeVar("Result")

_AHEAD = 2
"""Jobs that are handed to Ray, for every one that can run at a time."""
_LOOK = 1.0
"""Seconds between two looks, so that Ctrl-C is heard."""
_RETRIES = 3
"""Times that Ray repeats a job whose node or worker died."""


class RayExecutor(Executor):
    """Runs jobs on a Ray cluster, through Ray's own scheduler.

    Parameters
    ----------
    address : str, default "auto"
        Of a cluster that runs, ``HOST:PORT`` of its head; "auto" is the one of this machine, or that
        of the environment variable ``RAY_ADDRESS``. Nothing is started, except with "local": a
        cluster of this machine's cores for this process alone.
    num_cpus : float, default 1
        Cores that Ray sets aside for a job, which has as many threads.
    num_gpus : float, default 0
        Devices that Ray sets aside for a job. Without any, jobs see none.
    jobs : int, optional
        Most jobs at a time; by default what the cluster has room for.
    timeout : float, default 20
        Seconds in which the cluster must answer.
    note : callable, optional
        Receives sentences on the cluster: its size, packages that differ, resources that no node has.

    Notes
    -----
    Jobs of a node or worker that dies are repeated by Ray, up to 3 times; results that were only there
    are made again. What jobs share is put into Ray's object store once, and each worker reads it once.
    Jobs, results and errors are pickled between the user's own processes. Jobs run in the current folder
    of this process where a node has it; what runs write there is not copied, so that a study's folder
    must lie on a disk that all nodes share. A connection of this process to Ray that there was before is
    used and stays. What libraries print in jobs is in Ray's logs.

    References
    ----------
    Moritz, Nishihara, Wang, Tumanov, Liaw, Liang et al., "Ray: a distributed framework for emerging AI
    applications", OSDI 2018.

    Examples
    --------
    >>> from polytask.executors import RayExecutor
    >>> RayExecutor("head.example:6379", num_cpus=2).num_gpus
    0.0
    """

    def __init__(
        self,
        address: str = "auto",
        num_cpus: float = 1.0,
        num_gpus: float = 0.0,
        jobs: int | None = None,
        timeout: float = 20.0,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        owner = type(self).__name__
        check(owner, "address", address, InstanceOf((str,)))
        check(owner, "num_cpus", num_cpus, Interval(float, 0.0, closed="neither"))
        check(owner, "num_gpus", num_gpus, Interval(float, 0.0))
        check(owner, "jobs", jobs, Optional(Interval(int, 1)))
        check(owner, "timeout", timeout, Interval(float, 0.0, closed="neither"))
        self.address, self.jobs, self.timeout = address, jobs, float(timeout)
        self.num_cpus, self.num_gpus = float(num_cpus), float(num_gpus)
        self._note = note
        self._ours = self._ready = False
        self._common: Any = None
        self._shared: tuple[str, Any] | None = None

    def __enter__(self) -> RayExecutor:  # noqa: PYI034 - beartype does not know Self
        """Connect, so that an address that does not answer is an error before anything is done."""
        self._connected()
        return self

    def run(
        self, work: Callable[[Job, Any], Result], jobs: Sequence[Job], common: Any
    ) -> Iterator[tuple[int, Result]]:
        """Call ``work(job, common)`` for every job on the cluster; yield positions and results.

        Raises
        ------
        ParameterError
            If no cluster answers at the address, or this process is connected to another one.
        WorkerError
            If a job cannot be done: its node died again and again, or has other versions.
        MissingDependencyError
            If Ray is not installed.
        """
        if not jobs:
            return
        ray = self._connected()
        arguments = (Sender.here(), *self._held(common))
        task = self._task()
        waiting, running = deque(enumerate(jobs)), dict[Any, int]()
        try:
            while waiting or running:
                room = self._room() - len(running)
                for position, job in [waiting.popleft() for _ in range(min(room, len(waiting)))]:
                    request = cloudpickle.dumps((work, job))
                    running[task.remote(*arguments, request)] = position
                for reference in _ended(ray, running):
                    yield running.pop(reference), self._result(reference)
        finally:
            for reference in running:
                with suppress(Exception):  # such as a connection that is gone, and the job with it
                    ray.cancel(reference, force=True)

    def close(self) -> None:
        """Forget what jobs share, and disconnect if this executor has connected."""
        self._common = self._shared = None
        if self._ours:
            imported_ray().shutdown()
        self._ours = self._ready = False

    def _connected(self) -> Any:
        """Ray, connected; at the first time, the nodes' versions are compared."""
        ray = imported_ray()
        if self._ready and ray.is_initialized():
            return ray
        if ray.is_initialized():
            check_connected(self.address)
        else:
            connect(self.address, self.timeout)
            self._ours = True
        try:
            nodes = own_nodes(self.num_cpus, self.num_gpus)
            check_versions(nodes, self._note)
        except BaseException:
            self.close()
            raise
        self._ready = True
        self._say_size(nodes)
        return ray

    def _say_size(self, nodes: dict[str, int]) -> None:
        needs = _amount(self.num_cpus, "CPU")
        if self.num_gpus:
            needs += f" and {_amount(self.num_gpus, 'GPU')}"
        if not nodes:
            self._note(
                f"No node of the Ray cluster has {needs} for a job: jobs wait until one joins."
            )
            return
        at_once = sum(nodes.values())
        at_once = at_once if self.jobs is None else min(at_once, self.jobs)
        self._note(
            f"Jobs run on a Ray cluster, {at_once} at a time, each on {needs}; nodes: {len(nodes)}."
        )

    def _room(self) -> int:
        """Jobs that Ray may have: those that run, and some that follow at once."""
        if self.jobs is not None:
            return self.jobs
        return _AHEAD * max(1, sum(own_nodes(self.num_cpus, self.num_gpus).values()))

    def _held(self, common: Any) -> tuple[str, list[Any]]:
        """Key and reference of what jobs share; put into the object store once."""
        if self._shared is None or self._common is not common:
            reference = imported_ray().put(cloudpickle.dumps(common))
            self._common, self._shared = common, (uuid4().hex, [reference])
        return self._shared

    def _task(self) -> Any:
        environment = thread_limits(max(1, int(self.num_cpus)))
        return imported_ray().remote(
            num_cpus=self.num_cpus,
            num_gpus=self.num_gpus,
            max_retries=_RETRIES,
            runtime_env={"env_vars": environment},
        )(answer)

    def _result(self, reference: Any) -> Any:
        """The result of a job that has ended; its error is raised."""
        try:
            succeeded, result = pickle.loads(imported_ray().get(reference))  # noqa: S301 - our own workers
        except _system_errors() as error:
            sentence = (
                f"A job could not be done on the Ray cluster: {reason(error)} Finished runs are kept "
                "where `out` is given; run again."
            )
            raise WorkerError(sentence) from error
        if not succeeded:
            raise result
        return result


def _amount(number: float, thing: str) -> str:
    """A number of things, which need not be whole."""
    return f"{number:g} {thing}{'s' * (number != 1)}"


def _system_errors() -> tuple[type[Exception], ...]:
    """Errors of Ray rather than of jobs."""
    from ray.exceptions import RayError

    return (RayError,)


def _ended(ray: Any, running: dict[Any, int]) -> list[Any]:
    """Jobs that have ended, at least one of them."""
    while True:
        ended, _ = ray.wait(list(running), num_returns=1, timeout=_LOOK)
        if ended:
            more, _ = ray.wait(list(running), num_returns=len(running), timeout=0)
            return list(more)
