from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from polytask.data.dataset import MultiTaskDataset
from polytask.data.encoding._bins import Bins
from polytask.data.encoding._learn_bins import learn_bins
from polytask.data.encoding._schema import Schema
from polytask.data.sources import fit_targets, unit_weights
from polytask.tasks import FittedTarget

__all__ = ["fit_schemas"]


def fit_schemas(
    dataset: MultiTaskDataset, bins: Bins | None = None, *, bin_rows: int | None = None
) -> dict[str, Schema]:
    """Fit one schema per source on the given (training) rows.

    The target of a task that is labelled in several sources is fitted on all of them.

    Parameters
    ----------
    dataset : MultiTaskDataset
    bins : Bins, optional
        How to divide the numeric columns into bins; not at all by default. A network's
        architecture says what it needs: `polytask.architectures.Architecture.bins`.
    bin_rows : int, optional
        Learn bins from so many rows of every source, evenly spaced; from all by default. Enough
        to plan a network that is not trained.
    """
    targets = _as_declared(fit_targets(dataset.sources), dataset)
    schemas = {source.name: Schema.fit(source, targets) for source in dataset.sources}
    if bins is None:
        return schemas
    if bin_rows is not None:
        rows = {
            s.name: np.arange(s.n_rows)[:: -(-s.n_rows // bin_rows) or 1] for s in dataset.sources
        }
        dataset = dataset.take(rows)
    weights = _weights(dataset)
    return {
        source.name: replace(
            schemas[source.name],
            bins=learn_bins(schemas[source.name], source, bins, weights[source.name]),
        )
        for source in dataset.sources
    }


def _as_declared(
    targets: Mapping[str, FittedTarget], dataset: MultiTaskDataset
) -> Mapping[str, FittedTarget]:
    """Targets whose steps are labelled, for as many steps as columns were declared to have."""
    lengths = {
        source.name: max(source.reading.lengths.values(), default=0) for source in dataset.sources
    }
    steps = {
        name: max(lengths[source.name] for source in dataset.sources if name in source.tasks.names)
        for name in targets
    }
    return {
        name: dataset.tasks[name].known_kind.with_steps(target, steps[name])
        if steps[name]
        else target
        for name, target in targets.items()
    }


def _weights(dataset: MultiTaskDataset) -> Mapping[str, dict[str, np.ndarray]]:
    """Weights of labelled rows by source and task."""
    weights: dict[str, dict[str, np.ndarray]] = {source.name: {} for source in dataset.sources}
    for name in dataset.tasks.names:
        for source, of_task in unit_weights(dataset.sources, name).items():
            weights[source][name] = of_task
    return weights
