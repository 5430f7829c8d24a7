"""Base class of weightings that learn one number per task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.gradients import require_same_tasks
from polytask.ranges import Range, SearchRange
from polytask.weighting._per_task_adam import PerTaskAdam
from polytask.weighting._positive_losses import require_not_negative
from polytask.weighting._weighting import Weighting

__all__ = ["LearnedWeighting"]


@dataclass
class LearnedWeighting(Weighting):
    r"""Numbers s, one per task, that minimise :math:`\varphi(\ell, s)` by an Adam of their own.

    Parameters
    ----------
    learning_rate : float, default 1e-3
        Learning rate of the numbers.
    """

    learning_rate: float = 1e-3
    _adam: PerTaskAdam = field(init=False, repr=False, compare=False)

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "learning_rate": Range(1e-4, 0.1, log=True, default=1e-3),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "learning_rate": Interval(float, 0.0, closed="neither")
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @abstractmethod
    def _slopes(
        self, s: Float[Tensor, " n_tasks"], losses: Float[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        r""":math:`\partial\varphi / \partial s_k`."""

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set every number to 0."""
        del generator
        self._adam = PerTaskAdam(n_tasks, self.learning_rate, device)

    def learn(self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]) -> None:
        """Take one step of the numbers of the tasks present."""
        with torch.no_grad():
            slopes = self._slopes(self._numbers(losses), losses)
            self._adam.step(slopes, present)

    def _numbers(self, losses: Float[Tensor, " n_tasks"]) -> Float[Tensor, " n_tasks"]:
        """The numbers s, in the type of the losses."""
        if not hasattr(self, "_adam"):
            self.start(len(losses), device=losses.device)
        require_same_tasks(self, len(losses), self._adam.values)
        return self._adam.values.to(losses.dtype)

    def _checked_numbers(self, losses: Float[Tensor, " n_tasks"]) -> Float[Tensor, " n_tasks"]:
        require_not_negative(type(self).__name__, losses)
        return self._numbers(losses)

    def state_dict(self) -> dict[str, Any]:
        """The numbers and their optimiser."""
        return self._adam.state_dict() if hasattr(self, "_adam") else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the numbers and their optimiser."""
        if state:
            values = state["values"]
            current = self._adam.values if hasattr(self, "_adam") else values
            self.start(len(values), device=current.device)
            self._adam.load_state_dict(state)
