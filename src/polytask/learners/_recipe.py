"""Base class of named recipes: plain settings that configure a general learner."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from polytask._learner import Learner
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.predictor import FittedPredictor
from polytask.tasks import TaskSet

__all__ = ["Recipe"]


class Recipe(Learner):
    """A frozen dataclass of plain settings that builds a general learner."""

    @abstractmethod
    def learner(self) -> Learner:
        """The general learner with these settings."""

    def serves(self, tasks: TaskSet) -> bool:
        """Whether the general learner can learn these tasks."""
        return self.learner().serves(tasks)

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """Why the general learner cannot learn from a data set; None if it can."""
        return self.learner().refuses(data)

    def notes(self, data: MultiTaskDataset) -> Sequence[str]:
        """What the general learner decides by itself."""
        return self.learner().notes(data)

    def fit(
        self, train: MultiTaskDataset, validation: MultiTaskDataset, seed: int, budget: Budget
    ) -> FittedPredictor:
        """Fit the general learner with these settings."""
        return self.learner().fit(train, validation, seed, budget)
