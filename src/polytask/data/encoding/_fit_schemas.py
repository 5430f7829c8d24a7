from __future__ import annotations

from polytask.data.dataset import MultiTaskDataset
from polytask.data.encoding._schema import Schema
from polytask.data.sources import fit_targets

__all__ = ["fit_schemas"]


def fit_schemas(dataset: MultiTaskDataset) -> dict[str, Schema]:
    """Fit one schema per source on the given (training) rows.

    The target of a task that is labelled in several sources is fitted on all of them.
    """
    targets = fit_targets(dataset.sources)
    return {source.name: Schema.fit(source, targets) for source in dataset.sources}
