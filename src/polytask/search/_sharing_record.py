"""The record of how much tasks shared, and when that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float64

from polytask._listing import names_by_key
from polytask._plain import from_plain, to_plain
from polytask._validation import message
from polytask.analysis._affinity_record import matrix_table
from polytask.bookkeeping import EpochRecord, History
from polytask.exceptions import ParameterError
from polytask.predictor import FittedPredictor
from polytask.search._sharing_observer import SHARING
from polytask.search._sharing_words import words_of_sharing

__all__ = ["SharingChange", "SharingRecord", "changes_of"]

Matrix = tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class SharingChange:
    """The groups, or the tasks that answer alone, from an evaluation on.

    Attributes
    ----------
    step : int
    groups : tuple of tuple of str
    alone : tuple of str
        Tasks of these groups whose answers come from networks of their own, since sharing was
        seen to harm them.
    """

    step: int
    groups: tuple[tuple[str, ...], ...]
    alone: tuple[str, ...]


@dataclass(frozen=True)
class SharingRecord:
    """How much each pair of tasks shared at the end of a training, and when that changed.

    Attributes
    ----------
    tasks : tuple of str
    ratio : tuple of tuple of float or None
        Row i: how strongly the network that answers for task i is pulled towards that of each task,
        from 0 to 1; None on the diagonal.
    affinity : tuple of tuple of float or None
        From −1 (opposite) to 1 (alike); None where it is not known.
    gain : tuple of float
        Relative difference of validation losses of the task's network alone and of the pulled one.
    lower, upper : float
        Affinities at which pairs end and begin to share.
    alpha : float
        Strength of the pull at a ratio of 1.
    changes : tuple of SharingChange
        The first is the state at the first evaluation.
    steps : int
        Optimiser steps of the training.
    n_looks : int
        Evaluations.

    Examples
    --------
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> from polytask.search import Adaptive, SharingRecord
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=60, seed=0)
    >>> record = SharingRecord.of(Adaptive().fit(data, data, 0, Budget(steps=20)))
    >>> record.tasks
    ('task_0', 'task_1', 'task_2', 'task_3')
    """

    tasks: tuple[str, ...]
    ratio: Matrix
    affinity: Matrix
    gain: tuple[float, ...]
    lower: float
    upper: float
    alpha: float
    changes: tuple[SharingChange, ...]
    steps: int
    n_looks: int

    @classmethod
    def of(cls, model: FittedPredictor) -> SharingRecord:
        """Read the record of a model that `Adaptive` has fitted.

        Raises
        ------
        ParameterError
            If another learner has fitted it.
        """
        history = getattr(model, "history", None)
        epochs = history.epochs if isinstance(history, History) else ()
        known = epochs[-1].observed.get(SHARING, {}) if epochs else {}
        if "changes" not in known:
            expected = "a model that polytask.search.Adaptive has fitted"
            raise ParameterError(message("SharingRecord.of", "model", expected, model))
        return cls.from_dict({name: value for name, value in known.items() if name != "words"})

    @property
    def matrix(self) -> Float64[np.ndarray, "k k"]:
        """The ratio of sharing as an array, NaN on the diagonal."""
        return np.array(self.ratio, dtype=np.float64)

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Tasks that share at the end; each of those that answer alone is a group by itself."""
        last = self.changes[-1]
        kept = (tuple(t for t in group if t not in last.alone) for group in last.groups)
        return (*(group for group in kept if group), *((task,) for task in last.alone))

    @property
    def words(self) -> str:
        """One paragraph: who shares, how much, when that changed, and by which rule."""
        return words_of_sharing(self)

    def to_frame(self) -> pl.DataFrame:
        """One row per ordered pair: `task`, `partner`, `affinity`, `ratio`."""
        pairs = [
            (task, partner, self.affinity[i][j], self.ratio[i][j])
            for i, task in enumerate(self.tasks)
            for j, partner in enumerate(self.tasks)
            if i != j
        ]
        number = pl.Float64
        schema = {"task": pl.String, "partner": pl.String, "affinity": number, "ratio": number}
        return pl.DataFrame(pairs, schema=schema, orient="row")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> SharingRecord:
        """Read what `to_dict` wrote."""
        return from_plain(cls, plain)

    def __str__(self) -> str:
        return f"{matrix_table('ratio of sharing', self.tasks, self.ratio)}\n\n{self.words}"


def changes_of(epochs: Sequence[EpochRecord], names: tuple[str, ...]) -> list[SharingChange]:
    """The first state that a training's evaluations observed, and each that differs from the last."""
    changes: list[SharingChange] = []
    for look in epochs:
        seen = look.observed[SHARING]
        groups = tuple(map(tuple, names_by_key(zip(names, seen["groups"], strict=True)).values()))
        alone = tuple(n for n, is_alone in zip(names, seen["alone"], strict=True) if is_alone)
        if not changes or (groups, alone) != (changes[-1].groups, changes[-1].alone):
            changes.append(SharingChange(look.step, groups, alone))
    return changes
