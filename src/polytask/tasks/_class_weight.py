"""Class weights per task."""

from __future__ import annotations

from collections.abc import Mapping

from polytask._validation import Choice, Interval, MappingOf, OneOf, Satisfies
from polytask.exceptions import ParameterError
from polytask.tasks._fitted_target import FittedTarget, Label

__all__ = ["CLASS_WEIGHT", "ClassWeight", "class_weights", "labels_by_class", "takes_class_weights"]

ClassWeight = Mapping[Label, float] | str | None

_LABEL = Satisfies(lambda label: isinstance(label, str | int | float), "a class")
_POSITIVE = Interval(float, 0.0, closed="neither")

CLASS_WEIGHT = OneOf((Choice((None, "balanced")), MappingOf(_LABEL, _POSITIVE)))


def class_weights(
    owner: str, class_weight: ClassWeight, target: FittedTarget
) -> tuple[float, ...] | None:
    """The weight of each class in the order of its code, None where all are alike.

    Parameters
    ----------
    owner : str
        Whose parameter it is, for errors.
    class_weight : None, "balanced" or mapping of class to float
        ``"balanced"`` is n / (n_classes · n_of_class) over training labels; classes that
        these rows lack, or that a mapping does not name, weigh 1.
    target : FittedTarget

    Raises
    ------
    ParameterError
        If the target has no classes of which each row has one, or a key is none of them.

    Examples
    --------
    >>> from polytask.tasks import FittedTarget, class_weights
    >>> counts = {"class_counts": (90.0, 10.0)}
    >>> target = FittedTarget(("fraud",), ("no", "yes"), counts)
    >>> [round(weight, 2) for weight in class_weights("fraud", "balanced", target)]
    [0.56, 5.0]
    """
    if class_weight is None:
        return None
    if not takes_class_weights(target):
        sentence = (
            f"The `class_weight` parameter of {owner} must be None, since its target has no "
            f"classes of which each row has one. Got {class_weight!r} instead."
        )
        raise ParameterError(sentence)
    if isinstance(class_weight, str):
        return _balanced(labels_by_class(target))
    weights = {
        _known(owner, label, target): float(weight) for label, weight in class_weight.items()
    }
    return tuple(weights.get(label, 1.0) for label in target.classes)


def takes_class_weights(target: FittedTarget) -> bool:
    """Whether every row, step or pixel, has exactly one of the target's classes, which can be weighted.

    Examples
    --------
    >>> from polytask.tasks import FittedTarget, takes_class_weights
    >>> takes_class_weights(FittedTarget(("price",)))
    False
    """
    return bool(labels_by_class(target))


def labels_by_class(target: FittedTarget) -> tuple[float, ...]:
    """Training labels of each exclusive class, in the order of codes; empty without such classes.

    Examples
    --------
    >>> from polytask.tasks import FittedTarget, labels_by_class
    >>> labels_by_class(FittedTarget(("y",), ("no", "yes"), {"class_counts": (90.0, 10.0)}))
    (90.0, 10.0)
    """
    counts = (target.learned.get(f"{label}_counts") for label in ("class", "tag", "pixel"))
    return next((of_classes for of_classes in counts if of_classes), ())


def _balanced(counts: tuple[float, ...]) -> tuple[float, ...]:
    total, seen = sum(counts), sum(count > 0 for count in counts)
    return tuple(total / (seen * count) if count else 1.0 for count in counts)


def _known(owner: str, label: Label, target: FittedTarget) -> Label:
    """The target's own class of that name; the command line writes all of them as text."""
    for known in target.classes:
        if known == label or (isinstance(label, str) and str(known) == label):
            return known
    sentence = (
        f"The `class_weight` parameter of {owner} must have classes of the target as keys, "
        f"which are {list(target.classes)}. Got {label!r} instead."
    )
    raise ParameterError(sentence)
