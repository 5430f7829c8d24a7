"""Training of networks that are merged: jointly, then a copy per task, then into one."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from polytask._recipes import to_json
from polytask._torch_defaults import torch_defaults
from polytask.architectures import Architecture, MultiTaskModule
from polytask.architectures._task_copies import TaskCopies, TaskCopiesNetwork
from polytask.bookkeeping import History
from polytask.data import MultiTaskDataset, Schema, fit_schemas
from polytask.exceptions import ParameterError
from polytask.merging import Merging
from polytask.neural_network._budget_shares import budget_shares
from polytask.neural_network._merged_states import merged_state
from polytask.neural_network._planned_network import shares_parameters
from polytask.neural_network._stage_history import concluded, counted_on, joined
from polytask.neural_network._stages import Stages
from polytask.tasks import TaskSet
from polytask.training import Trainer
from polytask.training._row_losses import RowLosses
from polytask.training._selection import mean_gain

__all__ = ["MergedTraining", "unmergeable"]

State = dict[str, Tensor]


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
        schemas = fit_schemas(
            self.train, self.architecture.bins, tokenizer=self.architecture.tokenizer
        )
        network = self.architecture.build(schemas, self.train.tasks, self.seed)
        reason = unmergeable(self.architecture, network.tasks, shares=shares_parameters(network))
        if reason is not None:
            raise ParameterError(reason)
        joint = self.stages.done("joint", self._joint)
        before = History.from_dict(joint["history"])
        tuned = self.stages.done("tuned", lambda: self._tuned(schemas, joint["state"], before))
        history = joined(before, History.from_dict(tuned["history"]))
        started = time.monotonic()
        rows = RowLosses(self.trainer, network, schemas)
        with rows.running():
            best = self._merge(rows, joint["state"], tuned["states"])
        n_learned = self.shares.learned if network.shared_parameters() else 0
        seconds = time.monotonic() - started
        history = concluded(
            history,
            best.merging,
            best.losses,
            gain=best.gain,
            kept=_has_parameters(network, joint["state"]),
            n_steps=n_learned,
            seconds=seconds,
        )
        return network.eval(), schemas, history

    # ── the stages ───────────────────────────────────────────────────────────────────────────

    def _joint(self) -> dict[str, Any]:
        """Train one network for all tasks."""
        trained = self._fit(self.trainer, self.architecture, self.options)
        history = trained.history.to_dict()
        return {"state": _plain(trained.network.state_dict()), "history": history}

    def _tuned(
        self, schemas: Mapping[str, Schema], start: State, before: History
    ) -> dict[str, Any]:
        """Fine-tune a copy of the joint network per task, side by side."""
        trainer = replace(self.alone, steps=self.shares.tuned, epochs=None)
        recipe, options = TaskCopies(self.architecture), dict(self.options)
        joint = self.architecture.build(schemas, self.train.tasks, self.seed)
        joint.load_state_dict(start)
        copies = TaskCopiesNetwork(joint, schemas, self.train.tasks)
        if (on_epoch := options.get("on_epoch")) is not None:
            options["on_epoch"] = lambda record: on_epoch(counted_on(record, before))
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

    def _merge(self, rows: RowLosses, start: State, tuned: Mapping[str, State]) -> _Merged:
        """Load the merged state that is best on validation rows into the network."""
        network, device = rows.network, rows.fabric.device
        start = {name: tensor.to(device) for name, tensor in start.items()}
        loss = None
        if self.merging.steps:
            loss = rows.held_out(self.train, self.merging.held_out, self.seed)

        def merged(merging: Merging) -> State:
            return merged_state(merging, network, start, tuned, seed=self.seed, loss=loss)

        if self.validation is None:
            network.load_state_dict(merged(self.merging))
            return _Merged(self.merging)
        measured = rows.means(self.validation)
        network.load_state_dict(start)
        before = measured()

        def candidate(merging: Merging) -> _Merged:
            state = merged(merging)
            network.load_state_dict(state)
            losses = measured()
            return _Merged(merging, state, losses, mean_gain(network.tasks, before, losses))

        can_choose = mean_gain(network.tasks, before, before) is not None
        methods = self.merging.candidates() if can_choose else [self.merging]
        best = max(map(candidate, methods), key=attrgetter("score"))
        network.load_state_dict(best.state)
        return best


class _Merged(NamedTuple):
    """A method, its merged network, and the losses and mean relative gain on validation rows."""

    merging: Merging
    state: Mapping[str, Tensor] = MappingProxyType({})
    losses: Mapping[str, float] = MappingProxyType({})
    gain: float | None = None

    @property
    def score(self) -> float:
        """The gain; the lowest of all where it is no number."""
        return self.gain if self.gain is not None and math.isfinite(self.gain) else -math.inf


def unmergeable(architecture: Architecture, tasks: TaskSet, *, shares: bool) -> str | None:
    """The reason why copies of a network could not be merged; None if they can.

    Parameters
    ----------
    architecture : Architecture
    tasks : TaskSet
    shares : bool
        Whether tasks share parameters of its network.
    """
    if len(tasks) == 1 or shares:
        return None
    return (
        f"Merging needs parameters that several tasks share, and {architecture.name} has none. "
        "Choose an architecture with a shared part, such as HardSharing."
    )


def _n_steps(trainer: Trainer, train: MultiTaskDataset) -> int:
    n_rows = sum(source.n_rows for source in train.sources)
    return trainer.planned_steps(n_rows)


def _has_parameters(network: MultiTaskModule, state: State) -> bool:
    return all(torch.equal(p.cpu(), state[name]) for name, p in network.named_parameters())


def _plain(state: Mapping[str, Tensor]) -> State:
    return {name: tensor.detach().cpu().clone() for name, tensor in state.items()}


def _kept(state: Mapping[str, Tensor], start: State) -> State:
    return _plain({name: state[name] for name in start if name in state})
