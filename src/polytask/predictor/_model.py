"""The contract of a fitted model inside a predictor."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from polytask.data import Schema, Source
from polytask.exceptions import BundleError
from polytask.predictor._contents import Contents
from polytask.tasks import TaskSet

__all__ = ["Model", "model_class"]


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
    def load(cls, contents: Contents, tasks: TaskSet, schemas: Mapping[str, Schema]) -> Model:
        """Build what `save` wrote from files that a stranger may have written.

        Whatever they hold, either the model is sound or an error says what is wrong with it.
        """


def model_class(name: str) -> type[Model]:
    """The model that a manifest names: a public one of this room, by its exact name."""
    room = import_module("polytask.predictor")
    found = getattr(room, name, None) if name in room.__all__ else None
    if inspect.isclass(found) and issubclass(found, Model) and found is not Model:
        return found
    raise BundleError(f"The saved model is a {name[:80]!r}, which this polytask does not know.")
