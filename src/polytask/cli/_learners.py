"""Learners by the names that the command line takes."""

from __future__ import annotations

from polytask._naming import public_classes
from polytask.learners import Learner
from polytask.learners.names import NameOwner, resolve_learner
from polytask.tasks import TaskSet

__all__ = ["COMMAND_LINE", "named_learner", "searching_learners"]

COMMAND_LINE = NameOwner(
    "the command line", "model", several="Name every model by a --model of its own."
)


def named_learner(text: str, tasks: TaskSet | None = None) -> Learner:
    """Return the learner of a `--model`, such as ``hard_sharing+mgda`` or ``mmoe(n_experts=4)``.

    Parameters
    ----------
    text : str
    tasks : TaskSet, optional
        Those that the encoder of a network named without one suits.

    Raises
    ------
    ParameterError
        As `resolve_learner` does.
    """
    return resolve_learner(text, COMMAND_LINE, tasks=tasks, others=searching_learners())


def searching_learners() -> tuple[type[Learner], ...]:
    """Learners that search what to train, which lie above `polytask.learners`."""
    return tuple(public_classes("polytask.search", Learner).values())
