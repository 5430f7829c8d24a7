"""Greedy selection of the members of an ensemble on validation rows (Caruana et al. 2004)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from polytask.data import MultiTaskDataset, Source
from polytask.metrics import Metric, metrics_for
from polytask.predictor import FittedPredictor, TaskPrediction, labelled_parts
from polytask.tasks import FittedTarget, Kind

__all__ = ["greedy_counts"]

_ROUNDS_PER_MEMBER = 2


def greedy_counts(
    predictors: Sequence[FittedPredictor], validation: MultiTaskDataset
) -> tuple[int, ...] | None:
    """How often each predictor counts in the ensemble that is best on validation rows.

    The best single one comes first. Each round adds the one, again if need be, with which the mean
    gain of the primary tasks' headline metrics is highest; of all rounds the best is kept, the
    earlier of equal ones. A gain is relative to the mean of both values.

    Parameters
    ----------
    predictors : sequence of FittedPredictor
        Fitted for the same tasks with equal schemas.
    validation : MultiTaskDataset

    Returns
    -------
    tuple of int or None
        0 for those that are left out; None where no metric is defined on these rows.
    """
    tasks = _judged(predictors, validation)
    counts = np.zeros(len(predictors), dtype=int)
    kept, kept_values = counts.copy(), None
    values = None
    for _ in range(1 + _ROUNDS_PER_MEMBER * len(predictors)):
        added = [counts + one for one in np.eye(len(predictors), dtype=int)]
        tried = [[task.value(more) for task in tasks] for more in added]
        reference = tried[0] if values is None else values
        gains = [_mean_gain(own, reference, tasks) for own in tried]
        if all(gain is None for gain in gains):
            return None
        best = int(np.argmax([-np.inf if gain is None else gain for gain in gains]))
        counts, values = added[best], tried[best]
        better = kept_values is None or (_mean_gain(values, kept_values, tasks) or 0.0) > 0
        if better:
            kept, kept_values = counts, values
    return tuple(kept.tolist())


@dataclass(frozen=True, eq=False)
class _JudgedTask:
    """The labelled validation rows of one task, and every predictor's scores of them."""

    metric: Metric
    kind: Kind
    target: FittedTarget
    truth: np.ndarray
    weight: np.ndarray
    scores: np.ndarray

    def value(self, counts: np.ndarray) -> float | None:
        """The metric of the mean response; None where it is undefined."""
        repeated = np.repeat(self.scores, counts, axis=0)
        raw = np.asarray(self.kind.average(repeated), dtype=np.float32)
        response = self.kind.response(raw, self.target)
        return self.metric.score(self.truth, response, self.target, self.weight).value


def _judged(
    predictors: Sequence[FittedPredictor], validation: MultiTaskDataset
) -> list[_JudgedTask]:
    sources = tuple(source for source in validation.sources if source.n_rows)
    hidden = {source.name: replace(source, labels=None) for source in sources}
    if not hidden:
        return []
    answers = [predictor.predict(hidden) for predictor in predictors]
    judged = []
    for task in validation.tasks.primary:
        own = [answer[task.name] for answer in answers]
        parts = list(labelled_parts(task.name, sources, own[0].kind, own[0].target))
        if sum(len(labelled) for _, _, labelled, _ in parts):
            weights = validation.unit_weights(task.name)
            judged.append(_judged_task(metrics_for(task)[0], own, parts, weights))
    return judged


def _judged_task(
    metric: Metric,
    answers: Sequence[TaskPrediction],
    parts: Sequence[tuple[Source, np.ndarray, np.ndarray, np.ndarray]],
    weights: Mapping[str, np.ndarray],
) -> _JudgedTask:
    rows = np.concatenate([positions for _, positions, _, _ in parts])
    return _JudgedTask(
        metric,
        answers[0].kind,
        answers[0].target,
        np.concatenate([truth for *_, truth in parts]),
        np.concatenate([weights[source.name] for source, *_ in parts]),
        np.stack([answer.raw[rows] for answer in answers]),
    )


def _mean_gain(
    values: Sequence[float | None],
    reference: Sequence[float | None],
    tasks: Sequence[_JudgedTask],
) -> float | None:
    """Mean relative gain over tasks; None where none is defined."""
    gains = []
    for value, before, task in zip(values, reference, tasks, strict=True):
        if value is None or before is None:
            continue
        size = abs(value) + abs(before)
        gain = 2 * (value - before) / size if size else 0.0
        gains.append(gain if task.metric.greater_is_better else -gain)
    return sum(gains) / len(gains) if gains else None
