"""Focal weights for tasks that do badly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.gradients import require_same_tasks
from polytask.ranges import Range, SearchRange
from polytask.weighting._positive_losses import require_not_negative, smallest
from polytask.weighting._weighting import Weighting

__all__ = ["DynamicTaskPriority"]


@dataclass
class DynamicTaskPriority(Weighting):
    r"""Weights from the focal loss of the tasks' performance: difficult tasks first.

    .. math:: \varphi(\ell) = \sum_k w_k \ell_k, \qquad
              w_k = -(1 - \bar\kappa_k)^\gamma \log \bar\kappa_k, \qquad
              \bar\kappa_k \leftarrow \alpha \kappa_k + (1 - \alpha) \bar\kappa_k

    with a performance κ in (0, 1] and its moving average. Weights of mastered tasks vanish.

    Parameters
    ----------
    gamma : float, default 1.0
        Focusing exponent; the higher, the less easy tasks weigh.
    alpha : float, default 0.1
        Share of the newest batch in the moving average.

    Attributes
    ----------
    performance_ : tensor of shape (n_tasks,)
        The moving averages; 0 for a task that was never present.

    Raises
    ------
    ParameterError
        If a loss is negative.

    Notes
    -----
    Deviations: no metric is served during training, so the performance is
    :math:`\kappa_k = e^{-\ell_k}`, which for log-losses is the geometric mean probability of the
    right answer; losses of other kinds should be of order 1. It is kept above the smallest
    positive number, which bounds weights by 87 in float32. The average starts at a task's first
    batch, moves once per step, includes the current batch, and stays while the task is absent. All
    tasks have the same γ (the paper allows one per task). No authors' code is
    public; the defaults are ours.

    References
    ----------
    Guo, Haque, Huang, Yeung & Fei-Fei, "Dynamic task prioritization for multitask learning",
    ECCV 2018.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import DynamicTaskPriority
    >>> DynamicTaskPriority().weights(torch.tensor([0.1, 2.0]), torch.tensor([True, True]))
    tensor([0.0095, 1.7293])
    """

    gamma: float = 1.0
    alpha: float = 0.1
    performance_: Tensor = field(init=False, repr=False, compare=False)

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "gamma": Range(0.5, 5.0, log=True, default=1.0),
        "alpha": Range(0.05, 1.0, log=True, default=0.1),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "gamma": Interval(float, 0.0),
        "alpha": Interval(float, 0.0, 1.0, closed="right"),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Reset the moving averages."""
        del generator
        self.performance_ = torch.zeros(n_tasks, dtype=torch.float32, device=device)

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Weigh and sum the losses of the tasks present."""
        return (self.weights(losses, present) * losses).sum()

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """The focal weights of the performance up to this batch."""
        require_not_negative("DynamicTaskPriority", losses)
        performance = self._performance(losses.detach())
        focal = (1.0 - performance) ** self.gamma * -torch.log(performance)
        return focal * present

    def learn(self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]) -> None:
        """Keep the performance of the tasks present."""
        performance = self._performance(losses.detach()).to(self.performance_.dtype)
        self.performance_ = torch.where(present, performance, self.performance_)

    def _performance(self, losses: Float[Tensor, " n_tasks"]) -> Float[Tensor, " n_tasks"]:
        """Moving averages that include these losses."""
        if not hasattr(self, "performance_"):
            self.start(len(losses), device=losses.device)
        require_same_tasks(self, len(losses), self.performance_)
        before = self.performance_.to(losses.dtype)
        now = torch.exp(-losses)
        average = torch.where(before > 0, torch.lerp(before, now, self.alpha), now)
        return average.clamp(min=smallest(self.performance_))

    def state_dict(self) -> dict[str, Any]:
        """The moving averages."""
        return {"performance": self.performance_.clone()} if hasattr(self, "performance_") else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the moving averages."""
        if state:
            performance = state["performance"]
            current = self.performance_ if hasattr(self, "performance_") else performance
            self.performance_ = performance.to(current.device, copy=True)
