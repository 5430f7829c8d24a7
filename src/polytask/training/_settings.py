"""What a training run is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

from polytask._naming import made
from polytask._validation import (
    Choice,
    Constraint,
    InstanceOf,
    Interval,
    OneOf,
    Optional,
    Satisfies,
    check_parameters,
)
from polytask.aggregation import Aggregator, Every
from polytask.gradients import ENGINES, ForeignAggregator, adopt, is_foreign
from polytask.training._optimizers import optimizer_factory, scheduler_factory
from polytask.weighting import Weighting

__all__ = ["TrainerSettings"]

Aggregator.register(ForeignAggregator)  # it has an aggregator's lifecycle

_NAME_OR_FACTORY = OneOf((InstanceOf((str,)), Satisfies(callable, "a factory")))
_FOREIGN = Satisfies(is_foreign, "a callable on a matrix such as TorchJD's aggregators")
_OPTIONS = InstanceOf((Mapping,))


@dataclass(frozen=True)
class TrainerSettings:
    """The arguments of `Trainer`, which documents them."""

    weighting: Weighting | str | None = None
    aggregation: Aggregator | Callable[..., Any] | str | None = None
    aggregate_every: int = 1
    engine: str = "auto"
    optimizer: str | Callable[..., Any] = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    l1: float = 0.0
    optimizer_options: Mapping[str, Any] = field(default_factory=dict)
    scheduler: str | Callable[..., Any] | None = None
    scheduler_options: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int = 256
    accumulate: int = 1
    clip_norm: float | None = None
    steps: int = 2000
    epochs: int | None = None
    evaluate_every: int | None = None
    patience: int | None = 10
    task_patience: int | None = None
    accelerator: str = "cpu"
    precision: str = "32-true"

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "weighting": Optional(InstanceOf((Weighting, str))),
        "aggregation": Optional(OneOf((InstanceOf((Aggregator, str)), _FOREIGN))),
        "aggregate_every": Interval(int, 1),
        "engine": ENGINES,
        "optimizer": _NAME_OR_FACTORY,
        "learning_rate": Interval(float, 0.0, closed="neither"),
        "weight_decay": Interval(float, 0.0),
        "l1": Interval(float, 0.0),
        "optimizer_options": _OPTIONS,
        "scheduler": Optional(_NAME_OR_FACTORY),
        "scheduler_options": _OPTIONS,
        "batch_size": Interval(int, 1),
        "accumulate": Interval(int, 1),
        "clip_norm": Optional(Interval(float, 0.0, closed="neither")),
        "steps": Interval(int, 1),
        "epochs": Optional(Interval(int, 1)),
        "evaluate_every": Optional(Interval(int, 1)),
        "patience": Optional(Interval(int, 1)),
        "task_patience": Optional(Interval(int, 1)),
        "accelerator": InstanceOf((str,)),
        "precision": Choice(("32-true", "bf16-mixed", "16-mixed")),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        optimizer_factory(self.optimizer)  # an unknown name is refused here, not after the data
        if self.scheduler is not None:
            scheduler_factory(self.scheduler)
        for slot, room, base in (
            ("weighting", "polytask.weighting", Weighting),
            ("aggregation", "polytask.aggregation", Aggregator),
        ):
            method = getattr(self, slot)
            if isinstance(method, str):
                object.__setattr__(self, slot, made(method, room, slot, base, imports=True))

    def balancing(self) -> tuple[Weighting | None, Aggregator | None]:
        """Fresh copies of both balancing methods: a recipe is never changed by its runs."""
        weighting, aggregation = deepcopy(self.weighting), deepcopy(self.aggregation)
        if aggregation is not None:
            aggregation = adopt(aggregation)
            if self.aggregate_every > 1:
                aggregation = Every(aggregation, self.aggregate_every)
        return weighting, aggregation  # type: ignore[return-value]

    def optimizer_steps(self, batches_per_epoch: int) -> int:
        """Optimiser steps that `steps` or `epochs` allow."""
        if self.epochs is None:
            return self.steps
        return math.ceil(self.epochs * batches_per_epoch / self.accumulate)
