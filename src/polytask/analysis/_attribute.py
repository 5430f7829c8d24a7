"""Attribution: which columns each task looks at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from polytask._naming import made
from polytask._validation import InstanceOf, Optional, check
from polytask.analysis._attribution import Attribution
from polytask.analysis._attributions import Attributions
from polytask.analysis._fitted_rounds import FittedRounds, Fold, fitted_rounds
from polytask.analysis._group_runs import GroupRuns
from polytask.analysis._input_columns import InputColumn, input_columns
from polytask.analysis._integrated_gradients import IntegratedGradients, check_captum
from polytask.analysis._map_transfer import measured_in_words
from polytask.analysis._permutation_importance import PermutationImportance
from polytask.analysis._rounds import FOLDS, SEEDS, rounds_of
from polytask.analysis._trainings import Trainings
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split, Splitter
from polytask.evaluation.running._positions import positions
from polytask.evaluation.running._run_progress import progress_bar
from polytask.exceptions import ParameterError
from polytask.executors import Executor
from polytask.learners import unserved, with_checked_tasks
from polytask.learners._as_learner import as_learner
from polytask.predictor import FittedPredictor
from polytask.statistics import holm
from polytask.training._progress import is_silent

__all__ = ["attribute", "attributions_of_runs", "gradients_of_runs"]

_OWNER = "attribute"


def attribute(
    data: MultiTaskDataset,
    learner: Any = "hard_sharing",
    *,
    method: Attribution | str = "permutation_importance",
    columns: Sequence[str] | None = None,
    split: Split | Splitter | str | None = None,
    folds: int | None = FOLDS,
    seeds: int = SEEDS,
    budget: Budget | None = None,
    advance: Callable[[str], None] | None = None,
    out: str | Path | None = None,
    executor: Executor | None = None,
) -> Attributions:
    """Measure which input columns each task looks at, on rows that were not trained on.

    Parameters
    ----------
    data : MultiTaskDataset
    learner : learner, its name, or FittedPredictor, default "hard_sharing"
        Any learner, as for `polytask.fit`, joint or not. A fitted model is measured on all rows of
        `data`, which should not be those that it was trained on; the arguments from `split` on are then not
        used.
    method : Attribution or str, default "permutation_importance"
        `PermutationImportance` serves every learner, `IntegratedGradients` networks.
    columns : sequence of str, optional
        Input columns that are measured, ``SOURCE/COLUMN`` where there are several sources; all by
        default.
    split : Split, Splitter or str, optional
        Its test rows are left alone; of several splits, those of the first. Without it all rows are
        used.
    folds : int, optional, default 5
        All other rows are measured by cross-validation; None measures the split's validation rows.
        It must be None where rows are split by time.
    seeds : int, default 3
        Models per fold, each in folds drawn anew.
    budget : Budget, optional
        Steps of one training; by default those of the learner.
    advance : callable, optional
        Receives a description of every fit and every column that is done.
    out : str or Path, optional
        A folder that keeps the models (in ``runs``), so that an analysis that was interrupted fits only
        what is missing when it is run again.
    executor : Executor, optional
        Fits the models (`polytask.executors`), such as ``LocalExecutor("auto")``; by default this process.

    Returns
    -------
    Attributions

    Raises
    ------
    ParameterError
        If the learner cannot learn the tasks, the method cannot serve it, or another argument is
        invalid.
    UnknownNameError
        If there is no such method or column.
    MissingDependencyError
        If the method takes Captum, and it is not installed.
    StudyError
        If `out` holds another study, or cannot be used.

    Examples
    --------
    >>> from polytask.analysis import attribute
    >>> from polytask.datasets import make_related_regression
    >>> data, truth = make_related_regression(n_tasks=2, n_rows=100, n_features=5, seed=1)
    >>> found = attribute(data, "linear", folds=2, seeds=1)
    >>> found.matrix.shape, found.top(1) == (f"x{abs(truth.coef).sum(axis=0).argmax()}",)
    ((2, 5), True)
    """
    check(_OWNER, "data", data, InstanceOf((MultiTaskDataset,)), "Make one with polytask.read.")
    check(_OWNER, "budget", budget, Optional(InstanceOf((Budget,))))
    check(_OWNER, "executor", executor, Optional(InstanceOf((Executor,))))
    chosen = _method(method)
    started = time.perf_counter()
    if isinstance(learner, FittedPredictor):
        given = _given(data, learner)
        listed = input_columns(data, given.tasks, columns)
        with _progress(chosen.n_advances(given.tasks, listed), advance) as tell:
            chosen.check(given)
            return _measured(given, chosen, listed, started, tell)
    trainings = _trainings(data, learner, split, folds, seeds, budget)
    listed = input_columns(trainings.data, trainings.tasks, columns)
    n_fits = sum(len(one.splits) for one in trainings.rounds)
    total = n_fits + chosen.n_advances(trainings.tasks, listed)
    with _progress(total, advance) as tell, trainings.keeping(out):
        trainings.advance, trainings.executor = tell, executor
        models = fitted_rounds(trainings, measured_in_words(trainings.rounds), chosen.check)
        return _measured(models, chosen, listed, started, tell)


@contextmanager
def _progress(total: int, advance: Callable[[str], None] | None) -> Iterator[Callable[[str], None]]:
    """What receives descriptions: `advance`, or a bar."""
    quiet = advance is not None or is_silent()
    with progress_bar(total, "attributing", quiet=quiet) as shown:
        yield advance or shown


def attributions_of_runs(runs: GroupRuns) -> Attributions:
    """Permutation importance for the joint network of other analyses, on their rows."""
    return _of_runs(runs, PermutationImportance())


def gradients_of_runs(runs: GroupRuns) -> Attributions:
    """Integrated gradients of the joint network of other analyses, on their rows."""
    check_captum()
    return _of_runs(runs, IntegratedGradients())


def _of_runs(runs: GroupRuns, method: Attribution) -> Attributions:
    started = time.perf_counter()
    tell = runs.advance or _say_nothing
    words = measured_in_words(runs.rounds)
    columns = input_columns(runs.data, runs.tasks, None)
    models = fitted_rounds(runs, words, method.check)
    return _measured(models, method, columns, started, tell)


def _method(method: Attribution | str) -> Attribution:
    chosen: Any = method
    if isinstance(method, str):
        chosen = made(
            method, "polytask.analysis", "method of attribution", Attribution, imports=True
        )
    check(_OWNER, "method", chosen, InstanceOf((Attribution,)))
    if isinstance(chosen, IntegratedGradients):
        check_captum()
    return chosen


def _trainings(
    data: MultiTaskDataset,
    learner: Any,
    split: Split | Splitter | str | None,
    folds: int | None,
    seeds: int,
    budget: Budget | None,
) -> Trainings:
    """What fits the models, none of which is fitted here."""
    data = with_checked_tasks(data, measured=False)
    recipe = as_learner(learner, _OWNER, data.tasks)
    reason = unserved(recipe, data)
    if reason is not None:
        raise ParameterError(reason)
    kept, rounds = rounds_of(data, split, folds, seeds)
    given = Budget() if budget is None and not recipe.has_own_budget else budget
    return Trainings(kept, recipe, rounds, given)


def _given(data: MultiTaskDataset, predictor: FittedPredictor) -> FittedRounds:
    """A fitted model and the rows that it is measured on."""
    rows = positions(data, {source.name: np.arange(source.n_rows) for source in data.sources})
    fold = Fold(0, predictor, data, data, rows)
    return FittedRounds(data, predictor.name, ((fold,),), "the given rows")


def _measured(
    models: FittedRounds,
    method: Attribution,
    columns: Sequence[InputColumn],
    started: float,
    advance: Callable[[str], None],
) -> Attributions:
    found = method.measure(models, columns, advance)
    corrected = holm({key: own.p for key, own in found.items()}) if method.has_zero else {}
    return Attributions(
        method=method.name,
        meaning=method.meaning,
        learner=models.name,
        tasks=models.tasks,
        columns=tuple(column.label for column in columns),
        scales={task: method.scale_of(models, task) for task in models.tasks},
        importance=_table(models, columns, {key: own.value for key, own in found.items()}),
        low=_table(
            models, columns, {k: own.interval[0] for k, own in found.items() if own.interval}
        ),
        high=_table(
            models, columns, {k: own.interval[1] for k, own in found.items() if own.interval}
        ),
        error=_table(models, columns, {key: own.standard_error for key, own in found.items()}),
        p=_table(models, columns, corrected),
        measured=models.measured,
        n_rows=models.n_rows,
        n_models=len(models.folds),
        seconds=time.perf_counter() - started,
        notes=method.notes(models),
    )


def _table(
    models: FittedRounds,
    columns: Sequence[InputColumn],
    values: dict[tuple[str, str], Any],
) -> tuple[tuple[float | None, ...], ...]:
    return tuple(
        tuple(_number(values.get((task, column.label))) for column in columns)
        for task in models.tasks
    )


def _number(value: float | None) -> float | None:
    """Six digits, so that records of many columns stay small."""
    return None if value is None or not np.isfinite(value) else float(f"{value:.6g}")


def _say_nothing(description: str) -> None:
    del description
