"""Abstract base class of augmentations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from polytask._validation import check_parameters

__all__ = ["Augmentation"]


class Augmentation(ABC):
    """A random change of training rows, made anew for every batch and never of validation rows.

    A recipe without state: a frozen dataclass of its settings, checked against its
    `parameter_constraints`. All randomness comes from the generator that it is given, so that
    training is the same under one seed and goes on exactly from a checkpoint. Extend
    `ImageAugmentation` or `RowMixing`.
    """

    def __post_init__(self) -> None:
        recipe: Any = self
        if hasattr(recipe, "parameter_constraints"):
            check_parameters(recipe)

    @property
    @abstractmethod
    def mixes(self) -> bool:
        """Whether rows are mixed with others."""
