"""`tune_weights`: search of task weights, and a verdict on those that are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from polytask._validation import Choice, Interval, check, message
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Splitter
from polytask.evaluation import Comparison
from polytask.evaluation._study import judged_study
from polytask.evaluation.running._candidates import LearnerLike
from polytask.exceptions import ParameterError
from polytask.executors import Executor
from polytask.learners import as_learners
from polytask.neural_network import MultiTaskNetwork
from polytask.search._optuna import check_installed
from polytask.search._weight_search import WeightTuning
from polytask.search._weight_tuner import WeightMethod, WeightTuner, searched_learner

__all__ = ["tune_weights"]

_MOST_ROUNDS = 1000


def tune_weights(
    data: MultiTaskDataset,
    learner: LearnerLike = "hard_sharing",
    *,
    method: WeightMethod = "random",
    rounds: int = 4,
    seed: int = 0,
    beside: Sequence[LearnerLike] = (),
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
) -> WeightTuning:
    r"""Search the weights of tasks in a joint network (scalarisation), and compare what is kept.

    .. math:: \min_\theta \sum_k \lambda_k \ell_k(\theta), \qquad
        \lambda_k > 0, \quad \sum_k \lambda_k = K

    for many :math:`\lambda`, of which validation rows choose one. Needs Optuna:
    ``pip install polytask[tune]``.

    Parameters
    ----------
    data : MultiTaskDataset
        Of at least two tasks.
    learner : learner or its name, default "hard_sharing"
        A joint network without balancing.
    method : {"random", "tpe", "population"}, default "random"
        Weights drawn uniformly from the simplex; proposed by tree-structured Parzen estimators from
        what earlier ones gained, four at a time; or a population that trains in rounds, between
        which the worst quarter takes over the networks of the best quarter with their weights
        multiplied by 0.8 or 1.25. The first network has equal weights.
    rounds : int, default 4
        Of a population; each has that part of the steps.
    seed : int, default 0
        Of the weights and of the networks, which differ in their weights alone.
    beside : sequence of learners or names, optional
        Others in the comparison, which are run as they are.
    budget : Budget, default Budget(trials=16)
        Networks, and steps of each. The single-task baseline is tuned by as many trials of its
        settings, as by `tune`.
    split, seeds, jobs, executor, out, quiet, device, precision, trusted, notes
        As in `polytask.compare`. The folder `out` also receives ``weights.json``; a search that was
        killed goes on where it stood. Networks of one search train as a population in this
        process, so `jobs` and `executor` serve the other runs.

    Returns
    -------
    WeightTuning
        `print` shows the weights kept, the table and the verdict.

    Raises
    ------
    MissingDependencyError
        If Optuna is not installed.
    ParameterError
        If the learner is no joint network or balances its tasks otherwise, or there is one task.
    PolytaskError
        As `polytask.compare` raises.

    Notes
    -----
    - The kept weights are those of the highest mean gain of primary tasks' headline metrics over the
      first network on validation rows, each change relative to the mean of both values. They are
      trained anew with every seed, and compared with equal weights (the learner as given) and with
      the single-task baseline by `polytask.compare`'s verdict.
    - The Pareto front and its hypervolume are those of the primary tasks' relative gains over the
      best constant on validation rows: 0 is the constant, 1 is perfect for errors and areas.
    - Deviations from population-based training: the optimiser's state and its schedule start anew
      in every round, and rounds are as long as each other. What is kept are the last round's
      weights, as constants, not their course.

    References
    ----------
    Royer, Blankevoort and Bejnordi, "Scalarization for multi-task and multi-domain learning at
    scale", NeurIPS 2023. Jaderberg et al., "Population based training of neural networks", 2017.
    Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011.

    Examples
    --------
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_related_regression
    >>> from polytask.search import tune_weights
    >>> data, _ = make_related_regression(n_tasks=2, seed=0)
    >>> tuning = tune_weights(data, seeds=1, budget=Budget(trials=2, steps=10))
    >>> [sum(member.weights.values()) for member in tuning.searches[0].members]
    [2.0, 2.0]
    """
    _check(method, rounds, seed)
    check_installed()
    network = _network(learner, data)
    tuner = WeightTuner(method, rounds if method == "population" else 1, seed)
    allowed = Budget(trials=16) if budget is None else budget
    _check_parts(tuner.rounds, allowed.steps)

    def identified(identity: Mapping[str, Any]) -> dict[str, Any]:
        how = {"method": method, "rounds": tuner.rounds, "seed": seed}
        return {**identity, "weights": how}

    comparison = judged_study(
        data,
        [network, searched_learner(network), *beside],
        tuner,
        owner="tune_weights",
        twins=False,
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
    )
    tuning = _record(tuner, allowed, comparison)
    if comparison.folder is not None:
        tuning.write(comparison.folder)
    return tuning


def _check(method: object, rounds: object, seed: object) -> None:
    check("tune_weights", "method", method, Choice(("random", "tpe", "population")))
    check("tune_weights", "rounds", rounds, Interval(int, 1, _MOST_ROUNDS))
    check("tune_weights", "seed", seed, Interval(int, 0, 2**32 - 1))


def _check_parts(rounds: int, steps: int) -> None:
    """Refuse more rounds than a network has steps."""
    if rounds > steps:
        expected = f"at most the {steps:,} steps of a network, of which each round has a part"
        raise ParameterError(message("tune_weights", "rounds", expected, rounds))


def _record(tuner: WeightTuner, budget: Budget, comparison: Comparison) -> WeightTuning:
    tuning = WeightTuning(
        method=tuner.method,
        members=budget.trials,
        steps=budget.steps,
        rounds=tuner.rounds,
        seed=tuner.seed,
        searches=tuple(tuner.searches),
    )
    return tuning.with_comparison(comparison)


def _network(learner: LearnerLike, data: MultiTaskDataset) -> MultiTaskNetwork:
    """The joint network whose weights are searched."""
    (network,) = as_learners([learner], "tune_weights", data.tasks)
    expected = "a joint network, such as hard_sharing"
    if not isinstance(network, MultiTaskNetwork) or not network.joint:
        raise ParameterError(message("tune_weights", "learner", expected, network.name))
    balancing = [network.trainer.weighting, network.trainer.aggregation]
    if any(method is not None for method in balancing):
        expected = "a network without balancing, whose weights can be searched"
        remedy = "Give balanced ones by `beside`."
        raise ParameterError(message("tune_weights", "learner", expected, network.name, remedy))
    if len(data.tasks) < 2:
        expected = "of at least two tasks, whose weights differ"
        raise ParameterError(message("tune_weights", "data", expected, "one task"))
    return network
