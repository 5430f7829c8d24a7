"""Contenders timed side by side in one process."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping

import torch
from balancing_case import Case, Contender

__all__ = ["step", "step_multiples"]

_BLOCK_SECONDS = 0.15


def step(case: Case, contender: Contender) -> None:
    """One optimisation step: forward, backward, balancing, optimiser."""
    case.optimizer.zero_grad()
    contender.gradients(case)
    case.optimizer.step()
    contender.after_step(case)


def _block(case: Case, contender: Contender, steps: int) -> float:
    start = _seconds()
    for _ in range(steps):
        step(case, contender)
    return (_seconds() - start) / steps


def _seconds() -> float:
    """Process time or, where a GPU computes, time once it has finished."""
    if torch.get_default_device().type == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def step_multiples(
    baseline: tuple[Case, Contender],
    contenders: Mapping[str, tuple[Case, Contender]],
    rounds: int,
    seconds: float,
) -> tuple[float, dict[str, float]]:
    """Milliseconds of the baseline's step, and each contender's as a multiple of it.

    All run turn by turn, each just after the baseline; a multiple is the median over rounds of
    the ratio of the two. A contender that has spent its seconds rests for the remaining rounds.
    """
    steps = {name: _steps(*pair) for name, pair in contenders.items()}
    few = _steps(*baseline)
    spent = dict.fromkeys(contenders, 0.0)
    plain_times: list[float] = []
    ratios: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, pair in contenders.items():
            if spent[name] <= seconds:
                plain_times.append(_block(*baseline, few))
                taken = _block(*pair, steps[name])
                spent[name] += taken * steps[name]
                ratios[name].append(taken / plain_times[-1])
    multiples = {name: statistics.median(values) for name, values in ratios.items()}
    return 1000 * statistics.median(plain_times or [math.nan]), multiples


def _steps(case: Case, contender: Contender) -> int:
    """How many steps make a block, after one that warms up."""
    step(case, contender)
    return max(1, math.ceil(_BLOCK_SECONDS / _block(case, contender, steps=1)))
