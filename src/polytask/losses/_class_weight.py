"""Weights of classes: given, or such that every class counts alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Choice, Interval, MappingOf, OneOf, Satisfies
from polytask.exceptions import ParameterError
from polytask.tasks import FittedTarget, Label

__all__ = ["CLASS_WEIGHT", "ClassWeight", "class_weight_table"]

ClassWeight = Mapping[Label, float] | str | None

_LABEL = Satisfies(lambda label: isinstance(label, str | int | float), "a class")
_POSITIVE = Interval(float, 0.0, closed="neither")

CLASS_WEIGHT = OneOf((Choice((None, "balanced")), MappingOf(_LABEL, _POSITIVE)))


def class_weight_table(
    owner: str, class_weight: ClassWeight, targets: Sequence[FittedTarget]
) -> Float[Tensor, "n_tasks classes"] | None:
    """Weights of every task's classes; ``"balanced"`` is n / (n_classes · n_of_class).

    Only classes that the task's training rows hold are counted; others weigh 1.
    """
    if class_weight is None:
        return None
    if isinstance(class_weight, str):
        return torch.tensor([_balanced(target) for target in targets], dtype=torch.float32)
    known = {label for target in targets for label in target.classes}
    unknown = [label for label in class_weight if label not in known]
    if unknown:
        sentence = (
            f"The `class_weight` parameter of {owner} must have classes of the target as keys, "
            f"which are {sorted(known, key=str)}. Got {unknown[0]!r} instead."
        )
        raise ParameterError(sentence)
    rows = [[float(class_weight.get(label, 1.0)) for label in t.classes] for t in targets]
    return torch.tensor(rows, dtype=torch.float32)


def _balanced(target: FittedTarget) -> list[float]:
    total, seen = sum(target.class_counts), sum(count > 0 for count in target.class_counts)
    return [total / (seen * count) if count else 1.0 for count in target.class_counts]
