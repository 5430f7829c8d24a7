"""Choice of the loss that tasks are trained with."""

from __future__ import annotations

from collections.abc import Iterable

from polytask._naming import public_classes
from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.losses._loss import Loss
from polytask.tasks import Kind, Task, named_object, own_default

__all__ = ["check_losses", "loss_for"]

_ROOM = "polytask.losses"


def loss_for(kind: Kind, given: object = None) -> Loss:
    """The loss that tasks of a kind were given, or the kind's default.

    Parameters
    ----------
    kind : Kind
    given : Loss, str or None
        A loss, its name, or None for the default: for a kind of the user's own, a loss of the
        user's own that names it in `default_for`.

    Raises
    ------
    UnknownNameError
        If a name is no loss's.
    ParameterError
        If the loss does not serve the kind, or the kind has no default, or several.

    Examples
    --------
    >>> from polytask.losses import loss_for
    >>> from polytask.tasks import Regression
    >>> loss_for(Regression()), loss_for(Regression(), "huber")
    (MeanSquaredError(), Huber(delta=1.0))
    """
    if given is None:
        return _default(kind)
    loss = named_object(given, _ROOM, Loss, "Task", "loss")
    if not isinstance(loss, Loss):
        expected = "a Loss, its name or None"
        raise ParameterError(message("Task", "loss", expected, given))
    if not loss.serves(kind):
        served = ", ".join(other.name for other in loss.kinds) or "no kind at all"
        sentence = (
            f"{type(loss).__name__} serves tasks of kind {served}. Got {kind.name!r} instead. "
            f"{_choices(kind)}"
        )
        raise ParameterError(sentence)
    return loss


def check_losses(tasks: Iterable[Task]) -> None:
    """Raise if the loss that a task names does not serve its kind, whichever learner is used.

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
    own: Loss | None = own_default(Loss, kind, "loss=…")
    if own is not None:
        return own
    for loss in _public():
        if isinstance(kind, loss.default_for):
            return loss()
    sentence = (
        f"Kind {kind.name!r} has no default loss. Give its tasks one, Task(..., loss=...), or let "
        f"a loss of your own declare `default_for = ({type(kind).__name__},)`."
    )
    raise ParameterError(sentence)


def _choices(kind: Kind) -> str:
    known = ", ".join(loss.__name__ for loss in _public() if loss.serves(kind))
    if known:
        return f"Choose from {known}, or write one whose `kinds` name {type(kind).__name__}."
    return f"No public loss serves it; write one whose `kinds` name {type(kind).__name__}."


def _public() -> list[type[Loss]]:
    return list(public_classes(_ROOM, Loss).values())
