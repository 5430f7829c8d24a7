"""A group of processes that are threads of one test."""

import threading
from concurrent.futures import ThreadPoolExecutor

from polytask.processes import Processes


class Meeting:
    """Where the threads of a group exchange tensors."""

    def __init__(self, size):
        self.size = size
        self.given = [None] * size
        self.barrier = threading.Barrier(size, timeout=60)


class ThreadProcesses(Processes):
    """One thread's view of its group."""

    def __init__(self, rank, meeting):
        self.rank, self.size, self.meeting = rank, meeting.size, meeting

    def sum(self, tensor):
        self.meeting.given[self.rank] = tensor.detach().clone()
        self.meeting.barrier.wait()
        first, *others = self.meeting.given
        total = first.clone()
        for other in others:
            total += other
        self.meeting.barrier.wait()
        return total

    def barrier(self):
        self.meeting.barrier.wait()


def together(size, work, kind=ThreadProcesses):
    """Results of ``work(processes)`` in each thread of a group; the first error is raised."""
    meeting = Meeting(size)

    def guarded(rank):
        try:
            return work(kind(rank, meeting))
        except BaseException:
            meeting.barrier.abort()
            raise

    with ThreadPoolExecutor(size) as threads:
        futures = [threads.submit(guarded, rank) for rank in range(size)]
    errors = [future.exception() for future in futures]
    for error in errors:
        if error is not None and not isinstance(error, threading.BrokenBarrierError):
            raise error
    return [future.result() for future in futures]
