"""Groups of tasks that belong together, verified by training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from polytask._validation import Each, Interval, Optional, check, message
from polytask.analysis import Affinity, AffinityRecord, GroupRuns
from polytask.analysis._map_transfer import measured_in_words, measured_rows, notes_on_seeds
from polytask.analysis._planned_networks import planned_networks
from polytask.analysis._resolved_affinities import Affinities, estimated, resolved_affinities
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split, Splitter
from polytask.exceptions import ParameterError
from polytask.executors import Executor
from polytask.search._candidates import Candidate, candidates_of, random_partitions
from polytask.search._grouping import Grouping
from polytask.search._verify import best_groups, choose, measure_candidates, over_random

__all__ = ["check_search", "group", "group_runs"]

_OWNER = "group"


def group(
    data: MultiTaskDataset,
    learner: object = "hard_sharing",
    *,
    affinities: Affinities = "prediction_similarity",
    thresholds: Sequence[float] = (),
    split: Split | Splitter | str | None = None,
    folds: int | None = 5,
    seeds: int = 3,
    budget: Budget | None = None,
    most_networks: int | None = None,
    n_random: int = 2,
    alpha: float = 0.05,
    seed: int = 0,
    advance: Callable[[str], None] | None = None,
    out: str | Path | None = None,
    executor: Executor | None = None,
) -> Grouping:
    """Find out which tasks belong together, and whether sharing helps at all.

    Affinities propose partitions (`best_partition`). They know nothing of tasks that are not learned
    alone; so each also proposes a partition in which such tasks join the group that explains their
    labels best. These partitions and all tasks together are trained and measured against training
    apart, on rows that were neither trained on nor are test rows. Tasks are trained apart unless a
    partition is better beyond chance. Where groups are, random groups of their sizes are trained, too:
    they say whether it matters which tasks are together.

    Parameters
    ----------
    data : MultiTaskDataset
        Of at least two tasks.
    learner : str, MultiTaskNetwork or Architecture, default "hard_sharing"
        The network of each group; tasks alone have its `single_task`.
    affinities : Affinity or str, or sequence of these, default "prediction_similarity"
        Of `polytask.analysis`, or their names. The first one's own proposal stands unless the
        proposal of another is better beyond chance.
    thresholds : sequence of float, optional
        Further thresholds at which each affinity proposes a partition.
    split : Split, Splitter or str, optional
        Its test rows are left alone; of several splits, those of the first. Without it all rows are
        used.
    folds : int, optional, default 5
        All other rows are measured by cross-validation; None measures the split's validation rows,
        and is needed where rows are split by time.
    seeds : int, default 3
        Trainings of each network per fold, in folds drawn anew. With one, tests are too eager; with two
        their spread is hardly known, and groups that are there are often not shown.
    budget : Budget, optional
        Steps of one training; by default those of the learner.
    most_networks : int, optional
        Networks that may be trained in all.
    n_random : int, default 2
        Random partitions of the sizes of the groups that are better than training apart, if any are.
    alpha : float in (0, 1), default 0.05
        Level of the tests.
    seed : int, default 0
        Of random partitions.
    advance : callable, optional
        Receives a description of every training that ended.
    out : str or Path, optional
        A folder that keeps the answers of every training (in ``runs``), so that a search that was
        interrupted trains only what is missing when it is run again.
    executor : Executor, optional
        Runs trainings (`polytask.executors`), such as ``LocalExecutor("auto")``; by default this process.

    Returns
    -------
    Grouping

    Raises
    ------
    ParameterError
        If there is one task only, the learner is no network that shares, `most_networks` are too few
        to verify anything, or another argument is invalid.
    StudyError
        If `out` holds another study, or cannot be used.

    Notes
    -----
    The statistic is the mean relative gain of the primary tasks (Δm), tested as in
    `polytask.statistics.paired_gain`, of the side of a gain, and corrected by Holm for all candidates.
    Where no partition is better than apart, the answer is to train apart. Of groups and all tasks
    together, where both are better than apart, the answer is

    1. the one that is better than the other beyond chance;
    2. else groups, if random groups of their sizes are shown to gain less, at the level 2 `alpha`;
    3. else together, if random groups gain no less on average than these groups: which tasks are
       together makes no difference that shows, and one network is the simplest;
    4. else the one of larger gain.

    Choosing and measuring on the same rows makes the gain of the chosen one slightly too large; a
    test set says what it is (`polytask.compare` with `polytask.search.Grouped`).

    References
    ----------
    Standley, Zamir, Chen, Guibas, Malik & Savarese, "Which tasks should be learned together in
    multi-task learning?", ICML 2020.

    Fifty, Amid, Zhao, Yu, Anil & Finn, "Efficiently identifying task groupings for multi-task
    learning", NeurIPS 2021.

    Examples
    --------
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> from polytask.search import group
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=60, seed=0)
    >>> grouping = group(data, folds=2, seeds=1, n_random=0, budget=Budget(steps=10))
    >>> sorted(task for tasks in grouping.groups for task in tasks)
    ['task_0', 'task_1', 'task_2', 'task_3']
    """
    check_search(thresholds=thresholds, n_random=n_random, alpha=alpha, seed=seed)
    methods = resolved_affinities(_OWNER, affinities)
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
    _check_before(runs, methods, most_networks)  # a folder is not claimed for what is refused
    with runs.keeping(out):
        return group_runs(
            runs,
            methods,
            thresholds=thresholds,
            n_random=n_random,
            alpha=alpha,
            seed=seed,
            most_networks=most_networks,
        )


def check_search(*, thresholds: Sequence[float], n_random: int, alpha: float, seed: int) -> None:
    """Check the settings of a search."""
    check(_OWNER, "thresholds", tuple(thresholds), Each(Interval(float)))
    check(_OWNER, "n_random", n_random, Interval(int, 0, 1000))
    check(_OWNER, "alpha", alpha, Interval(float, 0.0, 1.0, closed="neither"))
    check(_OWNER, "seed", seed, Interval(int, 0))


def group_runs(
    runs: GroupRuns,
    methods: Sequence[Affinity],
    *,
    thresholds: Sequence[float] = (),
    n_random: int = 2,
    alpha: float = 0.05,
    seed: int = 0,
    most_networks: int | None = None,
) -> Grouping:
    """Group the tasks of runs, training what is missing."""
    _check_before(runs, methods, most_networks)
    runs.train([task] for task in runs.tasks)
    records = estimated(methods, runs)
    candidates, alike = candidates_of(runs, records, thresholds)
    candidates, notes = _affordable(runs, candidates, most_networks)
    measured = measure_candidates(runs, candidates, corrected=True)
    proposed = [one.name for one in candidates if one.proposal]
    groups = best_groups(runs, measured, proposed=proposed, alpha=alpha)
    drawn = [] if groups is None else random_partitions(runs, groups.groups, n_random, seed)
    random, of_random = _affordable(runs, drawn, most_networks)
    at_random = measure_candidates(runs, random, corrected=False)
    as_random = over_random(runs, groups, at_random)
    choice = choose(
        runs, measured, groups=groups, random=at_random, as_random=as_random, alpha=alpha
    )
    return Grouping(
        tasks=runs.tasks,
        learner=runs.network.name,
        answer=choice.answer,
        groups=choice.groups,
        candidates=tuple(measured),
        random=tuple(at_random),
        over_random=as_random,
        affinities=tuple(records),
        search_note=_search_note(candidates),
        why=choice.why,
        measured=measured_in_words(runs.rounds),
        n_rows=measured_rows(runs),
        seconds=runs.seconds,
        n_networks=runs.n_networks,
        steps=runs.steps,
        notes=(*alike, *notes, *of_random, *notes_on_seeds(runs), *_of_affinities(records)),
    )


def _check_before(runs: GroupRuns, methods: Sequence[Affinity], most: int | None) -> None:
    """Check the number of networks against what is known before anything is trained.

    These are the tasks apart and together, and those of affinities as far as they say.
    """
    check(_OWNER, "most_networks", most, Optional(Interval(int, 1)))
    _check_networks(most, planned_networks(runs, methods, pairs=False).n_networks)


def _check_networks(most: int | None, needed: int) -> None:
    """Raise if not even training apart and together fits in."""
    if most is not None and most < needed:
        expected = (
            f"at least {needed:,}, as many as affinities take, and the tasks apart and together"
        )
        remedy = "Allow more, or take fewer folds or seeds: with fewer, nothing can be verified."
        raise ParameterError(message(_OWNER, "most_networks", expected, most, remedy))


def _affordable(
    runs: GroupRuns, candidates: Sequence[Candidate], most: int | None
) -> tuple[list[Candidate], tuple[str, ...]]:
    """The candidates whose networks may be trained, together first, then in order; a note on others."""
    if most is None or not candidates:
        return list(candidates), ()
    # affinities that say nothing before may have taken more than was known
    _check_networks(most, runs.n_networks + runs.n_missing([runs.tasks]))
    left = most - runs.n_networks
    planned: set[tuple[str, ...]] = set()
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda one: len(one.groups) > 1):
        new = set(runs.missing(candidate.groups)) - planned
        if (needed := runs.n_missing(new)) <= left:
            left -= needed
            planned |= new
            kept.append(candidate)
    dropped = [one.name for one in candidates if one not in kept]
    note = f"not trained, as at most {most:,} networks may be: {', '.join(dropped)}"
    return [one for one in candidates if one in kept], (note,) if dropped else ()


def _search_note(candidates: Sequence[Candidate]) -> str:
    first = next((one for one in candidates if one.proposal and one.note), None)
    return "" if first is None else f"groups of {first.name}: {first.note}"


def _of_affinities(records: Sequence[AffinityRecord]) -> tuple[str, ...]:
    return tuple(f"affinity {record.name}: {note}" for record in records for note in record.notes)
