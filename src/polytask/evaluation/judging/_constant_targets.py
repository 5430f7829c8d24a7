"""Tasks with a constant target, for which relative gains are meaningless."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from polytask.data import MultiTaskDataset

__all__ = ["constant_targets"]


def constant_targets(
    data: MultiTaskDataset, parts: Sequence[Mapping[str, np.ndarray]]
) -> frozenset[str]:
    """Tasks with labelled rows that all hold one value.

    Parameters
    ----------
    data : MultiTaskDataset
    parts : sequence of mapping of source name to rows
        Taken together.
    """
    seen: dict[str, dict[str, set[object]]] = {task: {} for task in data.tasks.names}
    for source in data.sources:
        row_arrays = [part[source.name] for part in parts if source.name in part]
        rows = np.unique(np.concatenate([*row_arrays, np.zeros(0, dtype=np.int64)]))
        labels = source.labelled().take(rows)
        for task in source.tasks.names:
            for column, values in labels.columns(task).items():
                seen[task].setdefault(column, set()).update(_some_values(values))
    return frozenset(task for task, columns in seen.items() if _is_constant(columns.values()))


def _is_constant(columns: Collection[set[object]]) -> bool:
    """Whether some column has a value and no column has two."""
    return any(columns) and all(len(values) < 2 for values in columns)


def _some_values(values: np.ndarray) -> list[object]:
    """Two different observed values, or the only one, or none."""
    if values.ndim > 1:  # numbers of pixels
        known = values[~np.isnan(values)]
        return [known.min(), known.max()] if known.size else []
    observed = [value for value in dict.fromkeys(values.tolist()) if value is not None]
    return [value for value in observed if value == value][:2]  # noqa: PLR0124 - NaN is not itself
