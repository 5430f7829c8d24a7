"""One thing to predict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from polytask._naming import resolve
from polytask._validation import Choice, Each, InstanceOf, Interval, OneOf, Optional, check_parameters
from polytask.tasks._kind import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polytask._validation import Constraint

__all__ = ["Task"]


@dataclass(frozen=True)
class Task:
    """One thing to predict: a name, what kind of target it is, and how much it counts.

    Parameters
    ----------
    name : str
        Unique among the tasks trained together.
    kind : Kind or str, optional
        What the target is, such as ``"binary"`` or ``Binary(positive="yes")``; None means that
        it is inferred from the column when the data is read.
    target : str or tuple of str, optional
        The target's column or columns; the task's name by default.
    weight : float, default 1.0
        Multiplies the task's loss before any balancing.
    role : {"primary", "auxiliary"}, default "primary"
        Auxiliary tasks help training and are reported, but never counted in Δm, early stopping
        or model choice.
    metrics : tuple, optional
        Metrics, or their names; the kind's own by default.
    loss : Loss or str, optional
        The kind's default loss when None.

    Examples
    --------
    >>> from polytask import Task
    >>> Task("income", "binary").target
    ('income',)
    """

    name: str
    kind: Kind | str | None = None
    target: str | tuple[str, ...] | None = None
    weight: float = 1.0
    role: Literal["primary", "auxiliary"] = "primary"
    metrics: tuple[Any, ...] | None = None
    loss: Any = None

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "name": InstanceOf((str,)),
        "kind": Optional(InstanceOf((Kind,))),
        "target": Each(InstanceOf((str,)), minimum=1),
        "weight": Interval(float, 0.0, closed="neither"),
        "role": Choice(("primary", "auxiliary")),
        "metrics": Optional(Each(OneOf((InstanceOf((str,)), InstanceOf((object,)))), minimum=1)),
    }

    def __post_init__(self) -> None:
        if isinstance(self.kind, str):
            kind = resolve(self.kind, "polytask.tasks", "kind of task", Kind)
            object.__setattr__(self, "kind", kind())  # type: ignore[operator]
        target = self.name if self.target is None else self.target
        object.__setattr__(self, "target", (target,) if isinstance(target, str) else target)
        check_parameters(self)
        object.__setattr__(self, "target", tuple(self.columns))

    @property
    def columns(self) -> tuple[str, ...]:
        """The target's columns."""
        return tuple(self.target or ())

    @property
    def known_kind(self) -> Kind:
        """The kind; raises if it has yet to be inferred from data."""
        if not isinstance(self.kind, Kind):
            sentence = f"The kind of task {self.name!r} is not known before its data is read."
            raise TypeError(sentence)
        return self.kind

    @property
    def is_primary(self) -> bool:
        """Whether the task counts in Δm, early stopping and model choice."""
        return self.role == "primary"

    def with_kind(self, kind: Kind) -> Task:
        """The same task with its kind settled."""
        return replace(self, kind=kind)
