"""Shares of a budget of steps: joint training, fine-tuning, learning on rows held out."""

from __future__ import annotations

from dataclasses import dataclass

from polytask.exceptions import ParameterError
from polytask.merging import Merging

__all__ = ["Shares", "budget_shares"]


@dataclass(frozen=True)
class Shares:
    """Steps of joint training, of every task's copy, and on rows held out."""

    joint: int
    tuned: int
    learned: int


def budget_shares(n_steps: int, merging: Merging) -> Shares:
    """Half of the steps joint; of the others at most a half for what the method learns.

    Raises
    ------
    ParameterError
        If there are too few steps.

    Examples
    --------
    >>> from polytask.merging import AdaMerging, TIES
    >>> from polytask.neural_network._budget_shares import budget_shares
    >>> budget_shares(2000, TIES())
    Shares(joint=1000, tuned=1000, learned=0)
    >>> budget_shares(2000, AdaMerging(steps=100))
    Shares(joint=1000, tuned=900, learned=100)
    """
    least = 3 if merging.steps else 2
    if n_steps < least:
        sentence = (
            f"Networks that are merged are trained in stages, which take at least {least} optimiser "
            f"steps. Got {n_steps}; raise the budget."
        )
        raise ParameterError(sentence)
    joint = n_steps // 2
    learned = merging.limited(max(1, n_steps // 4)).steps if merging.steps else 0
    return Shares(joint, n_steps - joint - learned, learned)
