"""Which source task helped which prediction: networks without one task at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from polytask._validation import Interval, check, message
from polytask.analysis._group_runs import Group, GroupRuns
from polytask.analysis._helped_rows import extreme_rows, help_of_rows, kept_rows
from polytask.analysis._map_transfer import measured_in_words, measured_rows, notes_on_seeds
from polytask.analysis._measured_gain import compared, corrected
from polytask.analysis._rounds import FOLDS, SEEDS
from polytask.analysis._source_tasks import SourceEffect, SourceTasks
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split, Splitter
from polytask.evaluation.running._tuning import headline
from polytask.exceptions import ParameterError
from polytask.executors import Executor
from polytask.statistics import Answers

__all__ = ["groups_of_sources", "left_out_of", "source_tasks", "sources_of_runs"]

_OWNER = "source_tasks"
_MOST_SOURCES = 20


def source_tasks(
    data: MultiTaskDataset,
    learner: object = "hard_sharing",
    *,
    sources: Sequence[str] | None = None,
    most_sources: int = _MOST_SOURCES,
    split: Split | Splitter | str | None = None,
    folds: int | None = FOLDS,
    seeds: int = SEEDS,
    budget: Budget | None = None,
    seed: int = 0,
    advance: Callable[[str], None] | None = None,
    out: str | Path | None = None,
    executor: Executor | None = None,
) -> SourceTasks:
    r"""Measure how much the labels of each source task help each prediction of the others.

    .. math:: h_{rij} = \pm \frac{1}{S} \sum_{s=1}^{S} \bigl( v_{ri}(f_s^{T})
              - v_{ri}(f_s^{T \setminus j}) \bigr)

    with the part :math:`v_{ri}` that row r has in the first metric of task i (its own loss, where the
    metric is a mean of losses; `polytask.statistics.row_values`), the network :math:`f_s^T` of all tasks
    and :math:`f_s^{T \setminus j}` of all but task j, both of round s and not trained on row r, and the
    sign by which help is positive. The mean over rows is the change of the metric by leaving out task
    j, whose relative size is the gain of the pair.

    Parameters
    ----------
    data : MultiTaskDataset
        Of at least two tasks.
    learner : str, MultiTaskNetwork or Architecture, default "hard_sharing"
        A network whose tasks share something.
    sources : sequence of str, optional
        Tasks that are left out, one at a time; by default all, or a random sample of `most_sources`.
    most_sources : int, default 20
        Networks that are trained per fold and seed, beside that of all tasks.
    split, folds, seeds, budget, advance, out, executor
        As for `polytask.analysis.transfer_map`.
    seed : int, default 0
        Of the sample of tasks, and of the rows that the record keeps.

    Returns
    -------
    SourceTasks

    Raises
    ------
    ParameterError
        If there is one task only, the learner is no network that shares, or another argument is
        invalid.
    UnknownNameError
        If `sources` names no task.
    StudyError
        If `out` holds another study, or cannot be used.

    Notes
    -----
    Networks are members of populations (`polytask.training.Trainer.fit_many`). Leaving out is measured
    and not estimated: influence functions (Koh & Liang, 2017) and surrogates of random groups
    (Li et al., 2023) are cheaper for many tasks. Of two source tasks that teach the same, each can replace
    the other, so that leaving out one may show no help from either; the transfer map, where tasks
    are trained with one other, does not have this limit.

    Where each row belongs to one task, its rows are left out with the labels. Tests are those of
    `polytask.statistics.paired_gain`, corrected by Holm over all pairs; intervals hold for all pairs together.
    Values of single rows contain the chance of single trainings, which more seeds reduce;
    `HelpedRow.agreeing` says in how many trainings the sign is the same.

    References
    ----------
    Zamir, Sax, Shen, Guibas, Malik & Savarese, "Taskonomy: disentangling task transfer learning",
    CVPR 2018, on source tasks.

    Koh & Liang, "Understanding black-box predictions via influence functions", ICML 2017, on leaving
    out what a prediction was learned from.

    Li, Nguyen & Zhang, "Identification of negative transfers in multitask learning using surrogate
    models", TMLR 2023.

    Examples
    --------
    >>> from polytask.analysis import source_tasks
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(1, 3, n_rows=60, seed=0)
    >>> found = source_tasks(data, folds=2, seeds=1, budget=Budget(steps=10))
    >>> found.matrix.shape, found.rows["task_0"].matrix.shape
    ((3, 3), (60, 3))
    """
    check(_OWNER, "most_sources", most_sources, Interval(int, 1))
    check(_OWNER, "seed", seed, Interval(int, 0))
    runs = GroupRuns.of(
        data,
        learner,
        split=split,
        folds=folds,
        seeds=seeds,
        budget=budget,
        advance=advance,
        executor=executor,
    )
    left_out_of(runs, sources, most_sources, seed)  # a folder is not claimed for what is refused
    with runs.keeping(out):
        return sources_of_runs(runs, sources, most_sources, seed)


def sources_of_runs(
    runs: GroupRuns,
    sources: Sequence[str] | None = None,
    most_sources: int = _MOST_SOURCES,
    seed: int = 0,
) -> SourceTasks:
    """Do what `source_tasks` does with trainings that other analyses use, too."""
    before, seconds = runs.n_networks, runs.seconds
    left_out, notes = left_out_of(runs, sources, most_sources, seed)
    names = runs.tasks
    without = {source: tuple(n for n in names if n != source) for source in left_out}
    runs.train([names, *without.values()])
    rows = {task: help_of_rows(runs, task, left_out, without) for task in names}
    effects = [
        _effect(runs, task, source, without[source], rows[task], left_out)
        for task in names
        for source in left_out
        if source != task
    ]
    return SourceTasks(
        tasks=names,
        sources=left_out,
        learner=runs.network.name,
        metrics={name: headline(runs.data.tasks, name).label for name in names},
        effects=corrected(effects),
        rows={task: kept_rows(runs, task, values, seed) for task, values in rows.items()},
        extremes=tuple(
            row
            for task, values in rows.items()
            for row in extreme_rows(runs, task, left_out, values)
        ),
        measured=measured_in_words(runs.rounds),
        n_rows=measured_rows(runs),
        n_rounds=len(runs.rounds),
        n_networks=runs.n_networks - before,
        seconds=runs.seconds - seconds,
        notes=(*notes, *notes_on_seeds(runs)),
    )


def groups_of_sources(runs: GroupRuns) -> list[Group]:
    """The groups that `sources_of_runs` trains at its defaults."""
    left_out, _ = left_out_of(runs, None, _MOST_SOURCES, 0)
    return [runs.tasks, *(tuple(n for n in runs.tasks if n != source) for source in left_out)]


def left_out_of(
    runs: GroupRuns, sources: Sequence[str] | None, most: int, seed: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tasks that are left out, and a note if they are a sample."""
    if sources is not None:
        if isinstance(sources, str) or not sources:
            expected = "None, or a list of at least one name of a task"
            raise ParameterError(message(_OWNER, "sources", expected, sources))
        return runs.group(sources), ()
    if len(runs.tasks) <= most:
        return runs.tasks, ()
    chosen = np.random.default_rng(seed).choice(runs.tasks, size=most, replace=False)
    note = (
        f"Of {len(runs.tasks)} tasks, a random sample of {most} was left out; `sources` names others, "
        "and `most_sources` takes more"
    )
    return runs.group(chosen.tolist()), (note,)


def _effect(
    runs: GroupRuns,
    task: str,
    source: str,
    rest: tuple[str, ...],
    values: Float64[np.ndarray, "rounds n s"],
    sources: Sequence[str],
) -> SourceEffect:
    """The gain of a pair, with its interval at the level that all pairs leave."""
    n_pairs = sum(i != j for i in runs.tasks for j in sources)
    together: dict[str, Sequence[Answers]] = {task: [runs.answers(runs.tasks)[task]]}
    baseline: dict[str, Sequence[Answers]] = {task: [runs.answers(rest)[task]]}
    result = compared(runs, together, baseline, n_pairs)
    mean = values[:, :, sources.index(source)].mean(axis=0)
    known = mean[np.isfinite(mean)]
    return SourceEffect(
        task,
        source,
        result.value,
        result.interval,
        result.p,
        None,
        float((known > 0).mean()) if len(known) else None,
        result.left_out.get(task),
    )
