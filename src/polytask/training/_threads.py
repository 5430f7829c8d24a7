"""The number of threads of a training step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from polytask.architectures import MultiTaskModule
from polytask.data import Batch
from polytask.training._step_work import step_work

__all__ = ["threads_for", "threads_to_score"]

# Below so many multiplications per step, of one network or of all stacked ones, a second thread
# waits more than it works (measured on tables of a few thousand rows: equal at best, 7 times
# slower on a busy machine; 139 stacked networks of schools: 1.6 times faster).
_WORTH_SEVERAL_THREADS = 50_000_000
_WORTH_SEVERAL_THREADS_STACKED = 500_000_000
_FEW_ROWS, _ROWS_OF_A_STEP = 20_000, 256


@contextmanager
def threads_for(multiplications: float, n_networks: int = 1) -> Iterator[None]:
    """Run small steps on one thread, and restore the number of threads afterwards.

    Parameters
    ----------
    multiplications : float
        Multiplications of one step of one network.
    n_networks : int, default 1
        Networks that take the step together.
    """
    before = torch.get_num_threads()
    together = multiplications * n_networks
    if max(multiplications / _WORTH_SEVERAL_THREADS, together / _WORTH_SEVERAL_THREADS_STACKED) < 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def threads_to_score(network: MultiTaskModule, batch: Batch) -> Iterator[None]:
    """Score few rows on the threads that a training step has, restored afterwards.

    Sums of products are rounded differently when rows are divided among threads. A comparison
    has fewer threads per run when several runs share the cores, and is to find the same scores.

    Parameters
    ----------
    network : MultiTaskModule
    batch : Batch
        The rows to score.
    """
    n_rows = sum(rows.n_rows for rows in batch.values())
    if n_rows >= _FEW_ROWS:
        yield
        return
    with threads_for(*step_work(network, min(n_rows, _ROWS_OF_A_STEP))):
        yield
