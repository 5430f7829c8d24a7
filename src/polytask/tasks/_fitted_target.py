"""Classes and numbers learned from a task's target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["FittedTarget", "Label"]

Label = str | int | float | bool


@dataclass(frozen=True)
class FittedTarget:
    """What a kind learned of a task's target on training rows: classes, scaling, cuts, levels.

    Its kind alone defines what the numbers mean (`Kind.fit`) and which it accepts from a file
    (`Kind.accepts`). It is hashable, and JSON holds all of it.

    Parameters
    ----------
    columns : tuple of str
        The target's columns.
    classes : tuple of labels
        Class labels in the order of their codes, ``(negative, positive)`` for binary targets; for
        multilabel the ``(absent, present)`` labels of every column; empty without classes.
    learned : mapping of str to tuple of float
        Numbers by name, such as ``"center"`` and ``"scale"`` of every column of a regression.
        ``"class_counts"``, the labelled training rows of each class, is among them if every row has
        exactly one of the classes, which may then be weighted. ``"mean_count"`` declares counts:
        metrics then take a second column of the truth for exposures, and one of the response for
        dispersions. A kind that learns it is `Count` or is measured as it. Not to be changed.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Binary
    >>> column = np.array(["yes", "no", "yes", None], dtype=object)
    >>> target = Binary().fit("bought", {"bought": column})
    >>> target.classes, target.learned
    (('no', 'yes'), {'class_counts': (1.0, 2.0)})

    A kind of one's own makes it in `fit`, and checks in `accepts` how many numbers it holds:

    >>> from polytask.tasks import FittedTarget
    >>> position = FittedTarget(("x", "y"), learned={"center": (0.0, 0.0), "scale": (1.0, 2.5)})
    >>> position.learned_counts == {"center": 2, "scale": 2}
    True
    """

    columns: tuple[str, ...]
    classes: tuple[Label, ...] = ()
    learned: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ordered = {name: tuple(self.learned[name]) for name in sorted(self.learned)}
        object.__setattr__(self, "learned", ordered)

    @property
    def learned_counts(self) -> dict[str, int]:
        """How many numbers were learned by each name."""
        return {name: len(numbers) for name, numbers in self.learned.items()}

    def __hash__(self) -> int:
        return hash((self.columns, self.classes, tuple(self.learned.items())))
