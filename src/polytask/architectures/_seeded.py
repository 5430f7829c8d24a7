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
    """Seed torch's CPU generator from a seed and names, and work by torch's own defaults."""
    derived = derived_seed(seed, *names) if names else seed
    with torch_defaults(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived)
        yield
