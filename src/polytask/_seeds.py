"""Seeds per purpose, derived from one seed."""

from __future__ import annotations

import hashlib

__all__ = ["derived_seed"]


def derived_seed(seed: int, *purpose: object) -> int:
    """Derive a seed of 56 bits for one purpose, the same in every process.

    Parameters
    ----------
    seed : int
        Of the whole run.
    *words
        What the derived seed is for; equal words give equal seeds.

    Examples
    --------
    >>> from polytask._seeds import derived_seed
    >>> derived_seed(0, "rows", 1) == derived_seed(0, "rows", 1)
    True
    >>> derived_seed(0, "rows", 1) == derived_seed(0, "rows", 2)
    False
    """
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")
