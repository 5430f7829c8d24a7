"""How many threads a step deserves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["threads_for"]

# Below this many multiplications a step and network, a second thread waits more than it works
# (measured on tables of a few thousand rows: equal at best, 7 times slower on a busy machine).
_WORTH_SEVERAL_THREADS = 50_000_000


@contextmanager
def threads_for(multiplications: float) -> Iterator[None]:
    """Let small steps run on one thread; leave the number of threads as it was.

    Parameters
    ----------
    multiplications : float
        Of one step of one network.
    """
    before = torch.get_num_threads()
    if multiplications < _WORTH_SEVERAL_THREADS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
