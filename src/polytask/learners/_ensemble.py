"""Ensemble of several fits of one learner, chosen greedily on validation rows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import numpy as np

from polytask._learner import FitRequest, Learner
from polytask._listing import count, enumerated
from polytask._seeds import derived_seed
from polytask._validation import (
    Choice,
    Constraint,
    InstanceOf,
    Interval,
    Optional,
    check_parameters,
    message,
)
from polytask.bookkeeping import Budget, History
from polytask.data import MultiTaskDataset, Splitter, fit_schemas
from polytask.exceptions import ParameterError, PolytaskError
from polytask.learners._greedy_selection import greedy_counts
from polytask.learners._inner_tuned import inner_tuned
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import EnsembleModel, FittedPredictor
from polytask.tasks import TaskSet

__all__ = ["Ensemble"]


@dataclass(frozen=True)
class Ensemble(Learner):
    r"""Several fits of a learner whose responses are averaged; members are chosen on validation rows.

    .. math:: \hat y = \frac{1}{\sum_m c_m} \sum_m c_m \, \hat y_m

    Members differ in the seed or in the training rows. The best on validation rows comes first; then
    the member that raises the mean relative gain of the primary tasks' metrics most is added, again
    if need be, and of all rounds the best is kept. So a member counts :math:`c_m \geq 0` times. The
    optimiser steps of the budget are divided among the members, so that an ensemble is trained no
    longer than one network. The saved model is one bundle.

    Parameters
    ----------
    learner : Learner, default MultiTaskNetwork()
        What is fitted several times, by `Learner.fit_many`.
    members : int, default 5
    by : {"seeds", "folds"}, default "seeds"
        Whether members learn from all training rows with seeds of their own, or each from all but
        one of as many random folds, too. Folds are for networks.
    label : str, optional
        Name in tables; ``ensemble(…)`` with the learner's name when None, and ``ensemble`` alone of
        `HardSharing` with its defaults.

    Notes
    -----
    Deviations from Caruana et al.: as many rounds as two per member; one choice for all tasks; no
    bagging of the selection. Training of every member stops by the validation rows, members of folds
    too, so that folds only make members differ. They share the encoding of columns, fitted on all
    training rows. An interrupted fit starts anew.

    References
    ----------
    Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble selection from libraries of models", ICML
    2004. Krogh and Vedelsby, "Neural network ensembles, cross validation, and active learning",
    NeurIPS 1995 (members of folds).

    Examples
    --------
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_related_regression
    >>> from polytask.learners import Ensemble
    >>> data, _ = make_related_regression(n_tasks=2, seed=0)
    >>> model = Ensemble(members=3).fit(data, data, 0, Budget(steps=30))
    >>> model.history.n_steps
    30
    >>> type(model.model).__name__
    'EnsembleModel'
    """

    learner: Learner = field(default_factory=MultiTaskNetwork)
    members: int = 5
    by: Literal["seeds", "folds"] = "seeds"
    label: str | None = None

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "learner": InstanceOf((Learner,)),
        "members": Interval(int, 2, 100),
        "by": Choice(("seeds", "folds")),
        "label": Optional(InstanceOf((str,))),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        if isinstance(self.learner, Ensemble) or self.learner.reference:
            expected = "a learner that is no ensemble and no constant"
            raise ParameterError(message("Ensemble", "learner", expected, self.learner))
        if self.by == "folds" and type(self.learner) is not MultiTaskNetwork:
            expected = "'seeds' for learners that are no MultiTaskNetwork"
            remedy = "Members of folds share the encoding of columns, which a network can be given."
            raise ParameterError(message("Ensemble", "by", expected, self.by, remedy))

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        if self.label is not None:
            return self.label
        inner = self.learner.name
        return "ensemble" if inner == MultiTaskNetwork().name else f"ensemble({inner})"

    @property
    def joint(self) -> bool:
        """Whether tasks share anything in a member."""
        return self.learner.joint

    @property
    def takes_preference(self) -> bool:
        """Whether the members do."""
        return self.learner.takes_preference

    @property
    def tuned(self) -> tuple[str, ...] | None:  # type: ignore[override] # that of the learner
        """What a comparison tries of the learner."""
        return inner_tuned(self.learner, self.search_space())

    @property
    def budget_note(self) -> str:
        """How the budget is divided."""
        return (
            f"{self.name} divides its optimiser steps among {self.members} members, so that it is "
            "trained no longer than one."
        )

    def serves(self, tasks: TaskSet) -> bool:
        """Whether the learner does."""
        return self.learner.serves(tasks)

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """Why the learner cannot learn from a data set."""
        return self.learner.refuses(data)

    def notes(self, data: MultiTaskDataset) -> Sequence[str]:
        """Those of the learner."""
        return self.learner.notes(data)

    def for_split(self, splitter: Splitter) -> Ensemble:
        """The ensemble of the learner for these rows."""
        return replace(self, learner=self.learner.for_split(splitter))

    def single_task(self) -> Ensemble | None:
        """The ensemble of the learner that learns each task alone; None where there is none."""
        return self._of(self.learner.single_task())

    def twin(self) -> Ensemble | None:
        """The ensemble of the learner's twin; None where there is none."""
        return self._of(self.learner.twin())

    def _of(self, learner: Learner | None) -> Ensemble | None:
        if learner is None or (self.by == "folds" and type(learner) is not MultiTaskNetwork):
            return None
        return replace(self, learner=learner, label=None)

    def fit(
        self, train: MultiTaskDataset, validation: MultiTaskDataset, seed: int, budget: Budget
    ) -> FittedPredictor:
        """Fit the members, and choose among them on the validation rows.

        A member whose training fails is left out.

        Raises
        ------
        PolytaskError
            That of the first member, if all fail.
        ParameterError
            If there are fewer steps than members.
        """
        started = time.monotonic()
        if budget.steps < self.members:
            sentence = (
                f"An ensemble takes at least one optimiser step per member, {self.members}. "
                f"Got {budget.steps}; raise the budget or lower `members`."
            )
            raise ParameterError(sentence)
        shares = [
            (budget.steps * (k + 1)) // self.members - (budget.steps * k) // self.members
            for k in range(self.members)
        ]
        results = self._members(train, validation, seed, budget, shares)
        fitted = [result for result in results if isinstance(result, FittedPredictor)]
        if not fitted:
            raise next(result for result in results if isinstance(result, PolytaskError))
        counts = greedy_counts(fitted, validation)
        counts = (1,) * len(fitted) if counts is None else counts
        kept = [(member, n) for member, n in zip(fitted, counts, strict=True) if n]
        model = EnsembleModel(
            tuple(member.model for member, _ in kept), tuple(n for _, n in kept), train.tasks
        )
        history = History(
            stopped=_kept_sentence(results, counts),
            n_parameters=model.n_parameters,
            n_steps=sum(member.history.n_steps for member in fitted if member.history),
            seconds=time.monotonic() - started,
        )
        first = fitted[0]
        return FittedPredictor(first.tasks, first.schemas, model, history, self.name)

    def _members(
        self,
        train: MultiTaskDataset,
        validation: MultiTaskDataset,
        seed: int,
        budget: Budget,
        shares: Sequence[int],
    ) -> Sequence[FittedPredictor | PolytaskError]:
        seeds = [derived_seed(seed, "member", k) for k in range(self.members)]
        if self.by == "folds":
            return _of_folds(self.learner, train, validation, seeds, shares, seed)
        own = Budget(trials=1, steps=min(shares))
        requests = [FitRequest(self.learner, member) for member in seeds]
        return self.learner.fit_many(requests, train, validation, own, return_errors=True)


