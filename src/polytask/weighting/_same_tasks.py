"""Check that the number of tasks stays the same."""

from __future__ import annotations

from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["require_same_tasks"]


def require_same_tasks(owner: object, losses: Tensor, state: Tensor) -> None:
    """Raise unless there are as many losses, absent ones included, as the state has rows."""
    count, expected_count = len(losses), len(state)
    if count != expected_count:
        expected = f"losses of {expected_count} tasks, as in the steps before"
        remedy = (
            f"Give all tasks' losses in one order, with `present`, or call start({count}) anew."
        )
        raise ParameterError(message(type(owner).__name__, "losses", expected, count, remedy))
