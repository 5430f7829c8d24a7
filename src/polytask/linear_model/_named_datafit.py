"""Losses by their names."""

from __future__ import annotations

from typing import Any

import polytask.datafits
from polytask._naming import fold, snake_case, suggestion
from polytask._validation import message
from polytask.datafits import Datafit
from polytask.exceptions import ParameterError, UnknownNameError

__all__ = ["named_datafit"]


def named_datafit(owner: str, loss: str | Datafit, *, classes: bool) -> Datafit:
    """The loss that a name means, for numbers or for classes.

    Parameters
    ----------
    owner : str
        Whose parameter `loss` it is.
    loss : str or Datafit
        "auto" is the squared error of numbers, and the log loss of classes.
    classes : bool

    Raises
    ------
    ParameterError
        If there is no such loss, or it is one of the others.

    Examples
    --------
    >>> from polytask.linear_model._named_datafit import named_datafit
    >>> named_datafit("Model", "huber", classes=False)
    Huber(delta=1.35)
    """
    known = {
        name: thing
        for name in polytask.datafits.__all__
        if isinstance(thing := getattr(polytask.datafits, name), type)
        and issubclass(thing, Datafit)
        and thing is not Datafit
    }
    suited = [snake_case(name) for name, cls in known.items() if cls.for_classes == classes]
    what = "classes" if classes else "numbers"
    expected = f"a loss of {what}: auto, {', '.join(suited)}, or a Datafit"
    found: Any = loss
    if isinstance(loss, str):
        name = {"auto": "Logistic" if classes else "Squared"}.get(loss, loss)
        found = next((cls() for each, cls in known.items() if fold(each) == fold(name)), None)
        if found is None:
            raise UnknownNameError(message(owner, "loss", expected, loss, suggestion(loss, suited)))
    if found.for_classes != classes:
        raise ParameterError(message(owner, "loss", expected, loss))
    datafit: Datafit = found
    return datafit
