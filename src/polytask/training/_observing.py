"""The observers of a training run and the service of their needs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from traceback import extract_tb
from typing import Any

import torch
from jaxtyping import Bool, Float64
from torch import Tensor

from polytask._reason import reason
from polytask._seeds import derived_seed
from polytask._validation import Interval, check
from polytask.architectures import MultiTaskModule
from polytask.bookkeeping import EpochRecord
from polytask.data import Batch, SourceBatch
from polytask.exceptions import ObserverError, ParameterError, UnservedNeedError
from polytask.gradients import Need, gramian
from polytask.observers import Observer, View
from polytask.observers._observer import BATCHES, VALIDATION_ROWS
from polytask.tasks import TaskSet
from polytask.training._engine_hints import loss_scale
from polytask.training._forward import Forward
from polytask.training._joint_batches import JointBatches
from polytask.training._observed_values import plain_values
from polytask.training._untouched import untouched

__all__ = ["Observing"]

_OF_BATCHES = frozenset({BATCHES, Need.GRAMIAN})
_SERVED = _OF_BATCHES | {VALIDATION_ROWS}
_COUNT = Interval(int, 1)


class Observing:
    """Observers at the evaluations of a run, which they do not change.

    Parameters
    ----------
    observers : sequence of Observer
        They are copied.
    forward : Forward
        Passes of the network up to the losses.
    tasks : TaskSet
    train, validation : mapping of source name to SourceBatch of tensors
        Rows that the network is trained on, and those that choose its state.
    batch_size : int
    seed : int

    Raises
    ------
    UnservedNeedError
        If an observer needs what `Trainer` does not serve.
    ParameterError
        If an observer needs validation rows or shared parameters, and there are none.
    """

    def __init__(
        self,
        observers: Sequence[Observer],
        forward: Forward,
        tasks: TaskSet,
        train: dict[str, SourceBatch],
        validation: dict[str, SourceBatch] | None,
        batch_size: int,
        seed: int,
    ) -> None:
        self.observers = deepcopy(tuple(observers))
        self.forward, self.tasks, self.validation, self.seed = forward, tasks, validation, seed
        self.network: MultiTaskModule = forward.network
        self.shared = self.network.shared_parameters()
        for observer in self.observers:
            self._check(observer)
        self.drawn = self._drawn(train, batch_size)
        self.batches: tuple[Batch, ...] = ()

    def _check(self, observer: Observer) -> None:
        """Refuse an observer that could not be served."""
        name = type(observer).__name__
        check(name, "n_batches", observer.n_batches, _COUNT)
        unserved = sorted(observer.needs - _SERVED)
        if unserved:
            sentence = (
                f"{name} needs {', '.join(unserved)}, which Trainer does not serve to observers. "
                f"Their `needs` are among {', '.join(sorted(_SERVED))}."
            )
            raise UnservedNeedError(sentence)
        if VALIDATION_ROWS in observer.needs and self.validation is None:
            sentence = (
                f"{name} looks at validation rows, and there are none. Give validation data, or "
                "leave it out of `observers`."
            )
            raise ParameterError(sentence)
        if observer.needs_sharing and not self.shared:
            sentence = (
                f"{name} compares the tasks' gradients on shared parameters, and this network has "
                "none. Leave it out of `observers`, or choose an architecture with a shared part."
            )
            raise ParameterError(sentence)

    def _drawn(self, train: dict[str, SourceBatch], batch_size: int) -> JointBatches | None:
        """Batches of the observers' own, whatever the training's sampler."""
        if not any(observer.needs & _OF_BATCHES for observer in self.observers):
            return None
        seed = derived_seed(self.seed, "observers")
        return JointBatches(train, batch_size, seed)

    # ── at an evaluation ─────────────────────────────────────────────────────────────────────

    def observed(
        self,
        record: EpochRecord,
        history: Sequence[EpochRecord],
        active: Bool[Tensor, " n_tasks"],
    ) -> EpochRecord:
        """The record with what observers return; those that return nothing are left out.

        Parameters
        ----------
        record : EpochRecord
        history : sequence of EpochRecord
            The earlier ones.
        active : tensor of shape (n_tasks,), bool
            Tasks that are still trained.
        """
        served = self._served(record.step, active)
        values = {
            observer.name: self._values(observer, record, tuple(history), served)
            for observer in self.observers
        }
        return replace(record, observed={name: kept for name, kept in values.items() if kept})

    def _values(
        self,
        observer: Observer,
        record: EpochRecord,
        history: tuple[EpochRecord, ...],
        served: Mapping[str, Any],
    ) -> dict[str, Any]:
        view = self._view(observer, record, history, served)
        with untouched(self.network, self.forward.fabric.device):
            self.network.eval()
            try:
                returned = observer.observe(view)
            except Exception as error:
                sentence = (
                    f"The observer {observer.name!r} failed at evaluation {record.epoch} "
                    f"({reason(error)}{_line_of(error, observer)}). Correct it, or leave it out of "
                    "`observers`."
                )
                raise ObserverError(sentence) from error
        return plain_values(observer.name, returned)

    def _view(
        self,
        observer: Observer,
        record: EpochRecord,
        history: tuple[EpochRecord, ...],
        served: Mapping[str, Any],
    ) -> View:
        n_batches = observer.n_batches
        seed = derived_seed(self.seed, "observers", observer.name, record.step)
        of_batches: dict[str, Any] = {}
        if observer.needs & _OF_BATCHES:
            of_batches["batches"] = self.batches[:n_batches]
        if Need.GRAMIAN in observer.needs:
            of_batches |= {name: values[:n_batches].clone() for name, values in served.items()}
        return View(
            epoch=record.epoch,
            step=record.step,
            tasks=self.tasks.names,
            network=self.network,
            train_losses=dict(record.train_losses),
            validation_losses=dict(record.validation_losses),
            weights=dict(record.weights),
            history=history,
            generator=torch.Generator().manual_seed(seed),
            validation=self.validation,
            **of_batches,
        )

    # ── what they need ───────────────────────────────────────────────────────────────────────

    def _served(self, step: int, active: Bool[Tensor, " n_tasks"]) -> dict[str, Tensor]:
        """Gramians on all batches, and which tasks they are of; nothing unless it is needed."""
        if self.drawn is None:
            return {}
        if not self.batches:
            most = max(o.n_batches for o in self.observers if o.needs & _OF_BATCHES)
            self.expected = self.drawn.expected(self.forward.loss).clamp(min=1e-30)
            self.batches = tuple(self.drawn.batch(number) for number in range(most))
        counts = [o.n_batches for o in self.observers if Need.GRAMIAN in o.needs]
        if not counts:
            return {}
        with untouched(self.network, self.forward.fabric.device):
            torch.manual_seed(derived_seed(self.seed, "observers", step))
            pairs = [self._gramian(batch, active) for batch in self.batches[: max(counts)]]
        gramians, present = zip(*pairs, strict=True)
        return {"gramians": torch.stack(gramians), "present": torch.stack(present)}

    def _gramian(
        self, batch: Batch, active: Bool[Tensor, " n_tasks"]
    ) -> tuple[Float64[Tensor, "k k"], Bool[Tensor, " k"]]:
        """Inner products of the gradients on one batch, and which tasks have one."""
        sums, counts = self.forward.sums(batch, {})
        present = (counts > 0) & active.to(counts.device)
        scale = loss_scale(self.forward.fabric)
        losses = sums / self.expected * scale
        products = gramian(losses, self.shared, present=present).double() / scale**2
        return products.cpu(), present.cpu()


def _line_of(error: Exception, observer: Observer) -> str:
    """Line at which the observer's own code failed, such as ``, my_observers.py, line 12``."""
    home = getattr(sys.modules.get(type(observer).__module__), "__file__", None)
    lines = [frame for frame in extract_tb(error.__traceback__) if frame.filename == home]
    return f", {Path(lines[-1].filename).name}, line {lines[-1].lineno}" if lines else ""
