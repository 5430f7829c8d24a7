"""The transfer map: who gains from whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, permutations
from pathlib import Path

import numpy as np

from polytask._validation import Each, InstanceOf, Interval, check
from polytask.analysis._group_runs import Group, GroupRuns
from polytask.analysis._measured_gain import MeasuredGain, corrected, gain_of_task
from polytask.analysis._rounds import FOLDS, SEEDS, Round
from polytask.analysis._transfer_map import SampledGain, TransferMap
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split, Splitter
from polytask.evaluation.running._tuning import headline
from polytask.executors import Executor

__all__ = [
    "check_groups",
    "map_of_runs",
    "measured_in_words",
    "measured_rows",
    "notes_on_seeds",
    "random_groups",
    "transfer_map",
]

_OWNER = "transfer_map"


def transfer_map(
    data: MultiTaskDataset,
    learner: object = "hard_sharing",
    *,
    split: Split | Splitter | str | None = None,
    folds: int | None = FOLDS,
    seeds: int = SEEDS,
    budget: Budget | None = None,
    pairs: bool = True,
    sizes: Sequence[int] = (),
    n_groups: int = 20,
    seed: int = 0,
    advance: Callable[[str], None] | None = None,
    out: str | Path | None = None,
    executor: Executor | None = None,
) -> TransferMap:
    r"""Measure who gains from whom: every task alone, every pair together, and all together.

    .. math:: g_{i|j} = \pm \frac{m_i(\{i, j\}) - m_i(\{i\})}{m_i}

    with the first metric :math:`m_i` of task i, on rows that were neither trained on nor are test
    rows, signed so that gains are positive.

    Parameters
    ----------
    data : MultiTaskDataset
        Of at least two tasks.
    learner : str, MultiTaskNetwork or Architecture, default "hard_sharing"
        The network that is trained on groups. Alone, tasks have its `single_task`.
    split : Split, Splitter or str, optional
        Its test rows are left alone; of several splits, those of the first. Without it all rows are
        used.
    folds : int, optional, default 5
        All other rows are measured by cross-validation; None measures the split's validation rows,
        which are fewer. It must be None where rows are split by time.
    seeds : int, default 3
        Trainings of each network per fold, in folds drawn anew.
    budget : Budget, optional
        Steps of one training; by default those of the learner.
    pairs : bool, default True
        Whether all K (K − 1) / 2 pairs are trained.
    sizes : sequence of int, optional
        Sizes of random groups that are trained too; gains of a task are averaged over those that
        hold the other.
    n_groups : int, default 20
        Random groups per size.
    seed : int, default 0
        Of the random groups.
    advance : callable, optional
        Receives a description of every training that ended.
    out : str or Path, optional
        A folder that keeps the answers of every training (in ``runs``), so that an analysis that was
        interrupted trains only what is missing when it is run again.
    executor : Executor, optional
        Runs trainings (`polytask.executors`), such as ``LocalExecutor("auto")``; by default this process.

    Returns
    -------
    TransferMap

    Raises
    ------
    ParameterError
        If there is one task only, the learner is no network that shares, a size does not fit the
        tasks, or another argument is invalid.
    StudyError
        If `out` holds another study, or cannot be used.

    Notes
    -----
    Networks are members of populations (`polytask.training.Trainer.fit_many`). p-values are those of
    `polytask.statistics.paired_gain`, exchanging the two networks' predictions row by row (or group
    by group), with the spread over seeds, each with folds of its own, as a second level; they are
    corrected by Holm over all ordered pairs, and over all tasks for the joint network. Intervals hold
    for all of them together, by Bonferroni. They are about these rows and trainings: rows of folds
    share training rows.

    References
    ----------
    Standley, Zamir, Chen, Guibas, Malik & Savarese, "Which tasks should be learned together in
    multi-task learning?", ICML 2020.

    Examples
    --------
    >>> from polytask.analysis import transfer_map
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(1, 2, n_rows=80, seed=0)
    >>> record = transfer_map(data, folds=2, seeds=1, budget=Budget(steps=20))
    >>> [(gain.task, gain.group) for gain in record.pairs][0]
    ('task_0', ('task_0', 'task_1'))
    """
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
    check_groups(_OWNER, runs, pairs=pairs, sizes=sizes, n_groups=n_groups, seed=seed)
    with runs.keeping(out):
        return map_of_runs(runs, pairs=pairs, sampled=random_groups(runs, sizes, n_groups, seed))


def check_groups(
    owner: str, runs: GroupRuns, *, pairs: object, sizes: Sequence[int], n_groups: int, seed: int
) -> None:
    """Check which groups are to be trained."""
    check(owner, "pairs", pairs, InstanceOf((bool,)))
    check(owner, "sizes", tuple(sizes), Each(Interval(int, 2, len(runs.tasks))))
    check(owner, "n_groups", n_groups, Interval(int, 1))
    check(owner, "seed", seed, Interval(int, 0))


def map_of_runs(
    runs: GroupRuns, *, pairs: bool = True, sampled: Sequence[Group] = ()
) -> TransferMap:
    """The transfer map of trained groups, training those that are missing."""
    names = runs.tasks
    wanted = list(combinations(names, 2)) if pairs else []
    runs.train([*((name,) for name in names), names, *wanted, *sampled])
    n_pairs = len(names) * (len(names) - 1)
    return TransferMap(
        tasks=names,
        learner=runs.network.name,
        metrics={name: headline(runs.data.tasks, name).label for name in names},
        alone={name: _value(runs, name) for name in names},
        pairs=corrected([gain_of_task(runs, i, (i, j), n_pairs) for i, j in permutations(names, 2)])
        if pairs
        else (),
        together=corrected([gain_of_task(runs, name, names, len(names)) for name in names]),
        sampled=_sampled(runs, sampled),
        measured=measured_in_words(runs.rounds),
        n_rows=measured_rows(runs),
        seconds=runs.seconds,
        n_networks=runs.n_networks,
        steps=runs.steps,
        notes=notes_on_seeds(runs),
    )


def random_groups(runs: GroupRuns, sizes: Sequence[int], n_groups: int, seed: int) -> list[Group]:
    """Different random groups of each size."""
    generator = np.random.default_rng(seed)
    groups = [
        runs.group(generator.choice(runs.tasks, size=size, replace=False).tolist())
        for size in sizes
        for _ in range(n_groups)
    ]
    return list(dict.fromkeys(groups))


def _sampled(runs: GroupRuns, groups: Sequence[Group]) -> tuple[SampledGain, ...]:
    if not groups:
        return ()
    gains: dict[tuple[str, str], list[float]] = {}
    for group in groups:
        for task in group:
            own: MeasuredGain = gain_of_task(runs, task, group, 1)
            for other in group:
                if other != task and own.gain is not None:
                    gains.setdefault((task, other), []).append(own.gain)
    return tuple(
        SampledGain(
            i,
            j,
            float(np.mean(found)) if (found := gains.get((i, j))) else None,
            len(gains.get((i, j), ())),
        )
        for i, j in permutations(runs.tasks, 2)
    )


def _value(runs: GroupRuns, task: str) -> float | None:
    """The task's metric with its own network, averaged over rounds."""
    answers, metric = runs.answers([task])[task], headline(runs.data.tasks, task)
    values = [
        metric.score(answers.truth, response, answers.target_of(run), answers.weight).value
        for run, response in enumerate(answers.responses)
    ]
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def measured_rows(runs: GroupRuns) -> int:
    """Number of rows that are measured."""
    return sum(len(rows) for split in runs.rounds[0].splits for rows in split.test.values())


def notes_on_seeds(runs: GroupRuns) -> tuple[str, ...]:
    """What tests speak about where every network is trained once per fold."""
    if len(runs.rounds) > 1:
        return ()
    sentence = (
        "One seed: intervals and p-values speak about these fitted networks alone, not about the "
        "method; more seeds (--seeds) speak about it"
    )
    return (sentence,)


def measured_in_words(rounds: Sequence[Round]) -> str:
    """Which rows are measured: folds and seeds."""
    n_seeds = len(rounds)
    seeds = "1 seed" if n_seeds == 1 else f"{n_seeds} seeds"
    n_folds = len(rounds[0].splits)
    how = "validation rows" if n_folds == 1 else f"out of fold, {n_folds} folds"
    return f"{how}, {seeds}"
