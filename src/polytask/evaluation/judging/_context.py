"""Context shared by all judgements of one comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.judging._constant_targets import constant_targets
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._worth import too_small
from polytask.evaluation.running._labelled import labelled_rows
from polytask.evaluation.running._tuning import headline
from polytask.metrics import Metric
from polytask.tasks import TaskSet

__all__ = ["CONSTANT_IN_TRAINING", "Context"]

CONSTANT_IN_TRAINING = "the target is constant in the training rows"

_FEWEST_TASKS, _FEW_ROWS = 13, 20


@dataclass(frozen=True, eq=False)
class Context:
    """Facts that all judgements of one comparison share.

    Parameters
    ----------
    data : MultiTaskDataset
    constant : Entry or None
        The best constant predictor, where it takes part.
    constant_in_training, constant_in_test : frozenset of str
        Tasks whose target does not vary in some split's training rows, or in all test rows.
    test_per_train : float
        Test rows per training row, which the variance over splits depends on.
    many_small : bool
        Whether there are at least 13 primary tasks, each row belongs to one of them, and half of
        them have fewer than 20 test rows: then tasks are judged as a sample of tasks.
    """

    data: MultiTaskDataset
    constant: Entry | None
    constant_in_training: frozenset[str]
    constant_in_test: frozenset[str]
    test_per_train: float
    many_small: bool

    @classmethod
    def of(cls, data: MultiTaskDataset, splits: Sequence[Split], constant: Entry | None) -> Context:
        """Build the context from targets and sizes of the splits."""
        in_training = [constant_targets(data, [split.train]) for split in splits]
        sizes = [(_size(split.test), _size(split.train)) for split in splits]
        return cls(
            data=data,
            constant=constant,
            constant_in_training=frozenset().union(*in_training),
            constant_in_test=constant_targets(data, [split.test for split in splits]),
            test_per_train=sum(test / max(train, 1) for test, train in sizes) / len(sizes),
            many_small=_many_small(data, splits),
        )

    @property
    def tasks(self) -> TaskSet:
        """All tasks."""
        return self.data.tasks

    def headline(self, task: str) -> Metric:
        """The metric with which a task enters Δm, choices and verdicts."""
        return headline(self.tasks, task)

    def n_tested(self, task: str) -> int:
        """Number of tasks tested together with this one: those of its role."""
        role = self.tasks[task].role
        return sum(other.role == role for other in self.tasks)

    def counted(self, baseline: Entry) -> tuple[dict[str, Metric], dict[str, str]]:
        """Primary tasks for which relative gains over a baseline are meaningful.

        Returns
        -------
        metrics : dict of task to Metric
        left_out : dict of task to str
            The other primary tasks, each with its reason.
        """
        metrics: dict[str, Metric] = {}
        left_out: dict[str, str] = {}
        for task in self.tasks.primary.names:
            reason = self.why_not_counted(task, baseline)
            if reason is None:
                metrics[task] = self.headline(task)
            else:
                left_out[task] = reason
        return metrics, left_out

    def why_not_counted(self, task: str, baseline: Entry) -> str | None:
        """Reason why a task's gain over a baseline is meaningless; None if it is meaningful."""
        metric = self.headline(task)
        if task in self.constant_in_training:
            return CONSTANT_IN_TRAINING
        if task in self.constant_in_test:
            return "the target is constant in the test rows"
        constant = None if self.constant is None else self.constant.mean(task, metric.name)
        return too_small(metric, baseline.mean(task, metric.name), constant)


def _size(rows: Mapping[str, np.ndarray]) -> int:
    return sum(map(len, rows.values()))


def _many_small(data: MultiTaskDataset, splits: Sequence[Split]) -> bool:
    names = data.tasks.primary.names
    own_rows = all(source.own_rows or len(source.tasks) == 1 for source in data.sources)
    if not own_rows or len(names) < _FEWEST_TASKS:
        return False
    counts = [labelled_rows(data, split.test) for split in splits]
    return median(sum(sizes[task] for sizes in counts) for task in names) < _FEW_ROWS
