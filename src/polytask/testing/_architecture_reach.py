"""What the losses of tasks reach in a network, beside what it states."""

from __future__ import annotations

import torch
from torch import Tensor

from polytask.architectures import Owned
from polytask.losses import MultiTaskLoss
from polytask.testing._architecture_case import ArchitectureCase
from polytask.testing._require import require, require_finite

__all__ = ["check_reach", "reach_at_start"]

_Reach = tuple[Owned, dict[str, Tensor]]
"""A tensor, and the gradients of the tasks whose losses reach it."""

_SPREADS = (0.3, 1.0, 1.0, 1.0)
"""How far parameters are moved from the start, one after another."""


def check_reach(case: ArchitectureCase) -> None:
    """What a task's loss reaches is what `owners` states as the task's."""
    reached = _reached(case)
    for task in case.data.tasks.names:
        sentence = f"{case.name}: the loss of {task} pulls at no parameter."
        require(any(task in by_task for _, by_task in reached), sentence)
    for owned, by_task in reached:
        name = case.tensor_names[id(owned.tensor)]
        for task, gradient in by_task.items():
            require_finite(gradient, f"{case.name}: the gradient of {name} is not finite")
            sentence = f"{case.name}: the loss of {task} pulls at {name}, which is not its own."
            require(not _foreign(owned, gradient, task).any(), sentence)
        if owned.axis is None and by_task:
            unmoved = [task for task in owned.tasks if task not in by_task]
            remedy = "State the tasks that it serves, as Owned(tensor, tasks)."
            sentence = (
                f"{case.name}: owners() gives {name} to {', '.join(owned.tasks)}, but the loss"
            )
            require(not unmoved, f"{sentence} of {', '.join(unmoved)} does not reach it. {remedy}")
            remedy = "State it as Owned(tensor, tasks, axis=0)."
            sentence = (
                f"{case.name}: each slice of {name} is reached by the loss of one task alone."
            )
            require(not _is_stacked(by_task), f"{sentence} {remedy}")
        for position, further in enumerate(owned.dependants):
            unmoved = [t for t in further if not _reaches(owned, by_task.get(t), position)]
            sentence = (
                f"{case.name}: owners() gives slice {position} of {name} to {', '.join(further)} "
                f"too, but the loss of {', '.join(unmoved)} does not reach it."
            )
            require(not unmoved, sentence)


def _reached(case: ArchitectureCase) -> list[_Reach]:
    """The reach of all tasks near the start, and further away until each reaches what it owns.

    In a small network a unit may be dead for all rows of one task.
    """
    reached = reach_at_start(case)
    for position, spread in enumerate(_SPREADS, 1):
        if all(map(_is_whole, reached)) and _all_pull(case, reached):
            break
        for (_, by_task), (_, further) in zip(reached, _reach(case, spread, position), strict=True):
            for task, gradient in further.items():
                known = by_task.get(task)
                by_task[task] = gradient if known is None else known.abs() + gradient.abs()
    return reached


def reach_at_start(case: ArchitectureCase) -> list[_Reach]:
    """Every trainable tensor, and the gradients of the tasks whose losses reach it.

    Parameters are moved a little before, since a start such as zeros or the identity cuts off
    what the tasks reach later.
    """
    return _reach(case, 0.01, 0)


def _is_whole(reach: _Reach) -> bool:
    """Whether all tasks reach what is stated as theirs."""
    owned, by_task = reach
    if owned.axis is None:
        return not by_task or (set(by_task) >= set(owned.tasks) and not _is_stacked(by_task))
    return all(
        _reaches(owned, by_task.get(task), position)
        for position, further in enumerate(owned.dependants)
        for task in further
    )


def _all_pull(case: ArchitectureCase, reached: list[_Reach]) -> bool:
    """Whether the loss of every task reaches something."""
    return set(case.data.tasks.names) <= {task for _, by_task in reached for task in by_task}


def _reach(case: ArchitectureCase, spread: float, seed: int) -> list[_Reach]:
    owners = [owned for owned in case.network.owners() if owned.tensor.requires_grad]
    tensors = [owned.tensor for owned in owners]
    start = [tensor.detach().clone() for tensor in tensors]
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in tensors:
            tensor.add_(spread * torch.randn(tensor.shape, generator=generator))
    try:
        losses = _losses(case)
        require(losses.requires_grad, f"{case.name}: the losses pull at no parameter.")
        reached: list[dict[str, Tensor]] = [{} for _ in owners]
        for loss, task in zip(losses, case.data.tasks.names, strict=True):
            gradients = torch.autograd.grad(loss, tensors, retain_graph=True, allow_unused=True)
            for gradient, by_task in zip(gradients, reached, strict=True):
                if gradient is not None and gradient.any():
                    by_task[task] = gradient
    finally:
        with torch.no_grad():
            for tensor, value in zip(tensors, start, strict=True):
                tensor.copy_(value)
    return list(zip(owners, reached, strict=True))


def _is_stacked(by_task: dict[str, Tensor]) -> bool:
    """Whether there is one slice along the first axis for each task, reached by it alone."""
    gradients = list(by_task.values())
    if len(gradients) < 2 or not gradients[0].ndim or len(gradients[0]) != len(gradients):
        return False
    moved = torch.stack([gradient.reshape(len(gradient), -1).any(dim=1) for gradient in gradients])
    return bool((moved.sum(dim=0) == 1).all() and (moved.sum(dim=1) == 1).all())


def _reaches(owned: Owned, gradient: Tensor | None, position: int) -> bool:
    """Whether a gradient reaches a slice."""
    return gradient is not None and bool(gradient.select(owned.axis or 0, position).any())


def _foreign(owned: Owned, gradient: Tensor, task: str) -> Tensor:
    """The part of a gradient that is not a task's."""
    if owned.axis is None:
        return gradient * (task not in owned.tasks)
    others = [k for k in range(len(owned.tasks)) if task not in owned.served_by(k)]
    return gradient.index_select(owned.axis, torch.tensor(others, dtype=torch.int64))


def _losses(case: ArchitectureCase) -> Tensor:
    """The losses of all tasks on all rows, (n_tasks,)."""
    batch = case.batch
    losses: Tensor = MultiTaskLoss(case.network.blocks, case.data.tasks)(
        case.network(batch), batch
    )[0]
    return losses
