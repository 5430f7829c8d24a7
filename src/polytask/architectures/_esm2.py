"""Probabilities over the whole space, decomposed by the actions on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polytask.architectures._cascade import (
    CascadeNetwork,
    cascade_notes,
    cascade_of,
    cascade_refusal,
)
from polytask.architectures._dependencies import ancestors_of
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._task_order import nested_steps
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.exceptions import ParameterError
from polytask.tasks import TaskSet

__all__ = ["ESM2"]


@dataclass(frozen=True)
class ESM2(EncoderArchitecture):
    r"""ESMM with actions that may happen or not on the way, such as a cart between click and buy.

    .. math:: P(\mathrm{buy}) = P(\mathrm{click}) \left[
        P(a \mid \mathrm{click})\, P(\mathrm{buy} \mid a) +
        (1 - P(a \mid \mathrm{click}))\, P(\mathrm{buy} \mid \neg a) \right]

    with ``Task("cart", after="click")`` and ``Task("buy", after=("click", "cart"))``. Of the tasks
    that ``after`` names, those that come after another of them are such actions: with several,
    a is that one or more of them happen. All others must happen, as in `ESMM`. Each
    probability is a tower and a head; buy has two, for a and for its absence.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its entry is shared, and every tower has its stages to itself.
    initializer : str, optional
        As in `HardSharing`.

    Raises
    ------
    ParameterError
        From `build`, for what `refuses` names: what `ESMM` refuses, and a task with actions on its
        way that feeds another.

    Notes
    -----
    Where no task names both another and what comes after that, it is `ESMM`, also in what it
    assumes of tasks of which none names another; a note says so.

    The paper has one node for any of several actions, with a label of its own. Here every
    action is a task, and the probability of any is that of independent ones given
    what must happen. An action that comes after another action of the same task adds nothing and is
    left out. The paper also trains on the probability of a alone, which here is the action's task.

    References
    ----------
    Wen et al., "Entire space multi-task modeling via post-click behavior decomposition for
    conversion rate prediction", SIGIR 2020.

    Examples
    --------
    >>> from polytask import Task, TaskSet
    >>> from polytask.architectures import ESM2
    >>> cart = Task("cart", "binary", after="click")
    >>> buy = Task("buy", "binary", after=("click", "cart"))
    >>> ESM2().refuses(TaskSet([Task("click", "binary"), cart, buy])) is None
    True
    """

    def refuses(self, tasks: TaskSet) -> str | None:
        """Reason why the probabilities are not defined; None if they are."""
        refusal = cascade_refusal("ESM2", tasks)
        _, routes = _paths(tasks)
        for task in tasks:
            for name in task.after:
                if name in routes and refusal is None:
                    refusal = (
                        f"A task with actions on its way cannot feed another in ESM2. Task {name!r} "
                        f"comes after {' and '.join(map(repr, tasks.after(name)))}, and "
                        f"{task.name!r} after it. Leave out one of them, or choose ESMM."
                    )
        return refusal

    def notes(self, tasks: TaskSet) -> Sequence[str]:
        """Which order of the tasks is assumed, if none is stated, and whether this is `ESMM`."""
        steps = cascade_of(tasks)
        _, routes = _paths(steps)
        is_esmm = steps.has_dependencies and not routes
        return (*cascade_notes("ESM2", tasks), *([_esmm_note(steps)] if is_esmm else []))

    def nested(self, tasks: TaskSet) -> Sequence[tuple[str, str]]:
        """Binary tasks and those before them, without the actions on their way."""
        steps = cascade_of(tasks)
        needed, _ = _paths(steps)
        return nested_steps(steps, needed)

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the network."""
        refusal = self.refuses(tasks)
        if refusal is not None:
            raise ParameterError(refusal)
        tasks = cascade_of(tasks)
        return CascadeNetwork("ESM2", encoder, schemas, tasks, *_paths(tasks))


def _esmm_note(tasks: TaskSet) -> str:
    """That there is no action on the way, and how to name one if there are three steps."""
    sentence = "ESM2 is ESMM here, since no task names both another and what comes after that."
    feeding = {name for task in tasks for name in task.after}
    steps = (
        (first, action, task.name)
        for task in tasks
        for action in task.after
        for first in tasks.after(action)
        if task.name not in feeding
    )
    for first, action, last in steps:
        return (
            f"{sentence} If {last!r} may happen without {action!r}, name both in its `after`, on the "
            f"command line --after {last}={first},{last}={action}."
        )
    return sentence


def _paths(
    tasks: TaskSet,
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[tuple[str, ...], ...]]]:
    """The tasks that each task needs, and the routes of those with actions on their way."""
    ancestors = ancestors_of(tasks)
    needed, routes = dict(ancestors), {}
    for task in tasks:
        first = _earliest(task.after, ancestors)
        actions = _earliest([name for name in task.after if name not in first], ancestors)
        if actions:
            before = {*first, *(name for task in first for name in ancestors[task])}
            needed[task.name] = tuple(name for name in tasks.names if name in before)
            routes[task.name] = tuple(
                (action, *(name for name in ancestors[action] if name not in before))
                for action in actions
            )
    return needed, routes


def _earliest(names: Sequence[str], ancestors: Mapping[str, Sequence[str]]) -> list[str]:
    """Those that come after none of the others."""
    return [name for name in names if not set(names) & set(ancestors[name])]
