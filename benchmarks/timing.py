"""Interleaved timings of several ways to do one thing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

__all__ = ["markdown", "spent", "turns"]


def spent(work: Callable[[], object], threads: int = 1) -> tuple[float, object]:
    """Seconds that a call takes, and its result: processor time on one thread, else by the clock."""
    clock = time.process_time if threads == 1 else time.perf_counter
    start = clock()
    result = work()
    return clock() - start, result


def turns(
    works: Mapping[str, Callable[[], object]], repeats: int, threads: int = 1
) -> dict[str, list[float]]:
    """Seconds of every way, one after another, `repeats` times."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            seconds[name].append(spent(work, threads)[0])
    return seconds


def markdown(header: list[str], rows: list[list[object]]) -> str:
    """A Markdown table; floats with three significant digits."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        if not np.isfinite(value):
            return "–"
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return str(value)
