"""Conflict-averse gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._linalg import max_min_slope_in_ball
from polytask._validation import Choice, Constraint, Interval
from polytask.aggregation._aggregator import AmortisedAggregator
from polytask.aggregation._ball_estimate import BallEstimate
from polytask.aggregation._carried_weights import CarriedWeights
from polytask.aggregation._property import Property
from polytask.gradients import Served, require_same_tasks
from polytask.ranges import Range, SearchRange

__all__ = ["CAGrad"]


@dataclass
class CAGrad(AmortisedAggregator):
    r"""The update near the average gradient whose smallest slope over the tasks is largest.

    .. math:: \max_d \min_k g_k^\top d \quad \text{such that} \quad
              \lVert d - g_0 \rVert \le c \lVert g_0 \rVert, \qquad g_0 = \frac1K \sum_k g_k

    Its solution is :math:`d = g_0 + \lambda g_w`, where :math:`g_w = J^\top w` and the w of the
    simplex minimise :math:`g_w^\top g_0 + c \lVert g_0 \rVert \lVert g_w \rVert`, and
    :math:`\lambda = c \lVert g_0 \rVert / \lVert g_w \rVert`.

    Parameters
    ----------
    c : float, default 0.4
        The radius of the ball around the average gradient, relative to it; 0 makes `Mean`. From
        1 on, no task's loss grows to first order.
    rescale : {0, 1, 2}, default 1
        Divide the update by nothing (the paper's formula), by :math:`1 + c^2` (the authors'
        code), or by :math:`1 + c`.
    amortised : bool, default False
        Carry the weights from step to step, see Notes.
    step_size : float, default 0.3
        Step size of the carried weights.

    Attributes
    ----------
    weights_ : tensor of shape (n_tasks,)
        The carried w of all tasks, if amortised.

    Notes
    -----
    Deviations from the authors' code: the problem is solved exactly by an active-set method,
    without constants added to norms, and the update is not multiplied by the number of tasks to
    match the sum of the losses. Where :math:`g_w = 0` is the solution, the update is the limit of
    those nearby. To a Gramian in float32, K times its precision is added.

    Amortised (not in the paper), the slopes along an update are those of the paper's objective in
    w, and move w by a step of exponentiated gradient descent that does not depend on the
    gradients' size. To estimate :math:`\lambda`, every tenth update is the average gradient,
    whose slopes give :math:`\lVert g_0 \rVert` and :math:`g_w^\top g_0`; the slopes of all
    others then give :math:`\lVert g_w \rVert`. Both are averaged over some steps, and :math:`\lambda`
    is at most 100 c.

    References
    ----------
    Liu, Liu, Jin, Stone & Liu, "Conflict-averse gradient descent for multi-task learning",
    NeurIPS 2021.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import CAGrad
    >>> CAGrad(c=0.5, rescale=0).weights(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    tensor([0.7500, 0.7500])
    """

    c: float = 0.4
    rescale: int = 1
    step_size: float = 0.3
    _carrier: CarriedWeights = field(init=False, repr=False, compare=False)
    _ball: BallEstimate = field(init=False, repr=False, compare=False)

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "c": Range(0.1, 0.9, default=0.4),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **AmortisedAggregator.parameter_constraints,
        "c": Interval(float, 0.0),
        "rescale": Choice((0, 1, 2)),
        "step_size": Interval(float, 0.0, 1.0, closed="right"),
    }

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the solution."""
        products = gramian.detach().double().cpu().numpy()
        solution = max_min_slope_in_ball(products, self.c, torch.finfo(gramian.dtype).eps)
        return torch.from_numpy(solution * self._factor()).to(gramian)

    @property
    def weights_(self) -> Float[Tensor, " n_tasks"]:
        """The carried weights of all tasks, absent or not."""
        return self._carrier.values

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set carried weights to equal ones and reset the estimates."""
        del generator
        if self.amortised:
            self._carrier = CarriedWeights(n_tasks, device)
            self._ball = BallEstimate(n_tasks, device)

    def carried(self, served: Served) -> Float[Tensor, " k"]:
        """Weights of this step's update: those carried, or the average's."""
        if not hasattr(self, "_carrier"):
            self.start(len(served.present), device=served.present.device)
        require_same_tasks(self, len(served.present), self.weights_)
        weights = self._carrier.shares(served)
        equal = torch.full_like(weights, 1 / len(weights))
        if self._ball.needs_mean(served):
            return equal
        return (equal + self._ball.share(weights, served, self.c) * weights) * self._factor()

    def move(self, product: Float[Tensor, " k"], served: Served) -> None:
        """Update the estimates, or the weights along the objective's slopes."""
        if not product.isfinite().all():
            return
        if self._ball.needs_mean(served):
            self._ball.update_from_mean(product.double(), served)
            return
        weights, slopes = self._carrier.shares(served), product.double() / self._factor()
        self._ball.update(slopes, weights, served, self.c)
        self._carrier.move(slopes, served, self.step_size)

    def _factor(self) -> float:
        return 1 / (1.0, 1.0 + self.c**2, 1.0 + self.c)[self.rescale]

    def state_dict(self) -> dict[str, Any]:
        """Carried weights and estimates."""
        if not hasattr(self, "_carrier"):
            return {}
        return {"weights": self._carrier.state_dict(), "ball": self._ball.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore carried weights and estimates."""
        if state and self.amortised:
            if not hasattr(self, "_carrier"):
                values = state["weights"]["values"]
                self.start(len(values), device=values.device)
            self._carrier.load_state_dict(state["weights"])
            self._ball.load_state_dict(state["ball"])
