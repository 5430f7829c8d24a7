"""The one protocol that compare, tune and serve see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.predictor import FittedPredictor
from polytask.tasks import TaskSet

__all__ = ["Learner"]


@runtime_checkable
class Learner(Protocol):
    """An unfitted recipe: a frozen dataclass of plain arguments that goes through JSON.

    Attributes
    ----------
    name : str
        What tables and command lines call it.
    joint : bool
        Whether tasks share anything; False for single-task baselines.
    resumes : bool, optional
        Whether `fit` takes ``checkpoint=``, a file from which it goes on where a killed process
        stood; learners without the attribute are fitted anew.
    has_own_budget : bool, optional
        Whether `fit` takes ``budget=None``, and then spends what its own settings say.
    reference : bool, optional
        Whether it only marks what any other learner must beat, as `Constant` does: in a
        comparison it is nobody's single-task self, and nothing is measured against it by default.
    refuses : method, optional
        Given a data set whose tasks it serves, says in words why it cannot learn from it; None
        if it can. It is asked before anything is fitted.
    """

    @property
    def name(self) -> str: ...

    @property
    def joint(self) -> bool: ...

    def search_space(self) -> Mapping[str, tuple[object, ...]]:
        """Declared values of each tunable setting, the default first; {} if there is none."""
        ...

    def configured(self, settings: Mapping[str, object]) -> Learner:
        """The same recipe with some settings replaced."""
        ...

    def serves(self, tasks: TaskSet) -> bool:
        """Whether it can learn these tasks."""
        ...

    def fit(
        self,
        train: MultiTaskDataset,
        validation: MultiTaskDataset,
        seed: int,
        budget: Budget,
    ) -> FittedPredictor:
        """Learn from `train`; `validation` decides when to stop and which state is kept."""
        ...
