"""Check that the number of tasks stays the same from step to step."""

from __future__ import annotations

from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["require_same_tasks"]


def require_same_tasks(owner: object, n_tasks: int, state: Tensor) -> None:
    """Raise unless there are as many tasks, absent ones included, as the state has rows.

    Parameters
    ----------
    owner : object
        The method, for the error sentence.
    n_tasks : int
    state : tensor of shape (n_tasks, ...)

    Raises
    ------
    ParameterError
    """
    if n_tasks != len(state):
        expected = f"losses of {len(state)} tasks, as in the steps before"
        remedy = (
            f"Give all tasks' losses in one order, with `present`, or call start({n_tasks}) anew."
        )
        raise ParameterError(message(type(owner).__name__, "losses", expected, n_tasks, remedy))
