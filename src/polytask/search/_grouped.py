"""Learner that finds out which tasks belong together, and trains one network per group."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from polytask._learner import FitRequest, OnFitted, fit_each, raised_unless
from polytask._recipes import to_json
from polytask._validation import Constraint, InstanceOf, Interval, OneOf, Optional, message
from polytask.analysis import Affinity, GroupRuns
from polytask.analysis._resolved_affinities import resolved_affinities
from polytask.analysis._rounds import later_rounds, rounds_of
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Splitter, TimeSplit
from polytask.exceptions import ParameterError, PolytaskError
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor, refitted
from polytask.search._group import group_runs
from polytask.search._grouped_training import train_groups
from polytask.search._grouping import Grouping

__all__ = ["Grouped"]


@dataclass(frozen=True)
class Grouped(MultiTaskNetwork):
    """A learner that finds out which tasks belong together, and trains one network per group.

    `polytask.search.group` proposes groups of the training rows and verifies them there by
    cross-validation; then every group has a network of the architecture, and tasks alone have its
    single-task network. If sharing is not shown to help, the tasks are trained apart. The model is
    several networks for disjoint tasks, saved as one bundle.

    Parameters
    ----------
    architecture : Architecture, default HardSharing()
        Of the network of each group, one whose tasks share something.
    trainer : Trainer, optional
        Of all networks. By default as for `MultiTaskNetwork`.
    label : str, optional
        Name in tables; made of the architecture and its balancing when None.
    affinities : Affinity or str, or tuple of these, default "prediction_similarity"
        What proposes groups; see `polytask.search.group`.
    folds : int, optional, default 5
        Folds of the training rows by which groups are verified. None verifies them on the validation
        rows, and is what `for_split` chooses where rows are split by time.
    seeds : int, default 3
        Trainings of each network per fold while searching; see `polytask.search.group`.
    n_random : int, default 2
        Random partitions that are trained too where groups are better than training apart.
    alpha : float in (0, 1), default 0.05
        Level of the tests.

    Notes
    -----
    Every network, while searching and at the end, may take the steps of the budget. Searching takes
    about `folds` × `seeds` trainings of every task alone and of every group that is proposed in
    addition, and no other learner has this: see `budget_note`. The single-task baseline is that of
    the architecture. Validation rows stop the training of the groups' networks, and have no part in
    the search unless `folds` is None. The search has seeds of its own: runs of a comparison that differ
    in nothing but their seed are fitted together and share one search (`fit_many`), with the result of a
    search each. Each counts its steps.

    Examples
    --------
    >>> import polytask
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> from polytask.search import Grouped
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=60, seed=0)
    >>> model = polytask.fit(data, Grouped(folds=2, seeds=1), budget=Budget(steps=10))
    >>> model.name, len(model.tasks)
    ('grouped', 4)
    """

    affinities: Affinity | str | tuple[Affinity | str, ...] = "prediction_similarity"
    folds: int | None = 5
    seeds: int = 3
    n_random: int = 2
    alpha: float = 0.05

    resumes: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **MultiTaskNetwork.parameter_constraints,
        "affinities": OneOf((InstanceOf((Affinity, str, tuple)),)),
        "folds": Optional(Interval(int, 2, 100)),
        "seeds": Interval(int, 1, 1000),
        "n_random": Interval(int, 0, 1000),
        "alpha": Interval(float, 0.0, 1.0, closed="neither"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "affinities", resolved_affinities("Grouped", self.affinities))
        if not self.architecture.shares or self.architecture.takes_preference:
            sentence = (
                "The `architecture` parameter of Grouped must be an Architecture whose tasks share "
                f"something, without a preference. Got {self.architecture.name} instead. Tasks that "
                "share nothing need no groups."
            )
            raise ParameterError(sentence)

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        base, *encoder = self.architecture.name.split("+")
        start = "grouped" if base == "hard_sharing" else f"grouped({base})"
        return self._named("+".join([start, *encoder]))

    @property
    def budget_note(self) -> str:
        """What searching takes beyond the budget."""
        times = (self.folds or 1) * self.seeds
        return (
            f"{self.name} trains every task alone and every proposed group {times} more times to find "
            "its groups, and random groups where these gain, each time with the steps of the budget; "
            "these come on top of it."
        )

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """What the architecture says of the tasks, or that one task has nothing to be grouped with."""
        if len(data.tasks) < 2:
            return (
                f"{self.name} groups at least two tasks, and there is one, {data.tasks.names[0]!r}."
            )
        return super().refuses(data)

    def for_split(self, splitter: Splitter) -> Grouped:
        """Without folds where rows are split by time."""
        return replace(self, folds=None) if isinstance(splitter, TimeSplit) else self

    def shape(self, train: MultiTaskDataset) -> str | None:
        """The whole recipe, so that runs that differ in their seed alone share the search."""
        del train
        try:
            return json.dumps(to_json(self), sort_keys=True)
        except ParameterError:  # code of a script has no name: such a recipe is fitted alone
            return None

    def fit_many(
        self,
        requests: Sequence[FitRequest],
        train: MultiTaskDataset,
        validation: MultiTaskDataset,
        budget: Budget,
        *,
        checkpoint: Path | None = None,
        on_done: OnFitted | None = None,
        return_errors: bool = False,
    ) -> list[FittedPredictor | PolytaskError]:
        """Search once, then train the groups with the seed of each request."""
        del checkpoint
        try:
            grouping = self.search(train, budget, validation)
        except PolytaskError as error:
            return raised_unless([error] * len(requests), return_errors=return_errors)

        def fit(request: FitRequest) -> FittedPredictor:
            model = self._trained(grouping, train, validation, request.seed, budget)
            return refitted(model, train)

        return fit_each(requests, fit, on_done, return_errors=return_errors)

    def search(
        self,
        train: MultiTaskDataset,
        budget: Budget | None = None,
        validation: MultiTaskDataset | None = None,
    ) -> Grouping:
        """The grouping that `fit` would train, found on training rows alone if there are folds.

        Parameters
        ----------
        train : MultiTaskDataset
        budget : Budget, optional
            Steps of one training; by default those of the trainer.
        validation : MultiTaskDataset, optional
            The rows that verify groups where `folds` is None.

        Raises
        ------
        ParameterError
            If `folds` is None and there are no validation rows.
        """
        network = MultiTaskNetwork(self.architecture, self.trainer)
        if self.folds is not None:
            data, rounds = rounds_of(train, None, self.folds, self.seeds)
        elif validation is not None:
            data, rounds = later_rounds(train, validation, self.seeds)
        else:
            expected = "rows that verify the groups where folds is None"
            raise ParameterError(message(type(self).__name__, "validation", expected, validation))
        runs = GroupRuns(data, network, rounds, budget)
        return group_runs(
            runs,
            self.affinities,  # type: ignore[arg-type] # names were resolved
            n_random=self.n_random,
            alpha=self.alpha,
        )

    def fit(
        self,
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None,
        seed: int = 0,
        budget: Budget | None = None,
        **options: Any,
    ) -> FittedPredictor:
        """Search groups, then train a network for each.

        The search has seeds of its own, the same for every `seed`; `seed` is that of the networks at
        the end. `options` may name ``progress``.
        """
        grouping = self.search(train, budget, validation)
        return self._trained(grouping, train, validation, seed, budget, **options)

    def _trained(
        self,
        grouping: Grouping,
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None,
        seed: int,
        budget: Budget | None,
        **options: Any,
    ) -> FittedPredictor:
        network = MultiTaskNetwork(self.architecture, self._trainer_for(train, budget))
        return train_groups(
            grouping, train, validation, network, seed=seed, name=self.name, **options
        )
