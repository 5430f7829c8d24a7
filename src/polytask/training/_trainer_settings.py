"""The settings of a training run and their checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

from polytask._naming import made, resolve
from polytask._validation import (
    Choice,
    Constraint,
    InstanceOf,
    Interval,
    OneOf,
    Optional,
    Satisfies,
    check_parameters,
    describe,
    message,
)
from polytask.aggregation import Aggregator, Every
from polytask.augmentation import Augmentation
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.gradients import ENGINES, ForeignAggregator, as_aggregator, is_foreign
from polytask.observers import Observer
from polytask.ranges import Choices, Range, SearchRange
from polytask.sampling import Sampler
from polytask.sampling._epoch_batches import steps_per_epoch
from polytask.training._augmentation_slot import AUGMENTATIONS, resolved_augmentations
from polytask.training._batch_size import batch_size_for
from polytask.training._device import PRECISIONS
from polytask.training._observer_slot import OBSERVERS, resolved_observers
from polytask.training._optimizers import check_scheduler_options, optimizer_factory
from polytask.weighting import Weighting

__all__ = ["TrainerSettings"]

Aggregator.register(ForeignAggregator)  # it has an aggregator's lifecycle

_NAME_OR_FACTORY = OneOf((InstanceOf((str,)), Satisfies(callable, "a factory")))
_FOREIGN = Satisfies(is_foreign, "a callable on a matrix such as TorchJD's aggregators")


def _options(name: str) -> Constraint:
    path = f"--set trainer.{name}.NAME=VALUE"
    return Satisfies(
        lambda value: isinstance(value, Mapping), f"a mapping of options ({path} for each of them)"
    )


_SLOTS: dict[str, type] = {"weighting": Weighting, "aggregation": Aggregator}
_A = {"weighting": "a weighting", "aggregation": "an aggregator"}


@dataclass(frozen=True)
class TrainerSettings:
    """The arguments of `Trainer`, which documents them."""

    weighting: Weighting | str | None = None
    aggregation: Aggregator | Callable[..., Any] | str | None = None
    aggregate_every: int = 1
    sampler: Sampler | str | None = None
    engine: str = "auto"
    optimizer: str | Callable[..., Any] = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    l1: float = 0.0
    optimizer_options: Mapping[str, Any] = field(default_factory=dict)
    scheduler: str | Callable[..., Any] | None = None
    scheduler_options: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int | str = "auto"
    accumulate: int = 1
    clip_norm: float | None = None
    steps: int = 2000
    epochs: int | None = None
    evaluate_every: int | None = None
    patience: int | None = 10
    task_patience: int | None = None
    accelerator: str = "cpu"
    precision: str = "32-true"
    observers: Sequence[Observer | str] = ()
    augmentation: Augmentation | str | Sequence[Augmentation | str] = field(
        default=(), metadata={"omit_default": True}
    )

    by_name: ClassVar[tuple[str, ...]] = (
        "weighting",
        "aggregation",
        "sampler",
        "observers",
        "augmentation",
    )
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "optimizer": Choices(("adam", "adamw", "rmsprop")),
        "learning_rate": Range(1e-5, 0.1, log=True, default=1e-3, step=3),
        "weight_decay": Range(1e-6, 0.01, log=True, default=0.0, values=(1e-5, 1e-4)),
        "l1": Range(1e-7, 1e-3, log=True, default=0.0),
        "scheduler": Choices((None, "cosine_with_warmup", "cosine_annealing_lr")),
        "batch_size": Choices(("auto", 32, 64, 128, 256, 512, 1024)),
        "clip_norm": Choices((None, 0.1, 1.0, 10.0)),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "weighting": Optional(InstanceOf((Weighting, str))),
        "aggregation": Optional(OneOf((InstanceOf((Aggregator, str)), _FOREIGN))),
        "sampler": Optional(InstanceOf((Sampler, str))),
        "aggregate_every": Interval(int, 1),
        "engine": ENGINES,
        "optimizer": _NAME_OR_FACTORY,
        "learning_rate": Interval(float, 0.0, closed="neither"),
        "weight_decay": Interval(float, 0.0),
        "l1": Interval(float, 0.0),
        "optimizer_options": _options("optimizer_options"),
        "scheduler": Optional(_NAME_OR_FACTORY),
        "scheduler_options": _options("scheduler_options"),
        "batch_size": OneOf((Choice(("auto",)), Interval(int, 1))),
        "accumulate": Interval(int, 1),
        "clip_norm": Optional(Interval(float, 0.0, closed="neither")),
        "steps": Interval(int, 1),
        "epochs": Optional(Interval(int, 1)),
        "evaluate_every": Optional(Interval(int, 1)),
        "patience": Optional(Interval(int, 1)),
        "task_patience": Optional(Interval(int, 1)),
        "accelerator": InstanceOf((str,)),
        "precision": PRECISIONS,
        "observers": OBSERVERS,
        "augmentation": AUGMENTATIONS,
    }

    def __post_init__(self) -> None:
        for slot in _SLOTS:
            self._check_slot(slot)
        observers = resolved_observers(self.observers, type(self).__name__)
        object.__setattr__(self, "observers", observers)
        augmentation = resolved_augmentations(self.augmentation, type(self).__name__)
        object.__setattr__(self, "augmentation", augmentation)
        check_parameters(self)
        optimizer_factory(self.optimizer)  # an unknown name is refused here, not after the data
        check_scheduler_options(self.scheduler, self.scheduler_options)
        for slot, base in _SLOTS.items():
            method = getattr(self, slot)
            if isinstance(method, str):
                resolved = made(method, f"polytask.{slot}", slot, base, imports=True)
                object.__setattr__(self, slot, resolved)
        if isinstance(self.sampler, str):
            room = "polytask.sampling"
            sampler = made(self.sampler, room, "sampler", Sampler, imports=True, value=True)
            object.__setattr__(self, "sampler", sampler)
        self._check_aggregation()

    def _check_slot(self, slot: str) -> None:
        """Refuse classes and methods of the other room, with the remedy."""
        (other,) = _SLOTS.keys() - {slot}
        method = getattr(self, slot)
        if isinstance(method, str):
            if _is_name_in(method, other) and not _is_name_in(method, slot):
                sentence = f"There is no {slot} named {method!r}: it is {_A[other]}. {_give(other)}"
                raise UnknownNameError(sentence)
            return
        kind = method if isinstance(method, type) else type(method)
        if issubclass(kind, _SLOTS[other]) and not issubclass(kind, _SLOTS[slot]):
            remedy = f"It is {_A[other]}. {_give(other)}"
        elif isinstance(method, type):
            remedy = f"Make an object of the class: {method.__name__}()."
        else:
            return
        expected = str(self.parameter_constraints[slot])
        raise ParameterError(message(type(self).__name__, slot, expected, method, remedy))

    def _check_aggregation(self) -> None:
        """Refuse settings of the aggregation that would have no effect."""
        owner = type(self).__name__
        if self.aggregation is None:
            for name, usual in (("engine", "auto"), ("aggregate_every", 1)):
                value = getattr(self, name)
                if value != usual:
                    expected = f"{usual!r} without an aggregation"
                    remedy = "It says how gradients are aggregated: give an `aggregation` too."
                    raise ParameterError(message(owner, name, expected, value, remedy))
        elif self.aggregate_every > 1:
            aggregation = as_aggregator(self.aggregation)
            reason = Every.refusal(aggregation)
            if reason is not None:
                expected = f"1 with {describe(aggregation)}"
                given = self.aggregate_every
                raise ParameterError(message(owner, "aggregate_every", expected, given, reason))

    def balancing(self) -> tuple[Weighting | None, Aggregator | None]:
        """Fresh copies of both balancing methods: a recipe is never changed by its runs."""
        weighting, aggregation = deepcopy(self.weighting), deepcopy(self.aggregation)
        if aggregation is not None:
            aggregation = as_aggregator(aggregation)
            if self.aggregate_every > 1:
                aggregation = Every(aggregation, self.aggregate_every)
        return weighting, aggregation  # type: ignore[return-value]

    def augmentations(self) -> tuple[Augmentation, ...]:
        """The augmentations, whose names were resolved."""
        return self.augmentation  # type: ignore[return-value]

    def row_sampler(self) -> Sampler | None:
        """The sampler, whose name was resolved; a recipe, which is copied by each run."""
        return self.sampler  # type: ignore[return-value]

    def rows_per_batch(self, n_rows: int) -> int:
        """Rows of a batch where `n_rows` train."""
        return batch_size_for(n_rows) if self.batch_size == "auto" else int(self.batch_size)

    def optimizer_steps(self, batches_per_epoch: int) -> int:
        """The number of optimiser steps, by `steps` or `epochs`."""
        if self.epochs is None:
            return self.steps
        return math.ceil(self.epochs * batches_per_epoch / self.accumulate)

    def planned_steps(self, n_rows: int) -> int:
        """The number of optimiser steps where `n_rows` train."""
        return self.optimizer_steps(steps_per_epoch(n_rows, self.rows_per_batch(n_rows)))


def _is_name_in(name: str, slot: str) -> bool:
    """Whether a name is that of a public method of a slot's room."""
    try:
        resolve(name, f"polytask.{slot}", slot, _SLOTS[slot])
    except UnknownNameError:
        return False
    return True


def _give(slot: str) -> str:
    return f"Give it as `{slot}`."
