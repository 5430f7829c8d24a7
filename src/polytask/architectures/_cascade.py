"""Networks of cascades, in which a task's probability includes that of the tasks before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import torch
from torch import Tensor, nn

from polytask.architectures._cascade_links import CascadeLinks
from polytask.architectures._copies import Copies
from polytask.architectures._dependencies import ancestors_of, descendants_of
from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._feeding_towers import FeedingTowers, stacked_owners
from polytask.architectures._inputs import Inputs
from polytask.architectures._multi_task_module import Raw
from polytask.architectures._owners import Owned, Owner
from polytask.architectures._task_branch import TaskBranch
from polytask.architectures._task_order import has_no_order, in_order, order_note
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.tasks import TaskSet

__all__ = ["CascadeNetwork", "cascade_notes", "cascade_of", "cascade_refusal"]


class CascadeNetwork(EncoderNetwork):
    """Entries that all tasks share, a tower and head per task, and scores of the whole space.

    Parameters
    ----------
    owner : str
        Whose `encoder` it is, for errors.
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    needed, routes : mapping of str to sequence, optional
        As in `CascadeLinks`; by default a task needs all that feed it. Mediated tasks, which have
        routes, have a second tower for the case that none of their events happens.
    """

    def __init__(
        self,
        owner: str,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        needed: Mapping[str, Sequence[str]] | None = None,
        routes: Mapping[str, Sequence[Sequence[str]]] | None = None,
    ) -> None:
        super().__init__(owner, encoder, schemas, tasks)
        needed, routes = needed or ancestors_of(tasks), routes or {}
        read = {name: {*needed[name], *chain(*routes.get(name, ()))} for name in tasks.names}
        descendants = {name: fed for name, fed in descendants_of(read).items() if fed}
        ends = [name for name in tasks.names if name not in descendants]
        self.ends = self._branch(encoder, ends)
        self.otherwise = self._branch(encoder, [n for n in ends if n in routes]) if routes else None
        self.upstream = self.links = None
        if descendants:
            self.upstream = _Upstream(encoder, self.inputs, descendants)
            self.links = CascadeLinks(self.blocks, tasks, tuple(descendants), needed, routes)

    def _branch(self, encoder: Encoder, names: Sequence[str]) -> TaskBranch:
        return TaskBranch(encoder, self.inputs, self.blocks, self.tasks, names)

    def features(self, batch: Batch) -> Mapping[str, State]:
        """What the entries give for the rows of every source in the batch."""
        return self.inputs(batch)

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores of the whole space from the entries' output."""
        raw = self.ends(features, batch)
        if self.upstream is None or self.links is None:
            return raw
        logits = self.upstream(features)
        otherwise = {} if self.otherwise is None else self.otherwise(features, batch)
        return self.links(logits, raw, otherwise, batch)


class _Upstream(Owner):
    """Towers and heads of the binary tasks that feed others."""

    def __init__(
        self, encoder: Encoder, inputs: Inputs, descendants: Mapping[str, Sequence[str]]
    ) -> None:
        super().__init__()
        self.towers = FeedingTowers(encoder, inputs, descendants)
        heads = [nn.Linear(self.towers.width, 1) for _ in descendants]
        self.heads = Copies(heads, torch.zeros(2, self.towers.width), apart=True)

    def forward(self, states: Mapping[str, State]) -> dict[str, Tensor]:
        """Logits of every source's rows, each given that all before it happened: (n, n_towers)."""
        features = self.towers(states)
        return {name: self.heads(own).squeeze(-1).T for name, own in features.items()}

    def owners(self) -> Sequence[Owned]:
        """Tower and head k serve the k-th task and all that it feeds."""
        return stacked_owners(self, self.towers.descendants)


def cascade_of(tasks: TaskSet) -> TaskSet:
    """The tasks, each after the one before it if none names another and all are binary."""
    events = all(task.known_kind.scores == "event" for task in tasks)
    return in_order(tasks) if events else tasks


def cascade_notes(owner: str, tasks: TaskSet) -> Sequence[str]:
    """What a cascade assumes of tasks of which none names another."""
    if not has_no_order(tasks):
        return ()
    if cascade_of(tasks).has_dependencies:
        sentence = f"{owner} takes the tasks for steps, each within the one before it, as given"
        return (order_note(sentence, tasks),)
    sentence = f"{owner} multiplies no probabilities and shares only the entry among the tasks"
    return (order_note(sentence, tasks),)


def cascade_refusal(owner: str, tasks: TaskSet) -> str | None:
    """Reason why probabilities of the whole space are not defined for these tasks, if so."""
    for task in tasks:
        for name in task.after:
            kind = tasks[name].known_kind
            if kind.scores != "event":
                return (
                    f"The tasks that feed others in {owner} must be binary. Task {task.name!r} comes "
                    f"after {name!r}, which is {kind.name}. Leave {name!r} out of its `after`, or "
                    "choose AITM or Hierarchical."
                )
        if task.after and task.known_kind.scores is None:
            return (
                f"Tasks that come after others in {owner} must be binary, multilabel or regression. "
                f"Task {task.name!r} is {task.known_kind.name}. Leave out its `after`, or choose "
                "AITM or Hierarchical."
            )
    return None
