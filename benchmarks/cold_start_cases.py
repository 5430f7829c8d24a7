"""Data sets of the experiment on tasks with few labels: their cold tasks, rows and learners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score

from polytask.architectures import HardSharing, Pooled, SingleTask
from polytask.data import MultiTaskDataset, Source, Split
from polytask.datasets import fetch_school, fetch_tox21
from polytask.encoders import MLP
from polytask.learners import Ensemble, Learner, Linear, PooledLinear
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.training import Trainer

_ALPHA = 10.0


class Repetition(ABC):
    """One split with one seed, in which some tasks are cold.

    Parameters
    ----------
    data : MultiTaskDataset
    split : Split
    cold : sequence of str
    seed : int
    """

    def __init__(
        self, data: MultiTaskDataset, split: Split, cold: Sequence[str], seed: int
    ) -> None:
        self.data, self.split, self.cold, self.seed = data, split, tuple(cold), seed
        self.source = data.sources[0].name

    @cached_property
    def test(self) -> Source:
        """The test rows."""
        return self.data.take(self.split.test).sources[0]

    def parts(self, n_rows: int) -> tuple[MultiTaskDataset, MultiTaskDataset]:
        """Training rows with so many labels of each cold task, and validation rows of the others."""
        parts = self._parts(n_rows)
        if n_rows:
            return parts
        train, validation = (part.without_tasks(self.cold) for part in parts)
        return train, validation

    def drawn(self, rows: np.ndarray, task: str, n_rows: int) -> np.ndarray:
        """So many of the rows; more of them hold fewer."""
        generator = np.random.default_rng([self.seed, self.data.tasks.names.index(task)])
        return generator.permutation(rows)[:n_rows]

    @abstractmethod
    def _parts(self, n_rows: int) -> tuple[MultiTaskDataset, MultiTaskDataset]: ...

    @abstractmethod
    def answer(self, model: FittedPredictor, task: str, n_rows: int) -> np.ndarray:
        """Responses for the test rows of a cold task."""

    @abstractmethod
    def truth(self, task: str) -> np.ndarray:
        """Labels of the test rows of a cold task."""


class OwnRows(Repetition):
    """Tasks with rows of their own: a cold one has few rows."""

    def _parts(self, n_rows: int) -> tuple[MultiTaskDataset, MultiTaskDataset]:
        source = self.data.sources[0]
        rows, kept = {}, {}
        for part, chosen in (("train", self.split.train), ("validation", self.split.validation)):
            positions = chosen[self.source]
            owners = np.array(source.tasks.names)[np.asarray(source.task_index)[positions]]
            rows[part] = {name: positions[owners == name] for name in source.tasks.names}
            kept[part] = positions[~np.isin(owners, self.cold)]
        few = [self.drawn(rows["train"][task], task, n_rows) for task in self.cold]
        train = np.sort(np.concatenate([kept["train"], *few]))
        return (
            self.data.take({self.source: train}),
            self.data.take({self.source: kept["validation"]}),
        )

    def _own(self, task: str) -> np.ndarray:
        names = np.array(self.test.tasks.names)
        return np.flatnonzero(names[np.asarray(self.test.task_index)] == task)

    def answer(self, model: FittedPredictor, task: str, n_rows: int) -> np.ndarray:
        """As that task; without labels, the mean of the answers as all others."""
        inputs = self.test.inputs[self._own(task)]
        if n_rows:
            column = pl.Series(str(self.test.task_column), [task] * inputs.height)
            return model.predict(inputs.with_columns(column))[task].response
        answers = model.predict(inputs, tasks=model.tasks.names)
        return np.mean([answers[name].response for name in model.tasks.names], axis=0)

    def truth(self, task: str) -> np.ndarray:
        """Labels of the task's test rows."""
        (column,) = self.test.labelled().columns(task).values()
        return np.asarray(column, dtype=float)


