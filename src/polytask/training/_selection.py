"""Early stopping and choice of the best state, jointly or per task."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.tasks import TaskSet

__all__ = [
    "HasState",
    "JointSelection",
    "ReplicaSelection",
    "Selection",
    "mean_gain",
]


@runtime_checkable
class HasState(Protocol):
    """A network, or the part of a stack of networks that is one."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """Its tensors by name."""

    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> object:
        """Restore what `state_dict` returned."""


class Selection(ABC):
    """Early stopping by validation losses: the best states, and the tasks still trained.

    Attributes
    ----------
    active : tensor of shape (n_tasks,), bool
        Tasks that have not been stopped.
    best_epochs : dict of task to int
    best_epoch : int
        0 where each task keeps a state of its own.
    """

    def __init__(self, tasks: TaskSet, patience: int | None) -> None:
        self.tasks, self.patience = tasks, patience
        self.active = torch.ones(len(tasks), dtype=torch.bool)
        self.best_losses = dict.fromkeys(tasks.names, math.inf)
        self.best_epochs = dict.fromkeys(tasks.names, 0)
        self.waits = dict.fromkeys(tasks.names, 0)
        self.best_epoch = 0

    def update(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Receive the validation losses of an evaluation."""
        improved = []
        for name, loss in losses.items():
            if not bool(self.active[self.tasks.index(name)]):
                continue
            if loss < self.best_losses[name]:
                self.best_losses[name], self.best_epochs[name] = loss, epoch
                self.waits[name] = 0
                improved.append(name)
            else:
                self.waits[name] += 1
        self._keep(epoch, losses, improved)

    @abstractmethod
    def _keep(self, epoch: int, losses: Mapping[str, float], improved: list[str]) -> None:
        """Keep the best state so far."""

    @property
    @abstractmethod
    def exhausted(self) -> str | None:
        """The reason to end training; None to go on."""

    @abstractmethod
    def restore(self) -> None:
        """Give the network its best state."""

    def _stop(self, names: list[str]) -> None:
        for name in names:
            self.active[self.tasks.index(name)] = False

    def state_dict(self) -> dict[str, Any]:
        """All state, so that training resumes exactly."""
        return {
            "active": self.active.clone(),
            "best_losses": dict(self.best_losses),
            "best_epochs": dict(self.best_epochs),
            "waits": dict(self.waits),
            "best_epoch": self.best_epoch,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self.active = state["active"].clone()
        self.best_losses = dict(state["best_losses"])
        self.best_epochs = dict(state["best_epochs"])
        self.waits = dict(state["waits"])
        self.best_epoch = state["best_epoch"]


class JointSelection(Selection):
    r"""One checkpoint, chosen by the primary tasks' mean relative gain since the first evaluation.

    .. math:: S_t = \frac{1}{|P|} \sum_{k \in P} \frac{\ell_k^{(1)} - \ell_k^{(t)}}{|\ell_k^{(1)}|}

    with validation losses :math:`\ell_k^{(t)}` and the primary tasks P that have validation
    labels.

    Parameters
    ----------
    network : HasState
    tasks : TaskSet
    patience : int or None
        Evaluations without a better score after which training ends.
    task_patience : int or None
        Evaluations without a better loss after which a single task is stopped: its rows and its
        head are then left out, while the others go on.
    """

    def __init__(
        self,
        network: HasState,
        tasks: TaskSet,
        patience: int | None,
        task_patience: int | None = None,
    ) -> None:
        super().__init__(tasks, patience)
        self.network = network
        self.task_patience = task_patience
        self.first: dict[str, float] = {}
        self.best_score = -math.inf
        self.wait = 0
        self.best: dict[str, Tensor] = {}

    def score(self, losses: Mapping[str, float]) -> float | None:
        """Mean relative gain of the primary tasks over their first evaluation; None without any."""
        return mean_gain(self.tasks, self.first, losses)

    def _keep(self, epoch: int, losses: Mapping[str, float], improved: list[str]) -> None:
        del improved
        self.first = self.first or dict(losses)
        score = self.score(losses)
        if score is None:
            return
        if score > self.best_score:
            self.best_score, self.best_epoch, self.wait = score, epoch, 0
            self.best = {n: t.detach().clone() for n, t in self.network.state_dict().items()}
        else:
            self.wait += 1
        if self.task_patience is not None:
            self._stop([n for n, wait in self.waits.items() if wait >= self.task_patience])

    @property
    def exhausted(self) -> str | None:
        """The reason to end training; None to go on."""
        if self.patience is not None and self.wait >= self.patience:
            return f"no better validation score for {self.wait} evaluations"
        return None if bool(self.active.any()) else "every task was stopped"

    def restore(self) -> None:
        """Give the network its best state."""
        if self.best:
            self.network.load_state_dict(self.best)

    def state_dict(self) -> dict[str, Any]:
        """All state, so that training resumes exactly."""
        own = {"first": self.first, "score": self.best_score, "wait": self.wait, "best": self.best}
        return {**super().state_dict(), **own}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        super().load_state_dict(state)
        self.first, self.best_score = dict(state["first"]), state["score"]
        self.wait, self.best = state["wait"], dict(state["best"])


class ReplicaSelection(Selection):
    """Each task stops by its own validation loss and keeps its own best state."""

    def __init__(self, network: MultiTaskModule, tasks: TaskSet, patience: int | None) -> None:
        super().__init__(tasks, patience)
        self.network = network
        self.best = [owned.tensor.detach().clone() for owned in network.owners()]

    def _keep(self, epoch: int, losses: Mapping[str, float], improved: list[str]) -> None:
        del epoch, losses
        self._copy(set(improved), restore=False)
        if self.patience is not None:
            self._stop([name for name, wait in self.waits.items() if wait >= self.patience])

    @property
    def exhausted(self) -> str | None:
        """The reason to end training; None to go on."""
        return None if bool(self.active.any()) else "every task was stopped"

    def restore(self) -> None:
        """Give each task its best state; tasks that were never evaluated keep their last."""
        self._copy({name for name, epoch in self.best_epochs.items() if epoch}, restore=True)

    def _copy(self, tasks: set[str], *, restore: bool) -> None:
        """Copy the tensors of some tasks from the network to the best state, or back."""
        with torch.no_grad():
            for best, owned in zip(self.best, self.network.owners(), strict=True):
                part = owned.parts_of(tasks)
                if part is None:
                    continue
                if restore:
                    owned.tensor[part] = best[part]
                else:
                    best[part] = owned.tensor[part]

    def state_dict(self) -> dict[str, Any]:
        """All state, so that training resumes exactly."""
        return {**super().state_dict(), "best": [tensor.clone() for tensor in self.best]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        super().load_state_dict(state)
        pairs = zip(state["best"], self.best, strict=True)
        self.best = [read.to(best.device) for read, best in pairs]  # it was read on the CPU


def mean_gain(
    tasks: TaskSet, before: Mapping[str, float], after: Mapping[str, float]
) -> float | None:
    """Mean over the primary tasks of how much their losses fell, relative; None without any."""
    gains = [
        (before[name] - loss) / max(abs(before[name]), 1e-12)
        for name, loss in after.items()
        if tasks[name].is_primary
    ]
    return sum(gains) / len(gains) if gains else None
