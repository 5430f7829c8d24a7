"""How many threads a step deserves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["threads_for"]

# Below so many multiplications a step, of one network or of all that are stacked, a second thread
# waits more than it works (measured on tables of a few thousand rows: equal at best, 7 times
# slower on a busy machine; 139 stacked networks of schools: 1.6 times faster).
_WORTH_SEVERAL_THREADS = 50_000_000
_WORTH_SEVERAL_THREADS_STACKED = 500_000_000


@contextmanager
def threads_for(multiplications: float, n_networks: int = 1) -> Iterator[None]:
    """Let small steps run on one thread; leave the number of threads as it was.

    Parameters
    ----------
    multiplications : float
        Of one step of one network.
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
