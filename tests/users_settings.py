"""A recipe of a user's own with fields of every type, whose annotations alone say what they may be."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

from polytask.weighting import Equal, Weighting

if TYPE_CHECKING:
    from nowhere import Unknown


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


@dataclass(frozen=True)
class Inner:
    rate: float = 0.1


@dataclass(frozen=True)
class EveryType(Inner):
    """The fields are named after their types."""

    whole: int = 5
    truth: bool = False
    text: str = "x"
    widths: tuple[int, ...] = (1,)
    pair: tuple[int, str] = (1, "a")
    listed: Sequence[float] = (1.0,)
    bare: tuple = ()
    maybe: int | None = None
    maybe_text: Optional[str] = None  # noqa: UP045 - the older spelling
    either: str | int = 1
    choice: Literal["a", "b", 3] = "a"
    colour: Colour = Colour.RED
    inner: Inner = Inner()
    method: Weighting = field(default_factory=Equal)
    shares: Mapping[str, float] = field(default_factory=dict)
    called: Callable[[float], float] | None = None
    positive: Annotated[int, "a remark"] = 1
    anything: Any = None
    unknown: Unknown = 3
    untrue: int = 0.5
    endless: float = float("inf")
