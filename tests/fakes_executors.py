"""Executors that work in the process of the test."""

from polytask.executors import Executor


class LastFirst(Executor):
    """Does the last job first, and records what it was asked to do."""

    def __init__(self):
        self.done, self.commons, self.n_closed = [], [], 0

    def run(self, work, jobs, common):
        self.commons.append(common)
        for position in reversed(range(len(jobs))):
            self.done.append((work.__name__, jobs[position]))
            yield position, work(jobs[position], common)

    def close(self):
        self.n_closed += 1
