"""Connection to a Ray cluster: made within seconds or refused, with versions compared."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from polytask._listing import enumerated, first_and_more
from polytask._reason import reason
from polytask._validation import message
from polytask._workers import ENDING
from polytask.exceptions import MissingDependencyError, ParameterError, WorkerError
from polytask.executors._ray_work import installed

__all__ = ["check_connected", "check_versions", "connect", "imported_ray", "own_nodes"]

_OWNER = "RayExecutor"
_MISSING = "RayExecutor needs Ray, which is not installed. Install it: pip install 'polytask[ray]'."
_EXPECTED = (
    "the address HOST:PORT of a Ray cluster that runs, 'auto' for that of this machine, or 'local'"
)
_REMEDY = (
    "`ray start --head` starts a cluster, `ray status` shows whether one runs, and 'local' starts one "
    "for this process alone."
)
_SECONDS_TO_SAY = 60.0
"""In which a node says its versions; its first worker starts meanwhile."""


def imported_ray() -> Any:
    """The package `ray`.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingDependencyError(_MISSING) from error
    return ray


def check_connected(address: str) -> None:
    """Check that a connection that there was before is one to the address.

    Raises
    ------
    ParameterError
        If it is one to another cluster; a process has one connection to Ray.
    """
    if address in {"auto", "local"}:
        return
    ray = imported_ray()
    ours = ray.get_runtime_context().gcs_address
    host, _, port = address.rpartition(":")
    own = {"127.0.0.1", "localhost", ray.util.get_node_ip_address()}
    known, _, known_port = str(ours).rpartition(":")
    if port != known_port or not (host == known or {host, known} <= own):
        expected = f"that of the cluster to which this process is connected already, {ours}"
        remedy = "ray.shutdown() ends that connection; a process has one."
        raise ParameterError(message(_OWNER, "address", expected, address, remedy))


def connect(address: str, seconds: float) -> None:
    """Connect this process to a cluster.

    Ray itself tries for minutes, and then ends the process; so its attempt is made in a thread that
    nobody waits for any longer than so many seconds. There it leaves the handlers of signals alone, too.

    Raises
    ------
    ParameterError
        If no cluster answers at the address.
    WorkerError
        If one answers and refuses, such as one of another version of Ray or Python.
    """
    ray = imported_ray()
    if address not in {"auto", "local"}:
        _check_listens(address, seconds)
    ended: list[BaseException | None] = []

    def attempt() -> None:
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except BaseException as error:  # noqa: BLE001 - looked at below; Ray may raise SystemExit
            ended.append(error)
        else:
            ended.append(None)

    if address == "local":  # its processes end with the thread that starts them
        with _handlers_kept():
            attempt()
    else:
        thread = threading.Thread(target=attempt, name="connect to Ray", daemon=True)
        thread.start()
        thread.join(seconds)
    if not ended:
        raise _unanswered(address, f"nothing answered as Ray does within {seconds:g} s")
    if isinstance(ended[0], ConnectionError | SystemExit):
        raise _unanswered(address, "no cluster answered") from ended[0]
    if ended[0] is not None:
        error = WorkerError(f"The Ray cluster at {address} cannot be used: {reason(ended[0])}.")
        raise error from ended[0]


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Set the handlers of signals again that Ray replaces."""
    before = {number: signal.getsignal(number) for number in ENDING}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                if handler is not None:  # one that was not set by Python
                    signal.signal(number, handler)


def _check_listens(address: str, seconds: float) -> None:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), min(seconds, 5.0)):
            pass
    except (OSError, ValueError, OverflowError) as error:
        raise _unanswered(address, str(getattr(error, "strerror", None) or error)) from error


def _unanswered(address: str, why: str) -> ParameterError:
    return ParameterError(
        message(_OWNER, "address", _EXPECTED, address, f"{why[:1].upper()}{why[1:]}. {_REMEDY}")
    )


def own_nodes(num_cpus: float, num_gpus: float) -> dict[str, int]:
    """Nodes that can do a job, by their ids, with the number of jobs at a time."""
    nodes = {}
    for node in imported_ray().nodes():
        has: Mapping[str, float] = node["Resources"] if node["Alive"] else {}
        room = min(
            (
                has.get(name, 0.0) / needed
                for name, needed in (("CPU", num_cpus), ("GPU", num_gpus))
                if needed
            ),
            default=1.0,
        )
        if room >= 1:
            nodes[str(node["NodeID"])] = int(room)
    return nodes


def check_versions(nodes: Mapping[str, int], note: Callable[[str], None]) -> None:
    """Compare what the nodes have installed with this process.

    Parameters
    ----------
    nodes : mapping of id
    note : callable
        Receives a sentence where packages differ that polytask uses, or a node does not answer.

    Raises
    ------
    WorkerError
        If a node cannot import polytask, or has another version of it or of Python, since its results
        would be recorded as those of this one.
    """
    ray = imported_ray()
    from ray.exceptions import RayError, RayTaskError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0, max_retries=0)(installed)
    asked = {
        task.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
        ).remote(): node
        for node in nodes
    }
    answered, silent = (
        ray.wait(list(asked), num_returns=len(asked), timeout=_SECONDS_TO_SAY)
        if asked
        else ([], [])
    )
    ours, left = installed(), [asked[reference][:8] for reference in silent]
    for reference in answered:
        try:
            theirs = ray.get(reference)
        except RayTaskError as error:
            sentence = (
                f"Node {asked[reference][:8]} of the Ray cluster cannot import polytask. Install version "
                f"{ours['polytask']} there: {reason(error)}."
            )
            raise WorkerError(sentence) from error
        except RayError:  # it has left the cluster meanwhile
            left.append(asked[reference][:8])
        else:
            _compare(asked[reference][:8], ours, theirs, note)
    if left:
        note(f"Nodes of the Ray cluster that did not say their versions: {first_and_more(left)}.")


def _compare(
    node: str, ours: Mapping[str, str], theirs: Mapping[str, str], note: Callable[[str], None]
) -> None:
    differing = {
        name: f"{name} {theirs.get(name, 'missing')} instead of {own}"
        for name, own in ours.items()
        if theirs.get(name) != own
    }
    if not differing:
        return
    said = f"Node {node} of the Ray cluster has {enumerated(differing.values())}"
    if differing.keys() & {"polytask", "Python"}:
        raise WorkerError(f"{said}. Install the same there, since records name the versions here.")
    note(f"{said}; records name the versions here.")
