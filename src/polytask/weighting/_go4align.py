"""Group optimisation for task alignment."""

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
from polytask.weighting._group_means import group_means
from polytask.weighting._weighting import Weighting

__all__ = ["GO4Align"]

_SMALLEST_SHARE = 1e-8


@dataclass
class GO4Align(Weighting):
    r"""Weights shared by groups of tasks, which align the tasks' risks.

    .. math:: \varphi(\ell) = \sum_k \bar\omega_{g(k)} \ell_k, \qquad
              \omega_k = q_k \frac{\sum_j \ell_j}{\ell_k}, \qquad
              q_k \propto q_k \, e^{-\beta \ell_k}

    The indicators :math:`\omega` put losses on one scale and depend, by q, on earlier losses; they
    are held constant. K-means divides them into groups g, and each task gets the mean
    :math:`\bar\omega` of its group.

    Parameters
    ----------
    n_groups : int, default 2
        Largest number of groups; 1 gives all tasks the same weight.
    step_size : float, default 1e-4
        β.

    Attributes
    ----------
    log_share_ : tensor of shape (n_tasks,)
        log q after the last step; q sums to 1.

    Notes
    -----
    Deviations from the authors' code: K-means is solved exactly, which is possible in one
    dimension, instead of from random centres, so that equal losses give equal groups; q is stored
    as its logarithm, so that it cannot underflow; a loss counts as at least 1e-8 of the total (the
    code divides by 0). A task that is absent is in no group and its q stays. The authors tune the
    number of groups and have no default in the class; 2 is ours.

    References
    ----------
    Shen, Wang, Xiao, Van Noord & Worring, "GO4Align: Group optimization for multi-task
    alignment", NeurIPS 2024.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import GO4Align
    >>> weighting = GO4Align(n_groups=2, step_size=0.0)
    >>> weighting.weights(torch.tensor([1.0, 1.25, 8.0]), torch.tensor([True, True, True]))
    tensor([3.0750, 3.0750, 0.4271])
    """

    n_groups: int = 2
    step_size: float = 1e-4
    log_share_: Tensor = field(init=False, repr=False, compare=False)

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "step_size": Range(1e-5, 0.01, log=True, default=1e-4),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_groups": Interval(int, 1),
        "step_size": Interval(float, 0.0),
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
        """Set equal shares."""
        del generator
        self.log_share_ = torch.zeros(n_tasks, dtype=torch.float32, device=device).log_softmax(
            dim=0
        )

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """The sum of the losses present, weighted by their groups' indicators."""
        weights = torch.zeros_like(losses.detach())
        if bool(present.any()):
            indicators = self._indicators(losses.detach(), present)
            weights[present] = group_means(indicators[present], self.n_groups)
        return (weights * losses * present).sum()

    def learn(self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]) -> None:
        """Store the shares after this step."""
        self.log_share_ = self._shares_after(losses.detach(), present)

    def state_dict(self) -> dict[str, Any]:
        """The shares."""
        return {"log_share": self.log_share_.clone()} if hasattr(self, "log_share_") else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the shares."""
        if state:
            self.log_share_ = state["log_share"].clone()

    def _indicators(self, losses: Tensor, present: Tensor) -> Tensor:
        """The indicators ω of the tasks present."""
        counted = torch.where(present, losses.clamp(min=0.0), 0.0)
        largest = counted.max().clamp(min=torch.finfo(losses.dtype).tiny)
        relative = counted / largest
        total = relative.sum()
        scale = total / relative.clamp(min=_SMALLEST_SHARE)
        if not bool(total > 0):
            scale = present.sum().to(losses).expand(len(losses))
        share = torch.where(present, self._shares_after(losses, present), -torch.inf).softmax(dim=0)
        return scale * share.to(losses)

    def _shares_after(self, losses: Tensor, present: Tensor) -> Tensor:
        """The logarithm of q after these losses; the total of the tasks present stays."""
        if not hasattr(self, "log_share_"):
            self.start(len(losses), device=losses.device)
        require_same_tasks(self, len(losses), self.log_share_)
        share = self.log_share_
        if not bool(present.any()):
            return share
        mass = share[present].logsumexp(dim=0)
        moved = share.clone()
        fallen = share[present] - self.step_size * losses[present].to(share)
        moved[present] = fallen.log_softmax(dim=0) + mass
        return moved
