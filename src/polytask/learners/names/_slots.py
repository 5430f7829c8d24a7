"""What the words after the plus of a model's name mean: an encoder, a weighting or an aggregation."""

from __future__ import annotations

import inspect
from typing import Any

from polytask._naming import fold, public_classes, resolve, snake_case, suggestion
from polytask.aggregation import Aggregator
from polytask.encoders import Encoder
from polytask.encoders._custom_encoder import is_factory
from polytask.exceptions import UnknownNameError
from polytask.weighting import Weighting

__all__ = ["BALANCING", "slot_of"]

BALANCING: dict[str, type] = {"weighting": Weighting, "aggregation": Aggregator}
"""The rooms of balancing, which are also the trainer's settings, and what their methods are."""

_ROOMS: dict[str, tuple[str, type]] = {
    "encoder": ("polytask.encoders", Encoder),
    **{slot: (f"polytask.{slot}", base) for slot, base in BALANCING.items()},
}


def slot_of(name: str) -> str:
    """The setting that a name gives: ``encoder``, ``weighting`` or ``aggregation``.

    Parameters
    ----------
    name : str
        Of a public class in any spelling, or ``module:Class`` of the user's own.

    Raises
    ------
    UnknownNameError
        If it means none of these.

    Examples
    --------
    >>> from polytask.learners.names import slot_of
    >>> slot_of("residual_mlp"), slot_of("MGDA"), slot_of("famo")
    ('encoder', 'aggregation', 'weighting')
    """
    return _slot_of_own(name) if ":" in name else _slot_of_public(name)


def _slot_of_own(name: str) -> str:
    method: Any = resolve(name, "", "encoder, weighting or aggregation", imports=True)
    for slot, (_, base) in _ROOMS.items():
        if inspect.isclass(method) and issubclass(method, base):
            return slot
    sentence = f"{name} must be a class that extends Encoder, Weighting or Aggregator, or one of its kinds."
    if is_factory(method):
        sentence += (
            f" A factory of torch modules is an encoder where it is given as one: --encoder {name}, or "
            f"hard_sharing(encoder={name})."
        )
    raise UnknownNameError(sentence)


def _slot_of_public(name: str) -> str:
    known = {
        candidate: slot
        for slot, (room, base) in _ROOMS.items()
        for candidate in public_classes(room, base)
    }
    for candidate, slot in known.items():
        if fold(candidate) == fold(name):
            return slot
    guess = suggestion(name, map(snake_case, known))
    raise UnknownNameError(f"There is no encoder, weighting or aggregation named {name!r}. {guess}")
