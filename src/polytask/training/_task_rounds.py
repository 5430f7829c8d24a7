"""Networks of single tasks in rounds, of which one is in memory at a time."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.training._stack_member import StackMember
from polytask.training._stacking import MOST_NUMBERS, Stack

__all__ = ["Plan", "task_rounds"]

Plan = Stack | StackMember
"""Networks that take their steps together, or one that trains by itself."""


def task_rounds(plans: Sequence[Plan], most: int = MOST_NUMBERS) -> list[list[Plan]]:
    """Plans in their order, in rounds of at most so many parameters, or of one plan.

    Parameters
    ----------
    plans : sequence of Stack or StackMember
    most : int, default 2 ** 27
        With gradients and the state of an optimiser about 2 GB.
    """
    rounds: list[list[Plan]] = []
    left = 0
    for plan in plans:
        numbers = sum(p.numel() for m in _members(plan) for p in m.host.parameters())
        if not rounds or numbers > left:
            rounds.append([])
            left = most
        rounds[-1].append(plan)
        left -= numbers
    return rounds


def _members(plan: Plan) -> Sequence[StackMember]:
    return plan.members if isinstance(plan, Stack) else [plan]
