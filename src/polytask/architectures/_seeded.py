"""Random draws under a seed that leave the global generator as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from polytask._seeds import derived_seed
from polytask._torch_defaults import torch_defaults

__all__ = ["seeded"]


@contextmanager
def seeded(seed: int, *names: str) -> Iterator[None]:
    """Build parts of a network under a seed, independent of the surrounding program.

    Parameters
    ----------
    seed : int
    *names : str
        Of the part; each draws numbers of its own.

    Examples
    --------
    >>> from torch import nn
    >>> from polytask.architectures import seeded
    >>> with seeded(0, "expert 1"):
    ...     first = nn.Linear(2, 2)
    >>> with seeded(0, "expert 1"):
    ...     again = nn.Linear(2, 2)
    >>> bool((first.weight == again.weight).all())
    True
    """
    derived = derived_seed(seed, *names) if names else seed
    with torch_defaults(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived)
        yield
