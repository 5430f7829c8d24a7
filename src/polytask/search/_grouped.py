"""Learner that finds out which tasks belong together, and trains one network per group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from polytask._learner import FitRequest
from polytask._validation import Constraint, InstanceOf, Interval, OneOf
from polytask.analysis import Affinity, GroupRuns
from polytask.analysis._resolved_affinities import resolved_affinities
from polytask.analysis._rounds import rounds_of
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
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
    folds : int, default 5
        Folds of the training rows by which groups are verified.
    seeds : int, default 2
        Trainings of each network per fold while searching. With one, tests are too eager
        (`polytask.search.group`).
    n_random : int, default 0
        Random partitions that are trained too while searching.
    alpha : float in (0, 1), default 0.05
        Level of the tests.

    Notes
    -----
    Every network, while searching and at the end, may take the steps of the budget. Searching takes
    about `folds` × `seeds` trainings of every task alone and of every group that is proposed in
    addition, and no other learner has this: see `budget_note`. The single-task baseline is that of
    the architecture. Validation rows stop the training of the groups' networks, and have no part in
    the search. Its folds are drawn at random, also where the comparison splits rows by time.

    Examples
    --------
    >>> import polytask
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> from polytask.search import Grouped
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=60, seed=0)
    >>> model = polytask.fit(data, Grouped(folds=2), budget=Budget(steps=10))
    >>> model.name, len(model.tasks)
    ('grouped', 4)
    """

    affinities: Affinity | str | tuple[Affinity | str, ...] = "prediction_similarity"
    folds: int = 5
    seeds: int = 2
    n_random: int = 0
    alpha: float = 0.05

    resumes: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **MultiTaskNetwork.parameter_constraints,
        "affinities": OneOf((InstanceOf((Affinity, str, tuple)),)),
        "folds": Interval(int, 2, 100),
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
        times = self.folds * self.seeds
        return (
            f"{self.name} trains every task alone and every proposed group {times} more times to find "
            "its groups, each time with the steps of the budget; these come on top of it."
        )

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """What the architecture says of the tasks, or that one task has nothing to be grouped with."""
        if len(data.tasks) < 2:
            return (
                f"{self.name} groups at least two tasks, and there is one, {data.tasks.names[0]!r}."
            )
        return super().refuses(data)

    def shape(self, train: MultiTaskDataset) -> str | None:
        """None: it trains populations itself."""
        del train
        return None

    def fit_many(self, requests: Sequence[FitRequest], *args: Any, **options: Any) -> Any:
        """Fit one after another; as `Learner.fit_many`."""
        from polytask._learner import Learner

        return Learner.fit_many(self, requests, *args, **options)

    def search(self, train: MultiTaskDataset, budget: Budget | None = None) -> Grouping:
        """The grouping that `fit` would train, found on training rows alone.

        Parameters
        ----------
        train : MultiTaskDataset
        budget : Budget, optional
            Steps of one training; by default those of the trainer.
        """
        network = MultiTaskNetwork(self.architecture, self.trainer)
        data, rounds = rounds_of(train, None, self.folds, self.seeds)
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
        """Search groups on the training rows, then train a network for each.

        The search has seeds of its own, the same for every `seed`; `seed` is that of the networks at
        the end. `options` may name ``progress``.
        """
        grouping = self.search(train, budget)
        network = MultiTaskNetwork(self.architecture, self._trainer_for(train, budget))
        return train_groups(
            grouping, train, validation, network, seed=seed, name=self.name, **options
        )
