"""Task: what is predicted, from which columns, and how much it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from polytask._naming import check_named
from polytask._paths import name_and_settings
from polytask._validation import (
    Choice,
    Constraint,
    Each,
    InstanceOf,
    Interval,
    OneOf,
    Optional,
    Satisfies,
    check_parameters,
    message,
)
from polytask.exceptions import NotFittedError, ParameterError
from polytask.tasks._class_weight import CLASS_WEIGHT, ClassWeight
from polytask.tasks._kind import Kind
from polytask.tasks._named_kind import named_kind

__all__ = ["Task"]

_METRIC = Satisfies(
    lambda metric: isinstance(metric, str) or callable(getattr(metric, "score", None)),
    "a metric or the name of one",
)
_LOSS = Satisfies(
    lambda loss: isinstance(loss, str) or callable(getattr(loss, "rowwise", None)),
    "a loss or the name of one",
)


@dataclass(frozen=True)
class Task:
    """What is predicted: a name, the kind of target, its columns, and how much it counts.

    Parameters
    ----------
    name : str
        Unique among the tasks trained together.
    kind : Kind or str, optional
        What the target is, such as ``"binary"`` or ``Binary(positive="yes")``; None means that
        it is inferred from the column when the data is read. Some kinds take a text after their
        name and a colon; see their `from_text`.
    target : str or sequence of str, optional
        The target's column or columns; the task's name by default.
    weight : float, default 1.0
        Multiplies the task's loss before any balancing.
    role : {"primary", "auxiliary"}, default "primary"
        Auxiliary tasks help training and are reported, but never counted in Δm, early stopping
        or model choice.
    metrics : sequence, optional
        Metrics, or their names, the headline, which enters Δm, first; by default the kind's
        default and all public ones that serve the kind.
    loss : Loss or str, optional
        The kind's default loss when None. As for kinds and metrics, ``"module:Class"`` is one of
        the user's own.
    class_weight : None, "balanced" or mapping of class to float
        Weights of the classes in training, by networks and estimators alike; they never enter
        metrics. ``"balanced"`` gives each class the same total weight over the training rows.
    threshold : float in (0, 1), metric or name of one, optional
        The probability above which the positive class, or a label of several, is decided for: a
        number; or the one that is best by a metric of decisions on validation rows, such as ``"f1"``,
        for each model on its own. One half when None. `polytask.fit` and `polytask.compare` set it
        after training; it changes decisions and metrics of decisions alone.
    after : str or sequence of str, default ()
        Names of the tasks that feed this one, which cascades and hierarchical architectures read;
        a purchase comes after a click. Other learners ignore it.

    Examples
    --------
    >>> from polytask import Task
    >>> Task("income", "binary").target
    ('income',)
    >>> Task("buy", "binary", after="click").after
    ('click',)
    """

    name: str
    kind: Kind | str | None = None
    target: str | Sequence[str] | None = None
    weight: float = 1.0
    role: Literal["primary", "auxiliary"] = "primary"
    metrics: Sequence[Any] | None = None
    loss: Any = None
    class_weight: ClassWeight = None
    threshold: Any = field(default=None, metadata={"omit_default": True})
    after: Sequence[str] | str = field(default=(), metadata={"omit_default": True})

    by_name: ClassVar[tuple[str, ...]] = ("kind", "metrics", "loss", "threshold")
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "name": Satisfies(lambda name: isinstance(name, str) and bool(name), "a name"),
        "kind": Optional(InstanceOf((Kind,))),
        "target": Each(InstanceOf((str,)), minimum=1),
        "weight": Interval(float, 0.0, closed="neither"),
        "role": Choice(("primary", "auxiliary")),
        "metrics": Optional(Each(_METRIC, minimum=1)),
        "loss": Optional(_LOSS),
        "class_weight": CLASS_WEIGHT,
        "threshold": Optional(OneOf((Interval(float, 0.0, 1.0, closed="neither"), _METRIC))),
        "after": Each(
            Satisfies(lambda name: isinstance(name, str) and bool(name), "a task's name")
        ),
    }

    def __post_init__(self) -> None:
        if isinstance(self.kind, str):
            object.__setattr__(self, "kind", named_kind(self.kind))
        target = self.name if self.target is None else self.target
        object.__setattr__(self, "target", _tuple(target))
        object.__setattr__(self, "metrics", _tuple(self.metrics))
        object.__setattr__(self, "after", _tuple(self.after))
        check_parameters(self)
        self._check_names()
        self._check_after()
        if len(set(self.columns)) < len(self.columns):
            expected = "distinct columns"
            raise ParameterError(message(f"task {self.name!r}", "target", expected, self.target))
        if None not in (self.class_weight, self._loss_class_weight):
            sentence = (
                f"Task {self.name!r} weighs its classes twice, by `class_weight` and by its loss. "
                "Leave out one of them."
            )
            raise ParameterError(sentence)

    def _check_names(self) -> None:
        """Refuse names of losses and metrics that nothing carries, without importing those."""
        if isinstance(self.loss, str):
            name, _ = name_and_settings(self.loss)
            check_named(name, "polytask.losses", "loss", "Loss")
        for metric in (*(self.metrics or ()), self.threshold):
            if isinstance(metric, str):
                name, _ = name_and_settings(metric)
                check_named(name, "polytask.metrics", "metric", "Metric")

    def _check_after(self) -> None:
        """Refuse the task's own name, and a name given twice."""
        owner = f"task {self.name!r}"
        if self.name in self.after:
            expected = "names of other tasks, which feed this one"
            raise ParameterError(message(owner, "after", expected, self.name))
        if len(set(self.after)) < len(self.after):
            raise ParameterError(message(owner, "after", "distinct names of tasks", self.after))

    def __hash__(self) -> int:
        return hash((self.name, self.target))  # a loss may hold a mapping, which has no hash

    @property
    def columns(self) -> tuple[str, ...]:
        """The target's columns."""
        return tuple(self.target or ())

    @property
    def known_kind(self) -> Kind:
        """The kind; raises if it has yet to be inferred from data."""
        if not isinstance(self.kind, Kind):
            sentence = (
                f"The kind of task {self.name!r} is not known yet. Name it, or take the tasks "
                "from a data set, where it is inferred from the column."
            )
            raise NotFittedError(sentence)
        return self.kind

    @property
    def class_weighting(self) -> ClassWeight:
        """How its classes are weighted, here or by its loss."""
        return self._loss_class_weight if self.class_weight is None else self.class_weight

    @property
    def _loss_class_weight(self) -> ClassWeight:
        return getattr(self.loss, "class_weight", None)

    @property
    def is_primary(self) -> bool:
        """Whether the task counts in Δm, early stopping and model choice."""
        return self.role == "primary"

    def with_kind(self, kind: Kind) -> Task:
        """The same task with its kind settled."""
        return replace(self, kind=kind)


def _tuple(value: Any) -> Any:
    """A lone string and a list as tuples; anything else is left to the checks."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value
