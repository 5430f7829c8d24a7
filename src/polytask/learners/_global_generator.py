"""Seeding of numpy's global generator, which some estimators use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

__all__ = ["seeded_global_generator"]


@contextmanager
def seeded_global_generator(seed: int) -> Iterator[None]:
    """Seed the global generator for a block, and restore its state afterwards.

    Estimators without ``random_state``, such as support vector machines, draw numbers from it.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.learners._global_generator import seeded_global_generator
    >>> before = np.random.get_state()[1].tolist()
    >>> with seeded_global_generator(0):
    ...     first = np.random.rand()
    >>> np.random.get_state()[1].tolist() == before
    True
    """
    state = np.random.get_state()  # noqa: NPY002 - the global generator is intended
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
