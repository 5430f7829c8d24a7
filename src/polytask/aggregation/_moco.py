"""Multi-objective gradient correction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from polytask._linalg import project_simplex
from polytask._validation import Constraint, Interval, check_parameters
from polytask.aggregation._aggregator import JacobianAggregator
from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.aggregation._property import Property
from polytask.aggregation._served_losses import served_or_all
from polytask.gradients import Need, Served, require_same_tasks
from polytask.ranges import Range, SearchRange

__all__ = ["MoCo"]


@dataclass
class MoCo(JacobianAggregator):
    r"""The shortest combination of gradients that are tracked over steps.

    .. math:: Y \leftarrow Y - \beta_t (Y - J), \qquad
              \lambda \leftarrow \Pi_\Delta\bigl(\lambda
              - \gamma_t (Y Y^\top + \rho I) \lambda\bigr), \qquad u = Y^\top \lambda

    with :math:`\beta_t = \beta / t^{\sigma}`, :math:`\gamma_t = \gamma / t^{\tau}` and the
    projection :math:`\Pi_\Delta` onto the simplex. Tracking removes the bias that minibatch
    noise introduces in `MGDA`.

    Parameters
    ----------
    beta : float, default 0.1
        Step size of the tracked gradients.
    beta_sigma : float, default 0.5
        Exponent of the decay of `beta`.
    gamma : float, default 0.1
        Step size of the multipliers :math:`\lambda`; it depends on the gradients' unit.
    gamma_sigma : float, default 0.5
        Exponent of the decay of `gamma`.
    rho : float, default 0.0
        Strength of the regularisation :math:`\rho \lVert\lambda\rVert^2 / 2`.

    Attributes
    ----------
    gradient_ : tensor of shape (n_tasks, n_parameters)
        The tracked gradients Y, at first 0.
    multiplier_ : tensor of shape (n_tasks,)
        :math:`\lambda`, at first equal.
    step_ : tensor of shape (n_tasks,)
        Steps t in which each task was present; the multipliers' t is the largest of them.

    Notes
    -----
    The tracked gradients take as much memory per task as the shared parameters. Deviations
    from the authors' code: the multipliers' step follows the paper and lacks a factor of 2.
    Tasks that are present share the multipliers that they have together, brought to a sum of 1
    for the step; the others' gradients, multipliers and counts stay. LibMTL's MoCo differs: it
    divides gradients by their lengths, multiplies them by their losses, and replaces the
    projection by a softmax. Heads follow their plain losses.

    References
    ----------
    Fernando, Shen, Liu, Chaudhury, Murugesan & Chen, "Mitigating gradient bias in
    multi-objective learning: a provably convergent approach", ICLR 2023.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import MoCo
    >>> method = MoCo(beta=1.0, gamma=1.0)
    >>> method.combine(torch.tensor([[1.0, 0.0], [0.0, 0.5]]))
    tensor([0.3125, 0.3438])
    >>> method.multiplier_
    tensor([0.3125, 0.6875], dtype=torch.float64)
    """

    beta: float = 0.1
    beta_sigma: float = 0.5
    gamma: float = 0.1
    gamma_sigma: float = 0.5
    rho: float = 0.0
    gradient_: Tensor = field(init=False, repr=False, compare=False)
    multiplier_: Tensor = field(init=False, repr=False, compare=False)
    step_: Tensor = field(init=False, repr=False, compare=False)

    needs = frozenset({Need.JACOBIAN, Need.PRESENT})
    properties: ClassVar[frozenset[Property]] = frozenset(
        {Property.PERMUTATION_INVARIANT, Property.DETERMINISTIC}
    )
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "beta": Range(0.01, 1.0, log=True, default=0.1),
        "gamma": Range(0.01, 10.0, log=True, default=0.1),
        "rho": Range(1e-4, 1.0, log=True, default=0.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "beta": Interval(float, 0.0, 1.0, closed="right"),
        "beta_sigma": Interval(float, 0.0),
        "gamma": Interval(float, 0.0, closed="neither"),
        "gamma_sigma": Interval(float, 0.0),
        "rho": Interval(float, 0.0),
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
        """Reset the tracked gradients, and set equal multipliers."""
        del generator
        self.multiplier_ = torch.full((n_tasks,), 1 / n_tasks, dtype=torch.float64, device=device)
        self.step_ = torch.zeros(n_tasks, dtype=torch.int64, device=device)
        if hasattr(self, "gradient_"):
            del self.gradient_

    def combine(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update, after tracked gradients and multipliers are updated."""
        served = served_or_all(served, len(jacobian), jacobian.device)
        if not hasattr(self, "step_"):
            self.start(len(served.present), device=jacobian.device)
        require_same_tasks(self, len(served.present), self.step_)
        if not hasattr(self, "gradient_"):
            self.gradient_ = jacobian.new_zeros(len(served.present), jacobian.shape[1])
        indices = served.indices
        self.step_[indices] += 1
        tracked = self._track(jacobian.detach(), indices)
        return self._multipliers(tracked, indices).to(tracked) @ tracked

    def _track(self, jacobian: Float[Tensor, "k p"], indices: Tensor) -> Float[Tensor, "k p"]:
        rates = (self.beta / self.step_[indices].double() ** self.beta_sigma)[:, None]
        before = self.gradient_[indices].to(jacobian)
        tracked = before - rates.to(jacobian) * (before - jacobian)
        self.gradient_[indices] = tracked.to(self.gradient_)
        return tracked

    def _multipliers(self, tracked: Float[Tensor, "k p"], indices: Tensor) -> Float64[Tensor, " k"]:
        """One projected gradient step of the multipliers present; their total stays."""
        present = self.multiplier_[indices]
        total = present.sum()
        before = present / total if total > 0 else torch.full_like(present, 1 / len(indices))
        rate = self.gamma / float(self.step_.max()) ** self.gamma_sigma
        slopes = _gramian(tracked) @ before + self.rho * before
        after = torch.from_numpy(project_simplex((before - rate * slopes).cpu().numpy()))
        self.multiplier_[indices] = total * after.to(present)
        return after.to(present)

    def state_dict(self) -> dict[str, Any]:
        """Tracked gradients, multipliers and counts of steps."""
        return copy_state(self, "gradient", "multiplier", "step")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore tracked gradients, multipliers and counts of steps."""
        restore_state(self, state)


def _gramian(rows: Float[Tensor, "k p"]) -> Float64[Tensor, "k k"]:
    """Inner products, which may be too large for the rows' type."""
    size = rows.abs().max().clamp_min(torch.finfo(rows.dtype).tiny)
    scaled = rows / size
    return (scaled @ scaled.T).double() * size.double() ** 2
