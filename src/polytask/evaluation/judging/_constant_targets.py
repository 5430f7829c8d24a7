"""Tasks whose target does not vary, so that no relative gain on them means anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polytask.data import MultiTaskDataset

__all__ = ["constant_targets"]


def constant_targets(
    data: MultiTaskDataset, parts: Sequence[Mapping[str, np.ndarray]]
) -> frozenset[str]:
    """Tasks whose target has labels in some rows, and one value only.

    Parameters
    ----------
    data : MultiTaskDataset
    parts : sequence of mapping of source name to rows
        Taken together.
    """
    return frozenset(task for task in data.tasks.names if not _varies(data, task, parts))


def _varies(data: MultiTaskDataset, task: str, parts: Sequence[Mapping[str, np.ndarray]]) -> bool:
    """Whether some column of the target takes two values; without labels, whether it may."""
    seen: dict[str, set[object]] = {}
    for source in data.sources:
        if task not in source.tasks.names:
            continue
        found = [part[source.name] for part in parts if source.name in part]
        rows = np.unique(np.concatenate([*found, np.zeros(0, dtype=np.int64)]))
        for column, values in source.labelled().take(rows).columns(task).items():
            seen.setdefault(column, set()).update(_some_values(values))
    return not any(seen.values()) or any(len(values) > 1 for values in seen.values())


def _some_values(values: np.ndarray) -> list[object]:
    """Two different observed values, or the only one, or none."""
    observed = [value for value in dict.fromkeys(values.tolist()) if value is not None]
    return [value for value in observed if value == value][:2]  # noqa: PLR0124 - NaN is not itself
