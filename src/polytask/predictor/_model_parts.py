"""Several models in one bundle: their files stand side by side, prefixed with their positions."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from polytask.data import Schema
from polytask.predictor._contents import Contents
from polytask.predictor._model import Model, model_class, model_name
from polytask.tasks import TaskSet

__all__ = ["read_parts", "write_parts"]


def write_parts(models: Sequence[Model], folder: Path) -> list[str]:
    """Write every model's files, and return the names of their classes."""
    for position, model in enumerate(models):
        with tempfile.TemporaryDirectory(dir=folder) as own:
            model.save(Path(own))
            for path in Path(own).iterdir():
                path.rename(folder / f"{position}-{path.name}")
    return [model_name(model) for model in models]


def read_parts(
    contents: Contents, names: Sequence[str], tasks: TaskSet, schemas: Mapping[str, Schema]
) -> tuple[Model, ...]:
    """Read models of these classes, as `write_parts` wrote them."""
    return tuple(
        model_class(name).load(contents.part(f"{position}-"), tasks, schemas)
        for position, name in enumerate(names)
    )
