"""Constants of a block's loss: numbers from its fitted targets, and class weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from polytask.data import Block
from polytask.exceptions import ParameterError
from polytask.losses._class_weight_table import CLASS_WEIGHT_CONSTANT
from polytask.losses._loss import Loss
from polytask.tasks import TaskSet, class_weights

__all__ = ["block_constants"]


def block_constants(block: Block, loss: Loss, tasks: TaskSet) -> Mapping[str, Tensor]:
    """Constants of a block's loss, by name, each (n_tasks, ...).

    The tasks' own class weights multiply those of the loss.

    Parameters
    ----------
    block : Block
    loss : Loss
    tasks : TaskSet

    Raises
    ------
    ParameterError
        If a task weighs its classes and the loss cannot.
    """
    constants = loss.constants(block.targets)
    own = {
        name: class_weights(f"task {name!r}", tasks[name].class_weight, target)
        for name, target in zip(block.tasks, block.targets, strict=True)
    }
    weighted = [name for name, weights in own.items() if weights is not None]
    if not weighted:
        return constants
    if not loss.weighs_classes:
        sentence = (
            f"Task {weighted[0]!r} weighs its classes, which {type(loss).__name__} cannot. "
            "Leave out `class_weight`, or let the loss multiply rows by its constant "
            "`class_weight` and declare `weighs_classes = True`."
        )
        raise ParameterError(sentence)
    plain = torch.ones(max(len(target.classes) for target in block.targets))
    rows = [plain if weights is None else torch.tensor(weights) for weights in own.values()]
    factors = torch.stack(rows)
    if CLASS_WEIGHT_CONSTANT in constants:
        factors = factors * constants[CLASS_WEIGHT_CONSTANT]
    return {**constants, CLASS_WEIGHT_CONSTANT: factors}
