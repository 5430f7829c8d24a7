"""The recipe and the rows of each member of a population, as it would have them alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from polytask._naming import suggestion
from polytask._paths import configured, settings_of
from polytask._validation import message
from polytask.architectures import Architecture
from polytask.data import MultiTaskDataset, Schema, Source, fit_schemas
from polytask.exceptions import ParameterError, TooFewRowsError
from polytask.tasks import TaskSet
from polytask.training._member import Member
from polytask.training._stack_table import StackTable, stack_table

__all__ = [
    "MemberData",
    "MemberRows",
    "check_members",
    "member_tasks",
    "too_few_rows",
    "with_dropout",
]


@dataclass(frozen=True, eq=False)
class MemberRows:
    """The rows of one member.

    Attributes
    ----------
    train : MultiTaskDataset
        Its tasks, with their weights, and the rows that are labelled for one of them.
    validation : MultiTaskDataset or None
        None without a row that is labelled for one of its tasks.
    schemas : mapping of source name to Schema
        Of its sources, with its targets.
    """

    train: MultiTaskDataset
    validation: MultiTaskDataset | None
    schemas: Mapping[str, Schema]


class MemberData:
    """The rows of the members of a population.

    Schemas are fitted on all training rows whose `Member.row_weight` is not 0, of all tasks, so that
    members with equal masks share them.

    Parameters
    ----------
    architecture : Architecture
        States what schemas must hold.
    train : MultiTaskDataset
    validation : MultiTaskDataset or None
    """

    def __init__(
        self,
        architecture: Architecture,
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None,
    ) -> None:
        self.architecture = architecture
        self.train = train
        self.validation = None if validation is None else validation.without_zero_weights()
        self._schemas: dict[bytes, Mapping[str, Schema]] = {}
        self._tables: dict[bytes, StackTable] = {}

    def of(self, member: Member) -> MemberRows:
        """The rows of a member.

        Raises
        ------
        TooFewRowsError
            If no row is left to train on.
        """
        weighted = self._with_row_weights(member).without_zero_weights()
        train = _of_tasks(weighted, member)
        if train is None:
            raise too_few_rows(member.task_names or self.train.tasks.names)
        validation = None if self.validation is None else _of_tasks(self.validation, member)
        schemas = self.own_schemas(member, {s.name: s.tasks for s in train.sources})
        return MemberRows(train, validation, schemas)

    def table(self, member: Member, device: torch.device) -> StackTable:
        """Encoded rows of all tasks, which members of equal row weights share.

        Raises
        ------
        DataError
            If a task has no label among the rows of positive weight.
        """
        key = self.mask_key(member) + self.weight_key(member)
        if key not in self._tables:
            schemas = self._schemas_of(member)
            train = self._with_row_weights(member).without_zero_weights()
            self._tables[key] = stack_table(train, self.validation, schemas, device)
        return self._tables[key]

    def weight_key(self, member: Member) -> bytes:
        """Equal for members of equal weights of rows."""
        given = sorted((member.row_weight or {}).items())
        weights = [name.encode() + np.asarray(own, float).tobytes() for name, own in given]
        return hashlib.sha256(b"".join(weights)).digest() if weights else b""

    def own_schemas(self, member: Member, sources: Mapping[str, TaskSet]) -> dict[str, Schema]:
        """Schemas of some sources, with the targets of some tasks."""
        schemas = self._schemas_of(member)
        return {
            source: replace(
                schemas[source], targets={n: schemas[source].targets[n] for n in tasks.names}
            )
            for source, tasks in sources.items()
        }

    def mask_key(self, member: Member) -> bytes:
        """Equal for members that train on the same rows, whatever their tasks and weights."""
        given = member.row_weight or {}
        masks = {name: np.asarray(weights) != 0 for name, weights in sorted(given.items())}
        return b"".join(
            name.encode() + np.packbits(mask).tobytes()
            for name, mask in masks.items()
            if not mask.all()
        )

    def _schemas_of(self, member: Member) -> Mapping[str, Schema]:
        key = self.mask_key(member)
        if key not in self._schemas:
            rows = {s.name: np.arange(s.n_rows) for s in self.train.sources}
            for name, weights in (member.row_weight or {}).items():
                rows[name] = np.flatnonzero(np.asarray(weights))
            data = self.train.take(rows) if key else self.train
            recipe = self.architecture
            self._schemas[key] = fit_schemas(
                data.without_zero_weights(), recipe.bins, tokenizer=recipe.tokenizer
            )
        return self._schemas[key]

    def _with_row_weights(self, member: Member) -> MultiTaskDataset:
        """The training rows with their weights times those of the member."""
        if member.row_weight is None:
            return self.train
        given = member.row_weight
        sources = tuple(
            _weighted(source, given[source.name]) if source.name in given else source
            for source in self.train.sources
        )
        return replace(self.train, sources=sources)


def too_few_rows(names: Sequence[str]) -> TooFewRowsError:
    """The error of a member without rows to train on."""
    listed = ", ".join(names)
    sentence = f"No training row has a label and a weight for {listed}; give the member others."
    return TooFewRowsError(sentence)


def check_members(members: object, train: MultiTaskDataset, architecture: Architecture) -> None:
    """Refuse members whose tasks, sources or rows the data do not have.

    Raises
    ------
    ParameterError
        Naming the first such member by its position.
    """
    expected = "a sequence of at least one Member"
    if not isinstance(members, Sequence) or not all(isinstance(m, Member) for m in members):
        raise ParameterError(message("Trainer.fit_many", "members", expected, members))
    if not members:
        raise ParameterError(message("Trainer.fit_many", "members", expected, members))
    for position, member in enumerate(members):
        start = f"Member {position} of Trainer.fit_many"
        for name in member.tasks or ():
            if name not in train.tasks.names:
                guess = suggestion(name, train.tasks.names)
                raise ParameterError(f"{start} names the task {name!r}, which is none. {guess}")
        for source, weights in (member.row_weight or {}).items():
            _check_source(start, source, len(np.asarray(weights)), train)
        if member.dropout is not None:
            _check_dropout(start, architecture)


def with_dropout(architecture: Architecture, dropout: float | None) -> Architecture:
    """The architecture with another dropout wherever it has one."""
    if dropout is None:
        return architecture
    changed: Architecture = configured(
        architecture, dict.fromkeys(_dropouts(architecture), dropout)
    )
    return changed


def _dropouts(architecture: Architecture) -> list[str]:
    """Paths of the settings named dropout."""
    return [s.path for s in settings_of(architecture) if s.path.split(".")[-1] == "dropout"]


def _check_dropout(start: str, architecture: Architecture) -> None:
    if not _dropouts(architecture):
        sentence = (
            f"{start} has a `dropout`, and no part of {architecture.name} has a setting of that name. "
            "Leave it out, or choose an encoder with dropout, such as MLP."
        )
        raise ParameterError(sentence)


def _check_source(start: str, source: str, n_weights: int, train: MultiTaskDataset) -> None:
    names = [own.name for own in train.sources]
    if source not in names:
        guess = suggestion(source, names)
        sentence = f"{start} has weights of rows of the source {source!r}, which is none. {guess}"
        raise ParameterError(sentence)
    n_rows = train.source(source).n_rows
    if n_weights != n_rows:
        sentence = (
            f"{start} must have one weight per training row of source {source!r}, {n_rows}. "
            f"Got {n_weights} instead."
        )
        raise ParameterError(sentence)


def _weighted(source: Source, factors: np.ndarray) -> Source:
    factors = np.asarray(factors, dtype=np.float64)
    if source.weights is None:
        return replace(source, weights=factors)
    table = source.weights
    # a weight of 0 leaves a row out, whose own weight may be missing
    own = np.where(factors == 0, 0.0, table) if table.ndim == 1 else table
    if table.ndim == 2:
        factors = factors[:, None]
        own = np.where(factors == 0, 0.0, table)
    return replace(source, weights=own * factors)


def member_tasks(tasks: TaskSet, member: Member) -> TaskSet:
    """The tasks of a member, with their weights times its own."""
    if member.tasks is None:
        return tasks
    factors = member.tasks
    own = tasks.subset(member.task_names or ())
    return TaskSet(replace(t, weight=t.weight * float(factors[t.name])) for t in own)


def _of_tasks(data: MultiTaskDataset, member: Member) -> MultiTaskDataset | None:
    """The member's tasks with their weights, and the rows labelled for them; None without any."""
    if member.tasks is not None:
        data = data.of_tasks(member.task_names or ())
        data = data.with_tasks({t.name: t for t in member_tasks(data.tasks, member)})
    rows = {source.name: _labelled(source) for source in data.sources}
    if not any(len(own) for own in rows.values()):
        return None
    if all(len(rows[source.name]) == source.n_rows for source in data.sources):
        return data
    return data.take(rows)


def _labelled(source: Source) -> np.ndarray:
    """Rows with a label of any task."""
    if source.labels is None:
        return np.arange(0)
    labelled = np.zeros(source.n_rows, dtype=bool)
    for name in source.tasks.names:
        labelled[source.labels.rows(name)] = True
    return np.flatnonzero(labelled)
