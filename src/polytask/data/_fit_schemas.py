from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from polytask.data._dataset import MultiTaskDataset
from polytask.data._schema import Schema
from polytask.data._source import Source
from polytask.tasks import FittedTarget, Task

__all__ = ["fit_schemas"]


def fit_schemas(dataset: MultiTaskDataset) -> dict[str, Schema]:
    """Fit one schema a source on the given (training) rows.

    A task that is labelled in several sources learns its target from all of them.
    """
    schemas = {source.name: Schema.fit(source) for source in dataset.sources}
    for task in dataset.tasks:
        carrying = [source for source in dataset.sources if task.name in source.tasks.names]
        if len(carrying) > 1:
            fitted = _pooled(task, carrying)
            for source in carrying:
                schema = schemas[source.name]
                schemas[source.name] = replace(
                    schema, targets={**schema.targets, task.name: fitted}
                )
    return schemas


def _pooled(task: Task, sources: list[Source]) -> FittedTarget:
    parts: list[Mapping[str, np.ndarray]] = [s.labelled().columns(task.name) for s in sources]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in task.columns}
    return task.known_kind.fit(task.name, joined)
