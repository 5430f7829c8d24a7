"""Environment variables that limit the threads of a process."""

from __future__ import annotations

__all__ = ["thread_limits"]


def thread_limits(threads: int) -> dict[str, str]:
    """Few threads per process, asleep while waiting, since spinning processes block each other."""
    libraries = ("OMP", "OPENBLAS", "MKL")
    limits = {f"{library}_NUM_THREADS": str(threads) for library in libraries}
    return {**limits, "OMP_WAIT_POLICY": "passive", "POLARS_MAX_THREADS": str(threads)}
