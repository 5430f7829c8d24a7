"""Which loss a block of tasks gets."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

from polytask._naming import resolve
from polytask.exceptions import ParameterError
from polytask.losses._loss import Loss
from polytask.tasks import Kind, Task

__all__ = ["check_losses", "loss_for"]

_ROOM = "polytask.losses"


def loss_for(kind: Kind, asked: object = None) -> Loss:
    """Return the loss that tasks of a kind asked for, or the kind's default.

    Parameters
    ----------
    kind : Kind
    asked : Loss, str or None
        A loss, its name, or None for the default.

    Raises
    ------
    ParameterError
        If the loss does not serve the kind, or the kind has no default.
    """
    if asked is None:
        return _default(kind)
    loss: Any = asked
    if isinstance(asked, str):
        found: Any = resolve(asked, _ROOM, "loss", Loss, imports=True)
        loss = found()
    if isinstance(loss, type):
        loss = loss()
    if not isinstance(loss, Loss):
        sentence = (
            f"The `loss` parameter of Task must be a Loss, its name or None. Got {loss!r} instead."
        )
        raise ParameterError(sentence)
    if not isinstance(kind, loss.kinds):
        served = ", ".join(k.name for k in loss.kinds)
        sentence = (
            f"{type(loss).__name__} serves tasks of kind {served}. Got {kind.name!r} instead."
        )
        raise ParameterError(sentence)
    return loss


def check_losses(tasks: Iterable[Task]) -> None:
    """Raise if a task asks for a loss that does not serve its kind, whoever is to learn it.

    Parameters
    ----------
    tasks : iterable of Task
        Of known kinds.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> from polytask.losses import check_losses
    >>> from polytask.tasks import Task
    >>> check_losses([Task("price", "regression", loss="huber")])
    """
    for task in tasks:
        if task.loss is not None:
            try:
                loss_for(task.known_kind, task.loss)
            except ParameterError as error:
                raise ParameterError(f"Task {task.name!r}: {error}") from error


def _default(kind: Kind) -> Loss:
    room = importlib.import_module(_ROOM)
    public = [getattr(room, name) for name in room.__all__]
    for loss in public:
        if isinstance(loss, type) and issubclass(loss, Loss) and isinstance(kind, loss.default_for):
            return loss()
    sentence = f"Kind {kind.name!r} has no default loss. Give its tasks one: Task(..., loss=...)."
    raise ParameterError(sentence)
