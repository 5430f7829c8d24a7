"""Losses by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polytask.datafits
from polytask._naming import fold, nearest, snake_case, suggestion
from polytask._validation import InstanceOf, message
from polytask.datafits import Datafit
from polytask.exceptions import ParameterError, UnknownNameError

__all__ = ["LossOf", "named_datafit"]


@dataclass(frozen=True)
class LossOf(InstanceOf):
    """Names of losses and datafits, of numbers or of classes.

    Parameters
    ----------
    types : tuple of type
    classes : bool

    Examples
    --------
    >>> from polytask.linear_model._named_datafit import LossOf
    >>> LossOf(classes=True).accepts("squared_hinge"), LossOf(classes=True).accepts("huber")
    (True, False)
    >>> LossOf().accepts("hubert"), LossOf().remedy("hubert")
    (False, "Did you mean 'huber'?")
    """

    types: tuple[type, ...] = (str, Datafit)
    classes: bool = False

    def accepts(self, value: object) -> bool:
        """Whether it is one of this side."""
        if isinstance(value, str):
            return value == "auto" or fold(value) in map(fold, _suited(classes=self.classes))
        return isinstance(value, Datafit) and value.for_classes == self.classes

    def remedy(self, value: object) -> str | None:
        """The nearest name, of one that means no loss at all."""
        if not isinstance(value, str) or fold(value) in map(fold, _datafits()):
            return None
        near = nearest(value, _suited(classes=self.classes))
        return near and f"Did you mean {near!r}?"

    def __str__(self) -> str:
        what = "classes" if self.classes else "numbers"
        return f"a loss of {what}: auto, {', '.join(_suited(classes=self.classes))}, or a Datafit"


def _datafits() -> dict[str, type[Datafit]]:
    """Public datafits by name."""
    return {
        name: thing
        for name in polytask.datafits.__all__
        if isinstance(thing := getattr(polytask.datafits, name), type)
        and issubclass(thing, Datafit)
        and thing is not Datafit
    }


def _suited(*, classes: bool) -> list[str]:
    return [snake_case(name) for name, cls in _datafits().items() if cls.for_classes == classes]


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
    known, suited = _datafits(), _suited(classes=classes)
    expected = str(LossOf(classes=classes))
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
