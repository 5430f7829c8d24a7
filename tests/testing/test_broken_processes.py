"""The check of groups of processes finds what is broken, one promise at a time."""

import pytest
import torch
from fakes_processes import ThreadProcesses, together

from polytask.processes import OneProcess, Processes
from polytask.testing import check_processes


class SameRank(ThreadProcesses):
    def __init__(self, rank, meeting):
        super().__init__(rank, meeting)
        self.sent = rank

    def sum(self, tensor):
        self.rank = self.sent
        total = super().sum(tensor)
        self.rank = 0
        return total


class Beyond(OneProcess):
    rank = 1


class Nobody(OneProcess):
    size = 0


class FloatRank(OneProcess):
    rank = 0.0


class Largest(ThreadProcesses):
    def sum(self, tensor):
        total = super().sum(tensor)
        return torch.minimum(total, torch.ones_like(total) * self.size)


class Flat(OneProcess):
    def sum(self, tensor):
        return super().sum(tensor).reshape(-1)


class Floats(OneProcess):
    def sum(self, tensor):
        return super().sum(tensor).float()


class WithGraph(OneProcess):
    def sum(self, tensor):
        return tensor


class InPlace(OneProcess):
    def sum(self, tensor):
        total = super().sum(tensor).clone()
        if not tensor.is_contiguous():
            tensor.detach().mul_(2)
        return total


class SumForMean(ThreadProcesses):
    def mean(self, tensor):
        return self.sum(tensor)


class AllForAny(ThreadProcesses):
    def any(self, tensor):
        return self.sum(tensor.int()) == self.size


class CountsForAny(OneProcess):
    def any(self, tensor):
        return self.sum(tensor.int())


class GathersBackwards(ThreadProcesses):
    def gather(self, tensor):
        return super().gather(tensor).flip(0)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (Beyond, "rank must be from 0 to 0, not 1"),
        (Nobody, "size must be at least 1"),
        (FloatRank, "rank must be an int"),
        (Flat, "sum must keep the shape"),
        (Floats, "sum must keep the type"),
        (WithGraph, "sum must have no graph"),
        (InPlace, "must leave its argument"),
        (CountsForAny, "any must give bools"),
    ],
)
def test_a_broken_process_is_found(kind, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_processes(kind())


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (SameRank, "each rank must be that of one process"),
        (Largest, "sum must be 3, not"),
        (SumForMean, "mean must be 1.5"),
        (AllForAny, "any must be True where"),
        (GathersBackwards, r"gather must be \[\[0, 7\], \[1, 7\]\], not"),
    ],
)
def test_a_broken_group_is_found(kind, sentence):
    with pytest.raises(AssertionError, match=sentence):
        together(2, lambda processes: check_processes(ranked(processes)), kind)


def ranked(processes):
    if isinstance(processes, SameRank):
        processes.rank = 0
    return processes


@pytest.mark.parametrize("size", [1, 2, 3])
def test_threads_pass(size):
    together(size, check_processes)


def test_one_process_passes():
    check_processes(OneProcess())


def test_sum_and_barrier_must_be_written():
    with pytest.raises(TypeError, match="abstract"):
        Processes()
