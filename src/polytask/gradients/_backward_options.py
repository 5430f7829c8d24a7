"""Options of `backward`, and what it serves."""

from __future__ import annotations

from typing import Any

from polytask._validation import Choice, Interval, message
from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.gradients._arguments import check
from polytask.gradients._engines import ENGINES
from polytask.gradients._needs import Need

__all__ = ["MEMORY_LIMIT", "check_group_options", "check_needs", "check_options"]

MEMORY_LIMIT = 2**31

_POSITIVE = Interval(float, 0.0, closed="neither")
_OPTIONS = {
    "engine": ENGINES,
    "heads": Choice(("weighted", "plain")),
    "scale": _POSITIVE,
    "skip_overflow": Choice((None, True, False)),
    "memory_limit": _POSITIVE,
}
_SERVED = frozenset(
    {Need.GRAMIAN, Need.JACOBIAN, Need.PRODUCT, Need.SECOND_BATCH, Need.PRESENT, Need.LOSSES}
)


def check_options(**options: object) -> None:
    """Refuse values that options do not take."""
    for name, value in options.items():
        check(name, _OPTIONS[name], value)


def check_group_options(engine: str, memory_limit: int) -> None:
    """Refuse options that the update over several processes would ignore."""
    for name, value, default in (
        ("engine", engine, "auto"),
        ("memory_limit", memory_limit, MEMORY_LIMIT),
    ):
        if value != default:
            remedy = "Over several processes the whole Jacobian is formed. Leave it out."
            expected = f"{default!r} with `group`"
            raise ParameterError(message("backward", name, expected, value, remedy))


def check_needs(aggregator: Any, second: object) -> None:
    """Refuse an aggregator that needs what `backward` does not serve."""
    served = _SERVED if second is not None else _SERVED - {Need.SECOND_BATCH}
    unserved = sorted(aggregator.needs - served)
    if unserved == [Need.SECOND_BATCH]:
        sentence = (
            f"{type(aggregator).__name__} needs the losses of an independent batch. "
            "Give them as `second` to backward."
        )
        raise UnservedNeedError(sentence)
    if unserved:
        sentence = (
            f"{type(aggregator).__name__} needs {', '.join(unserved)}, which `backward` does not "
            "serve. Choose an aggregator that works on the Gramian or the Jacobian."
        )
        raise UnservedNeedError(sentence)
