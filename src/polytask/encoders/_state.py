"""State passed between the stages of an encoder: values, and for sequences a mask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from jaxtyping import Bool
from torch import Tensor, nn

__all__ = ["MaskedStage", "State", "advance"]


class State(NamedTuple):
    """Features of n rows between two stages of an encoder.

    Attributes
    ----------
    values : tensor
        A vector per row, (n, h); a sequence, (n, l, h); or a map, (n, c, height, width).
    mask : tensor of shape (n, l), bool, or None
        Steps of a sequence that count; None if all do.
    """

    values: Tensor
    mask: Bool[Tensor, "n l"] | None = None


class MaskedStage(nn.Module, ABC):
    """A stage that reads or changes the mask of a sequence, such as attention or pooling.

    Any other module is applied to the values alone, and the mask stays.

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders import MaskedStage, State, advance
    >>> class LastStep(MaskedStage):
    ...     def forward(self, state):
    ...         last = state.mask.sum(dim=1) - 1
    ...         return State(state.values[torch.arange(len(last)), last])
    >>> steps = State(torch.arange(6.0).view(1, 3, 2), torch.tensor([[True, True, False]]))
    >>> advance(LastStep(), steps).values
    tensor([[2., 3.]])
    """

    @abstractmethod
    def forward(self, state: State) -> State:
        """The state after this stage."""


def advance(stage: nn.Module, state: State) -> State:
    """Apply a stage to a state.

    Parameters
    ----------
    stage : nn.Module
        A `MaskedStage`, or a module that maps values to values.
    state : State
    """
    if isinstance(stage, MaskedStage):
        return stage(state)
    return State(stage(state.values), state.mask)