def _of_folds(
    learner: Learner,
    train: MultiTaskDataset,
    validation: MultiTaskDataset,
    seeds: Sequence[int],
    shares: Sequence[int],
    seed: int,
) -> list[FittedPredictor | PolytaskError]:
    """Members that each leave out another fold of the training rows."""
    network: MultiTaskNetwork = learner  # type: ignore[assignment] # no other has folds
    recipe = network.architecture
    schemas = fit_schemas(train.without_zero_weights(), recipe.bins, tokenizer=recipe.tokenizer)
    generator = np.random.default_rng(derived_seed(seed, "folds"))
    folds = {s.name: generator.permutation(s.n_rows) % len(seeds) for s in train.sources}
    results: list[FittedPredictor | PolytaskError] = []
    for fold, (own, steps) in enumerate(zip(seeds, shares, strict=True)):
        rows = train.take({name: np.flatnonzero(of != fold) for name, of in folds.items()})
        budget = Budget(trials=1, steps=steps)
        try:
            fitted = network.fit(rows, validation, own, budget, schemas=schemas, progress=False)
        except PolytaskError as error:
            results.append(error)
        else:
            results.append(fitted)
    return results


def _kept_sentence(
    results: Sequence[FittedPredictor | PolytaskError], counts: Sequence[int]
) -> str:
    """Which members count how often, and which failed."""
    positions = [k for k, result in enumerate(results) if isinstance(result, FittedPredictor)]
    kept = [
        f"{position + 1} ({'once' if n == 1 else f'{n} times'})"
        for position, n in zip(positions, counts, strict=True)
        if n
    ]
    sentence = f"members {enumerated(kept)} of {len(results)} are averaged"
    failed = len(results) - len(positions)
    return f"{sentence}; {count(failed, 'member')} gave no model" if failed else sentence
