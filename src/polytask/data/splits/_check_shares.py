"""Checks of shares of rows in arguments of splitters."""

from __future__ import annotations

from polytask._validation import Interval, message
from polytask.exceptions import ParameterError

__all__ = ["SHARE", "check_shares"]

SHARE = Interval(float, 0.0, 1.0, closed="left")


def check_shares(validation: float, test: float, owner: str) -> None:
    """Raise if no rows remain for training."""
    if validation + test >= 1.0:
        expected = f"less than 1 together with validation={validation}"
        remedy = "Leave rows to train on."
        raise ParameterError(message(owner, "test", expected, test, remedy))
