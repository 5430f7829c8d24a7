"""Importance of a column by shuffling it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import ClassVar

import numpy as np
import polars as pl
from jaxtyping import Int64

from polytask._seeds import derived_seed
from polytask._validation import Constraint, Interval, check_parameters
from polytask.analysis._attribution import NO_TRAINING_ROWS, Attribution, Measured
from polytask.analysis._common_rows import has_training_rows, models_on_common_rows
from polytask.analysis._fitted_rounds import Change, FittedRounds
from polytask.analysis._input_columns import InputColumn
from polytask.data import MultiTaskDataset, Source
from polytask.evaluation.running._tuning import headline
from polytask.statistics import Answers, Paired, paired_repeats, with_training_rows

__all__ = ["PermutationImportance"]


@dataclass(frozen=True)
class PermutationImportance(Attribution):
    r"""How much worse a task's first metric gets when the cells of a column are shuffled.

    .. math:: I_{ic} = \pm \frac{1}{S} \sum_{s=1}^{S} \Bigl( m_i(X) -
              \frac{1}{R} \sum_{r=1}^{R} m_i(X^{(c, r)}) \Bigr)

    with the first metric :math:`m_i` of task i on rows that the model of round s was not trained on,
    the same rows with column c shuffled in repeat r, :math:`X^{(c, r)}`, and the sign by which a loss
    of quality is positive. It takes any learner: networks, trees, linear models.

    Parameters
    ----------
    repeats : int, default 5
        Shuffles of every column per fold.

    Notes
    -----
    The column of the table is shuffled, however many numbers or codes it is encoded into. Rows of
    different tasks are shuffled apart where each row belongs to one task. A column that is constant within
    the groups of a source is shuffled group by group, so that rows of one group keep a common cell.

    It says what the *model* uses. Of two columns that say the same, each may replace the other, so that
    both look unimportant; and shuffling makes rows that do not occur.

    Intervals are for new rows (`polytask.statistics.paired_repeats`: over units of rows, and over rounds as a
    second level). Those of learners that are no networks also hold what new training rows would
    change (`polytask.statistics.with_training_rows`), for which every model predicts the same 300 rows per task; where
    chance in training matters, they are too wide. Those of networks, which seeds change much, and of single models do
    not hold it, and the record says so. p-values are of “the expected importance is
    0” with the standard error for new rows alone, since columns that do not matter move little with the training
    rows.

    Deviations from Breiman: whole rows out of fold in place of out-of-bag rows, several repeats, and
    any metric.

    References
    ----------
    Breiman, "Random forests", Machine Learning 2001.

    Fisher, Rudin & Dominici, "All models are wrong, but many are useful: learning a variable's
    importance by studying an entire class of prediction models simultaneously", JMLR 2019.

    Examples
    --------
    >>> from polytask.analysis import PermutationImportance, attribute
    >>> from polytask.datasets import make_related_regression
    >>> data, truth = make_related_regression(n_tasks=2, n_rows=80, n_features=4, seed=0)
    >>> found = attribute(data, "linear", method=PermutationImportance(repeats=2), folds=2, seeds=1)
    >>> int(found.matrix[0].argmax()) == int(abs(truth.coef[0]).argmax())
    True
    """

    repeats: int = 5

    needs: ClassVar[str] = "predictions of shuffled rows"
    meaning: ClassVar[str] = (
        "how much worse the task's first metric gets when the column is shuffled"
    )
    has_zero: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"repeats": Interval(int, 1, 1000)}

    def __post_init__(self) -> None:
        check_parameters(self)

    def scale_of(self, models: FittedRounds, task: str) -> str:
        """The metric's name."""
        return headline(models.data.tasks, task).label

    def notes(self, models: FittedRounds) -> tuple[str, ...]:
        """What intervals leave out of training."""
        if has_training_rows(models):
            return ()
        return super().notes(models) or (NO_TRAINING_ROWS,)

    def measure(
        self,
        models: FittedRounds,
        columns: Sequence[InputColumn],
        advance: Callable[[str], None],
    ) -> Measured:
        """Drops of the first metric, one column after another."""
        found: dict[tuple[str, str], Paired] = {}
        alone = cache(partial(models_on_common_rows, models))
        for column in columns:
            own = models.kept(self, column.label, partial(self._of_column, models, alone, column))
            found |= {(task, column.label): drop for task, drop in own.items()}
            advance(f"{column.label} shuffled")
        return found

    def _of_column(
        self,
        models: FittedRounds,
        alone: Callable[[], Sequence[Sequence[FittedRounds]]],
        column: InputColumn,
    ) -> dict[str, Paired]:
        """Drops of all tasks of a column."""
        changed = partial(self._shuffles, column)
        of_models = [[_drops(one, column, changed) for one in folds] for folds in alone()]
        return {
            task: _widened(drop, [[own[task].value for own in folds] for folds in of_models])
            for task, drop in _drops(models, column, changed).items()
        }

    def _shuffles(
        self, column: InputColumn, test: MultiTaskDataset, seed: int
    ) -> list[MultiTaskDataset]:
        """One data set per repeat."""
        draw = np.random.default_rng(derived_seed(seed, column.label))
        return [_shuffled(test, column, draw) for _ in range(self.repeats)]


