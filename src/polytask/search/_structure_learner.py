"""Abstract base class of learners that search the structure of a network, and train it anew."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from polytask._learner import Learner
from polytask._seeds import derived_seed
from polytask._validation import Constraint, Interval
from polytask.architectures import Architecture, Branching, HardSharing, seeded
from polytask.bookkeeping import Budget, History
from polytask.data import MultiTaskDataset, Schema, fit_schemas
from polytask.encoders import Encoder
from polytask.encoders._custom_encoder import as_encoder
from polytask.encoders._layers import initialize
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.neural_network._planned_network import plan_network
from polytask.neural_network._savable import warn_unless_savable
from polytask.neural_network._without_sharing import without_sharing
from polytask.predictor import FittedPredictor, NetworkModel
from polytask.search._structure import FoundStructure
from polytask.search._structure_nodes import Structure
from polytask.search._structure_search import SearchSettings, StructureSearch
from polytask.search._supernet import Supernet
from polytask.search._supernet_search import SearchPlan
from polytask.tasks import TaskSet
from polytask.training import Trainer

__all__ = ["STRUCTURE_CONSTRAINTS", "StructureLearner"]

_FEWEST_STEPS = 4

STRUCTURE_CONSTRAINTS: Mapping[str, Constraint] = {
    **MultiTaskNetwork.parameter_constraints,
    "search_share": Interval(float, 0.0, 1.0, closed="right"),
    "policy_share": Interval(float, 0.0, 1.0, closed="neither"),
    "starts": Interval(int, 2, 1000),
    "rounds": Interval(int, 0, 1000),
    "alpha": Interval(float, 0.0, 0.5, closed="neither"),
}
"""Constraints of the settings that all such searches have."""


@dataclass(frozen=True)
class StructureLearner(MultiTaskNetwork):
    """A learner that searches which tasks share which stages, then trains that `Branching` network.

    A subclass defines `supernet`, `penalty` and `proposals`.

    Attributes
    ----------
    temperatures : (float, float)
        Of the draws of choices in the supernet, at its beginning and end.
    rejoins : bool
        Whether tasks that have parted may share later stages.
    """

    search_share: float = 0.5
    policy_share: float = 0.25
    starts: int = 4
    rounds: int = 3
    alpha: float = 0.05

    resumes: ClassVar[bool] = False
    rejoins: ClassVar[bool] = False
    temperatures: ClassVar[tuple[float, float]]
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = STRUCTURE_CONSTRAINTS

    def __post_init__(self) -> None:
        super().__post_init__()
        if (
            not isinstance(self.architecture, HardSharing)
            or self.architecture.shared_stages is not None
        ):
            sentence = (
                f"The `architecture` parameter of {type(self).__name__} must be HardSharing without "
                "`shared_stages`, of whose encoder the structure is searched. Got "
                f"{self.architecture!r} instead."
            )
            raise ParameterError(sentence)

    @abstractmethod
    def supernet(self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet) -> Supernet:
        """Build the network of all structures."""

    @abstractmethod
    def penalty(self, network: Supernet, done: float) -> Tensor:
        """The term added to the loss of the choices, at a progress in [0, 1]."""

    @abstractmethod
    def proposals(
        self, structure: Structure | None, similarity: np.ndarray, network: Supernet
    ) -> Sequence[Structure]:
        """Structures to train at first (of None), or those near one.

        Parameters
        ----------
        structure : Structure or None
        similarity : array of shape (n_tasks, n_tasks)
            Of the features that the tasks learn apart.
        network : Supernet
        """

    @property
    def _method(self) -> str:
        return Learner.name.fget(self)  # type: ignore[attr-defined] # the class in snake case

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        _, *encoder = self.architecture.name.split("+")
        return self._named("+".join([self._method, *encoder]))

    @property
    def budget_note(self) -> str:
        """What searching takes beyond the budget."""
        return (
            f"{self.name} trains networks of many structures to find its own, {self.starts} per "
            f"structure, and up to {2 * self.starts} more of those that are left at the end, each with "
            f"{100 * self.search_share:.0f} % of the steps of the budget; these come on top of it."
        )

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """That one task, or one stage, leaves nothing to branch, or what the encoder says."""
        if len(data.tasks) < 2:
            return (
                f"{self.name} searches what at least two tasks share, and there is one, "
                f"{data.tasks.names[0]!r}."
            )
        reason = super().refuses(data)
        if reason is not None:
            return reason
        whole: Any = self.architecture
        if plan_network(replace(whole, shared_stages=2), data).refusal is None:
            return None
        return (
            f"{self.name} searches how the stages of an encoder are shared, and "
            f"{type(as_encoder(whole.encoder)).__name__} has fewer than two here. Give more, such as "
            "an MLP of widths 64 and 64, or use grouped, which divides tasks among networks."
        )

    def search(
        self,
        train: MultiTaskDataset,
        seed: int = 0,
        budget: Budget | None = None,
        progress: bool | None = None,
    ) -> FoundStructure:
        """The structure that `fit` would train, found on training rows alone.

        Parameters
        ----------
        train : MultiTaskDataset
        seed : int, default 0
        budget : Budget, optional
            Steps of one training; by default those of the trainer.
        progress : bool, optional
            None shows a bar where stderr is a terminal.

        Raises
        ------
        ParameterError
            If there is one task, the encoder has one stage, or the budget is too small.
        """
        refusal = self.refuses(train)
        if refusal is not None:
            raise ParameterError(refusal)
        train = train.without_zero_weights()
        recipe: Any = self.architecture
        schemas = fit_schemas(train, recipe.bins, tokenizer=recipe.tokenizer)
        trainer = self._trainer_for(train, budget)
        n_steps = self._search_steps(train, trainer)
        supernet = self._supernet(schemas, train.tasks, seed)
        return StructureSearch(
            self._settings(n_steps),
            as_encoder(recipe.encoder),
            supernet,
            SearchPlan(n_steps, self.temperatures, self.penalty),
            self.proposals,
            trainer,
            train,
            schemas,
            seed,
            progress,
        ).run()

    def _settings(self, n_steps: int) -> SearchSettings:
        recipe: Any = self.architecture
        return SearchSettings(
            learner=self.name,
            n_steps=n_steps,
            starts=self.starts,
            rounds=self.rounds,
            policy_share=self.policy_share,
            alpha=self.alpha,
            initializer=recipe.initializer,
        )

    def _supernet(self, schemas: Mapping[str, Schema], tasks: TaskSet, seed: int) -> Supernet:
        """The network of all structures, its weights drawn by the seed."""
        recipe: Any = self.architecture
        encoder = as_encoder(recipe.encoder)
        with seeded(derived_seed(seed, "supernet")):
            network = self.supernet(encoder, schemas, tasks)
            network.n_members, network.rows_at_once = encoder.members, encoder.rows_at_once
            initialize(network, recipe.initializer)
        return network

    def _search_steps(self, train: MultiTaskDataset, trainer: Trainer) -> int:
        n_steps = trainer.planned_steps(train.n_rows)
        searched = round(self.search_share * n_steps)
        if searched < _FEWEST_STEPS:
            sentence = (
                f"{self.name} needs at least {_FEWEST_STEPS} optimiser steps for each network of its "
                f"search. Got {searched}, {100 * self.search_share:g} % of {n_steps}; raise the budget "
                "or `search_share`."
            )
            raise ParameterError(sentence)
        return searched

    def branching(self, found: FoundStructure) -> Branching:
        """The plain recipe of the structure that was found."""
        recipe: Any = self.architecture
        return Branching(
            recipe.encoder,
            recipe.initializer,
            groups=found.groups,
            skips=found.skips if any(found.skips) else None,
            rejoin=self.rejoins,
        )

    def fit(
        self,
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None,
        seed: int = 0,
        budget: Budget | None = None,
        **options: Any,
    ) -> FittedPredictor:
        """Search on the training rows, then train the network found, stopped by validation rows.

        `options` may name ``progress``. The network that is found has all steps of the budget. If no tasks
        share anything in it, this learner's `single_task` is trained, whose tasks stop each by itself.
        """
        warn_unless_savable(self.architecture)
        found = self.search(train, seed, budget, options.get("progress"))
        recipe, trainer = self._plain(found, self._trainer_for(train, budget))
        trained = trainer.fit(recipe, train, validation, seed=seed, **options)
        schemas = dict(trained.schemas)
        model = NetworkModel(recipe, trained.network, train.tasks, schemas)
        history = _history(trained.history, found)
        return FittedPredictor(train.tasks, schemas, model, history, self.name)

    def _plain(self, found: FoundStructure, trainer: Trainer) -> tuple[Architecture, Trainer]:
        """The plain recipe of the structure that was found, and its trainer."""
        if found.all_apart:
            return self.single_task().architecture, without_sharing(trainer)
        return self.branching(found), trainer


def _history(history: History, found: FoundStructure) -> History:
    """Steps and seconds of search and training, and what was found."""
    return replace(
        history,
        n_steps=history.n_steps + found.steps,
        seconds=history.seconds + found.seconds,
        found={**found.to_dict(), "words": found.words, "drawing": found.drawing},
    )
