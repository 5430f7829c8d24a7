"""`tune`: settings of joint and single-task learners, by the same number of trials, and a verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from polytask._validation import (
    Choice,
    Each,
    InstanceOf,
    Interval,
    MappingOf,
    OneOf,
    Optional,
    check,
)
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Splitter
from polytask.evaluation import Comparison
from polytask.evaluation._study import judged_study
from polytask.evaluation.running._candidates import LearnersLike
from polytask.executors import Executor
from polytask.ranges import SearchRange
from polytask.search._inner_splits import check_time
from polytask.search._optuna import Pruner, Sampler, check_installed
from polytask.search._proposal import short_settings
from polytask.search._search import Attempt, Search
from polytask.search._tuner import Tuner
from polytask.search._tuning import TunedLearner, TunedTrial, Tuning
from polytask.search._tuning_plan import Plan

__all__ = ["tune"]

_MOST = 1000


def tune(
    data: MultiTaskDataset,
    learners: LearnersLike = None,
    *,
    paths: Sequence[str] | None = None,
    ranges: Mapping[str, SearchRange | Sequence[Any]] | None = None,
    sampler: Sampler = "tpe",
    pruner: Pruner | None = None,
    folds: int = 1,
    at_once: int = 1,
    seed: int = 0,
    twins: bool = False,
    split: Splitter | str | None = None,
    seeds: int | Sequence[int] = 3,
    budget: Budget | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
    out: str | Path | None = None,
    quiet: bool = False,
    device: str | None = None,
    precision: str | None = None,
    trusted: str | Collection[str] = (),
    notes: Sequence[str] = (),
) -> Tuning:
    """Tune joint and single-task learners by equally many trials, and compare what was tuned.

    Needs Optuna: ``pip install polytask[tune]``.

    Parameters
    ----------
    data : MultiTaskDataset
        As `polytask.read` gives it.
    learners : learners or their names, optional
        As in `polytask.compare`. The single-task self of every joint learner takes part, with as
        many trials over its own ranges.
    paths : sequence of str, optional
        Which declared ranges are searched (`Learner.search_space`): paths, ends of paths, or
        patterns with ``*``. By default those of the architecture, the widths, dropout and numeric
        encoding of its encoder, balancing methods, learning rate and weight decay; ``["*"]`` is all
        of them, with optimiser, initialiser, activation, schedule, batch size and clipping.
    ranges : mapping of path to Range, Choices or sequence, optional
        Ranges in place of the declared ones, also of settings that declare none, such as
        ``{"trainer.weighting": [None, "famo"], "dropout": Range(0.0, 0.2)}``; texts are read as those
        of ``--set``. A learner without the setting goes without it. The recipe's own value is always one of the choices.
    sampler : {"tpe", "random"}, default "tpe"
        Tree-structured Parzen estimators, which draw at random before the tenth trial, or random
        search.
    pruner : {"halving"}, optional
        Successive halving: a trial is first run with a ninth of the steps, then with a third, then
        with all, each time anew, and goes on only while it is among the best third of the trials
        that came so far. None runs every trial in full. Learners whose training does not count
        steps are never stopped.
    folds : int, default 1
        With more than one, settings are chosen by so many inner folds of the rows that are not test
        rows, in whole groups where the data has some: nested cross-validation, where `split` has
        folds itself. With 1 the validation rows of the split choose.
    at_once : int, default 1
        Trials of a learner that are proposed before the results of the earlier ones are known.
        Learners and splits are searched side by side in any case, so `jobs` has work with 1, too.
    seed : int, default 0
        Of the sampler and the inner folds.
    budget : Budget, default Budget(trials=30)
        Trials of every learner on every split, and steps of a run in full. The first trial is the
        recipe as it was given, the next two are the points of the small grid that `compare` tries. More trials may be asked for later in the same `out`.
    seeds : int or sequence of int, default 3
        Runs of the kept settings; trials are run with the first of these seeds.
    twins, split, jobs, executor, out, quiet, device, precision, trusted, notes
        As in `polytask.compare`. The folder `out` also receives ``tuning.json`` and the trials in
        ``tuning.sqlite``, Optuna's storage: a tuning that was killed goes on where it stood.

    Returns
    -------
    Tuning
        `print` shows the settings kept, the table and the verdict.

    Raises
    ------
    MissingDependencyError
        If Optuna is not installed.
    UnknownNameError
        If a path or pattern names no setting of any learner.
    ParameterError
        If there is nothing to tune, or a range does not suit its setting.
    StudyError
        If `out` or its storage of trials holds another study.
    PolytaskError
        As `polytask.compare` raises.

    Notes
    -----
    - Trials have one value: the mean over primary tasks (and inner folds) of the relative gain of
      the headline metric on the rows that choose, over the first trial that gave a model, each
      change relative to the mean of both values. A learner whose tasks share nothing keeps a trial
      for each task that has at least 100 such rows.
    - The verdict is that of `polytask.compare`: kept settings are run with every seed, and the test
      rows are read once by every kept model.
    - Results depend on `seed`, `at_once` and the data, not on `jobs` or on interruptions: each
      setting of each trial is drawn with a seed of its own.
    - A trial that diverges has failed; the sampler takes it as the worst. One whose process was
      killed is run again, and has failed if that happens 5 times (twice for a worker process).
    - A learner without search ranges is run once, as it is.

    References
    ----------
    Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011. Akiba et al.,
    "Optuna: a next-generation hyperparameter optimization framework", KDD 2019. Jamieson and
    Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS
    2016; the asynchronous form that Optuna has is Li et al., "A system for massively parallel
    hyperparameter tuning", MLSys 2020.

    Examples
    --------
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_related_regression
    >>> from polytask.search import tune
    >>> data, _ = make_related_regression(n_tasks=2, seed=0)
    >>> tuning = tune(data, "linear", seeds=1, budget=Budget(trials=3))
    >>> [len(tuned.trials) for tuned in tuning.learners if tuned.learner == "linear"]
    [3]
    """
    _check(paths, ranges, sampler, pruner, folds, at_once, seed)
    check_installed()
    plan = Plan(sampler, pruner, folds, at_once, seed, paths, ranges or {})
    tuner = Tuner(plan)
    allowed = Budget(trials=30) if budget is None else budget

    def identified(identity: Mapping[str, Any]) -> dict[str, Any]:
        check_time(folds, identity["split"]["kind"])
        steps = {"steps": identity["budget"]["steps"]}  # trials may be added
        return {**identity, "budget": steps, "tuning": plan.described()}

    comparison = judged_study(
        data,
        learners,
        tuner,
        owner="tune",
        twins=twins,
        split=split,
        seeds=seeds,
        budget=allowed,
        jobs=jobs,
        executor=executor,
        out=out,
        quiet=quiet,
        device=device,
        precision=precision,
        trusted=trusted,
        notes=notes,
        identified=identified,
        checked=tuner.check,
    )
    tuning = _record(tuner, allowed, comparison).with_comparison(comparison)
    if comparison.folder is not None:
        tuning.write(comparison.folder)
    return tuning


def _check(
    paths: object,
    ranges: object,
    sampler: object,
    pruner: object,
    folds: object,
    at_once: object,
    seed: object,
) -> None:
    listed = Each(InstanceOf((object,)), minimum=1)
    searched = MappingOf(InstanceOf((str,)), OneOf((InstanceOf((SearchRange,)), listed)))
    check("tune", "paths", paths, Optional(Each(InstanceOf((str,)), minimum=1)))
    check("tune", "ranges", ranges, Optional(searched))
    check("tune", "sampler", sampler, Choice(("tpe", "random")))
    check("tune", "pruner", pruner, Optional(Choice(("halving",))))
    check("tune", "folds", folds, Interval(int, 1, _MOST))
    check("tune", "at_once", at_once, Interval(int, 1, _MOST))
    check("tune", "seed", seed, Interval(int, 0, 2**32 - 1))


def _record(tuner: Tuner, budget: Budget, comparison: Comparison) -> Tuning:
    plan = tuner.plan
    return Tuning(
        sampler=plan.sampler,
        pruner=plan.pruner,
        folds=plan.folds,
        seed=plan.seed,
        trials=budget.trials,
        steps=budget.steps,
        metrics={
            task["name"]: task["metric"]
            for task in comparison.study["tasks"]
            if task["role"] == "primary"
        },
        learners=tuple(_tuned_learner(search) for search in tuner.searches),
    )


def _tuned_learner(search: Search) -> TunedLearner:
    learner = search.space.learner
    ranges = search.space.ranges_of(learner)
    short = {setting.path: setting.short for setting in learner.settings()}
    return TunedLearner(
        learner=search.candidate.name,
        joint=search.candidate.joint,
        fold=search.split.fold,
        seed=search.seed,
        ranges={short[path]: str(searched) for path, searched in ranges.items()},
        trials=tuple(_tuned_trial(search, attempt) for attempt in search.attempts),
        importance={short.get(path, path): share for path, share in search.importance.items()},
    )


def _tuned_trial(search: Search, attempt: Attempt) -> TunedTrial:
    learner = search.space.learner
    configured = learner.configured(attempt.settings) if attempt.settings else learner
    state: Any = attempt.state
    return TunedTrial(
        number=attempt.number,
        settings=short_settings(configured, attempt.settings),
        value=attempt.value,
        steps=search.rungs[attempt.rung],
        state=state,
        seconds=attempt.seconds,
        tasks=tuple(task for task, kept in search.kept_for.items() if kept is attempt),
        failure=attempt.failure,
        interruptions=attempt.interruptions,
    )
