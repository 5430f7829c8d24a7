"""Jobs for worker processes, and whether these have ended."""

import os
import signal
import sys
import time


def pid(job, common):
    return os.getpid()


def wait(job, common):
    time.sleep(job)
    return job


def blocked(job, common):
    return signal.pthread_sigmask(signal.SIG_BLOCK, ())


def echo(job, common):
    sys.stdout.write("a library prints")
    return job, common


class OddError(Exception):
    """An error that cannot be rebuilt from its arguments."""

    def __init__(self, one, two):
        super().__init__(one + two)


def fail(job, common):
    if job == "odd":
        raise OddError("a", "b")
    raise ValueError("no such job")


def pid_after(job, common):
    time.sleep(job)
    return os.getpid()


def gone(process: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not alive(process):
            return True
        time.sleep(0.02)
    return False


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


class Unreadable:
    """An answer that only the process it was made in can read."""

    def __reduce__(self):
        return _only_in, (os.getpid(),)


def _only_in(process):
    if os.getpid() != process:
        raise MemoryError("the answer is too large")
    return Unreadable()


def unreadable(job, common):
    return Unreadable()


def touch_after(job, common):
    time.sleep(common)
    job.touch()


def environment(job, common):
    return os.environ.get(job)
