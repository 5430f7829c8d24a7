"""One split with one seed."""

from __future__ import annotations

from dataclasses import dataclass

from polytask.data import Split

__all__ = ["Repetition"]


@dataclass(frozen=True, eq=False)
class Repetition:
    """One split with one seed."""

    split: Split
    seed: int
