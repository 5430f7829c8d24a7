"""Losses of the validation rows, over all processes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

from polytask.data import Batch, SourceBatch
from polytask.processes import Processes
from polytask.tasks import TaskSet
from polytask.training._forward import Forward
from polytask.training._several_processes import raised_in_all, rows_of_process

__all__ = ["ValidationLosses"]


class ValidationLosses:
    """Mean losses of the validation rows, of tasks with labels among them.

    Parameters
    ----------
    forward : Forward
    tasks : TaskSet
    rows : mapping of source name to SourceBatch of tensors
        All rows in every process; each computes the losses of its share.
    processes : Processes
    """

    def __init__(
        self,
        forward: Forward,
        tasks: TaskSet,
        rows: Mapping[str, SourceBatch],
        processes: Processes,
    ) -> None:
        self.forward, self.tasks, self.processes = forward, tasks, processes
        self.rows: dict[str, SourceBatch] = dict(rows)

    def by_task(self) -> dict[str, float]:
        """Losses over all sources; infinite where they are not finite."""
        losses = self._losses(self.rows)
        return {name: loss if math.isfinite(loss) else math.inf for name, loss in losses.items()}

    def by_source(self) -> dict[str, dict[str, float]]:
        """Losses per source and task."""
        return {source: self._losses({source: rows}) for source, rows in self.rows.items()}

    def _losses(self, rows: Batch) -> dict[str, float]:
        own = partial(self.forward.evaluated_sums, rows_of_process(rows, self.processes))
        own_sums, own_counts = raised_in_all(own, self.processes, self.forward.fabric.device)
        sums, counts = self.processes.sum(own_sums), self.processes.sum(own_counts)
        means = sums / counts.clamp(min=1e-30)
        columns = zip(self.tasks.names, means.tolist(), counts.tolist(), strict=True)
        return {name: mean for name, mean, count in columns if count > 0}
