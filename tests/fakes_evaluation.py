"""Learners that are quick, and that fail, forget or wait when told to."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from polytask.data import MultiTaskDataset
from polytask.evaluation import RunRecord
from polytask.exceptions import DataError, NonFiniteLossError
from polytask.learners import Learner, PerTaskEstimator
from polytask.ranges import Choices
from polytask.tasks import Task

ALPHAS = (1.0, 1e4, 1e-3)


@dataclass(frozen=True)
class Apart(Learner):
    """Ridge and logistic regression, one per task, on a part of the rows drawn by seed.

    Parameters
    ----------
    share : float
        Of the training rows.
    alphas : tuple
        What may be tuned.
    log : str
        File that gets a line for every fit.
    fails_at : float
        This alpha diverges.
    seconds : float
        How long a fit waits.
    removes : str
        Folder that is gone after a fit.
    """

    name: str = "apart"
    alpha: float = 1.0
    share: float = 0.8
    joint: bool = False
    alphas: tuple[float, ...] = ALPHAS
    log: str = ""
    fails_at: float = -1.0
    seconds: float = 0.0
    removes: str = ""

    def search_space(self) -> Mapping[str, Choices]:
        return {"alpha": Choices(self.alphas)}

    def single_task(self):
        return replace(self, name="apart", joint=False, share=0.8)

    def fit(self, train, validation, seed, budget):
        if self.log:
            with Path(self.log).open("a", encoding="utf-8") as file:
                file.write(f"{self.name} {self.alpha} {seed}\n")
        if self.alpha == self.fails_at:
            raise NonFiniteLossError(f"The loss of task {train.tasks.names[0]!r} is not finite.")
        time.sleep(self.seconds)
        shutil.rmtree(self.removes or "no such folder", ignore_errors=True)
        estimators = (Ridge(alpha=self.alpha), LogisticRegression(C=1 / self.alpha, max_iter=500))
        return PerTaskEstimator(estimators, self.name).fit(
            self.drawn(train, seed), validation, seed, budget
        )

    def drawn(self, train: MultiTaskDataset, seed: int) -> MultiTaskDataset:
        generator = np.random.default_rng(seed)
        rows = {
            source.name: np.sort(
                generator.permutation(source.n_rows)[: max(round(self.share * source.n_rows), 1)]
            )
            for source in train.sources
        }
        return train.take(rows)


@dataclass(frozen=True)
class Unable(Apart):
    """It cannot be fitted with some seeds."""

    seeds: tuple[int, ...] = (0, 1)

    def fit(self, train, validation, seed, budget):
        if seed in self.seeds:
            raise DataError("There is no column to lean on.")
        return super().fit(train, validation, seed, budget)


@dataclass(frozen=True)
class Unsteady(Apart):
    """With the alpha 1.0 it diverges with every seed but the first."""

    def fit(self, train, validation, seed, budget):
        if self.alpha == 1.0 and seed > 0 and self.joint:
            raise NonFiniteLossError("The loss of task 'y0' is not finite.")
        return super().fit(train, validation, seed, budget)


def Together(share: float = 1.0, name: str = "together", **settings) -> Apart:
    """A learner that is called joint, and that sees more rows than its single-task self."""
    return Apart(name=name, share=share, joint=True, **settings)


def unsteady(**settings) -> Unsteady:
    """A learner that is called joint, and unsteady."""
    return Unsteady(name="together", share=1.0, joint=True, **settings)


def table(
    n_rows: int = 240, n_tasks: int = 2, n_features: int = 4, seed: int = 0
) -> MultiTaskDataset:
    """Regressions on one table, and a last task that is binary; two metrics each."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n_rows, n_features))
    W = generator.normal(size=(n_features, n_tasks))
    Y = X @ W + generator.normal(size=(n_rows, n_tasks))
    Y[:, -1] = Y[:, -1] > 0
    tasks = [Task(f"y{k}", "regression", metrics=("rmse", "mae")) for k in range(n_tasks - 1)]
    last = Task(f"y{n_tasks - 1}", "binary", metrics=("roc_auc", "log_loss"))
    return MultiTaskDataset.from_arrays(X, Y, [*tasks, last])


def without_seconds(record: RunRecord) -> dict:
    """A record without what differs from one run to the next; models hold their seconds too."""
    values = record.to_dict()
    values.pop("seconds")
    values["history"] = {k: v for k, v in values["history"].items() if k != "seconds"}
    values["files"] = {k: v for k, v in values["files"].items() if k != "model"}
    return values
