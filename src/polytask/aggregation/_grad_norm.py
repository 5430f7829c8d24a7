"""Gradient normalisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.aggregation._property import Property
from polytask.aggregation._served_losses import require_losses
from polytask.gradients import Need, Served, require_same_tasks
from polytask.ranges import Range, SearchRange

__all__ = ["GradNorm"]

_TINY = 1e-30
_EQUAL = 1e-6


@dataclass
class GradNorm(GramianAggregator):
    r"""Learned weights under which tasks train at similar rates.

    .. math:: \min_w \sum_k \bigl| w_k \lVert g_k \rVert - \bar G\, r_k^\alpha \bigr|,
              \qquad \bar G = \tfrac1K \sum_j w_j \lVert g_j \rVert,
              \qquad r_k = \frac{\ell_k / \ell_k(0)}{\tfrac1K \sum_j \ell_j / \ell_j(0)}

    with the targets :math:`\bar G\, r_k^\alpha` held constant, by one gradient step per update.
    A task whose loss fell less than the others' gets a larger gradient. The weights
    :math:`w = K\, \mathrm{softmax}(s)` sum to the number of tasks present.

    Parameters
    ----------
    alpha : float, default 1.5
        Strength of the pull on slow tasks; 0 makes all weighted gradients equally long.
    learning_rate : float, default 0.025
        Learning rate of the weights' logits s.

    Attributes
    ----------
    logit_ : tensor of shape (n_tasks,)
        The logits s.
    initial_loss_ : tensor of shape (n_tasks,)
        Each task's loss when it was present first; NaN before.

    Notes
    -----
    A step uses its weights before they learn from it, as in the paper. Deviations from the paper:
    weights are learned through their logits, as in LibMTL, so that they stay positive, by plain
    gradient descent on the objective divided by :math:`\bar G`, so that the loss's unit does not
    matter. Its gradient is computed in closed form from the lengths. Gradients are those of all
    shared parameters rather than of the last shared layer. Deviations from LibMTL, besides: weights
    do not learn with the model's optimiser and weight decay, and initial losses are each task's
    first ones, not the first epoch's means.

    References
    ----------
    Chen, Badrinarayanan, Lee & Rabinovich, "GradNorm: gradient normalization for adaptive loss
    balancing in deep multitask networks", ICML 2018.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import GradNorm
    >>> from polytask.gradients import Served
    >>> served = Served(torch.tensor([True, True]), torch.tensor([1.0, 1.0]))
    >>> method = GradNorm()
    >>> method.weights(torch.diag(torch.tensor([1.0, 9.0])), served)
    tensor([1., 1.])
    >>> method.weights(torch.diag(torch.tensor([1.0, 9.0])), served)
    tensor([1.0250, 0.9750])
    """

    alpha: float = 1.5
    learning_rate: float = 0.025
    logit_: Tensor = field(init=False, repr=False, compare=False)
    initial_loss_: Tensor = field(init=False, repr=False, compare=False)

    needs = frozenset({Need.GRAMIAN, Need.LOSSES, Need.PRESENT})
    properties: ClassVar[frozenset[Property]] = frozenset(
        {Property.PERMUTATION_INVARIANT, Property.SCALE_EQUIVARIANT, Property.DETERMINISTIC}
    )
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": Range(0.0, 3.0, default=1.5),
        "learning_rate": Range(1e-3, 0.1, log=True, default=0.025),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": Interval(float, 0.0),
        "learning_rate": Interval(float, 0.0, closed="neither"),
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
        """Set all weights to 1 and reset the initial losses."""
        del generator
        self.logit_ = torch.zeros(n_tasks, dtype=torch.float64, device=device)
        self.initial_loss_ = torch.full_like(self.logit_, torch.nan)

    def weights(
        self, gramian: Float[Tensor, "k k"], served: Served | None = None
    ) -> Float[Tensor, " k"]:
        """Weights of this step, which are updated from it afterwards."""
        served, losses = require_losses("GradNorm", served)
        if not hasattr(self, "logit_"):
            self.start(len(served.present), device=gramian.device)
        require_same_tasks(self, len(served.present), self.logit_)
        indices = served.indices
        self._record_initial(losses, indices)
        weights = len(indices) * self.logit_[indices].softmax(0)
        lengths = gramian.detach().diagonal().double().clamp_min(0).sqrt()
        slopes = self._slopes(weights, lengths, self._rates(losses, indices))
        self.logit_[indices] -= self.learning_rate * slopes
        return weights.to(gramian)

    def _record_initial(self, losses: Float64[Tensor, " k"], indices: Tensor) -> None:
        known = self.initial_loss_[indices]
        self.initial_loss_[indices] = torch.where(known.isnan(), losses, known)

    def _rates(self, losses: Float64[Tensor, " k"], indices: Tensor) -> Float64[Tensor, " k"]:
        """Relative inverse training rates, with mean 1."""
        ratios = losses.clamp_min(_TINY) / self.initial_loss_[indices].clamp_min(_TINY)
        return ratios / ratios.mean()

    def _slopes(
        self,
        weights: Float64[Tensor, " k"],
        lengths: Float64[Tensor, " k"],
        rates: Float64[Tensor, " k"],
    ) -> Float64[Tensor, " k"]:
        r"""Gradient of the objective divided by the mean length, by the logits."""
        weighted = weights * lengths
        mean = weighted.mean()
        if mean == 0:
            return torch.zeros_like(weights)
        relative = weighted / mean
        excess = relative - rates**self.alpha
        pulls = torch.where(excess.abs() > _EQUAL, excess.sign(), 0.0) * relative
        return pulls - weights / len(weights) * pulls.sum()

    def state_dict(self) -> dict[str, Any]:
        """Logits and initial losses."""
        return copy_state(self, "logit", "initial_loss")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore logits and initial losses."""
        restore_state(self, state)
