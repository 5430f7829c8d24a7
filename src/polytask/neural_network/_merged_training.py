"""Training of networks that are merged: jointly, then a copy per task, then into one."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from polytask._recipes import to_json
from polytask._torch_defaults import torch_defaults
from polytask.architectures import Architecture, MultiTaskModule
from polytask.architectures._task_copies import TaskCopies, TaskCopiesNetwork
from polytask.bookkeeping import EpochRecord, History
from polytask.data import MultiTaskDataset, Schema, fit_schemas
from polytask.exceptions import ParameterError
from polytask.merging import Merging
from polytask.neural_network._merged_states import merged_state
from polytask.neural_network._stages import Stages
from polytask.sampling._epoch_batches import steps_per_epoch
from polytask.training import Trainer
from polytask.training._row_losses import RowLosses
from polytask.training._selection import mean_gain

__all__ = ["MergedTraining", "Shares", "budget_shares", "unmergeable"]

State = dict[str, Tensor]


@dataclass(frozen=True)
class Shares:
    """Steps of a budget: joint, of every task's copy, and on rows held out."""

    joint: int
    tuned: int
    learned: int


def budget_shares(n_steps: int, merging: Merging) -> Shares:
    """Half of the steps joint; of the others at most a half for what the method learns.

    Raises
    ------
    ParameterError
        If there are too few steps.

    Examples
    --------
    >>> from polytask.merging import AdaMerging, TIES
    >>> from polytask.neural_network._merged_training import budget_shares
    >>> budget_shares(2000, TIES())
    Shares(joint=1000, tuned=1000, learned=0)
    >>> budget_shares(2000, AdaMerging(steps=100))
    Shares(joint=1000, tuned=900, learned=100)
    """
    least = 3 if merging.steps else 2
    if n_steps < least:
        sentence = (
            f"Networks that are merged are trained in stages, which take at least {least} optimiser "
            f"steps. Got {n_steps}; raise the budget."
        )
        raise ParameterError(sentence)
    joint = n_steps // 2
    learned = merging.limited(max(1, n_steps // 4)).steps if merging.steps else 0
    return Shares(joint, n_steps - joint - learned, learned)


class MergedTraining:
    """The stages of a training whose networks are merged.

    Parameters
    ----------
    architecture : Architecture
    trainer : Trainer
        Of the joint stage.
    alone : Trainer
        Of the copies: the same without balancing.
    merging : Merging
    train : MultiTaskDataset
    validation : MultiTaskDataset or None
    seed : int
    checkpoint : Path, optional
    options : mapping
        Further arguments of `Trainer.fit`.
    """

    def __init__(
        self,
        architecture: Architecture,
        trainer: Trainer,
        alone: Trainer,
        merging: Merging,
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None,
        seed: int,
        checkpoint: Path | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.architecture, self.alone, self.seed = architecture, alone, seed
        self.train = train.without_zero_weights()
        self.validation = None if validation is None else validation.without_zero_weights()
        self.shares = budget_shares(_n_steps(trainer, self.train), merging)
        self.trainer = replace(trainer, steps=self.shares.joint, epochs=None)
        self.merging = merging.limited(self.shares.learned)
        self.options = dict(options or {})
        self.stages = Stages(checkpoint, self._identity())
        self.history = History()

    def _identity(self) -> str:
        recipes = [self.architecture, self.trainer, self.alone, self.merging]
        data = [None if d is None else d.digest() for d in (self.train, self.validation)]
        parts = [to_json(recipes), *data, self.seed]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @torch_defaults()
    def run(self) -> tuple[MultiTaskModule, Mapping[str, Schema], History]:
        """Train, fine-tune and merge; return the network, its schemas and the whole history."""
        with self.stages.explained():
            return self._run()

    def _run(self) -> tuple[MultiTaskModule, Mapping[str, Schema], History]:
        schemas = fit_schemas(self.train)
        network = self.architecture.build(schemas, self.train.tasks, self.seed)
        reason = unmergeable(self.architecture, network)
        if reason is not None:
            raise ParameterError(reason)
        start = self.stages.done("joint", self._joint)
        self._append(start)
        tuned = self.stages.done("tuned", lambda: self._tuned(schemas, start["state"]))
        self._append(tuned)
        started = time.monotonic()
        losses = RowLosses(self.trainer, network, schemas)
        with losses.running():
            self._merge(losses, start["state"], tuned["states"])
        n_learned = self.shares.learned if network.shared_parameters() else 0
        self._conclude(start, tuned, n_learned, time.monotonic() - started)
        return network.eval(), schemas, self.history

    # ── the stages ───────────────────────────────────────────────────────────────────────────

    def _joint(self) -> dict[str, Any]:
        """Train one network for all tasks."""
        trained = self._fit(self.trainer, self.architecture, self.options)
        history = trained.history.to_dict()
        return {"state": _plain(trained.network.state_dict()), "history": history}

    def _tuned(self, schemas: Mapping[str, Schema], start: State) -> dict[str, Any]:
        """Fine-tune a copy of the joint network per task, side by side."""
        trainer = replace(self.alone, steps=self.shares.tuned, epochs=None)
        recipe, options = TaskCopies(self.architecture), dict(self.options)
        joint = self.architecture.build(schemas, self.train.tasks, self.seed)
        joint.load_state_dict(start)
        copies = TaskCopiesNetwork(joint, schemas, self.train.tasks)
        if (on_epoch := options.get("on_epoch")) is not None:
            earlier = replace(self.history)
            options["on_epoch"] = lambda record: on_epoch(_after(record, earlier))
        trained = self._fit(trainer, recipe, options, start=copies.state_dict())
        tuned: Any = trained.network
        states = {task: _kept(state, start) for task, state in tuned.states().items()}
        return {"states": states, "history": trained.history.to_dict()}

    def _fit(
        self,
        trainer: Trainer,
        architecture: Architecture,
        options: Mapping[str, Any],
        **more: Any,
    ) -> Any:
        return trainer.fit(
            architecture,
            self.train,
            self.validation,
            seed=self.seed,
            held_out=self.merging.held_out,
            checkpoint=self.stages.checkpoint,
            **options,
            **more,
        )

    def _merge(self, losses: RowLosses, start: State, tuned: Mapping[str, State]) -> None:
        """Load the merged state that is best on validation rows into the network."""
        network, device = losses.network, losses.fabric.device
        start = {name: tensor.to(device) for name, tensor in start.items()}
        loss = None
        if self.merging.steps:
            loss = losses.held_out(self.train, self.merging.held_out, self.seed)

        def merged(merging: Merging) -> State:
            return merged_state(merging, network, start, tuned, seed=self.seed, loss=loss)

        self.chosen, self.losses = self.merging, {}
        if self.validation is None:
            network.load_state_dict(merged(self.merging))
            return
        measured = losses.means(self.validation)
        network.load_state_dict(start)
        before, best = measured(), None
        for candidate in self.merging.candidates():
            state = merged(candidate)
            network.load_state_dict(state)
            after = measured()
            gain = mean_gain(network.tasks, before, after)
            if best is None or (gain is not None and gain > best[0]):
                best = (float("-inf") if gain is None else gain, state)
                self.chosen, self.losses = candidate, after
        assert best is not None  # noqa: S101 - there is at least one candidate
        network.load_state_dict(best[1])

    # ── the history ──────────────────────────────────────────────────────────────────────────

    def _append(self, stage: Mapping[str, Any]) -> None:
        """Add the records of a stage after those of the earlier ones."""
        history = History.from_dict(stage["history"])
        earlier = replace(self.history)
        self.history.epochs = [
            *earlier.epochs,
            *(_after(record, earlier) for record in history.epochs),
        ]
        self.history.n_steps += history.n_steps
        self.history.seconds += history.seconds
        self.history.n_parameters = self.history.n_parameters or history.n_parameters

    def _conclude(
        self, start: Mapping[str, Any], tuned: Mapping[str, Any], n_learned: int, seconds: float
    ) -> None:
        """Record the merged network as the state that is kept."""
        joint, alone = (History.from_dict(stage["history"]) for stage in (start, tuned))
        history = self.history
        history.n_steps += n_learned
        history.seconds += seconds
        if self.losses:
            rate = history.epochs[-1].learning_rate if history.epochs else 0.0
            epoch = len(history.epochs) + 1
            record = EpochRecord(epoch, history.n_steps, history.seconds, {}, self.losses, {}, rate)
            history.epochs.append(record)
            history.best_epoch = epoch
            history.best_epochs = dict.fromkeys(self.losses, epoch)
        learned = f", and {n_learned:,} steps on rows held out" if n_learned else ""
        history.stopped = (
            f"{joint.n_steps:,} steps of joint training ({joint.stopped}), then {alone.n_steps:,} "
            f"of a copy per task ({alone.stopped}){learned}; merged by {self.chosen}"
        )


def unmergeable(architecture: Architecture, network: MultiTaskModule) -> str | None:
    """The reason why copies of a network could not be merged; None if they can."""
    if len(network.tasks) == 1 or (not network.replicated and network.shared_parameters()):
        return None
    return (
        f"Merging needs parameters that several tasks share, and {architecture.name} has none. "
        "Choose an architecture with a shared part, such as HardSharing."
    )


def _n_steps(trainer: Trainer, train: MultiTaskDataset) -> int:
    n_rows = sum(source.n_rows for source in train.sources)
    return trainer.optimizer_steps(steps_per_epoch(n_rows, trainer.batch_size))


def _plain(state: Mapping[str, Tensor]) -> State:
    return {name: tensor.detach().cpu().clone() for name, tensor in state.items()}


def _kept(state: Mapping[str, Tensor], start: State) -> State:
    return _plain({name: state[name] for name in start if name in state})


def _after(record: EpochRecord, earlier: History) -> EpochRecord:
    """A record of a stage, counted on from those of the earlier stages."""
    return replace(
        record,
        epoch=record.epoch + len(earlier.epochs),
        step=record.step + earlier.n_steps,
        seconds=record.seconds + earlier.seconds,
    )
