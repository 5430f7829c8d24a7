"""Networks with task weights of their own: training, and their validation metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.evaluation import evaluate
from polytask.evaluation.running._tuning import headlines, metric_gain
from polytask.exceptions import PolytaskError
from polytask.learners import Constant
from polytask.metrics import relative_gain
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor, NetworkModel, refitted, with_chosen_thresholds
from polytask.search._weight_search import WeightMember
from polytask.training import Trained, Trainer, silently, weight_members

__all__ = ["WeightProblem"]


@dataclass(frozen=True, eq=False)
class WeightProblem:
    """Training and measuring of networks that differ in their task weights.

    Parameters
    ----------
    learner : MultiTaskNetwork
    train, validation : MultiTaskDataset
    steps : int
        Of one training.
    seed : int
        Of every network: members differ in their weights alone.
    """

    learner: MultiTaskNetwork
    train: MultiTaskDataset
    validation: MultiTaskDataset
    steps: int
    seed: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tasks, in the order of weights."""
        return self.train.tasks.names

    @property
    def trainer(self) -> Trainer:
        """The learner's trainer with the steps of one training."""
        return replace(self.learner.trainer, steps=self.steps, epochs=None)

    @cached_property
    def constant(self) -> dict[str, float | None]:
        """Headline metrics of the best constant on the validation rows, of primary tasks."""
        fitted = Constant().fit(self.train, self.validation, self.seed, Budget(1, 1))
        primary = self.train.tasks.primary.names
        return {task: value for task, value in self._headline(fitted).items() if task in primary}

    def trained(
        self,
        rows: Sequence[Sequence[float]],
        checkpoint: Path | None,
        on_done: Callable[[], None],
    ) -> list[tuple[Trained | PolytaskError, float]]:
        """Train one network per row of weights, as a population, and the seconds of each."""
        members = weight_members(np.asarray(rows), self.train.tasks, seed=self.seed)
        started = time.perf_counter()

        def done(position: int, trained: Trained) -> None:
            del position, trained
            on_done()

        with silently():
            results = self.trainer.fit_many(
                self.learner.architecture,
                members,
                self.train,
                self.validation,
                checkpoint=checkpoint,
                progress=False,
                on_done=done,
                return_errors=True,
            )
        seconds = (time.perf_counter() - started) / len(members)
        return [(result, seconds) for result in results]

    def measured(
        self, number: int, row: Sequence[float], result: Trained | PolytaskError, **about: Any
    ) -> WeightMember:
        """The record of a member, without its value."""
        weights = dict(zip(self.names, map(float, row), strict=True))
        if isinstance(result, PolytaskError):
            nothing: dict[str, float | None] = dict.fromkeys(self.names)
            return WeightMember(
                number=number,
                weights=weights,
                metrics=nothing,
                gains={},
                value=None,
                failure=str(result),
                **about,
            )
        metrics = self._headline(self._predictor(result))
        return WeightMember(
            number=number,
            weights=weights,
            metrics=metrics,
            gains=self._gains(metrics),
            value=None,
            **about,
        )

    def valued(self, member: WeightMember, first: WeightMember | None) -> WeightMember:
        """The record with its value: mean gain over the first member that gave a model."""
        if member.failure:
            return member
        reference = (first or member).metrics
        primary = self.train.tasks.primary
        value = metric_gain(member.metrics, reference, headlines(primary)) or 0.0
        return replace(member, value=value)

    def _predictor(self, trained: Trained) -> FittedPredictor:
        tasks, schemas = self.train.tasks, dict(trained.schemas)
        model = NetworkModel(self.learner.architecture, trained.network, tasks, schemas)
        predictor = FittedPredictor(tasks, schemas, model, trained.history, self.learner.name)
        predictor = refitted(predictor, self.train)
        return with_chosen_thresholds(predictor, self.validation, tasks)

    def _headline(self, predictor: FittedPredictor) -> dict[str, float | None]:
        measured = evaluate(predictor, self.validation)
        metrics = headlines(self.train.tasks)
        return {task: measured[task][metric.name].value for task, metric in metrics.items()}

    def _gains(self, metrics: Mapping[str, float | None]) -> dict[str, float | None]:
        """Relative gains of primary tasks over the constant; None where they are undefined."""
        gains: dict[str, float | None] = {}
        for task, metric in headlines(self.train.tasks.primary).items():
            value, floor = metrics[task], self.constant[task]
            gain = np.nan
            if value is not None and floor is not None:
                gain = relative_gain(value, floor, metric)
            gains[task] = float(gain) if np.isfinite(gain) else None
        return gains
