"""A weighted mean of regressors, whose weights come from their predictions of held-out training rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from classical_entrants import Entrant
from classical_runs import Rows, fitted, folds, predictions
from scipy.optimize import nnls

__all__ = ["Stack", "stack_of"]

PRIOR_ROWS = 100.0


def stack_of(members: Sequence[Entrant], n_folds: int = 5) -> Any:
    """A maker of stacks of these learners."""
    return lambda: Stack(members, n_folds)


class Stack:
    r"""Non-negative weights of each task, least squares on held-out rows, drawn to those common to all tasks.

    The settings of each member are those with the least squared error on the same folds, or by `Entrant.judge`.

    Attributes
    ----------
    members : sequence of Entrant
    n_folds : int
    weights_ : array of shape (n_tasks, n_members)
    chosen_ : list of (name, settings)
    """

    def __init__(self, members: Sequence[Entrant], n_folds: int) -> None:
        self.members, self.n_folds = members, n_folds

    def fit(self, X: Any, y: np.ndarray, *, tasks: np.ndarray | None = None) -> Self:
        """Predict held-out rows, weigh, and fit all rows."""
        rows = Rows(X, y, tasks)
        fold = folds(rows, self.n_folds, seed=2)
        self.models_, self.chosen_, held = [], [], []
        for member in (each for each in self.members if each.installed):
            settings, response = self._held_out(member, rows, fold)
            self.chosen_.append((member.name, settings))
            self.models_.append(fitted(member, settings, rows))
            held.append(response)
        self.means_, self.weights_ = _weights(np.stack(held), rows)
        return self

    def _held_out(
        self, member: Entrant, rows: Rows, fold: np.ndarray
    ) -> tuple[dict[str, Any], np.ndarray]:
        """The settings of a member, and its predictions of held-out rows."""
        candidates = list(member.settings)
        if member.judge is not None and len(candidates) > 1:
            worth = [member.judge(fitted(member, each, rows)) for each in candidates]
            candidates = [candidates[int(np.argmin(worth))]]
        responses = np.zeros((len(candidates), *rows.y.shape))
        for k in range(self.n_folds):
            inside, held = rows.take(fold != k), rows.take(fold == k)
            for response, settings in zip(responses, candidates, strict=True):
                answer = predictions(fitted(member, settings, inside), held)
                response[fold == k] = answer.reshape(held.y.shape)
        best = int(np.argmin([np.nansum(np.square(each - rows.y)) for each in responses]))
        return candidates[best], responses[best]

    def predict(self, X: Any, *, tasks: np.ndarray | None = None) -> np.ndarray:
        """The weighted mean."""
        asked = Rows(X, np.zeros(X.shape[0]), tasks)
        answers = np.stack([predictions(model, asked) for model in self.models_])
        if tasks is None:
            answers = answers.reshape(len(self.models_), X.shape[0], -1)
            return self.means_ + np.einsum("mnk,km->nk", answers - self.means_, self.weights_)
        middle = self.means_[tasks]
        return middle + np.einsum("mn,nm->n", answers - middle, self.weights_[tasks])


def _weights(held: np.ndarray, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Means of labels (n_tasks,), and weights (n_tasks, n_members)."""
    tasks = np.broadcast_to(np.arange(rows.y.shape[-1]), rows.y.shape)
    tasks = tasks if rows.tasks is None else rows.tasks
    known = ~np.isnan(rows.y)
    y, task, held = rows.y[known], tasks[known], held[:, known].T
    n_rows = np.bincount(task)
    means = np.bincount(task, y) / n_rows
    y, held = y - means[task], held - means[task][:, None]
    common = nnls(held, y)[0]
    own = [
        nnls(
            np.vstack([held[task == k], _prior(held[task == k])]),
            np.concatenate([y[task == k], _prior(held[task == k]) @ common]),
        )[0]
        for k in range(len(means))
    ]
    return means, np.stack(own)


def _prior(held: np.ndarray) -> np.ndarray:
    """Rows of labels that the common weights explain."""
    return np.diag(np.sqrt(PRIOR_ROWS * np.square(held).mean(axis=0)))
