"""Imports without garbage collection."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collection_paused"]


@contextmanager
def collection_paused() -> Iterator[None]:
    """Run a block without garbage collection, such as the import of torch.

    Imports make many objects, which stay, and next to no garbage; looking for it took a sixth of their
    time. Later collections pass over all objects that there are at the end of the block, so that
    it belongs into a process of our own and runs once.

    Examples
    --------
    >>> import gc
    >>> from polytask._workers import collection_paused
    >>> with collection_paused():
    ...     gc.isenabled()
    False
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
