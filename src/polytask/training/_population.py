"""Training of the members of a population."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from polytask._recipes import to_json
from polytask.architectures import Architecture
from polytask.bookkeeping import EpochRecord
from polytask.data import MultiTaskDataset
from polytask.exceptions import NonFiniteLossError, PolytaskError
from polytask.training._device import make_fabric
from polytask.training._fitting import build
from polytask.training._member import Member
from polytask.training._member_data import MemberData, MemberRows, with_dropout
from polytask.training._member_store import MemberStore
from polytask.training._progress import TrainingProgress
from polytask.training._trained import Trained
from polytask.training._trainer_settings import TrainerSettings

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
        self._common = _common_identity(trainer, architecture, train, validation, self.store)

    def run(self, progress: bool | None) -> list[Trained | PolytaskError]:
        """Train all members, one after another; the first error is not raised."""
        with closing(TrainingProgress(_SHARES * len(self.members), progress)) as bar:
            for position in range(len(self.members)):
                try:
                    self._end(position, self._trained(position, bar))
                except PolytaskError as error:
                    self.results[position] = error
                bar.show(_SHARES * (position + 1), {})
        return [result for result in self.results if result is not None]

    def recipe(self, position: int) -> tuple[Any, Architecture]:
        """The trainer and the architecture of a member."""
        member = self.members[position]
        own = {
            name: value
            for name in ("learning_rate", "weight_decay")
            if (value := getattr(member, name)) is not None
        }
        trainer = replace(self.trainer, **own) if own else self.trainer
        return trainer, with_dropout(self.architecture, member.dropout)

    def identity(self, position: int) -> str:
        """Sha256 of a member's run; equal for members that are alike."""
        member = self.members[position]
        rows = {
            name: hashlib.sha256(np.asarray(w, dtype=np.float64).tobytes()).hexdigest()
            for name, w in sorted((member.row_weight or {}).items())
        }
        tasks = None if member.tasks is None else dict(sorted(member.tasks.items()))
        own = [tasks, member.seed, member.learning_rate, member.weight_decay, member.dropout, rows]
        return hashlib.sha256(json.dumps([self._common, *own]).encode()).hexdigest()

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
        trained: Trained = trainer.fit(
            architecture,
            rows.train,
            rows.validation,
            seed=self.members[position].seed,
            schemas=rows.schemas,
            checkpoint=running,
            checkpoint_seconds=self.seconds,
            progress=False,
            on_epoch=lambda record: self._show(bar, position, record),
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

    def _show(self, bar: TrainingProgress, position: int, record: EpochRecord) -> None:
        """Advance the bar within a member."""
        share = 0.0 if self.trainer.epochs is not None else record.step / self.trainer.steps
        losses = record.validation_losses or record.train_losses
        bar.show(int(_SHARES * (position + min(share, 1.0))), losses)


def _common_identity(
    trainer: TrainerSettings,
    architecture: Architecture,
    train: MultiTaskDataset,
    validation: MultiTaskDataset | None,
    store: MemberStore | None,
) -> str:
    """What all members' runs have in common, in one digest; "" if nothing is stored."""
    if store is None:
        return ""
    parts = [
        to_json(trainer),
        to_json(architecture),
        train.digest(),
        None if validation is None else validation.digest(),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
