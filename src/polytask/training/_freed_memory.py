"""Memory that a step frees, kept for the next one."""

from __future__ import annotations

import torch

__all__ = ["keep_freed_memory"]


def keep_freed_memory() -> None:
    """Let the C library keep up to 64 MB that a step frees, where it would return them each time.

    Pages that were returned are zeroed anew by the system in the next step, which took 15 % of a
    step of a mixture of experts. glibc raises its thresholds to the largest block of up to 32 MB
    that was freed, and to twice that. The block here is never touched, so that it costs nothing;
    other C libraries are indifferent to it.
    """
    torch.empty(2**25 - 2**16, dtype=torch.uint8)
