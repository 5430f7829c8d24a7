"""Early stopping and choice of the best state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from polytask.tasks import TaskSet

__all__ = ["ALL_STEPS", "EVERY_TASK_STOPPED", "HasState", "Selection", "mean_gain"]

ALL_STEPS = "all steps were taken"
EVERY_TASK_STOPPED = "every task was stopped"
"""Why a training ended, in its history."""


@runtime_checkable
class HasState(Protocol):
    """A network, or the part of a stack of networks that is one."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """Its tensors by name."""

    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> object:
        """Restore what `state_dict` returned."""


class Selection:
    r"""Early stopping, and one best state: by the primary tasks' mean relative gain.

    .. math:: S_t = \frac{1}{|P|} \sum_{k \in P} \frac{\ell_k^{(1)} - \ell_k^{(t)}}{|\ell_k^{(1)}|}

    with validation losses :math:`\ell_k^{(t)}` since the first evaluation that is finite, and the primary
    tasks P that have validation labels. A state with an infinite loss is not kept.

    Parameters
    ----------
    network : HasState
    tasks : TaskSet
    patience : int or None
        Evaluations without a better score after which training ends.
    task_patience : int or None
        Evaluations without a better loss after which a single task is stopped: its rows and its
        head are then left out, while the others go on.

    Attributes
    ----------
    active : tensor of shape (n_tasks,), bool
        Tasks that have not been stopped.
    best_losses, best_epochs : dict of task to float and int
        Each task's own.
    best_epoch : int
        That of the state that is kept.
    """

    def __init__(
        self,
        network: HasState,
        tasks: TaskSet,
        patience: int | None,
        task_patience: int | None = None,
    ) -> None:
        self.network, self.tasks = network, tasks
        self.patience, self.task_patience = patience, task_patience
        self.active = torch.ones(len(tasks), dtype=torch.bool)
        self.best_losses = dict.fromkeys(tasks.names, math.inf)
        self.best_epochs = dict.fromkeys(tasks.names, 0)
        self.waits = dict.fromkeys(tasks.names, 0)
        self.best_epoch = 0
        self.first: dict[str, float] = {}
        self.best_score = -math.inf
        self.wait = 0
        self.best: dict[str, Tensor] = {}

    def update(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Receive the validation losses of an evaluation."""
        for name, loss in losses.items():
            if not bool(self.active[self.tasks.index(name)]):
                continue
            if loss < self.best_losses[name]:
                self.best_losses[name], self.best_epochs[name] = loss, epoch
                self.waits[name] = 0
            else:
                self.waits[name] += 1
        self._keep(epoch, losses)

    def score(self, losses: Mapping[str, float]) -> float | None:
        """Mean relative gain of the primary tasks over their first evaluation; None without any."""
        return mean_gain(self.tasks, self.first, losses)

    def _keep(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Keep the best state so far, and stop tasks."""
        for name, loss in losses.items():
            if math.isfinite(loss):
                self.first.setdefault(name, loss)
        score = self.score(losses)
        if score is None:
            return
        if score > self.best_score:
            self.best_score, self.best_epoch, self.wait = score, epoch, 0
            self.best = {n: t.detach().clone() for n, t in self.network.state_dict().items()}
        else:
            self.wait += 1
        for name, wait in self.waits.items():
            if self.task_patience is not None and wait >= self.task_patience:
                self.active[self.tasks.index(name)] = False

    @property
    def exhausted(self) -> str | None:
        """The reason to end training; None to go on."""
        if self.patience is not None and self.wait >= self.patience:
            return f"no better validation score for {self.wait} evaluations"
        return None if bool(self.active.any()) else EVERY_TASK_STOPPED

    def restore(self) -> None:
        """Give the network its best state."""
        if self.best:
            self.network.load_state_dict(self.best)

    def state_dict(self) -> dict[str, Any]:
        """All state, so that training resumes exactly."""
        names = ("best_losses", "best_epochs", "waits", "first", "wait", "best", "best_epoch")
        own = {name: getattr(self, name) for name in names}
        return {**own, "score": self.best_score, "active": self.active.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self.active = state["active"].clone()
        for name in ("best_losses", "best_epochs", "waits", "first", "best"):
            setattr(self, name, dict(state[name]))
        self.best_score, self.wait = state["score"], state["wait"]
        self.best_epoch = state["best_epoch"]


def mean_gain(
    tasks: TaskSet, before: Mapping[str, float], after: Mapping[str, float]
) -> float | None:
    """Mean over the primary tasks of how much their losses fell, relative; None without any."""
    gains = [
        (before[name] - loss) / max(abs(before[name]), 1e-12) if name in before else -math.inf
        for name, loss in after.items()
        if tasks[name].is_primary
    ]
    return sum(gains) / len(gains) if gains else None
