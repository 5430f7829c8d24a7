"""Direction-oriented multi-gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._linalg import min_norm_point
from polytask._validation import Choice, Constraint, Interval, message
from polytask.aggregation._adaptive_rates import adapt_rates
from polytask.aggregation._aggregator import AmortisedAggregator
from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.aggregation._property import Property
from polytask.aggregation._simplex_weights import redistribute, shares
from polytask.exceptions import ParameterError
from polytask.gradients import Need, Served, require_same_tasks
from polytask.ranges import Range, SearchRange

__all__ = ["SDMGrad"]

_SMALLEST = 1e-6
_TINY = torch.finfo(torch.float64).tiny


@dataclass
class SDMGrad(AmortisedAggregator):
    r"""Multiple-gradient descent regularised towards the average gradient.

    .. math:: d = \frac{1}{1 + \lambda} J^\top (v + \lambda \bar w), \qquad
              v = \arg\min_{v \ge 0,\ \sum_k v_k = 1}
                  \bigl\| J^\top (v + \lambda \bar w) \bigr\|^2, \qquad \bar w_k = 1 / K

    With :math:`\lambda = 0` it is `MGDA`; with :math:`\lambda \to \infty` the average gradient.

    Parameters
    ----------
    lamda : float, default 0.3
        Strength :math:`\lambda` of the pull to the average gradient.
    amortised : bool, default False
        Carry v from step to step and move it by one step of mirror descent on the problem above.
    double_sampling : bool, default False
        Compute the slopes that move v from an independent batch, which makes their product with
        the update an unbiased gradient; only with ``amortised=True``.
    step_size : float, default 0.1
        Step size of carried v: the share of its relative residual by which each logarithm moves.

    Attributes
    ----------
    weights_ : tensor of shape (n_tasks,)
        Carried v; only if amortised.
    rates_, residuals_ : tensors of shape (n_tasks,)
        Factor on the step size and last residual, per task.

    Notes
    -----
    Deviations: v is computed exactly, as the shortest vector in the hull of the gradients shifted
    by :math:`\lambda` times their average; the authors' code makes 20 steps with momentum from
    the last v. The default of `lamda` is that of their solver and of LibMTL; their class has 0.6.

    Carried, v makes one step in each training step and follows the update, where the paper's
    algorithm makes several before it, and the step is

    .. math:: v_k \propto v_k \exp\Bigl(-\eta\,\frac{s_k - h}{|h|}\Bigr), \qquad
              s = J d, \quad h = v^\top s,

    with exponents in :math:`[-\eta, \eta]` and smaller ones for tasks whose exponents change
    sign, instead of a projected step of a fixed length: it does not depend on the gradients'
    sizes. No :math:`v_k` falls below about 1e-6. The average gradient is that of the
    update's batch. With one batch for both factors the gradient of v is biased: towards equal
    weights, and away from noisy tasks.

    References
    ----------
    Xiao, Ban & Ji, "Direction-oriented multi-objective learning: simple and provable stochastic
    algorithms", NeurIPS 2023.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import SDMGrad
    >>> SDMGrad(lamda=0.5).weights(torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
    tensor([0.7500, 0.2500])
    >>> SDMGrad(lamda=3.0).weights(torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
    tensor([0.6250, 0.3750])
    """

    lamda: float = 0.3
    double_sampling: bool = field(default=False, kw_only=True)
    step_size: float = field(default=0.1, kw_only=True)
    weights_: Tensor = field(init=False, repr=False, compare=False)
    rates_: Tensor = field(init=False, repr=False, compare=False)
    residuals_: Tensor = field(init=False, repr=False, compare=False)

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "lamda": Range(0.1, 10.0, log=True, default=0.3),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **AmortisedAggregator.parameter_constraints,
        "lamda": Interval(float, 0.0, closed="left"),
        "double_sampling": Choice((False, True)),
        "step_size": Interval(float, 0.0, 1.0, closed="right"),
    }
    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.CONVEX,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.double_sampling:
            if not self.amortised:
                expected, remedy = "False unless weights are carried", "Give amortised=True too."
                sentence = message("SDMGrad", "double_sampling", expected, True, remedy)
                raise ParameterError(sentence)
            self.needs = self.needs | {Need.SECOND_BATCH}

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights that sum to 1, with those of the average gradient added."""
        exact = gramian.detach().double().cpu()
        exact = exact / exact.diagonal().max().clamp(min=_TINY)
        pull = self.lamda * exact.mean(dim=0)
        shifted = exact + pull + pull[:, None] + self.lamda * pull.mean()
        return self._with_average(torch.from_numpy(min_norm_point(shifted.numpy()))).to(gramian)

    def _with_average(self, point: Float[Tensor, " k"]) -> Float[Tensor, " k"]:
        return (point + self.lamda / len(point)) / (1 + self.lamda)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set carried weights to equal ones."""
        del generator
        if self.amortised:
            self.weights_ = torch.full((n_tasks,), 1 / n_tasks, dtype=torch.float64, device=device)
            self.rates_ = torch.ones_like(self.weights_)
            self.residuals_ = torch.zeros_like(self.weights_)

    def carried(self, served: Served) -> Float[Tensor, " k"]:
        """Carried weights, with those of the average gradient added."""
        if not hasattr(self, "weights_"):
            self.start(len(served.present), device=served.present.device)
        require_same_tasks(self, len(served.present), self.weights_)
        return self._with_average(shares(self.weights_, served))

    def move(self, product: Float[Tensor, " k"], served: Served) -> None:
        """One step of the carried weights of the tasks present, if all slopes are finite."""
        if not product.isfinite().all():
            return
        indices, point = served.indices, shares(self.weights_, served)
        slopes = product.detach().to(point)
        height = point @ slopes
        unit = (height.abs() + _SMALLEST * slopes.abs().max()).clamp(min=_TINY)
        residuals = ((slopes - height) / unit).clamp(-1.0, 1.0)
        self.rates_[indices] = adapt_rates(
            self.rates_[indices], residuals, self.residuals_[indices]
        )
        self.residuals_[indices] = residuals
        factors = torch.exp(-self.step_size * self.rates_[indices] * residuals)
        moved = (point * factors / (point @ factors)).clamp(min=_SMALLEST)
        self.weights_ = redistribute(self.weights_, moved / moved.sum(), served)

    def state_dict(self) -> dict[str, Any]:
        """Carried weights and their rates."""
        return copy_state(self, "weights", "rates", "residuals")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore carried weights and their rates."""
        restore_state(self, state)
