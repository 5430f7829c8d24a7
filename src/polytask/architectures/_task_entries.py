"""Entries of every task's own for the rows of each source."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from polytask.architectures._copies import Copies
from polytask.architectures._inputs import Inputs
from polytask.architectures._places import places_among
from polytask.architectures._row_groups import group_rows
from polytask.data import Batch, Schema, SourceBatch
from polytask.encoders import Encoder, State
from polytask.encoders._encoder import sample_of
from polytask.tasks import TaskSet

__all__ = ["TaskEntries"]


class TaskEntries(nn.ModuleList):
    """An encoder's entry for each source and task, those of all tasks of a source run as one.

    States have a leading axis over the tasks of the source, (n_tasks, n, …), or none where each
    row has one task.

    Parameters
    ----------
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    owner : str
        Whose `encoder` it is, for errors.
    """

    def __init__(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet, owner: str
    ) -> None:
        entries = [Inputs(encoder, schemas, owner) for _ in tasks]
        super().__init__()
        self.sources, self.n_tasks = entries[0].sources, len(tasks)
        self.places: dict[str, list[int]] = {}
        for position, source in enumerate(self.sources):
            carried = [k for k, name in enumerate(tasks.names) if name in schemas[source].targets]
            names = [tasks.names[k] for k in carried]
            self.places[source] = carried
            sample = sample_of(schemas[source].parts)
            self.append(Copies([entries[k][position] for k in carried], sample, tasks=names))

    def forward(self, batch: Batch) -> dict[str, State]:
        """States of the rows of every source in the batch."""
        return {
            source: self._entered(entry, source, batch[source])  # type: ignore[arg-type]
            for source, entry in zip(self.sources, self, strict=True)
            if source in batch
        }

    def _entered(self, entries: Copies, source: str, rows: SourceBatch) -> State:
        if rows.task is None:
            return entries(rows.inputs)
        place = self.place_of(source, rows.task)
        groups = group_rows(place[:: rows.members], entries.n_copies)
        grouped = {part: groups.gather(array) for part, array in rows.inputs.items()}
        values, mask = entries(grouped, groups.sizes, apart=True)
        if rows.members > 1:
            groups = group_rows(place, entries.n_copies)
        return State(groups.scatter(values), None if mask is None else groups.scatter(mask))

    def place_of(self, source: str, task: Tensor) -> Tensor:
        """The position among the source's tasks of every row's task; 0 for others."""
        return places_among(self.places[source], self.n_tasks, task.device)[task]
