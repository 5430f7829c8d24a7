"""Named recipes: a few plain settings in front of a general learner."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar

from polytask._naming import suggestion
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import UnknownNameError
from polytask.learners._learner import Learner
from polytask.predictor import FittedPredictor
from polytask.tasks import TaskSet

__all__ = ["Recipe"]


class Recipe(ABC):
    """A frozen dataclass of plain settings that stands for a learner."""

    name: str
    space: ClassVar[Mapping[str, tuple[object, ...]]] = {}

    @abstractmethod
    def learner(self) -> Learner:
        """The general learner with these settings."""

    def search_space(self) -> Mapping[str, tuple[object, ...]]:
        """Declared values of each tunable setting, the default first."""
        return self.space

    def configured(self, settings: Mapping[str, object]) -> Learner:
        """The same recipe with some settings replaced."""
        recipe: Any = self
        known = [field.name for field in fields(recipe)]
        for name in settings:
            if name not in known:
                sentence = (
                    f"{type(self).__name__} has no setting named {name!r}. "
                    f"{suggestion(name, known)}"
                )
                raise UnknownNameError(sentence)
        return replace(recipe, **settings)

    def serves(self, tasks: TaskSet) -> bool:
        """Whether it can learn these tasks."""
        return self.learner().serves(tasks)

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """Why it cannot learn from this data set; None if it can."""
        refuses = getattr(self.learner(), "refuses", None)
        return None if refuses is None else refuses(data)

    def fit(
        self, train: MultiTaskDataset, validation: MultiTaskDataset, seed: int, budget: Budget
    ) -> FittedPredictor:
        """Fit the learner that the settings stand for."""
        return self.learner().fit(train, validation, seed, budget)
