"""Learners by the names that the command line takes."""

from __future__ import annotations

from polytask.learners import Learner
from polytask.learners._table_networks import suited_to
from polytask.learners.names import NameOwner, model_name, resolve_learner
from polytask.tasks import TaskSet

__all__ = ["COMMAND_LINE", "named_learner", "suited_learner"]

COMMAND_LINE = NameOwner(
    "the command line", "model", several="Name every model by a --model of its own."
)


def named_learner(text: str) -> Learner:
    """Return the learner of a `--model`, such as ``hard_sharing+mgda`` or ``mmoe(n_experts=4)``.

    Raises
    ------
    ParameterError
        As `resolve_learner` does.
    """
    return resolve_learner(text, COMMAND_LINE)


def suited_learner(text: str, tasks: TaskSet) -> Learner:
    """Return the learner of a `--model`; of a bare name, with the encoder that suits the tasks.

    Raises
    ------
    ParameterError
        As `resolve_learner` does.
    """
    learner, name = named_learner(text), model_name(text, COMMAND_LINE)
    bare = not (name.settings or name.methods or name.part)
    return suited_to(tasks, learner) if bare else learner
