"""Weights of a Gramian: our solvers beside TorchJD's."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from balancing_case import SkipError
from balancing_ours import method
from balancing_torchjd import solver
from torch import Tensor

__all__ = ["solver_table"]

_NAMES = ("NashMTL", "MGDA", "PCGrad", "UPGrad", "CAGrad", "FairGrad", "IMTLG", "AlignedMTL")


def solver_table(n_tasks: int, rounds: int) -> None:
    """Measure and print milliseconds of process time, turn by turn."""
    print(f"\n### Solvers: ms for the weights of one Gramian, {n_tasks} tasks\n")
    print("| method | polytask | TorchJD | TorchJD / polytask |")
    print("|---|---|---|---|")
    for name in _NAMES:
        try:
            ours, theirs = _ours(name, n_tasks), _theirs(name, n_tasks)
        except SkipError as reason:
            print(f"| {name} | {reason} | | |")
            continue
        pairs = [(_ms(ours, seed, n_tasks), _ms(theirs, seed, n_tasks)) for seed in range(rounds)]
        here, there = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"| {name} | {here:.2f} | {there:.2f} | {there / here:.1f} |", flush=True)


def _ours(name: str, n_tasks: int) -> Callable[[Tensor], object]:
    aggregator = method(name, n_tasks)
    return lambda jacobian: aggregator.weights(jacobian @ jacobian.T)


def _theirs(name: str, n_tasks: int) -> Callable[[Tensor], object]:
    aggregator = solver(name, n_tasks)
    return aggregator  # on a matrix of K columns its own Gramian costs nothing


def _ms(weigh: Callable[[Tensor], object], seed: int, n_tasks: int) -> float:
    """Gradients with a common part and conflicts, of as many columns as rows."""
    generator = torch.Generator().manual_seed(seed)
    own = torch.randn(n_tasks, n_tasks, generator=generator)
    common = torch.randn(n_tasks, generator=generator)
    jacobian = own + 0.3 * common
    weigh(jacobian)
    start = time.process_time()
    weigh(jacobian)
    return 1000 * (time.process_time() - start)
