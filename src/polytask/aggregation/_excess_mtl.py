"""Weights from excess risks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.aggregation._aggregator import JacobianAggregator
from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.aggregation._property import Property
from polytask.aggregation._served_losses import served_or_all
from polytask.gradients import Need, Served, require_same_tasks
from polytask.ranges import Range, SearchRange

__all__ = ["ExcessMTL"]


@dataclass
class ExcessMTL(JacobianAggregator):
    r"""Weights that grow with the tasks' estimated distance from their own optimum.

    .. math:: w_k \propto w_k \exp\bigl(\eta\, e_k / e_k(0)\bigr), \qquad
              e_k = \sum_p \frac{g_{kp}^2}{h_{kp}}, \qquad
              h_{kp} = \sqrt{\textstyle\sum_{s \le t} g_{kp}(s)^2}

    The estimated excess risk e of a task is that of a quadratic whose diagonal Hessian is h,
    and noise in labels does not raise it. Weights sum to the number of tasks present.

    Parameters
    ----------
    learning_rate : float, default 0.01
        The step size :math:`\eta` of the weights.

    Attributes
    ----------
    log_weight_ : tensor of shape (n_tasks,)
        Logarithms of the weights, up to a constant.
    curvature_ : tensor of shape (n_tasks, n_parameters)
        The square roots h of the sums of squared gradients.
    initial_excess_ : tensor of shape (n_tasks,)
        Each task's first excess risk above 0; 0 before.

    Notes
    -----
    The curvatures take as much memory per task as the shared parameters. The factor ½ of
    the quadratic cancels. Deviations from the authors' code: no small number is added to sums of
    squares, so that the loss's unit does not matter; where all gradients of a parameter were 0
    it adds nothing to the excess risk. A task that joins later enters with the ratio 1. Ratios
    count relative to their mean over the tasks present, which changes nothing among these, so
    that weights do not depend on how often a task is present; absent tasks' weights stay. Heads
    follow their plain losses (the authors' follow the weighted ones).

    References
    ----------
    He, Zhou, Zhang, Yun, Xu, Zeng, Chilimbi & Zhao, "Robust multi-task learning with excess
    risks", ICML 2024.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import ExcessMTL
    >>> method = ExcessMTL(learning_rate=1.0)
    >>> method.combine(torch.tensor([[1.0, 0.0], [0.0, 2.0]]))
    tensor([1., 2.])
    >>> method.combine(torch.tensor([[0.0, 0.0], [0.0, 2.0]]))  # the first task is at its optimum
    tensor([0.0000, 2.6790])
    """

    learning_rate: float = 0.01
    log_weight_: Tensor = field(init=False, repr=False, compare=False)
    curvature_: Tensor = field(init=False, repr=False, compare=False)
    initial_excess_: Tensor = field(init=False, repr=False, compare=False)

    needs = frozenset({Need.JACOBIAN, Need.PRESENT})
    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.LINEAR_UNDER_SCALING,
            Property.DETERMINISTIC,
        }
    )
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "learning_rate": Range(1e-3, 1.0, log=True, default=0.01),
    }
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
        """Set equal weights and reset the curvatures."""
        del generator
        self.log_weight_ = torch.zeros(n_tasks, dtype=torch.float64, device=device)
        self.initial_excess_ = torch.zeros_like(self.log_weight_)
        if hasattr(self, "curvature_"):
            del self.curvature_

    def combine(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The weighted sum of the gradients, after the weights are updated from them."""
        served = served_or_all(served, len(jacobian), jacobian.device)
        if not hasattr(self, "log_weight_"):
            self.start(len(served.present), device=jacobian.device)
        require_same_tasks(self, len(served.present), self.log_weight_)
        if not hasattr(self, "curvature_"):
            self.curvature_ = jacobian.new_zeros(len(served.present), jacobian.shape[1])
        indices = served.indices
        excess = self._excess(jacobian.detach(), indices)
        known = self.initial_excess_[indices]
        initial = torch.where(known > 0, known, excess)
        self.initial_excess_[indices] = initial
        ratios = torch.where(initial > 0, excess / initial, 1.0)
        self.log_weight_[indices] += self.learning_rate * (ratios - ratios.mean())
        weights = len(indices) * self.log_weight_[indices].softmax(0)
        return weights.to(jacobian) @ jacobian

    def _excess(self, jacobian: Float[Tensor, "k p"], indices: Tensor) -> Float64[Tensor, " k"]:
        """Estimated excess risks, after the curvatures are updated."""
        curvature = torch.hypot(self.curvature_[indices].to(jacobian), jacobian)
        self.curvature_[indices] = curvature.to(self.curvature_)
        terms = torch.where(curvature > 0, jacobian * (jacobian / curvature), 0.0)
        return terms.sum(dim=1, dtype=torch.float64)

    def state_dict(self) -> dict[str, Any]:
        """Weights, curvatures and initial excess risks."""
        return copy_state(self, "log_weight", "curvature", "initial_excess")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore weights, curvatures and initial excess risks."""
        restore_state(self, state)
