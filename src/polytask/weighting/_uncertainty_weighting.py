"""Homoscedastic uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.weighting._weighting import Weighting

__all__ = ["UncertaintyWeighting"]


@dataclass
class UncertaintyWeighting(Weighting):
    r"""Weigh each task by its learned noise.

    .. math:: \varphi(\ell) = \sum_k \tfrac12 e^{-s_k} \ell_k + \tfrac12 s_k,
              \qquad s_k = \log \sigma_k^2

    with the tasks' log-variances s, which are learned by Adam on detached losses. At their
    optimum :math:`e^{s_k} = \ell_k`, so that each task weighs :math:`1 / (2 \ell_k)`. The scalar
    may fall below zero once a loss is below 1 (:math:`\tfrac12 + \tfrac12 \log \ell_k`): that is
    the log-likelihood of a confident model, not a fault.

    Parameters
    ----------
    learning_rate : float, default 1e-3
        Of the log-variances.

    Attributes
    ----------
    log_variance_ : tensor of shape (n_tasks,)

    Notes
    -----
    Deviations: the log-variances have an optimiser of their own, so that the model's weight
    decay and clipping do not reach them; classification losses get the factor ½ too (the paper
    has 1 there), as in most implementations. Nothing is clamped.

    References
    ----------
    Kendall, Gal & Cipolla, "Multi-task learning using uncertainty to weigh losses for scene
    geometry and semantics", CVPR 2018.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import UncertaintyWeighting
    >>> UncertaintyWeighting().weights(torch.tensor([0.3, 2.0]), torch.tensor([True, True]))
    tensor([0.5000, 0.5000])
    """

    learning_rate: float = 1e-3
    log_variance_: Tensor = field(init=False, repr=False, compare=False)
    _optimizer: torch.optim.Adam = field(init=False, repr=False, compare=False)

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "learning_rate": Interval(float, 0.0, closed="neither")
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
        """Set every log-variance to 0."""
        del generator
        self.log_variance_ = torch.zeros(n_tasks, device=device, requires_grad=True)
        self._optimizer = torch.optim.Adam([self.log_variance_], lr=self.learning_rate)

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Negative log-likelihood of the tasks present, up to a constant."""
        if not hasattr(self, "log_variance_"):
            self.start(len(losses), device=losses.device)
        terms = 0.5 * torch.exp(-self.log_variance_) * losses + 0.5 * self.log_variance_
        return (terms * present).sum()

    def learn(self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]) -> None:
        """Take one step of the log-variances."""
        self._optimizer.zero_grad()
        with torch.enable_grad():
            torch.autograd.backward(self.scalarize(losses.detach(), present))
        self._optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """Log-variances and their optimiser."""
        if not hasattr(self, "log_variance_"):
            return {}
        return {
            "log_variance": self.log_variance_.detach().clone(),
            "optimizer": deepcopy(self._optimizer.state_dict()),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore log-variances and their optimiser."""
        if not state:
            return
        self.start(len(state["log_variance"]), device=state["log_variance"].device)
        with torch.no_grad():
            self.log_variance_.copy_(state["log_variance"])
        self._optimizer.load_state_dict(deepcopy(state["optimizer"]))
