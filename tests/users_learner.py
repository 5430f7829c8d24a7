"""Learners of a user's own, whose fitted models are made of classes in modules of their own."""

from dataclasses import dataclass

import numpy as np
from users_estimator import Mean
from users_model import Levels

from polytask.data import fit_schemas
from polytask.learners import Learner, PerTaskEstimator
from polytask.predictor import FittedPredictor
from polytask.tasks import Regression


@dataclass(frozen=True)
class OneLevel(Learner):
    """The mean of every task, which is 0 in the units of raw scores."""

    joint = False
    model = Levels

    def serves(self, tasks):
        return all(isinstance(task.known_kind, Regression) for task in tasks)

    def fit(self, train, validation, seed, budget):
        train = train.without_zero_weights()
        schemas = fit_schemas(train)
        levels = {name: np.array(0.0, np.float32) for name in train.tasks.names}
        model = self.model(train.tasks, schemas, levels)
        return FittedPredictor(train.tasks, schemas, model, name=self.name)


@dataclass(frozen=True)
class HiddenEstimator(OneLevel):
    """An estimator of the user's own that the recipe does not name."""

    def fit(self, train, validation, seed, budget):
        return PerTaskEstimator(Mean(), name=self.name).fit(train, validation, seed, budget)
