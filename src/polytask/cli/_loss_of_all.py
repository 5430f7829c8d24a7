"""One loss for all tasks that it serves, ``--loss NAME``."""

from __future__ import annotations

from dataclasses import replace

from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.losses import loss_for
from polytask.tasks import Task

__all__ = ["with_loss"]


def with_loss(data: MultiTaskDataset, name: str) -> MultiTaskDataset:
    """The same data, whose tasks have the loss of that name where it serves them.

    Raises
    ------
    UnknownNameError
        If no loss has that name.
    ParameterError
        If it serves none of the tasks.
    """
    served = {task.name: replace(task, loss=name) for task in data.tasks if _serves(name, task)}
    if not served:
        kinds = ", ".join(f"{task.name} ({task.known_kind.name})" for task in data.tasks[:5])
        raise ParameterError(f"The loss {name!r} serves none of the tasks: {kinds}.")
    return data.with_tasks(served)


def _serves(name: str, task: Task) -> bool:
    try:
        loss_for(task.known_kind, name)
    except UnknownNameError:
        raise
    except ParameterError:
        return False
    return True
