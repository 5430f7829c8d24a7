"""Peak extra memory of an exact step over that of the plain step, each in a process of its own.

The kernel's high-water mark of resident memory (VmHWM) is reset before the plain steps and before
the exact steps; the table gives the difference of the two marks. Big blocks go back to the system
when freed (MALLOC_MMAP_THRESHOLD_), or the marks would show what the allocator keeps.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from balancing_case import Case, Contender, SkipError, make_case
from balancing_ours import plain
from balancing_rows import GROUPS, Maker
from balancing_timing import step
from balancing_torchjd import autojac

__all__ = ["memory_table"]

_LEAN = "TorchJD autojac, lean"
_COLUMNS = ("polytask", "TorchJD autojac", _LEAN, "TorchJD autogram", "LibMTL")


def memory_table(networks: Sequence[str], tasks: Sequence[int], name: str = "MGDA") -> None:
    """Measure and print."""
    print(f"\n### Peak extra memory of an exact step ({name}), MiB\n")
    print(f"| network | tasks | {' | '.join(_COLUMNS)} |")
    print("|---" * (len(_COLUMNS) + 2) + "|")
    for network in networks:
        for n_tasks in tasks:
            cells = [_in_a_process(network, n_tasks, column, name) for column in _COLUMNS]
            print(f"| {network} | {n_tasks} | {' | '.join(cells)} |", flush=True)


def _in_a_process(network: str, n_tasks: int, column: str, name: str) -> str:
    limits = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, __file__, network, str(n_tasks), column, name]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **limits},
    )
    if done.returncode != 0:
        print(f"{column}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return "–"
    return done.stdout.strip()


def _high_water(case: Case, contender: Contender, steps: int) -> int:
    """KiB of resident memory at the highest point of some steps."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    for _ in range(steps):
        step(case, contender)
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def _makers(name: str) -> Mapping[str, Maker]:
    lean = {_LEAN: lambda case: autojac(name, case.n_tasks, lean=True)}
    return {**GROUPS["exact"].makers(name), **lean}


def _measure(network: str, n_tasks: int, column: str, name: str) -> float:
    torch.set_num_threads(1)
    make = _makers(name)[column]
    small = make_case(network, 2)
    step(small, make(small))  # imports and kernels are loaded before anything is measured
    del small
    case = make_case(network, n_tasks)
    plainly = _high_water(case, plain(), steps=2)
    return (_high_water(case, make(case), steps=2) - plainly) / 1024


if __name__ == "__main__":
    try:
        print(f"{_measure(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]):.0f}")
    except SkipError as reason:
        sys.exit(str(reason))