def _drops(models: FittedRounds, column: InputColumn, changed: Change) -> dict[str, Paired]:
    """Loss of quality of every task of a column."""
    repeats = models.answers(column.tasks, changed)
    return {task: _drop(models, task, [own[task] for own in repeats]) for task in column.tasks}


def _widened(drop: Paired, by_round: Sequence[Sequence[float | None]]) -> Paired:
    """With what other training rows would change; without an interval where that is unknown."""
    known = [[value for value in own if value is not None] for own in by_round]
    if list(map(len, known)) != list(map(len, by_round)):
        return replace(drop, interval=None)
    return with_training_rows(drop, known) if known else drop


def _drop(models: FittedRounds, task: str, repeats: Sequence[Answers]) -> Paired:
    """Loss of quality, positive where the column helps."""
    metric = headline(models.data.tasks, task)
    change = paired_repeats(metric, models.intact[task], repeats)
    if metric.greater_is_better or change.value is None:
        return change
    interval = None if change.interval is None else (-change.interval[1], -change.interval[0])
    per_run = tuple(None if value is None else -value for value in change.per_run)
    return replace(change, value=-change.value, interval=interval, per_run=per_run)


def _shuffled(
    test: MultiTaskDataset, column: InputColumn, draw: np.random.Generator
) -> MultiTaskDataset:
    """The sources that carry the column's tasks, with its cells shuffled."""
    sources = tuple(
        _with_shuffled(source, column.name, draw) if source.name == column.source else source
        for source in test.sources
        if set(source.tasks.names) & set(column.tasks)
    )
    carried = {name for source in sources for name in source.tasks.names}
    kept = test.tasks.subset([name for name in test.tasks.names if name in carried])
    return replace(test, sources=sources, tasks=kept)


def _with_shuffled(source: Source, name: str, draw: np.random.Generator) -> Source:
    cells = source.inputs[name][shuffled_rows(source, name, draw)]
    return replace(source, inputs=source.inputs.with_columns(cells.alias(name)))


def shuffled_rows(source: Source, name: str, draw: np.random.Generator) -> Int64[np.ndarray, " n"]:
    """The row whose cell each row gets: of the same task, group by group where groups share a cell."""
    rows = np.arange(source.n_rows)
    task = np.zeros(source.n_rows, dtype=int) if source.task_index is None else source.task_index
    groups = rows if not _constant_in_groups(source, name) else np.asarray(source.groups)
    taken = rows.copy()
    for own_task in np.unique(task):
        own = np.flatnonzero(task == own_task)
        _, first, position = np.unique(groups[own], return_index=True, return_inverse=True)
        taken[own] = own[draw.permutation(first)[position]]
    return taken


def _constant_in_groups(source: Source, name: str) -> bool:
    """Whether rows of a group have one cell; never for cells of several values."""
    if source.groups is None or source.inputs[name].dtype.is_nested():
        return False
    both = pl.DataFrame({"group": source.groups, "cell": source.inputs[name]})
    n_groups = both["group"].n_unique()
    return n_groups < len(both) and both.n_unique() == n_groups
