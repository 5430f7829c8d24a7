"""The networks of a network whose tasks are apart, as members of a population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from polytask.architectures import MultiTaskModule
from polytask.architectures._copy_task import take_task
from polytask.exceptions import ParameterError
from polytask.sampling._epoch_batches import steps_per_epoch
from polytask.tasks import Task, TaskSet
from polytask.training._stack_member import StackMember
from polytask.training._stack_table import StackTable, source_table

__all__ = ["SourceTables", "task_members", "task_trainer"]

SourceTables = dict[tuple[StackTable, str, str], StackTable]
"""Rows of one source of a table under another name, by these three."""


def task_trainer(trainer: Any, n_rows: int) -> Any:
    """The trainer of each task's network: with the steps of all rows together, without what is of all tasks.

    Parameters
    ----------
    trainer : Trainer
    n_rows : int
        Training rows of all tasks.

    Raises
    ------
    ParameterError
        If it has balancing or a sampler, which would have no effect.
    """
    _check(trainer)
    return replace(
        trainer, steps=trainer.planned_steps(n_rows), epochs=None, observers=(), task_patience=None
    )


def task_members(
    trainer: Any,
    network: MultiTaskModule,
    table: StackTable,
    seed: int,
    position: int = 0,
    tables: SourceTables | None = None,
) -> list[StackMember]:
    """One member per task, with the values that the network has of it; all are evaluated together.

    Parameters
    ----------
    trainer : Trainer
        As `task_trainer` gives it.
    network : MultiTaskModule
        Whose tasks are `apart`.
    table : StackTable
        The rows of all tasks.
    seed : int
    position : int, default 0
        That of the network in a population.
    tables : dict, optional
        Tables that were made for other networks on the same rows, so that all share them; changed.
    """
    device = next(network.parameters()).device
    tables = {} if tables is None else tables
    members = []
    for task in network.tasks:
        alone = network.of_task(task.name).to(device)
        take_task(network, task.name, alone)
        members.append(_member(trainer, alone, task, table, tables, seed, position))
    epoch = max(steps_per_epoch(m.n_rows, trainer.rows_per_batch(m.n_rows)) for m in members)
    for member in members:
        member.epoch = epoch
    return members


def _member(
    trainer: Any,
    alone: MultiTaskModule,
    task: Task,
    table: StackTable,
    tables: SourceTables,
    seed: int,
    position: int,
) -> StackMember:
    """The member of a task, on the rows of its source under the name that its network has for it."""
    (block,) = (block for block in table.blocks if task.name in block.tasks)
    sources = [source for source in block.sources if task.name in block.tasks_in(source)]
    if len(alone.sources) == 1:
        key = (table, sources[0], alone.sources[0])
        if key not in tables:
            tables[key] = source_table(*key)
        table = tables[key]
    names = (task.name,)
    train = table.train.of_tasks(names)
    validation: Mapping[str, torch.Tensor] = {}
    if table.validation is not None:
        validation = table.validation.of_tasks(names)
    tasks = TaskSet([replace(task, role="primary", after=())])
    return StackMember(
        position,
        trainer,
        seed,
        tasks,
        table.schemas,
        alone,
        table,
        train,
        validation,
        part=task.name,
    )


def _check(trainer: Any) -> None:
    for slot in ("weighting", "aggregation"):
        method = getattr(trainer, slot)
        if method is not None:
            sentence = (
                f"The `{slot}` parameter of Trainer must be None for networks of single tasks, which "
                f"share nothing that could be balanced. Got {type(method).__name__} instead. "
                "Leave it out, or choose an architecture with a shared part, such as HardSharing."
            )
            raise ParameterError(sentence)
    sampler = trainer.row_sampler()
    if sampler is not None:
        sentence = (
            f"The networks of single tasks draw rows of their own, which {type(sampler).__name__} "
            "could not choose. Leave `sampler` of Trainer at None."
        )
        raise ParameterError(sentence)