class OneTable(Repetition):
    """Tasks that are labelled on the same rows: a cold one has few labels."""

    def _parts(self, n_rows: int) -> tuple[MultiTaskDataset, MultiTaskDataset]:
        train, validation = self.data.take(self.split.train), self.data.take(self.split.validation)
        return self._hidden(train, n_rows), self._hidden(validation, 0)

    def _hidden(self, data: MultiTaskDataset, n_rows: int) -> MultiTaskDataset:
        (source,) = data.sources
        hidden = {}
        for task in self.cold:
            labelled = source.labelled().rows(task)
            (classes,) = source.labelled().columns(task).values()
            hidden[task] = np.ones(source.n_rows, dtype=bool)
            drawn = self.drawn(labelled, task, len(labelled))
            code = np.asarray(classes)[np.searchsorted(labelled, drawn)]
            first = [int(np.flatnonzero(code == value)[0]) for value in np.unique(code)]
            order = [*first, *np.setdiff1d(np.arange(len(drawn)), first)]  # one of each class first
            hidden[task][drawn[order[:n_rows]]] = False
        labels = replace(source.labelled(), hidden=hidden)
        return replace(data, sources=(replace(source, labels=labels),))

    def answer(self, model: FittedPredictor, task: str, n_rows: int) -> np.ndarray:
        """As that task; without labels, the mean of the answers as all others."""
        rows = self.test.labelled().rows(task)
        answers = model.predict(self.test.inputs[rows])
        if n_rows:
            return answers[task].response
        return np.mean([answers[name].response for name in model.tasks.names], axis=0)

    def truth(self, task: str) -> np.ndarray:
        """Labels of the test rows that have one."""
        (column,) = self.test.labelled().columns(task).values()
        return np.asarray(column, dtype=float)


@dataclass(frozen=True)
class Case:
    """A data set and what is tried on it.

    Attributes
    ----------
    repetitions : callable
        Makes so many of them.
    learners : mapping of name to Learner
    figure : callable
        Of responses and truth; None where it is undefined.
    lower : bool
        Whether lower figures are better.
    steps : int
    alone : str
        The learner that the others are held against.
    without_task : mapping of name to Learner
        What stands in for a learner where the cold tasks have no label.
    """

    repetitions: Callable[[int], list[Repetition]]
    learners: Mapping[str, Learner]
    figure: Callable[[np.ndarray, np.ndarray], float | None]
    lower: bool
    steps: int
    alone: str = "alone: linear"
    without_task: Mapping[str, Learner] = field(default_factory=dict)

    def shares(self, learner: Learner) -> bool:
        """Whether a learner can say anything of a task without labels."""
        return learner.joint


def school() -> Case:
    """The ten largest schools are cold; root mean squared error in points."""
    fetched = fetch_school()
    source = fetched.dataset.sources[0]
    sizes = np.bincount(np.asarray(source.task_index))
    cold = [source.tasks.names[position] for position in np.argsort(-sizes)[:10]]

    def repetitions(number: int) -> list[Repetition]:
        splits = fetched.split.splits(fetched.dataset, 0)[:number]
        return [OwnRows(fetched.dataset, split, cold, seed) for seed, split in enumerate(splits)]

    trainer = Trainer(batch_size=256, weight_decay=1e-2)
    joint = MultiTaskNetwork(HardSharing(MLP((128, 128), dropout=0.5)), trainer)
    pooled = PooledLinear(alpha=_ALPHA, task_as_input=True)
    return Case(
        repetitions,
        {
            "alone: linear": Linear(alpha=_ALPHA),
            "alone: network": MultiTaskNetwork(SingleTask(MLP((64,))), trainer),
            "pooled: linear": pooled,
            "joint: hard sharing": joint,
            "ensemble of 5": Ensemble(joint),
        },
        lambda response, truth: float(np.sqrt(np.mean((response - truth) ** 2))),
        lower=True,
        steps=2000,
        without_task={pooled.name: PooledLinear(alpha=_ALPHA)},
    )


def tox21() -> Case:
    """Four of the twelve assays at a time are cold; area under the ROC curve."""
    fetched = fetch_tox21()
    names = fetched.dataset.tasks.names
    sets = [names[start::3] for start in range(3)]

    def repetitions(number: int) -> list[Repetition]:
        made: list[Repetition] = []
        for seed in range(number):
            (split,) = fetched.split.splits(fetched.dataset, seed)
            made.extend(OneTable(fetched.dataset, split, cold, seed) for cold in sets)
        return made

    trainer = Trainer(batch_size=256, learning_rate=1e-3, weight_decay=1e-3, patience=5)
    encoder = MLP((128, 64), dropout=0.5)
    joint = MultiTaskNetwork(HardSharing(encoder), trainer)
    return Case(
        repetitions,
        {
            "alone: linear": Linear(alpha=_ALPHA),
            "alone: network": MultiTaskNetwork(SingleTask(encoder), trainer),
            "pooled: network": MultiTaskNetwork(Pooled(encoder), trainer),
            "joint: hard sharing": joint,
            "ensemble of 5": Ensemble(joint),
        },
        _area,
        lower=False,
        steps=1000,
    )


def _area(response: np.ndarray, truth: np.ndarray) -> float | None:
    return float(roc_auc_score(truth, response)) if 0 < truth.mean() < 1 else None


CASES: dict[str, Callable[[], Case]] = {"school": school, "tox21": tox21}
