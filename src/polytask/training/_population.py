"""Training of the members of a population."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import torch

from polytask.architectures import Architecture, MultiTaskModule
from polytask.architectures._copy_task import give_task
from polytask.bookkeeping import History, worsened_tasks
from polytask.data import MultiTaskDataset, Schema
from polytask.exceptions import NonFiniteLossError, PolytaskError
from polytask.training._device import make_fabric
from polytask.training._fitting import build
from polytask.training._member import Member
from polytask.training._member_data import MemberData, MemberRows
from polytask.training._member_recipes import MemberRecipes
from polytask.training._member_store import MemberStore
from polytask.training._progress import TrainingProgress, Worsened, shown_by
from polytask.training._stack_member import StackMember
from polytask.training._stack_run import StackRun
from polytask.training._stack_state import active_members, restore_stack, save_stack
from polytask.training._stacker import Stacker
from polytask.training._stacking import Stack, settings_refusal
from polytask.training._step_work import step_work
from polytask.training._task_history import joined_history
from polytask.training._threads import threads_for
from polytask.training._trained import Trained
from polytask.training._trainer_settings import TrainerSettings
from polytask.training._worsened import in_members

__all__ = ["OnDone", "Population"]

OnDone = Callable[[int, Trained], None]
_SHARES = 1000
"""Positions of the progress bar per member."""


class Population:
    """The members of a population, their rows, and what has become of them.

    Parameters
    ----------
    trainer : Trainer
    architecture : Architecture
    members : sequence of Member
    train, validation : MultiTaskDataset
    checkpoint : Path or None
        The folder of those that have ended.
    seconds : float
        Least seconds between two writes of a checkpoint.

    Attributes
    ----------
    results : list of Trained, PolytaskError or None
        By position; None for members that have not ended.
    """

    def __init__(
        self,
        trainer: TrainerSettings,
        architecture: Architecture,
        members: Sequence[Member],
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None,
        checkpoint: Path | None,
        seconds: float,
        on_done: OnDone | None,
    ) -> None:
        self.trainer, self.architecture, self.members = trainer, architecture, list(members)
        self.data = MemberData(architecture, train, validation)
        self.store = None if checkpoint is None else MemberStore(checkpoint)
        self.seconds, self.on_done = seconds, on_done
        self.results: list[Trained | PolytaskError | None] = [None] * len(self.members)
        stored = None if self.store is None else (train, validation)
        recipes = MemberRecipes(trainer, architecture, self.members, stored)
        self.recipe, self.identity = recipes.recipe, recipes.identity
        self._wholes: dict[int, tuple[MultiTaskModule, Mapping[str, Schema]]] = {}
        self._ended: dict[int, dict[str, History]] = {}  # of the tasks of these
        # in the kept states of members that have ended
        self._worsened_of: dict[int, tuple[str, ...]] = {}

    def run(self, progress: bool | None) -> list[Trained | PolytaskError]:
        """Train all members, in stacks where that is possible; the first error is not raised."""
        with closing(TrainingProgress(_SHARES * len(self.members), progress)) as bar:
            if len(self.members) > 1 and settings_refusal(self.trainer) is None:
                self._run_stacks(bar)
            for position, result in enumerate(self.results):
                if result is None:
                    self._run_alone(position, bar)
        return [result for result in self.results if result is not None]

    def _run_alone(self, position: int, bar: TrainingProgress) -> None:
        result = self.alone(position, bar)
        self.results[position] = result
        if isinstance(result, Trained) and self.on_done is not None:
            self.on_done(position, result)
        bar.show(_SHARES * self._n_done, {}, self._worsened)

    def alone(self, position: int, bar: TrainingProgress | None = None) -> Trained | PolytaskError:
        """A member trained by itself, or its error."""
        try:
            return self._trained(position, bar or TrainingProgress(1, enabled=False))
        except PolytaskError as error:
            return error

    def reason(self) -> str | None:
        """Why some members are trained one after another, in words; None if all are stacked."""
        refusal = settings_refusal(self.trainer)
        if refusal is not None:
            return refusal
        stacker = Stacker(self.data, self.recipe, self.members)
        with torch.random.fork_rng(devices=stacker.devices):
            _, alone = stacker.stacks(self.results)
        return "; ".join(dict.fromkeys(why for _, why in alone)) or None

    def _run_stacks(self, bar: TrainingProgress) -> None:
        """Train the members that can be stacked."""
        stacker = Stacker(self.data, self.recipe, self.members)
        with torch.random.fork_rng(devices=stacker.devices):
            stacks, _ = stacker.stacks(self.results)
            self._wholes = stacker.wholes
            for stack in stacks:
                self._run_stack(stack, bar)
        self._wholes = {}

    def _run_stack(self, stack: Stack, bar: TrainingProgress) -> None:
        """Train the members of a stack that have not ended before."""
        last = time.monotonic()

        def save(run: StackRun) -> None:
            nonlocal last
            if self.store is not None and time.monotonic() - last >= self.seconds:
                save_stack(run, self.store.running(identity), identity, self._identity_of)
                last = time.monotonic()

        identity = self._stack_identity(stack)
        run = self._started(stack, identity)
        if run is not None:
            first = stack.members[0]
            work = step_work(first.host, first.trainer.rows_per_batch(first.n_rows))[0]
            with threads_for(work, len(run.members)):
                run.run(lambda run: self._show_stack(bar, run), save)
        if self.store is not None:
            self.store.running(identity).unlink(missing_ok=True)

    def _started(self, stack: Stack, identity: str) -> StackRun | None:
        """A stack's run, as far as it has come before; None if all of its members have ended."""
        left = [member for member in stack.members if not self._read(member)]
        if not left:
            return None
        active, state, path = left, None, None
        if self.store is not None and self.store.running(identity).exists():
            path = self.store.running(identity)
            names, state = active_members(path, identity)
            waiting = list(stack.members)
            active = [self._taken(waiting, name) for name in names]
        run = StackRun(
            active, stack.changing, rows_together=stack.rows_together, on_end=self._end_stacked
        )
        if state is not None and path is not None:
            restore_stack(run, state, path)
            run.keep(np.flatnonzero([member in left for member in run.members]))
        return run

    def _taken(self, waiting: list[StackMember], identity: str) -> StackMember:
        """The first member of an identity, which is taken from those that wait: several may be equal."""
        names = [self._identity_of(member) for member in waiting]
        return waiting.pop(names.index(identity))

    def _read(self, member: StackMember) -> bool:
        """Read a member that has ended before; whether it has."""
        if self.results[member.position] is not None:  # of all its tasks
            return True
        if self.store is None:
            return False
        identity, network = self._identity_of(member), member.network
        if member.part and self.store.has(self.identity(member.position)):
            identity, (network, _) = self.identity(member.position), self._wholes[member.position]
        if not self.store.has(identity):
            return False
        try:
            history = self.store.restore(identity, network)
        except PolytaskError as error:
            self.results[member.position] = error
        else:
            self._receive(member, network, history)
        return True

    def _identity_of(self, member: StackMember) -> str:
        if self.store is None:
            return ""
        own = self.identity(member.position)
        return hashlib.sha256(f"{own} {member.part}".encode()).hexdigest() if member.part else own

    def _stack_identity(self, stack: Stack) -> str:
        names = [self._identity_of(member) for member in stack.members]
        return hashlib.sha256("".join(names).encode()).hexdigest()

    def _end_stacked(self, member: StackMember, result: History | NonFiniteLossError) -> None:
        """Receive a member that has ended in a stack."""
        if isinstance(result, NonFiniteLossError):
            if self.results[member.position] is None:
                self.results[member.position] = result
            if self.store is not None:
                self.store.put_error(self._identity_of(member), result)
            return
        if self.store is not None:
            self.store.put(self._identity_of(member), member.network, result)
        self._receive(member, member.network, result)
        member.hosted = None  # the network of more tasks is needed no more

    def _receive(self, member: StackMember, network: MultiTaskModule, history: History) -> None:
        """Receive the history of a member, or of one of its tasks if these are apart."""
        position = member.position
        if not member.part:
            self._end(position, Trained(network, member.schemas, history))
            return
        whole, schemas = self._wholes[position]
        if network is whole:
            self._end(position, Trained(whole, schemas, history))
            return
        give_task(network, member.part, whole)
        ended = self._ended.setdefault(position, {})
        ended[member.part] = history
        if self.results[position] is None and ended.keys() == set(whole.tasks.names):
            joined = joined_history({name: ended[name] for name in whole.tasks.names})
            if self.store is not None:
                self.store.put(self.identity(position), whole, joined)
            self._end(position, Trained(whole.eval(), schemas, joined))

    @property
    def _n_done(self) -> int:
        return sum(result is not None for result in self.results)

    def _show_stack(self, bar: TrainingProgress, run: StackRun) -> None:
        """Advance the bar within a stack."""
        if not run.members:
            return
        share = run.step / int(run.n_steps.max())
        done: float = self._n_done
        under_way = sum(self._share(m.position, 1) for m in run.members)
        parts = [(k, len(own)) for k, own in self._ended.items() if self.results[k] is None]
        done += sum(self._share(k, n_tasks) for k, n_tasks in parts)
        last = run.records[0].history.epochs[-1:]
        losses = (last[0].validation_losses or last[0].train_losses) if last else {}
        position = int(_SHARES * (done + under_way * share))
        bar.show(position, losses, lambda: self._worsened(run.worsened()))

    def _worsened(self, under_way: Iterable[Iterable[str]] = ()) -> list[str]:
        """Tasks that lose what they had learned while others improve, and in how many members."""
        for position, result in enumerate(self.results):
            if isinstance(result, Trained) and position not in self._worsened_of:
                self._worsened_of[position] = tuple(worsened_tasks(result.history))
        return in_members([*self._worsened_of.values(), *under_way], len(self.members))

    def _share(self, position: int, n_tasks: int) -> float:
        """The part of a member that so many of its networks are."""
        if position not in self._wholes:
            return 1.0
        return n_tasks / len(self._wholes[position][0].tasks)

    def _trained(self, position: int, bar: TrainingProgress) -> Trained:
        """Train a member alone, or read what became of it."""
        rows = self.data.of(self.members[position])
        if self.store is None:
            return self._fitted(position, rows, None, bar)
        identity = self.identity(position)
        if self.store.has(identity):
            return self._restored(self.store, position, rows)
        running = self.store.running(identity)
        try:
            trained = self._fitted(position, rows, running, bar)
        except NonFiniteLossError as error:
            self.store.put_error(identity, error)
            raise
        self.store.put(identity, trained.network, trained.history)
        running.unlink(missing_ok=True)
        return trained

    def _fitted(
        self, position: int, rows: MemberRows, running: Path | None, bar: TrainingProgress
    ) -> Trained:
        """A member, trained alone."""
        trainer, architecture = self.recipe(position)
        with shown_by(partial(self._show, bar)):
            trained: Trained = trainer.fit(
                architecture,
                rows.train,
                rows.validation,
                seed=self.members[position].seed,
                schemas=rows.schemas,
                checkpoint=running,
                checkpoint_seconds=self.seconds,
                progress=False,
            )
        return trained

    def _restored(self, store: MemberStore, position: int, rows: MemberRows) -> Trained:
        """A member that had ended before."""
        trainer, architecture = self.recipe(position)
        seed = self.members[position].seed
        schemas, network = build(architecture, rows.train, seed, None, rows.schemas)
        network = network.to(make_fabric(trainer.accelerator, trainer.precision).device)
        history = store.restore(self.identity(position), network)
        return Trained(network, schemas, history)

    def _end(self, position: int, trained: Trained) -> None:
        self.results[position] = trained
        if self.on_done is not None:
            self.on_done(position, trained)

    def _show(
        self, bar: TrainingProgress, share: float, losses: Mapping[str, float], worsened: Worsened
    ) -> None:
        """Advance the bar within a member."""
        position = int(_SHARES * (self._n_done + share))
        bar.show(position, losses, lambda: self._worsened([worsened()]))
