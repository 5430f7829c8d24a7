"""What weightings ask that keep numbers for every task."""

from __future__ import annotations

from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["require_same_tasks"]


def require_same_tasks(owner: object, losses: Tensor, state: Tensor) -> None:
    """Raise unless as many losses came, absent ones counted, as the state has rows."""
    count, known = len(losses), len(state)
    if count != known:
        expected = f"losses of {known} tasks, as in the steps before"
        remedy = (
            f"Give all tasks' losses in one order, with `present`, or call start({count}) anew."
        )
        raise ParameterError(message(type(owner).__name__, "losses", expected, count, remedy))
