"""Model that predicts one constant per task."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from polytask._files import write_json
from polytask._validation import describe
from polytask.data import Schema, Source
from polytask.exceptions import BundleError
from polytask.predictor._contents import Contents
from polytask.predictor._fitted_targets import fitted_targets
from polytask.predictor._model import Model
from polytask.tasks import TaskSet

__all__ = ["ConstantModel"]

_CONSTANTS = "constants.json"
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class ConstantModel(Model):
    """The same raw scores for every row of a task.

    Parameters
    ----------
    raw : mapping of task name to array of the task's score shape
    """

    raw: Mapping[str, Float32[np.ndarray, "*scores"]]

    @property
    def n_parameters(self) -> int:
        """Number of raw scores of all tasks."""
        return sum(scores.size for scores in self.raw.values())

    def scores(self, sources: Sequence[Source]) -> dict[str, dict[str, np.ndarray]]:
        """Raw scores by source name and task, for `source.rows_of(task)` in that order."""
        return {
            source.name: {
                task: np.repeat(self.raw[task][None], len(source.rows_of(task)), axis=0)
                for task in source.tasks.names
            }
            for source in sources
        }

    def save(self, folder: Path) -> None:
        """Write ``constants.json``."""
        write_json(
            folder / _CONSTANTS, {task: raw.ravel().tolist() for task, raw in self.raw.items()}
        )

    @classmethod
    def load(
        cls, contents: Contents, tasks: TaskSet, schemas: Mapping[str, Schema]
    ) -> ConstantModel:
        """Read what `save` wrote."""
        path, constants = contents.path(_CONSTANTS), contents.json(_CONSTANTS)
        targets = fitted_targets(tasks, schemas)
        if not isinstance(constants, dict) or set(constants) != set(tasks.names):
            raise BundleError(f"{path} must hold one entry for each task of the model.")
        shapes = {task.name: task.known_kind.score_shape(targets[task.name]) for task in tasks}
        return cls(
            {name: _parse_scores(path, constants[name], shape) for name, shape in shapes.items()}
        )


def _parse_scores(path: Path, values: Any, shape: tuple[int, ...]) -> np.ndarray:
    size = math.prod(shape)
    numbers = isinstance(values, list) and all(type(number) in {float, int} for number in values)
    in_range = numbers and all(abs(number) <= _LARGEST for number in values)
    if not in_range or len(values) != size:
        raise BundleError(
            f"{path} must hold {size} finite numbers for each task. Got {describe(values)}."
        )
    return np.array(values, dtype=np.float32).reshape(shape)
