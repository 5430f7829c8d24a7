"""The contract of a fitted model inside a predictor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from polytask.data import Schema, Source
from polytask.tasks import TaskSet

__all__ = ["Model"]


class Model(ABC):
    """Encoded rows → raw scores, and how to lie in a folder without pickle."""

    @property
    @abstractmethod
    def n_parameters(self) -> int:
        """Learned numbers, for the cost table."""

    @abstractmethod
    def scores(
        self, sources: Sequence[Source]
    ) -> Mapping[str, Mapping[str, Float32[np.ndarray, "m size"]]]:
        """Raw scores by source name and task, for `source.rows_of(task)` in that order."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the model's files into an existing folder."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, tasks: TaskSet, schemas: Mapping[str, Schema]) -> Model:
        """Read what `save` wrote."""
