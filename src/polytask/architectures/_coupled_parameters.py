"""Parameters of all tasks that a penalty couples, and what the penalty learns of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    owners : sequence of nn.Module
        One module that holds W, or one for each task, which holds its slice.
    name : str
        Of the parameter in these modules.

    Attributes
    ----------
    learned : tuple of str
        Names of the penalty's learned quantities, which are buffers.
    """

    def __init__(self, penalty: Penalty, owners: Sequence[nn.Module], name: str) -> None:
        super().__init__()
        self.penalty, self.parameter = penalty, name
        self._owners = tuple(owners)  # in a tuple: no submodules
        state = penalty.start(tuple(self.weights().shape))
        self.learned = tuple(state)
        for key, array in state.items():
            self.register_buffer(key, torch.as_tensor(array, dtype=torch.float32))

    @property
    def state(self) -> dict[str, Tensor]:
        """What the penalty has learned."""
        return {name: self.get_buffer(name) for name in self.learned}

    def _slices(self) -> list[nn.Parameter]:
        return [owner.get_parameter(self.parameter) for owner in self._owners]

    def weights(self) -> Tensor:
        """W with its graph."""
        slices = self._slices()
        return slices[0] if len(slices) == 1 else torch.stack(list(slices))

    def value(self) -> Tensor:
        """The penalty of W."""
        return self.penalty.value(self.weights(), self.state)

    @torch.no_grad()
    def proximal_step(self, step: float) -> None:
        """Move W by the penalty's proximal map."""
        moved = self.penalty.prox(self.weights(), step, self.state)
        slices = self._slices()
        for parameter, value in zip(slices, [moved] if len(slices) == 1 else moved, strict=True):
            parameter.copy_(value)

    @torch.no_grad()
    def refit(self) -> None:
        """Learn of W as it is."""
        for name, value in self.penalty.refit(self.weights(), self.state).items():
            self.get_buffer(name).copy_(value)


def couple(
    penalty: Penalty, copies: Copies, *, biases: bool, apart: int = 2
) -> Iterator[CoupledParameters]:
    """Couple the weights of copies of all tasks, and on request their biases.

    Parameters
    ----------
    penalty : Penalty
    copies : Copies
        One per task.
    biases : bool
        Whether vectors of parameters, such as biases, are coupled too.
    apart : int, default 2
        Least number of axes of a weight in a single copy.
    """
    single = copies if copies.stacked else copies.members[0]
    for name, parameter in single.named_parameters():
        axes = parameter.ndim - copies.stacked
        if biases or axes >= apart:
            owners = [copies] if copies.stacked else list(copies.members)
            yield CoupledParameters(penalty, owners, name)
