"""Parameters of all tasks that a penalty couples, and what the penalty learns of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter

import torch
from torch import Tensor, nn

from polytask.architectures._copies import Copies
from polytask.penalties import Penalty

__all__ = ["CoupledParameters", "couple"]


class CoupledParameters(nn.Module):
    """One stacked parameter W of all tasks, (n_tasks, …), under a penalty.

    Parameters
    ----------
    penalty : Penalty
    holders : nn.Module, or sequence of nn.Module
        The module that holds W, or one for each task, which holds its slice.
    name : str
        Of the parameter in these modules.

    Attributes
    ----------
    learned : tuple of str
        Names of the penalty's learned quantities, which are buffers.
    """

    def __init__(
        self, penalty: Penalty, holders: nn.Module | Sequence[nn.Module], name: str
    ) -> None:
        super().__init__()
        self.penalty, self.parameter = penalty, name
        self.is_stacked = isinstance(holders, nn.Module)
        # in a tuple: no submodules
        self._holders = (holders,) if isinstance(holders, nn.Module) else tuple(holders)
        state = penalty.start(tuple(self.weights().shape))
        self.learned = tuple(state)
        for key, array in state.items():
            self.register_buffer(key, torch.empty(array.shape, dtype=torch.float32))
            self.get_buffer(key).copy_(torch.as_tensor(array))

    @property
    def state(self) -> dict[str, Tensor]:
        """What the penalty has learned."""
        return {name: self.get_buffer(name) for name in self.learned}

    def _slices(self) -> list[Tensor]:
        # not `get_parameter`: in a stack of networks a tensor stands in for the parameter
        return list(map(attrgetter(self.parameter), self._holders))

    def weights(self) -> Tensor:
        """W with its graph."""
        slices = self._slices()
        return slices[0] if self.is_stacked else torch.stack(slices)

    def value(self) -> Tensor:
        """The penalty of W."""
        return self.penalty.value(self.weights(), self.state)

    @torch.no_grad()
    def proximal_step(self, step: float) -> None:
        """Move W by the penalty's proximal map."""
        moved = self.penalty.prox(self.weights(), step, self.state)
        slices = self._slices()
        for parameter, value in zip(slices, [moved] if self.is_stacked else moved, strict=True):
            parameter.copy_(value)

    @torch.no_grad()
    def refit(self) -> None:
        """Learn of W as it is."""
        for name, value in self.penalty.refit(self.weights(), self.state).items():
            self.get_buffer(name).copy_(value)


def couple(penalty: Penalty, copies: Copies, *, biases: bool) -> Iterator[CoupledParameters]:
    """Couple the weights of copies of all tasks, and on request their biases.

    Parameters
    ----------
    penalty : Penalty
    copies : Copies
        One per task.
    biases : bool
        Whether vectors of parameters, such as biases, are coupled too.
    """
    single = copies if copies.stacked else copies.members[0]
    for name, parameter in single.named_parameters():
        axes = parameter.ndim - copies.stacked
        if biases or axes > 1:
            holders = copies if copies.stacked else list(copies.members)
            yield CoupledParameters(penalty, holders, name)
