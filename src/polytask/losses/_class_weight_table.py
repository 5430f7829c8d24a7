"""Class weights of a block's tasks as a constant of its loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from polytask.exceptions import ParameterError
from polytask.tasks import ClassWeight, FittedTarget, class_weights
from polytask.tasks._class_weight import CLASS_WEIGHT

__all__ = ["CLASS_WEIGHT", "CLASS_WEIGHT_CONSTANT", "ClassWeight", "class_weight_constants"]

CLASS_WEIGHT_CONSTANT = "class_weight"
"""Name of the constant (n_tasks, n_classes) by which the tasks' own class weights multiply."""


def class_weight_constants(
    owner: str, class_weight: ClassWeight, targets: Sequence[FittedTarget]
) -> Mapping[str, Tensor]:
    """Weights of every task's classes; of a mapping each task takes the classes that it has."""
    if class_weight is None:
        return {}
    if isinstance(class_weight, Mapping):
        known = {label for target in targets for label in target.classes}
        unknown = [label for label in class_weight if label not in known]
        if unknown:
            sentence = (
                f"The `class_weight` parameter of {owner} must have classes of the target as keys, "
                f"which are {sorted(known, key=str)}. Got {unknown[0]!r} instead."
            )
            raise ParameterError(sentence)
    rows = [class_weights(owner, _of_target(class_weight, target), target) for target in targets]
    return {CLASS_WEIGHT_CONSTANT: torch.tensor(rows, dtype=torch.float32)}


def _of_target(class_weight: ClassWeight, target: FittedTarget) -> ClassWeight:
    if not isinstance(class_weight, Mapping):
        return class_weight
    return {label: weight for label, weight in class_weight.items() if label in target.classes}
