"""Training of a network whose tasks are apart: a population of networks of one task each."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import torch
from lightning_fabric import Fabric

from polytask.architectures import MultiTaskModule
from polytask.architectures._copy_task import give_task
from polytask.bookkeeping import EpochRecord, History
from polytask.data import Schema, SourceBatch
from polytask.exceptions import ParameterError
from polytask.losses import MultiTaskLoss
from polytask.processes import OneProcess, Processes
from polytask.training._forward import Forward
from polytask.training._hosting import host_members
from polytask.training._observing import Observing
from polytask.training._progress import TrainingProgress
from polytask.training._stack_member import StackMember
from polytask.training._stack_table import encoded_table
from polytask.training._stacking import Stack, settings_refusal, stacks_of
from polytask.training._task_history import close_history, joined_record, joined_rounds
from polytask.training._task_members import task_members, task_trainer
from polytask.training._task_rounds import Plan, task_rounds
from polytask.training._task_units import LoneTask, StackedTasks, TaskUnit

__all__ = ["TaskRuns"]


class TaskRuns:
    """The networks of single tasks in training, each as it would be alone.

    Those of one structure step over stacked parameters, the others one after another. All are evaluated
    after the same steps, so that their records make one history. Networks that do not fit into memory
    with gradients and the state of an optimiser train in rounds, one after another; observers see all at
    once, so that there is one round.

    Parameters
    ----------
    trainer : Trainer
    fabric : Fabric
    network : MultiTaskModule
        Whose tasks are `apart`; receives the best state of each task.
    schemas : mapping of source name to Schema
    train, validation : mapping of source name to SourceBatch of tensors
    seed : int
    processes : Processes
        One, since nothing is shared.
    batch_size : int
        Rows of a batch of observers.
    """

    def __init__(
        self,
        trainer: Any,
        fabric: Fabric,
        network: MultiTaskModule,
        schemas: Mapping[str, Schema],
        train: dict[str, SourceBatch],
        validation: dict[str, SourceBatch] | None,
        seed: int,
        processes: Processes | None = None,
        batch_size: int = 1,
    ) -> None:
        self.network, self.fabric = network, fabric
        self.processes = processes or OneProcess()
        _check(self.processes)
        own = task_trainer(trainer, sum(rows.n_rows for rows in train.values()))
        self.n_steps = own.steps
        self.observing: Observing | None = None
        if trainer.observers:
            forward = Forward(
                fabric,
                network,
                MultiTaskLoss(network.blocks, network.tasks).to(fabric.device),
                plain=trainer.precision == "32-true",
                keep_features=False,
            )
            self.observing = Observing(
                trainer.observers, forward, network.tasks, train, validation, batch_size, seed
            )
        table = encoded_table(network, schemas, train, validation, fabric.device)
        members = task_members(own, network, table, seed)
        plans = list(self._plans(own, members))
        self.rounds = task_rounds(plans) if self.observing is None else [plans]
        trained = [p for p in network.parameters() if p.requires_grad]
        self.n_parameters = sum(p.numel() for p in trained)
        self.ended: dict[str, History] = {}  # without their records
        self.step, self.seconds_before, self._round_began = 0, 0.0, 0.0
        self._started = time.monotonic()
        self.histories = [History()]  # of every round that has begun
        self.units = self._units()

    def _plans(self, trainer: Any, members: list[StackMember]) -> Iterator[Plan]:
        """Stacks of members, and those that train by themselves."""
        if settings_refusal(trainer) is None:
            host_members(members, self._host)
            stacks, alone = stacks_of(members)
            yield from stacks
            members = [member for member, _ in alone]
        yield from members

    def _units(self) -> list[TaskUnit]:
        """What trains in the round of the last history."""
        return [
            StackedTasks(plan, self._end) if isinstance(plan, Stack) else LoneTask(plan, self._end)
            for plan in self.rounds[len(self.histories) - 1]
        ]

    def _host(self, member: StackMember, names: tuple[str, ...]) -> MultiTaskModule | None:
        host = self.network.host(member.part, names)
        return None if host is None else host.to(self.fabric.device)

    # ── the loop ─────────────────────────────────────────────────────────────────────────────

    def run(
        self,
        progress: bool | None = None,
        on_epoch: Callable[[EpochRecord], None] | None = None,
        save: Callable[[Any], None] | None = None,
    ) -> History:
        """Train until every task has ended; end in the best state of each."""
        self._started = time.monotonic()
        with closing(TrainingProgress(self.n_steps * len(self.rounds), progress)) as bar:
            while True:
                self._run_round(bar, on_epoch, save)
                if len(self.histories) == len(self.rounds):
                    break
                self._next_round()
        if on_epoch is not None:
            self._report_rest(on_epoch)
        return self._finish()

    def _run_round(
        self,
        bar: TrainingProgress,
        on_epoch: Callable[[EpochRecord], None] | None,
        save: Callable[[Any], None] | None,
    ) -> None:
        """Train the networks of a round until all have ended."""
        for unit in self.units:
            unit.begin()
        before = len(self.histories) - 1
        while any(unit.tasks for unit in self.units):
            record = self._advance()
            losses = record.validation_losses or record.train_losses
            bar.show(before * self.n_steps + self.step, losses)
            if on_epoch is not None and len(self.histories) == len(self.rounds):
                on_epoch(self._joined(record.epoch - 1))
            if save is not None:
                save(self)

    def _next_round(self) -> None:
        """Leave what has ended, and begin with further networks."""
        self.units, self.rounds[len(self.histories) - 1] = [], []
        gc.collect()  # units and their runs refer to each other
        self.histories.append(History())
        self.step, self._round_began = 0, self.seconds()
        self.units = self._units()

    def _joined(self, epoch: int) -> EpochRecord:
        """The record of an evaluation, from 0, of all rounds."""
        return joined_rounds(self.histories, epoch, self.network.tasks.names)

    def _report_rest(self, on_epoch: Callable[[EpochRecord], None]) -> None:
        """Pass evaluations that the last round does not have to the user's function."""
        *_, last = self.histories
        for epoch in range(len(last.epochs), max(len(own.epochs) for own in self.histories)):
            on_epoch(self._joined(epoch))

    def _advance(self) -> EpochRecord:
        """Train all networks of the round up to the next evaluation; return their common record."""
        records: dict[str, EpochRecord] = {}
        for unit in self.units:
            if unit.tasks:
                records |= unit.advance()
        own = {name: records[name] for name in self.network.tasks.names if name in records}
        history = self.histories[-1]
        seconds = self.seconds() - self._round_began
        record = joined_record(len(history.epochs) + 1, seconds, own)
        self.step = record.step
        if self.observing is not None:
            record = self._observed(self.observing, record)
        history.epochs.append(record)
        return record

    def _observed(self, observing: Observing, record: EpochRecord) -> EpochRecord:
        """The record with what observers see of the network as it is now."""
        active = [name not in self.ended for name in self.network.tasks.names]
        for unit in self.units:
            for name, alone in unit.networks():
                give_task(alone, name, self.network)
        return observing.observed(record, self.histories[-1].epochs, torch.tensor(active))

    def _end(self, member: StackMember, history: History) -> None:
        """Receive a network that has ended, in its best state."""
        give_task(member.network, member.part, self.network)
        self.ended[member.part] = replace(history, epochs=[])

    def _finish(self) -> History:
        self.network.eval()
        names = self.network.tasks.names
        n_epochs = max(len(own.epochs) for own in self.histories)
        history = History(
            n_parameters=self.n_parameters, epochs=list(map(self._joined, range(n_epochs)))
        )
        close_history(history, {name: self.ended[name] for name in names})
        history.seconds = self.seconds()
        return history

    def seconds(self) -> float:
        """Wall-clock seconds since training began."""
        return self.seconds_before + time.monotonic() - self._started

    # ── its state ────────────────────────────────────────────────────────────────────────────

    def state(self) -> dict[str, Any]:
        """All that an exact resume needs."""
        return {
            "step": self.step,
            "seconds": self.seconds(),
            "network": dict(self.network.state_dict()),
            "round_began": self._round_began,
            "histories": [history.to_dict() for history in self.histories],
            "ended": {name: history.to_dict() for name, history in self.ended.items()},
            "units": [unit.state() for unit in self.units],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        self.step, self.seconds_before = int(state["step"]), float(state["seconds"])
        self.network.load_state_dict(state["network"])
        self._round_began = float(state["round_began"])
        self.histories = [History.from_dict(own) for own in state["histories"]]
        ended = len(self.histories) - 1
        if ended:
            self.rounds[:ended] = [[] for _ in range(ended)]
            self.units = self._units()
        self.ended = {name: History.from_dict(own) for name, own in state["ended"].items()}
        for unit, own in zip(self.units, state["units"], strict=True):
            unit.restore(own)


def _check(processes: Processes) -> None:
    """Refuse several processes.

    Raises
    ------
    ParameterError
    """
    if processes.size > 1:
        sentence = (
            "Networks of single tasks are trained by one process. Give `processes` of size 1, "
            "and train other seeds or tasks in the other processes."
        )
        raise ParameterError(sentence)
