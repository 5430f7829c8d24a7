"""A note on tasks with few labelled training rows beside tasks with many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polytask._listing import first_and_more
from polytask.data.dataset import MultiTaskDataset
from polytask.data.splits._split import Split

__all__ = ["cold_task_notes"]

_FEW, _TIMES = 100, 5
_SHOWN = 5


def cold_task_notes(data: MultiTaskDataset, splits: Sequence[Split], where: str) -> list[str]:
    """Name tasks with fewer than 100 labelled training rows, where another has five times as many.

    Parameters
    ----------
    data : MultiTaskDataset
    splits : sequence of Split
        Counts are the lowest of them.
    where : str
        Words on the splits, empty for one.
    """
    counts = [_labelled(data, split) for split in splits]
    fewest = {name: min(own[name] for own in counts) for name in data.tasks.names}
    most = max(fewest.values())
    few = {name: n for name, n in fewest.items() if n < _FEW and n * _TIMES <= most}
    if not few:
        return []
    named = [f"{few[name]} ({name})" for name in sorted(few, key=few.__getitem__)]
    sentence = (
        f"Few labelled training rows{where}: {first_and_more(named, _SHOWN)}, where another task has "
        f"{most:,}. Alone, {'they learn' if len(few) > 1 else 'it learns'} from these only; joint and "
        "pooled models also use what others know."
    )
    return [sentence]


def _labelled(data: MultiTaskDataset, split: Split) -> dict[str, int]:
    """Labelled training rows per task."""
    counts = dict.fromkeys(data.tasks.names, 0)
    for source in data.sources:
        in_training = np.zeros(source.n_rows, dtype=bool)
        in_training[split.train.get(source.name, np.empty(0, np.int64))] = True
        labels = source.labelled()
        for name in source.tasks.names:
            counts[name] += int(in_training[labels.rows(name)].sum())
    return counts
